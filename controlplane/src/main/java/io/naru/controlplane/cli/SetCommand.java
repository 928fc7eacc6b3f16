package io.naru.controlplane.cli;

import io.naru.controlplane.json.JsonObject;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code naru set weight|state BACKEND VALUE}, {@code naru set algorithm SERVICE NAME}. */
@Command(
        name = "set",
        header = "Sets a weight, a state or an algorithm by hand, over what the file says.",
        description =
                "Returns when the data plane uses it. The value stays until naru unset, over"
                        + " restarts and applies. States: up (as its checks allow), drain, down.",
        footer = {
            "  naru set weight web/s3 5 -m canary",
            "  naru set state web/s3 down",
            "  naru set algorithm web maglev",
        })
final class SetCommand extends OnlineCommand {
    @Parameters(index = "0", paramLabel = "SETTING", description = "weight, state or algorithm.")
    private String setting;

    @Parameters(
            index = "1",
            paramLabel = "NAME",
            description = "A backend; for algorithm, a service.")
    private String name;

    @Parameters(index = "2", paramLabel = "VALUE", description = "The value.")
    private String value;

    @Option(
            names = {"-m", "--message"},
            paramLabel = "WHY",
            description = "Why, for whoever looks at it later.")
    private String why;

    @Override
    public Integer call() {
        final JsonObject json =
                api().send(
                                "PUT",
                                Settings.path(setting, name),
                                new JsonObject()
                                        .put("value", value)
                                        .putIfPresent("why", why)
                                        .toString());
        final JsonObject override = json.object("override");
        return answer(
                json,
                setting
                        + " of "
                        + override.string("target")
                        + " is "
                        + override.string("value")
                        + " now (the file says "
                        + json.get("fileValue")
                        + ")");
    }
}
