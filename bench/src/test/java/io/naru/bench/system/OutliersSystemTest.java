package io.naru.bench.system;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.bench.topology.Curl;
import io.naru.bench.topology.Family;
import io.naru.bench.topology.Site;
import io.naru.bench.topology.Topology;
import io.naru.bench.topology.WebServer;
import io.naru.controlplane.json.Json;
import io.naru.controlplane.json.JsonObject;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Servers whose checks pass and which do not open what clients ask them to, in {@code nat} and in
 * {@code full-nat}: each mode has a pool of its own, with the same three servers.
 */
class OutliersSystemTest {
    /** Whose pool and service have the mode's name. */
    private record Mode(String title, int port, String check) {
        String url() {
            return "http://%s:%d/".formatted(Site.vip(Family.IPV4), port);
        }
    }

    private static final List<Mode> MODES =
            List.of(
                    // asked where no fault is
                    new Mode("nat", 80, "{ type: tcp, port: 80, interval: 300ms, timeout: 200ms }"),
                    new Mode("full-nat", 81, "none"));
    private static final Set<String> ALL = Set.of("s1", "s2", "s3");
    private static final int CLIENTS = 12;
    private static final int REQUESTS = 6;

    private static SystemUnderTest system;

    @BeforeAll
    static void start() {
        SystemUnderTest.assumePossible("nginx", "curl", "ethtool", "nft");
        system =
                SystemUnderTest.custom(
                        "naru-outl", Topology.ROUTED, site -> OutliersSystemTest.configuration());
    }

    @AfterAll
    static void stop() {
        if (system != null) {
            system.close();
        }
    }

    private static String configuration() {
        final StringBuilder services = new StringBuilder();
        final StringBuilder pools = new StringBuilder();
        for (final Mode mode : MODES) {
            services.append(
                    "  - { name: %1$s, mode: %1$s, vip: %2$s, port: %3$d, pool: %1$s }%n"
                            .formatted(mode.title(), Site.vip(Family.IPV4), mode.port()));
            pools.append(
                    """
                      - name: %s
                        check: %s
                        outliers: { failures: 3, share: 50%%, interval: 4s, eject: 4s, max-ejected: 34%% }
                        backends:
                          - { name: s1, address: 10.2.0.1, port: 8080 }
                          - { name: s2, address: 10.2.0.2, port: 8080 }
                          - { name: s3, address: 10.2.0.3, port: 8080 }
                    """
                            .formatted(mode.title(), mode.check()));
        }

        return """
        topology: routed
        interfaces: [eth0, eth1]
        local-addresses: [%s]
        services:
        %spools:
        %s"""
                .formatted(Site.localAddress(Family.IPV4), services, pools);
    }

    @BeforeEach
    void awaitAll() {
        MODES.forEach(mode -> awaitServers(mode, ALL));
    }

    @AfterEach
    void mendAll() {
        for (final WebServer server : system.site.servers()) {
            server.host().attempt("nft", "delete", "table", "inet", "fault");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "s1, drop,                  '[1-9]\\d* unanswered, 0 refused'",
        "s2, reject with tcp reset, '0 unanswered, [1-9]\\d* refused'"
    })
    void shouldTakeOutAServerThatDoesNotOpenConnectionsUntilItDoes(
            final String name, final String fault, final String counts) {
        final Set<String> others = new TreeSet<>(ALL);
        others.remove(name);

        final String ejected =
                "ejected for \\d+ s(, \\d+ times in a row)?: \\d+ of \\d+ openings failed in 4 s \\("
                        + counts
                        + "\\)";

        breakServer(name, fault);
        Await.until(
                name + " is taken out in both modes, and nobody waits for it any more",
                () -> {
                    callAtOnce();
                    return MODES.stream()
                            .allMatch(
                                    mode ->
                                            answering(mode).equals(others)
                                                    && hasEvent(mode, name, ejected));
                },
                OutliersSystemTest::events);

        mendAll();
        for (final Mode mode : MODES) {
            awaitServers(mode, ALL);
            assertTrue(
                    hasEvent(mode, name, "takes new flows again after its ejection"),
                    OutliersSystemTest::events);
        }
    }

    @Test
    void shouldTakeOutNoMoreThanItsShare() {
        breakServer("s1", "drop");
        breakServer("s3", "drop");
        final String bound =
                ".* openings failed in .*, but not ejected: 1 of 3 backends are already";

        Await.until(
                "a second one would have to go in both modes",
                () -> {
                    callAtOnce();
                    MODES.forEach(OutliersSystemTest::assertOneIsOutAtMost);
                    return MODES.stream().allMatch(mode -> hasEvent(mode, "s[13]", bound));
                },
                OutliersSystemTest::events);

        for (final Mode mode : MODES) {
            assertOneIsOutAtMost(mode);
            assertTrue(
                    answering(mode, 2).contains("s2"), system::evidence); // in turn with a bad one
        }
    }

    private static void assertOneIsOutAtMost(final Mode mode) {
        final Set<String> out = ejected(mode);
        assertTrue(out.size() <= 1, () -> out + events());
    }

    // -- clients ----------------------------------------------------------------------------------

    /** Enough of them for every server, in each mode; none waits for another one. */
    private static void callAtOnce() {
        final StringBuilder script = new StringBuilder();
        for (int i = 0; i < CLIENTS; i++) {
            for (final Mode mode : MODES) {
                // long enough for a second SYN
                script.append("curl -s -o /dev/null -m 2 ").append(mode.url()).append(" & ");
            }
        }

        system.site.client().run("sh", "-c", script + "wait");
    }

    private static Set<String> answering(final Mode mode) {
        return answering(mode, REQUESTS);
    }

    private static Set<String> answering(final Mode mode, final int requests) {
        final Set<String> names = new TreeSet<>();
        for (final Curl.Reply reply : Curl.get(system.site.client(), mode.url(), requests, 1)) {
            names.add(reply.ok() ? reply.backend() : "nobody");
        }

        return names;
    }

    private static void awaitServers(final Mode mode, final Set<String> names) {
        Await.until(
                "%s is served by %s and nobody waits".formatted(mode.title(), names),
                () -> answering(mode).equals(names),
                OutliersSystemTest::events);
    }

    // -- servers ----------------------------------------------------------------------------------

    /** What opens a connection to the port that clients are sent to meets this fate. */
    private static void breakServer(final String name, final String fate) {
        final WebServer server =
                system.site.servers().stream()
                        .filter(each -> each.name().equals(name))
                        .findFirst()
                        .orElseThrow();
        server.host().run("nft", "add", "table", "inet", "fault");
        server.host()
                .run(
                        "nft",
                        "add chain inet fault in { type filter hook input priority 0; policy accept; }");
        server.host()
                .run(
                        "nft",
                        "add rule inet fault in tcp dport 8080 tcp flags & (syn|ack) == syn "
                                + fate);
    }

    // -- what is told -----------------------------------------------------------------------------

    private static Set<String> ejected(final Mode mode) {
        final Set<String> names = new TreeSet<>();
        final String output =
                system.balancer
                        .naru("get", "backends", "pool", mode.title(), "-o", "json")
                        .output();
        for (final JsonObject backend : Json.parseObject(output).objects("items")) {
            if ("ejected".equals(backend.string("state"))) {
                names.add(backend.string("name"));
            }
        }

        return names;
    }

    private static boolean hasEvent(final Mode mode, final String server, final String text) {
        return Pattern.compile("(?m) %s/%s +\\S+ +%s$".formatted(mode.title(), server, text))
                .matcher(events())
                .find();
    }

    private static String events() {
        return system.balancer.naru("get", "events", "kind", "pool", "-n", "100").output();
    }
}
