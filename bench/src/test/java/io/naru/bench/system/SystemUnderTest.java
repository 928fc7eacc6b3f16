package io.naru.bench.system;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.naru.bench.topology.Balancer;
import io.naru.bench.topology.Command;
import io.naru.bench.topology.Curl;
import io.naru.bench.topology.Family;
import io.naru.bench.topology.Network;
import io.naru.bench.topology.Site;
import io.naru.bench.topology.SiteConfiguration;
import io.naru.bench.topology.Topology;
import io.naru.bench.topology.Variant;
import io.naru.bench.topology.WebServer;
import io.naru.dataplane.protocol.BackendInfo;
import io.naru.dataplane.protocol.CncFile;
import io.naru.dataplane.protocol.Stats;
import io.naru.dataplane.protocol.StatsReader;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;

/** A site with both planes running in it, and the questions that the system tests ask of it. */
final class SystemUnderTest implements AutoCloseable {
    static final long BIG_FILE_BYTES = 10 << 20;

    private static final long BODY_BYTES = 4 << 20;

    final Network network;
    final Site site;
    final Balancer balancer;
    final String url;

    private SystemUnderTest(final Site site, final String yaml, final String url) {
        network = site.network();
        this.site = site;
        this.url = url;
        balancer = new Balancer(site.balancer(), Balancer.launcher(), network.directory(), yaml);
    }

    /** Skips the calling test, with the reason, where namespaces or programs are missing. */
    static void assumePossible(final String... programs) {
        final String reason = Network.unavailable();
        assumeTrue(reason.isEmpty(), () -> "no network namespaces here: " + reason);
        for (final String program : programs) {
            assumeTrue(
                    Command.attempt(List.of("which", program), "").exitCode() == 0,
                    () -> program + " is not installed");
        }
    }

    /** The basic configuration of mode {@code nat}, in topology {@code routed}. */
    static SystemUnderTest routed(final String prefix, final int queues) {
        return basic(prefix, Topology.ROUTED, Variant.NAT, queues);
    }

    /** The basic configuration of mode {@code dsr-l2}, in topology {@code one-arm}. */
    static SystemUnderTest oneArm(final String prefix) {
        return basic(prefix, Topology.ONE_ARM, Variant.DSR_L2, 1);
    }

    private static SystemUnderTest basic(
            final String prefix, final Topology topology, final Variant variant, final int queues) {
        return started(
                prefix,
                topology,
                queues,
                BIG_FILE_BYTES,
                variant.isTunnel(),
                site -> SiteConfiguration.basic(site, variant, Family.IPV4),
                SiteConfiguration.basicUrl(variant, Family.IPV4));
    }

    /** All modes that the topology has, in both families, on one box; returns without waiting. */
    static SystemUnderTest everything(final String prefix, final Topology topology) {
        return everything(prefix, topology, site -> {});
    }

    /**
     * The same on a site of another make.
     *
     * @param change is made to the site before anything runs in it.
     */
    static SystemUnderTest everything(
            final String prefix, final Topology topology, final Consumer<Site> change) {
        return started(
                prefix,
                topology,
                2,
                BODY_BYTES,
                topology.serves(Variant.GRE_OVER_IPV4),
                site -> {
                    change.accept(site);
                    return SiteConfiguration.everything(site);
                },
                "");
    }

    /** A site with a configuration of the test's own; returns without waiting for requests. */
    static SystemUnderTest custom(
            final String prefix, final Topology topology, final Function<Site, String> yaml) {
        return started(prefix, topology, 1, BODY_BYTES, false, yaml, "");
    }

    private static SystemUnderTest started(
            final String prefix,
            final Topology topology,
            final int queues,
            final long bigFileBytes,
            final boolean hasTunnels,
            final Function<Site, String> yaml,
            final String url) {
        final Network network = new Network(prefix);
        try {
            final Site site = new Site(network, topology, queues, bigFileBytes);
            if (hasTunnels) {
                site.withTunnelEnds();
            }

            final SystemUnderTest system = new SystemUnderTest(site, yaml.apply(site), url);
            system.start();
            return system;
        } catch (final RuntimeException | Error failure) {
            network.close();
            throw failure;
        }
    }

    private void start() {
        site.servers().forEach(WebServer::start);
        site.far().start();
        balancer.startDataPlane();
        balancer.startControlPlane();
        if (!url.isEmpty()) {
            awaitServing(site.servers().size());
        }
    }

    /** Waits until requests succeed and come from {@code backends} different backends. */
    void awaitServing(final int backends) {
        Await.until(
                "requests are answered by %d backends".formatted(backends),
                () -> {
                    final List<Curl.Reply> replies = get(2 * backends);
                    return replies.stream().allMatch(Curl.Reply::ok)
                            && byBackend(replies).size() == backends;
                },
                this::evidence);
    }

    List<Curl.Reply> get(final int count) {
        return Curl.get(site.client(), url, count, 3);
    }

    /** Starts a transfer from a server's {@code /big} that takes minutes. */
    Process startSlowDownload(final String from, final String... curlOptions) {
        final List<String> command =
                new ArrayList<>(List.of("curl", "-sS", "--limit-rate", "20k", "-o", "/dev/null"));
        command.addAll(List.of(curlOptions));
        command.add(from + "big");
        return site.client().start(network.directory().resolve("curl.txt"), Map.of(), command);
    }

    /** The data plane's statistics of a configured backend, summed over its workers. */
    Stats statsOf(final String backend) {
        try (CncFile cnc = CncFile.map(balancer.runDirectory())) {
            final int id =
                    cnc.directory().backends().stream()
                            .filter(info -> info.spec().name().equals(backend))
                            .mapToInt(BackendInfo::id)
                            .findFirst()
                            .orElseThrow();
            return new StatsReader(cnc).backend(id);
        }
    }

    static Map<String, Integer> byBackend(final List<Curl.Reply> replies) {
        final Map<String, Integer> count = new TreeMap<>();
        replies.forEach(reply -> count.merge(reply.backend(), 1, Integer::sum));
        return count;
    }

    /** Fetches {@code /big} through the VIP and tells whether it is the file, byte for byte. */
    boolean downloadIsIdentical() throws IOException {
        final var target = network.directory().resolve("download");
        site.client().run("curl", "-sS", "--max-time", "50", "-o", target.toString(), url + "big");
        return Files.mismatch(target, site.servers().get(0).bigFile()) == -1;
    }

    /** The logs of both planes and the instance's own view, for the message of a failed test. */
    String evidence() {
        return """
        --- data plane ---
        %s
        --- control plane ---
        %s
        --- status ---
        %s
        --- drops ---
        %s
        """
                .formatted(
                        balancer.logText("dataplane"),
                        balancer.logText("controlplane"),
                        balancer.naru("status").output(),
                        balancer.naru("get", "drops").output());
    }

    @Override
    public void close() {
        network.close();
    }
}
