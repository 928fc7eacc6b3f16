package io.naru.controlplane.cli;

import io.naru.controlplane.cli.output.DiffText;
import io.naru.controlplane.config.ConfigDiff;
import io.naru.controlplane.json.JsonObject;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code naru apply FILE}: all of it or nothing. */
@Command(
        name = "apply",
        header = "Makes a file the running configuration: all of it or nothing.",
        description =
                "Prints the difference, and returns when the data plane uses it. What was set by"
                        + " hand stays in force. Exit code 4: refused; 6: somebody else changed the"
                        + " configuration in between.",
        footer = {
            "  naru apply lb.yaml",
            "  naru apply --dry-run lb.yaml        what would become of the flows? changes nothing",
            "  naru apply --revision 7 lb.yaml     only if revision 7 still runs",
        })
final class ApplyCommand extends OnlineCommand {
    @Parameters(paramLabel = "FILE", description = "Configuration file.")
    private Path file;

    @Option(
            names = "--revision",
            paramLabel = "N",
            description = "Refuse if another revision runs by now; naru status shows it.")
    private Long revision;

    @Option(
            names = "--dry-run",
            description =
                    "Change nothing, but say what would change: the configuration, the live flows"
                            + " and the hash tables of each service.")
    private boolean dryRun;

    @Override
    public Integer call() {
        final JsonObject json =
                api().send(
                                "POST",
                                (dryRun ? "/v1/config:try?name=" : "/v1/config:apply?name=")
                                        + ApiClient.encoded(file.toAbsolutePath().toString())
                                        + (revision == null ? "" : "&revision=" + revision),
                                ConfigFile.text(file));
        output().note(json.string("report", ""));
        if (isJson()) {
            output().json(json);
            return ExitCode.OK;
        }

        output().text(DiffText.format(ConfigDiff.fromJson(json.object("diff")), output().style()));
        if (dryRun) {
            output().text(TrialText.format(json));
            json.strings("notes").forEach(note -> output().note("note: " + note + "\n"));
            return ExitCode.OK;
        }
        output().line(
                        json.flag("isInForce")
                                ? "applied as revision " + json.number("revision", 0)
                                : "kept as revision "
                                        + json.number("revision", 0)
                                        + ": "
                                        + json.string("note"));
        json.strings("notes").forEach(note -> output().note("note: " + note + "\n"));

        return ExitCode.OK;
    }
}
