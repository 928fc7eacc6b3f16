package io.naru.bench.system;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.naru.bench.topology.Balancer;
import io.naru.bench.topology.Command;
import io.naru.bench.topology.Curl;
import io.naru.bench.topology.Network;
import io.naru.bench.topology.Site;
import io.naru.bench.topology.WebServer;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A site with both planes running in it, and the questions that the system tests ask of it. */
final class SystemUnderTest implements AutoCloseable {
    static final long BIG_FILE_BYTES = 10 << 20;

    final Network network;
    final Site site;
    final Balancer balancer;

    private SystemUnderTest(final Network network, final Site site) {
        this.network = network;
        this.site = site;
        balancer =
                new Balancer(
                        site.balancer(), Balancer.launcher(), network.directory(), site.yaml());
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

    static SystemUnderTest routed(final String prefix, final int queues) {
        final Network network = new Network(prefix);
        return started(network, () -> Site.routed(network, 3, queues, BIG_FILE_BYTES));
    }

    static SystemUnderTest oneArm(final String prefix) {
        final Network network = new Network(prefix);
        return started(network, () -> Site.oneArm(network, 3, 1, BIG_FILE_BYTES));
    }

    private static SystemUnderTest started(
            final Network network, final java.util.function.Supplier<Site> builder) {
        try {
            final SystemUnderTest system = new SystemUnderTest(network, builder.get());
            system.start();
            return system;
        } catch (final RuntimeException | Error failure) {
            network.close();
            throw failure;
        }
    }

    private void start() {
        site.servers().forEach(WebServer::start);
        balancer.startDataPlane();
        balancer.startControlPlane();
        awaitServing(site.servers().size());
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
        return Curl.get(site.client(), site.url(), count, 3);
    }

    static Map<String, Integer> byBackend(final List<Curl.Reply> replies) {
        final Map<String, Integer> count = new TreeMap<>();
        replies.forEach(reply -> count.merge(reply.backend(), 1, Integer::sum));
        return count;
    }

    /** Fetches {@code /big} through the VIP and tells whether it is the file, byte for byte. */
    boolean downloadIsIdentical() throws IOException {
        final var target = network.directory().resolve("download");
        site.client()
                .run(
                        "curl",
                        "-sS",
                        "--max-time",
                        "50",
                        "-o",
                        target.toString(),
                        site.url() + "big");
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
