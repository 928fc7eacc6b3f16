package io.naru.controlplane.cli;

import io.naru.controlplane.config.ConfigSchema;
import io.naru.controlplane.json.Json;
import picocli.CommandLine.Command;

/** {@code naru schema}: the JSON schema of the configuration file. */
@Command(
        name = "schema",
        header = "Prints the JSON schema of the configuration file.",
        description = "Editors with a YAML language server complete and check files with it.",
        footer = {
            "  naru schema > naru.schema.json",
            "  # yaml-language-server: $schema=naru.schema.json      as the first line of a file",
        })
final class SchemaCommand extends CliCommand {
    @Override
    public Integer call() {
        output().line(Json.pretty(ConfigSchema.json()));
        return ExitCode.OK;
    }
}
