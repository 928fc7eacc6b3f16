package io.naru.controlplane.cli;

import io.naru.controlplane.json.JsonObject;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code naru explain PROTOCOL CLIENT VIP}. */
@Command(
        name = "explain",
        header = "Where a packet would go now, and why, step by step.",
        description =
                "Asked of the running data plane, which it does not disturb: nothing is sent, no"
                        + " counter and no scheduler moves. The packet is one that opens a flow."
                        + " Exit code 0: it would be sent; 1: it would be dropped.",
        footer = {
            "  naru explain tcp 198.51.100.7:40000 192.0.2.10:80",
            "  naru explain udp '[2001:db8:99::7]:5353' '[2001:db8::10]:53'",
            "  naru explain tcp 10.2.0.9:40000 192.0.2.10:80 --interface eth1",
        })
final class ExplainCommand extends OnlineCommand {
    @Parameters(index = "0", paramLabel = "PROTOCOL", description = "tcp or udp.")
    private String protocol;

    @Parameters(index = "1", paramLabel = "CLIENT", description = "Its address and port.")
    private String client;

    @Parameters(index = "2", paramLabel = "VIP", description = "Address and port that it calls.")
    private String vip;

    @Option(
            names = "--interface",
            paramLabel = "NAME",
            description =
                    "Where it comes in: matters where clients are on the backends' own network.")
    private String interfaceName;

    @Override
    public Integer call() {
        final JsonObject json =
                api().get(
                                "/v1/explain?protocol="
                                        + ApiClient.encoded(protocol)
                                        + "&client="
                                        + ApiClient.encoded(client)
                                        + "&vip="
                                        + ApiClient.encoded(vip)
                                        + (interfaceName == null
                                                ? ""
                                                : "&interface="
                                                        + ApiClient.encoded(interfaceName)));
        if (isJson()) {
            output().json(json);
        } else {
            for (final JsonObject step : json.objects("steps")) {
                output().line("%-11s %s".formatted(step.string("step"), step.string("text")));
            }
        }

        return json.flag("isSent") ? ExitCode.OK : ExitCode.NO;
    }
}
