package io.naru.bench.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.bench.topology.Command;
import io.naru.bench.topology.Curl;
import io.naru.bench.topology.Family;
import io.naru.bench.topology.Site;
import io.naru.bench.topology.Topology;
import io.naru.bench.topology.WebServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A pool that changes while it serves. */
class PoolChangeSystemTest {
    private static final String URL = "http://" + Site.vip(Family.IPV4) + "/";
    private static final int SLOW_START_SECONDS = 8;

    private static SystemUnderTest system;

    @BeforeAll
    static void start() {
        SystemUnderTest.assumePossible("nginx", "curl", "ethtool", "wrk");
        system =
                SystemUnderTest.custom(
                        "naru-pool", Topology.ROUTED, PoolChangeSystemTest::configuration);
    }

    @AfterAll
    static void stop() {
        if (system != null) {
            system.close();
        }
    }

    private static String configuration(final Site site) {
        return """
        topology: routed
        interfaces: %s
        services:
          - name: web
            vip: %s
            port: 80
            algorithm: wrr
            pool: web
            timeouts: { tcp-opening: 5s, tcp-closing: 1s }
        pools:
          - name: web
            slow-start: %ds
            quorum: 150
            sorry-server: %s:8080
            check: { type: tcp, interval: 300ms, timeout: 200ms, rise: 2, fall: 2 }
            backends:
              - { name: s1, address: 10.2.0.1, port: 8080 }
              - { name: s2, address: 10.2.0.2, port: 8080 }
              - { name: s3, address: 10.2.0.3, port: 8080 }
        """
                .formatted(
                        site.interfaces(),
                        Site.vip(Family.IPV4),
                        SLOW_START_SECONDS,
                        Site.farAddress(Family.IPV4));
    }

    @BeforeEach
    void awaitEvenShares() {
        Await.until(
                "all three servers have their whole share",
                () -> {
                    final Map<String, Integer> shares = shares(150);
                    return shares.size() == 3
                            && shares.values().stream()
                                    .allMatch(share -> share >= 49 && share <= 51);
                },
                system::evidence);
    }

    @Test
    void shouldFailNoRequestWhileEveryServerIsReplacedInTurn() throws Exception {
        final Path report = system.network.directory().resolve("wrk.txt");
        final Process load =
                system.site
                        .client()
                        .start(
                                report,
                                Map.of(),
                                List.of(
                                        "wrk",
                                        "-t1",
                                        "-c8",
                                        "-d120s",
                                        "-H",
                                        "Connection: close",
                                        URL));

        for (final WebServer server : system.site.servers()) {
            final String backend = "web/" + server.name();
            assertEquals(0, system.balancer.naru("drain", backend, "-m", "test").exitCode());
            Await.until(
                    backend + " has no flow left",
                    () -> system.statsOf(server.name()).flowsActive() == 0,
                    system::evidence);
            server.kill();
            server.start();
            Await.until(
                    backend + " is served by the new process",
                    () ->
                            server.host()
                                            .attempt("curl", "-sSf", "http://127.0.0.1:8080/")
                                            .exitCode()
                                    == 0,
                    system::evidence);
            assertEquals(0, system.balancer.naru("undrain", backend).exitCode());
            Await.until(
                    backend + " takes part again",
                    () -> shares(30).containsKey(server.name()),
                    system::evidence);
        }
        Command.run(List.of("kill", "-INT", String.valueOf(load.pid())));
        assertTrue(load.waitFor(10, TimeUnit.SECONDS), "wrk does not end");

        final String told = Files.readString(report);
        assertFalse(told.contains("Socket errors") || told.contains("Non-2xx"), told);
        assertTrue(requests(told) > 1_000, told);
    }

    @Test
    void shouldShareByWeightAsSoonAsItIsChanged() {
        assertEquals(
                0, system.balancer.naru("set", "weight", "web/s1", "300", "-m", "test").exitCode());
        try {
            final Map<String, Integer> shares = shares(250);

            assertEquals(150, shares.get("s1"), 3, shares::toString);
            assertEquals(50, shares.get("s2"), 3, shares::toString);
            assertEquals(50, shares.get("s3"), 3, shares::toString);
        } finally {
            system.balancer.naru("unset", "weight", "web/s1");
        }
    }

    @Test
    void shouldGiveAServerThatComesUpItsShareSlowly() {
        final WebServer server = system.site.servers().get(2);
        server.kill();
        Await.until(
                "the others get all",
                () -> shares(30).equals(Map.of("s1", 15, "s2", 15)),
                system::evidence);
        server.start();
        Await.until("s3 takes part", () -> shares(30).containsKey("s3"), system::evidence);

        final long upNs = System.nanoTime();
        final List<Double> curve = new ArrayList<>();
        while (System.nanoTime() - upNs < TimeUnit.SECONDS.toNanos(SLOW_START_SECONDS + 2)) {
            curve.add(shares(60).getOrDefault("s3", 0) / 60.0);
        }

        final int part = curve.size() / 4;
        final double first = mean(curve.subList(0, part));
        final double middle = mean(curve.subList(part, 2 * part));
        final double last = curve.get(curve.size() - 1);
        assertTrue(first < middle && middle < 0.3 && first < 0.22, curve::toString);
        assertEquals(1.0 / 3, last, 0.05, curve::toString);
    }

    @Test
    void shouldServeFromTheSorryServerWhileTheQuorumIsLost() {
        final List<WebServer> dead = system.site.servers().subList(0, 2);
        dead.forEach(WebServer::kill);
        try {
            Await.until(
                    "only the sorry server answers",
                    () -> shares(20).equals(Map.of("far", 20)),
                    system::evidence);
        } finally {
            dead.forEach(WebServer::start);
        }

        Await.until(
                "the servers answer again and the sorry server does not",
                () -> shares(40).keySet().equals(Set.of("s1", "s2", "s3")),
                system::evidence);
        final String events = system.balancer.naru("get", "events").output();
        assertTrue(events.contains("quorum"), events);
    }

    /** Good replies by server. */
    private static Map<String, Integer> shares(final int requests) {
        return SystemUnderTest.byBackend(
                Curl.get(system.site.client(), URL, requests, 3).stream()
                        .filter(Curl.Reply::ok)
                        .toList());
    }

    private static double mean(final List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
    }

    private static long requests(final String report) {
        return report.lines()
                .filter(line -> line.contains(" requests in "))
                .mapToLong(line -> Long.parseLong(line.strip().split(" ")[0]))
                .findFirst()
                .orElseThrow(() -> new AssertionError(report));
    }
}
