package io.naru.controlplane.cli;

import io.naru.controlplane.cli.output.Output;
import io.naru.controlplane.config.ConfigReader;
import io.naru.controlplane.config.NaruConfig;
import io.naru.controlplane.config.ProblemReport;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads a configuration file for a command. */
final class ConfigFile {
    private ConfigFile() {}

    /**
     * What became of the file.
     *
     * @throws CliException if it cannot be read at all.
     */
    static ConfigReader.Result read(final Path file) {
        try {
            return ConfigReader.read(file);
        } catch (final NoSuchFileException ex) {
            throw unreadable(file, "there is no such file");
        } catch (final AccessDeniedException ex) {
            throw new CliException(
                    ExitCode.NOT_PERMITTED, "cannot read " + file + ": not permitted", null);
        } catch (final IOException ex) {
            throw unreadable(file, ex.getMessage());
        }
    }

    /**
     * The configuration in the file; warnings are shown.
     *
     * @throws CliException after the report was shown, if it has errors.
     */
    static NaruConfig readValid(final Path file, final Output output) {
        final ConfigReader.Result result = read(file);
        output.note(ProblemReport.text(result.problems(), output.style().isColoured()));
        return result.config()
                .orElseThrow(() -> new CliException(ExitCode.REFUSED, file + " is refused", null));
    }

    /**
     * The file's text, for the control plane to judge; bytes that are not UTF-8 become U+FFFD,
     * which no configuration has.
     *
     * @throws CliException if it cannot be read.
     */
    static String text(final Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        } catch (final NoSuchFileException ex) {
            throw unreadable(file, "there is no such file");
        } catch (final AccessDeniedException ex) {
            throw new CliException(
                    ExitCode.NOT_PERMITTED, "cannot read " + file + ": not permitted", null);
        } catch (final IOException ex) {
            throw unreadable(file, ex.getMessage());
        }
    }

    private static CliException unreadable(final Path file, final String why) {
        return new CliException(ExitCode.USAGE, "cannot read " + file + ": " + why, null);
    }
}
