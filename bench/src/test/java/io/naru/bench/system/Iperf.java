package io.naru.bench.system;

import io.naru.bench.topology.Command;
import io.naru.bench.topology.Family;
import io.naru.bench.topology.Namespace;
import io.naru.bench.topology.Site;
import io.naru.bench.topology.SiteConfiguration;
import io.naru.bench.topology.Variant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** UDP by iperf3, whose two flows, one of TCP and one of UDP, meet at server s1. */
final class Iperf {
    private static final Pattern SUM =
            Pattern.compile(
                    "\"sum\":\\s*\\{[^}]*\"lost_packets\":\\s*(\\d+),\\s*\"packets\":\\s*(\\d+)");

    private static final Pattern PASSING =
            Pattern.compile(
                    "Connection refused|server is busy|unable to receive control message|Message too long");
    private static final int RETRIES = 20;
    private static final long RETRY_NS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final String TIMEOUT_SECONDS = "15";

    private Iperf() {}

    /**
     * What arrived.
     *
     * @param sent datagrams.
     * @param lost of them.
     */
    record Score(long sent, long lost) {}

    /** Starts a server for each of a site's cases on s1. */
    static void startServers(final Site site) {
        final Namespace host = site.servers().get(0).host();
        for (final Variant variant : Variant.values()) {
            for (final Family family : Family.values()) {
                if (site.topology().serves(variant)) {
                    final String address =
                            variant.isDirectReturn()
                                    ? Site.directVip(family)
                                    : Site.serverAddress(family, 1);
                    host.start(
                            site.network().directory().resolve("iperf.log"),
                            Map.of(),
                            List.of(
                                    "iperf3",
                                    "-s",
                                    "-B",
                                    address,
                                    "-p",
                                    String.valueOf(SiteConfiguration.nearServerPort(variant))));
                }
            }
        }
    }

    /**
     * Sends datagrams of a size.
     *
     * @param options more of the client's, {@code -R} for the way back.
     */
    static Score datagrams(
            final Namespace client,
            final Variant variant,
            final Family family,
            final int count,
            final int sizeBytes,
            final String... options) {
        final List<String> command =
                new ArrayList<>(
                        List.of(
                                "timeout",
                                TIMEOUT_SECONDS,
                                "iperf3",
                                "-c",
                                Site.vip(variant, family),
                                "-p",
                                String.valueOf(variant.nearPort()),
                                "-u",
                                "-b",
                                "20M",
                                "-l",
                                String.valueOf(sizeBytes),
                                "-k",
                                String.valueOf(count),
                                "--connect-timeout",
                                "3000",
                                "-J"));
        command.addAll(List.of(options));
        final Command.Result result = ask(client, command);
        final Matcher sum = SUM.matcher(result.output());
        if (result.exitCode() != 0 || !sum.find()) {
            throw new AssertionError("iperf3 failed: " + result.output());
        }

        return new Score(Long.parseLong(sum.group(2)), Long.parseLong(sum.group(1)));
    }

    /**
     * Between two tests a server does not listen for a moment; and a client of IPv6 that is told of
     * a smaller path MTU gives up, but its kernel has learned it.
     */
    private static Command.Result ask(final Namespace client, final List<String> command) {
        Command.Result result = client.attempt(command.toArray(String[]::new));
        for (int i = 0; i < RETRIES && PASSING.matcher(result.output()).find(); i++) {
            LockSupport.parkNanos(RETRY_NS);
            result = client.attempt(command.toArray(String[]::new));
        }

        return result;
    }
}
