package io.naru.controlplane.cli;

import io.naru.controlplane.json.JsonObject;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code naru unset weight|state BACKEND}, {@code naru unset algorithm SERVICE}. */
@Command(
        name = "unset",
        header = "Ends what was set by hand: what the file says is in force again.",
        footer = {
            "  naru unset weight web/s3",
            "  naru unset algorithm web",
        })
final class UnsetCommand extends OnlineCommand {
    @Parameters(index = "0", paramLabel = "SETTING", description = "weight, state or algorithm.")
    private String setting;

    @Parameters(
            index = "1",
            paramLabel = "NAME",
            description = "A backend; for algorithm, a service.")
    private String name;

    @Option(
            names = {"-m", "--message"},
            paramLabel = "WHY",
            description = "Why, for the events.")
    private String why;

    @Override
    public Integer call() {
        final JsonObject json =
                api().send(
                                "DELETE",
                                Settings.path(setting, name)
                                        + (why == null ? "" : "?why=" + ApiClient.encoded(why)),
                                "");
        final String fileValue = json.string("fileValue");
        return answer(
                json,
                setting
                        + " of "
                        + json.object("override").string("target")
                        + (fileValue == null
                                ? " is no longer overridden; it is not configured"
                                : " is as the file says: " + fileValue));
    }
}
