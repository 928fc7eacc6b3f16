package io.naru.bench.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.bench.topology.Curl;
import io.naru.bench.topology.Family;
import io.naru.bench.topology.Site;
import io.naru.bench.topology.Topology;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What services say of their flows: which backend clients meet, how many there may be, the end. */
class FlowRulesSystemTest {
    private static final int CURL_REFUSED = 7;
    private static final int CURL_RESET = 56;
    private static final int STICKY = 80;
    private static final int PLAIN = 81;
    private static final int LIMITED = 82;
    private static final int MAX_FLOWS = 2;

    private static SystemUnderTest system;

    private final List<Process> downloads = new ArrayList<>();

    @BeforeAll
    static void start() {
        SystemUnderTest.assumePossible("nginx", "curl", "ethtool", "nft");
        system =
                SystemUnderTest.custom(
                        "naru-rules", Topology.ROUTED, FlowRulesSystemTest::configuration);
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
        interfaces: %1$s
        services:
          - { name: sticky, vip: %2$s, port: %3$d, pool: web, persistence: 5m }
          - { name: plain, vip: %2$s, port: %4$d, pool: web }
          - name: limited
            vip: %2$s
            port: %5$d
            pool: web
            max-flows: %6$d
            at-limit: reset
            timeouts: { tcp-closing: 1s }
        pools:
          - name: web
            check: { type: tcp, interval: 300ms, timeout: 200ms, rise: 2, fall: 2 }
            backends:
              - { name: s1, address: 10.2.0.1, port: 8080 }
              - { name: s2, address: 10.2.0.2, port: 8080 }
              - { name: s3, address: 10.2.0.3, port: 8080 }
        """
                .formatted(
                        site.interfaces(),
                        Site.vip(Family.IPV4),
                        STICKY,
                        PLAIN,
                        LIMITED,
                        MAX_FLOWS);
    }

    @BeforeEach
    void awaitAllServers() {
        downloads.forEach(Process::destroyForcibly);
        downloads.clear();
        Await.until(
                "all three servers answer",
                () -> backends(PLAIN, 12).size() == 3,
                system::evidence);
    }

    private static String url(final int port) {
        return "http://%s:%d/".formatted(Site.vip(Family.IPV4), port);
    }

    /** Who gave good replies. */
    private static Set<String> backends(final int port, final int requests) {
        final Set<String> names = new HashSet<>();
        for (final Curl.Reply reply : Curl.get(system.site.client(), url(port), requests, 3)) {
            if (reply.ok()) {
                names.add(reply.backend());
            }
        }
        return names;
    }

    private Process download(final int port) {
        final Process curl = system.startSlowDownload(url(port));
        downloads.add(curl);
        return curl;
    }

    /** The server whose bytes grow while nothing else runs. */
    private static String serverOfDownload() {
        final String[] found = new String[1];
        final Map<String, Long> before =
                Map.of("s1", bytes("s1"), "s2", bytes("s2"), "s3", bytes("s3"));
        Await.until(
                "a server sends the file",
                () -> {
                    for (final String name : before.keySet()) {
                        if (bytes(name) > before.get(name) + 20_000) {
                            found[0] = name;
                        }
                    }
                    return found[0] != null;
                },
                system::evidence);
        return found[0];
    }

    private static long bytes(final String backend) {
        return system.statsOf(backend).bytesToClient();
    }

    private static int exitCode(final Process process, final String what) throws Exception {
        assertTrue(process.waitFor(30, TimeUnit.SECONDS), what + system.evidence());
        return process.exitValue();
    }

    @Test
    void shouldBringAClientBackToItsServerAndOnIfThatIsGone() {
        final Set<String> first = backends(STICKY, 20);
        assertEquals(1, first.size(), first::toString);

        final String name = first.iterator().next();
        final var server =
                system.site.servers().stream()
                        .filter(each -> each.name().equals(name))
                        .findFirst()
                        .orElseThrow();
        server.kill();
        try {
            Await.until(
                    "the client has moved on",
                    () -> {
                        final Set<String> now = backends(STICKY, 5);
                        return now.size() == 1 && !now.contains(name);
                    },
                    system::evidence);
        } finally {
            server.start();
        }
        awaitAllServers();
        final Set<String> last = backends(STICKY, 20);
        assertEquals(1, last.size(), last::toString);
        assertTrue(!last.contains(name), "it stays where it went: " + last);
    }

    /** A machine that is gone sends no RST: without ours the client would wait for its timeout. */
    @Test
    void shouldResetAConnectionWhoseServerIsGone() throws Exception {
        final Process curl = download(PLAIN);
        final String name = serverOfDownload();
        final var server =
                system.site.servers().stream()
                        .filter(each -> each.name().equals(name))
                        .findFirst()
                        .orElseThrow();
        server.host().run("nft", "add", "table", "inet", "gone");
        server.host()
                .run(
                        "nft",
                        "add chain inet gone in { type filter hook input priority 0; policy drop; }");
        server.host()
                .run(
                        "nft",
                        "add chain inet gone out { type filter hook output priority 0; policy drop; }");
        try {
            assertEquals(CURL_RESET, exitCode(curl, "the client still waits"));
        } finally {
            server.host().run("nft", "delete", "table", "inet", "gone");
        }
    }

    @Test
    void shouldRefuseConnectionsBeyondTheLimit() {
        for (int i = 0; i < MAX_FLOWS; i++) {
            download(LIMITED);
        }
        Await.until(
                "the limit is reached",
                () ->
                        Curl.get(system.site.client(), url(LIMITED), 1, 3).get(0).exitCode()
                                == CURL_REFUSED,
                system::evidence);
        for (final Curl.Reply reply : Curl.get(system.site.client(), url(LIMITED), 5, 3)) {
            assertEquals(CURL_REFUSED, reply.exitCode(), reply::toString);
        }
        final String told = system.balancer.naru("get", "drops").output();
        assertTrue(told.contains("over-limit"), told);

        downloads.forEach(Process::destroy);
        Await.until(
                "there is room again",
                () -> Curl.get(system.site.client(), url(LIMITED), 1, 3).get(0).ok(),
                system::evidence);
    }

    @Test
    void shouldEndWhatIsLeftOfADrainAtItsDeadline() throws Exception {
        final Process curl = download(PLAIN);
        final String name = serverOfDownload();

        final var drain =
                system.balancer.naru(
                        "drain", "web/" + name, "--deadline", "3s", "--wait", "-m", "test");
        try {
            assertEquals(0, drain.exitCode(), drain.output());
            assertEquals(CURL_RESET, exitCode(curl, "the client is still served"));
            Await.until(
                    "no flow is left",
                    () -> system.statsOf(name).flowsActive() == 0,
                    system::evidence);
        } finally {
            system.balancer.naru("undrain", "web/" + name);
        }
    }
}
