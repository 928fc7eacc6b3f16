package io.naru.bench.topology;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Runs a program to its end, with a limit on the time it may take. */
public final class Command {
    private static final long TIMEOUT_SECONDS = 60;

    private Command() {}

    /**
     * What a program left behind.
     *
     * @param exitCode its exit code.
     * @param output standard output and standard error, as they came.
     */
    public record Result(int exitCode, String output) {}

    /**
     * Runs {@code command} and gives what it printed.
     *
     * @throws IllegalStateException with the command and its output if it fails.
     */
    public static String run(final List<String> command) {
        final Result result = attempt(command, "");
        if (result.exitCode() != 0) {
            throw new IllegalStateException(
                    "%s failed with exit code %d: %s"
                            .formatted(
                                    String.join(" ", command),
                                    result.exitCode(),
                                    result.output().strip()));
        }

        return result.output();
    }

    /** Runs {@code command} with {@code input} on its standard input, whatever its exit code. */
    public static Result attempt(final List<String> command, final String input) {
        try {
            final Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            final CompletableFuture<byte[]> output =
                    CompletableFuture.supplyAsync(() -> readAll(process));
            try (var stdin = process.getOutputStream()) {
                stdin.write(input.getBytes(StandardCharsets.UTF_8));
            } catch (final IOException ignored) {
                // The program ended without reading its input: its exit code tells why.
            }

            if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IllegalStateException(
                        "%s did not end within %d s"
                                .formatted(String.join(" ", command), TIMEOUT_SECONDS));
            }

            return new Result(
                    process.exitValue(), new String(output.join(), StandardCharsets.UTF_8));
        } catch (final IOException ex) {
            throw new UncheckedIOException("cannot start " + command.get(0), ex);
        } catch (final InterruptedException ex) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while running " + command.get(0), ex);
        }
    }

    private static byte[] readAll(final Process process) {
        try {
            return process.getInputStream().readAllBytes();
        } catch (final IOException ex) {
            return new byte[0]; // killed while we read; the exit code tells
        }
    }
}
