package io.naru.controlplane.cli;

import io.naru.controlplane.json.JsonObject;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code naru drain BACKEND}. */
@Command(
        name = "drain",
        header = "Keeps a backend's flows and gives it no new ones, until undrain.",
        description =
                "Returns when the data plane does so. An override: it outlives restarts and"
                        + " applies; naru get overrides shows it with who, when and why.",
        footer = {
            "  naru drain web/s1 -m 'kernel update'",
            "  naru get backends --watch           until its flows are gone",
        })
final class DrainCommand extends OnlineCommand {
    @Parameters(paramLabel = "BACKEND", description = "pool/backend, or backend where unique.")
    private String backend;

    @Option(
            names = {"-m", "--message"},
            paramLabel = "WHY",
            description = "Why, for whoever looks at it later.")
    private String why;

    @Override
    public Integer call() {
        final JsonObject json =
                api().send(
                                "POST",
                                "/v1/backends/" + ApiClient.encodedPath(backend) + ":drain",
                                new JsonObject().putIfPresent("why", why).toString());
        return answer(json, json.object("override").string("target") + " drains");
    }
}
