package io.naru.bench.topology;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A network namespace: one host of a test network. */
public final class Namespace {
    private final String name;
    private final Network network;

    Namespace(final Network network, final String name) {
        this.network = network;
        this.name = name;
    }

    public String name() {
        return name;
    }

    /** Runs a program to its end in this namespace; fails if it does. */
    public String run(final String... command) {
        return Command.run(inside(List.of(command)));
    }

    /** Runs a program to its end in this namespace, whatever its exit code. */
    public Command.Result attempt(final String... command) {
        return Command.attempt(inside(List.of(command)), "");
    }

    /** As {@link #attempt(String...)} with something on standard input. */
    public Command.Result attemptWithInput(final String input, final List<String> command) {
        return Command.attempt(inside(command), input);
    }

    /** Runs {@code ip} commands, one a line, in this namespace. */
    public void ip(final String commands) {
        batch(List.of("ip", "-n", name, "-batch", "-"), commands);
    }

    /** As {@link #ip}, for commands that don't tell by their addresses that they mean IPv6. */
    public void ip6(final String commands) {
        batch(List.of("ip", "-6", "-n", name, "-batch", "-"), commands);
    }

    private static void batch(final List<String> command, final String commands) {
        final Command.Result result = Command.attempt(command, commands);
        if (result.exitCode() != 0) {
            throw new IllegalStateException(
                    "%s failed: %s%ncommands were:%n%s"
                            .formatted(
                                    String.join(" ", command), result.output().strip(), commands));
        }
    }

    /** Sets kernel parameters of this namespace, as {@code net.ipv4.ip_forward=0}. */
    public void sysctl(final String... settings) {
        final List<String> command = new ArrayList<>(List.of("sysctl", "-qw"));
        command.addAll(List.of(settings));
        run(command.toArray(String[]::new));
    }

    /**
     * Starts a program that goes on until the network is closed.
     *
     * @param log where its output goes.
     * @param environment added to ours.
     */
    public Process start(
            final Path log, final Map<String, String> environment, final List<String> command) {
        final ProcessBuilder builder =
                new ProcessBuilder(inside(command))
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().putAll(environment);
        try {
            final Process process = builder.start();
            process.getOutputStream().close();
            network.track(process);
            return process;
        } catch (final IOException ex) {
            throw new UncheckedIOException("cannot start " + command.get(0) + " in " + name, ex);
        }
    }

    /** As {@link #start}, but standard input and output are the caller's; errors go to the log. */
    public Process startPiped(final Path errors, final List<String> command) {
        try {
            final Process process =
                    new ProcessBuilder(inside(command))
                            .redirectError(ProcessBuilder.Redirect.appendTo(errors.toFile()))
                            .start();
            network.track(process);
            return process;
        } catch (final IOException ex) {
            throw new UncheckedIOException("cannot start " + command.get(0) + " in " + name, ex);
        }
    }

    /** The command line that runs {@code command} in this namespace; it keeps the process id. */
    public List<String> inside(final List<String> command) {
        final List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", name));
        all.addAll(command);
        return all;
    }

    @Override
    public String toString() {
        return name;
    }
}
