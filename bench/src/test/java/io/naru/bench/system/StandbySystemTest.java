package io.naru.bench.system;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.bench.topology.Curl;
import io.naru.bench.topology.Family;
import io.naru.bench.topology.Site;
import io.naru.bench.topology.Topology;
import io.naru.bench.topology.WebServer;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Clients that are remembered, and servers that stand in for their own. */
class StandbySystemTest {
    private static final String URL = "http://" + Site.vip(Family.IPV4) + "/";

    private static SystemUnderTest system;

    @BeforeAll
    static void start() {
        SystemUnderTest.assumePossible("nginx", "curl", "ethtool");
        system =
                SystemUnderTest.custom(
                        "naru-standby", Topology.ROUTED, StandbySystemTest::configuration);
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
          - { name: web, vip: %s, port: 80, pool: web, persistence: 1h }
        pools:
          - name: web
            sorry-server: 10.2.0.3:8080
            check: { type: tcp, interval: 300ms, timeout: 200ms, rise: 2, fall: 2 }
            backends:
              - { name: s1, address: 10.2.0.1, port: 8080 }
              - { name: s2, address: 10.2.0.2, port: 8080, backup: true }
        """
                .formatted(site.interfaces(), Site.vip(Family.IPV4));
    }

    @Test
    void shouldGiveAClientBackToItsServerAndEndNoConnection() {
        final WebServer regular = system.site.servers().get(0);
        final WebServer backup = system.site.servers().get(1);
        awaitOnly("s1");

        regular.kill();
        awaitOnly("s2");
        final Process download = system.startSlowDownload(URL);
        awaitMoreFrom("s2");
        regular.start();
        awaitOnly("s1");
        awaitMoreFrom("s2");
        assertTrue(download.isAlive(), system::evidence);
        final String shown = system.balancer.naru("get", "backends", "state", "standby").output();
        assertTrue(shown.contains("web/s2"), shown);
        download.destroy();

        regular.kill();
        backup.kill();
        awaitOnly("s3");
        regular.start();
        awaitOnly("s1");
    }

    private static void awaitOnly(final String server) {
        Await.until(
                "the client is at " + server,
                () -> {
                    final Set<String> names = new HashSet<>();
                    Curl.get(system.site.client(), URL, 5, 3).stream()
                            .filter(Curl.Reply::ok)
                            .forEach(reply -> names.add(reply.backend()));
                    return names.equals(Set.of(server));
                },
                system::evidence);
    }

    private static void awaitMoreFrom(final String backend) {
        final long before = system.statsOf(backend).bytesToClient();
        Await.until(
                backend + " goes on sending",
                () -> system.statsOf(backend).bytesToClient() > before + 20_000,
                system::evidence);
    }
}
