package io.naru.controlplane.cli;

import io.naru.controlplane.cli.output.DiffText;
import io.naru.controlplane.config.ConfigDiff;
import io.naru.controlplane.json.JsonObject;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code naru diff FILE}: what an apply would change. */
@Command(
        name = "diff",
        header = "What apply would change in the running configuration.",
        description =
                "Changes nothing. Exit code 0: no difference; 1: it differs, as diff(1) has it.",
        footer = {
            "  naru diff lb.yaml",
            "  naru diff lb.yaml || naru apply lb.yaml",
        })
final class DiffCommand extends OnlineCommand {
    @Parameters(paramLabel = "FILE", description = "Configuration file.")
    private Path file;

    @Override
    public Integer call() {
        final JsonObject json =
                api().send(
                                "POST",
                                "/v1/config:diff?name=" + ApiClient.encoded(file.toString()),
                                ConfigFile.text(file));
        output().note(json.string("report", ""));
        if (isJson()) {
            output().json(json);
        } else {
            output().text(
                            DiffText.format(
                                    ConfigDiff.fromJson(json.object("diff")), output().style()));
            json.strings("notes").forEach(note -> output().note("note: " + note + "\n"));
        }

        return json.flag("isSame") ? ExitCode.OK : ExitCode.NO;
    }
}
