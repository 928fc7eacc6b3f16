package io.naru.controlplane.cli;

import io.naru.controlplane.json.JsonObject;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code naru undrain BACKEND}. */
@Command(
        name = "undrain",
        header = "Lets a drained backend take new flows again, as its checks allow.",
        footer = {"  naru undrain web/s1"})
final class UndrainCommand extends OnlineCommand {
    @Parameters(paramLabel = "BACKEND", description = "pool/backend, or backend where unique.")
    private String backend;

    @Option(
            names = {"-m", "--message"},
            paramLabel = "WHY",
            description = "Why, for the events.")
    private String why;

    @Override
    public Integer call() {
        final JsonObject json =
                api().send(
                                "POST",
                                "/v1/backends/" + ApiClient.encodedPath(backend) + ":undrain",
                                new JsonObject().putIfPresent("why", why).toString());
        return answer(
                json,
                json.object("override").string("target")
                        + " takes new flows again, as its checks allow");
    }
}
