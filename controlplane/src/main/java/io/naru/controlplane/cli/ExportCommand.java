package io.naru.controlplane.cli;

import io.naru.controlplane.config.ConfigReference;
import io.naru.controlplane.config.DataPlaneSettings;
import io.naru.controlplane.config.NaruConfig;
import io.naru.controlplane.reconcile.EffectiveState;
import io.naru.dataplane.protocol.CommandFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code naru export}: what the launcher hands to processes that read no YAML. */
@Command(
        name = "export",
        hidden = true,
        header = "Prints a configuration in the forms that the data plane reads.",
        footer = {
            "  naru export properties lb.yaml      the settings it starts with",
            "  naru export commands lb.yaml        services and backends, for naru replay",
            "  naru export reference               docs/config.md",
        })
final class ExportCommand extends CliCommand {
    /** What can be exported; named as on the command line. */
    private enum Form {
        properties,
        commands,
        reference
    }

    @Parameters(index = "0", paramLabel = "FORM", description = "${COMPLETION-CANDIDATES}.")
    private Form form;

    @Parameters(index = "1", arity = "0..1", paramLabel = "FILE", description = "Configuration.")
    private Path file;

    @Override
    public Integer call() {
        switch (form) {
            case properties ->
                    output().text(DataPlaneSettings.properties(config(), runDirectory()));
            case commands -> output().bytes(commands(config()));
            case reference -> output().text(ConfigReference.markdown());
        }

        return ExitCode.OK;
    }

    private NaruConfig config() {
        if (file == null) {
            throw new CliException(ExitCode.USAGE, "which file?", "naru export " + form + " FILE");
        }
        return ConfigFile.readValid(file, output());
    }

    private static byte[] commands(final NaruConfig config) {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            CommandFile.write(EffectiveState.ofHealthy(config), bytes);
        } catch (final IOException ex) {
            throw new UncheckedIOException(ex);
        }
        return bytes.toByteArray();
    }
}
