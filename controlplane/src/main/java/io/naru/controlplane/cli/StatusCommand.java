package io.naru.controlplane.cli;

import io.naru.controlplane.json.JsonObject;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code naru status}: one screen of what runs and what is wrong. */
@Command(
        name = "status",
        header = "One screen: planes, configuration, services, and in words what is wrong.",
        description =
                "Works on a dead data plane, and without a control plane shows what the data"
                        + " plane's file says. Exit code 0: all is well; 1: something is not; 3: no"
                        + " control plane answers.",
        footer = {
            "  naru status",
            "  naru status --watch",
            "  naru status -o json                 for programs",
        })
final class StatusCommand extends OnlineCommand {
    @Option(
            names = {"-w", "--watch"},
            arity = "0..1",
            fallbackValue = Watch.DEFAULT,
            preprocessor = Watch.Interval.class,
            paramLabel = "INTERVAL",
            description = "Again every second, or every INTERVAL: --watch=500ms.")
    private String watch;

    private int exitCode;

    @Override
    public Integer call() {
        Watch.run(watch, output(), this::show);
        return exitCode;
    }

    private void show() {
        JsonObject status;
        try {
            status = api().get("/v1/status");
            exitCode = status.flag("isOk") ? ExitCode.OK : ExitCode.NO;
        } catch (final CliException e) {
            if (e.exitCode() != ExitCode.UNREACHABLE) {
                throw e;
            }
            status = CncFileReader.status(runDirectory(), e.getMessage());
            exitCode = ExitCode.UNREACHABLE;
        }

        if (isJson()) {
            output().json(status);
        } else {
            output().text(new StatusText(status, output().style()).format());
        }
    }
}
