package io.naru.bench.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.bench.topology.Site;
import io.naru.bench.topology.Topology;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each kind of check against real servers: s1 breaks in every way, and s2 goes on. Pools that
 * nobody checks are in {@link OutliersSystemTest}.
 */
class HealthChecksSystemTest {
    private static final List<CheckedKind> KINDS = List.of(CheckedKind.values());
    private static final String TIMING =
            "interval: 1s, fast-interval: 200ms, down-interval: 300ms, timeout: 1s, fall: 2, damping: false";

    private static SystemUnderTest system;
    private static HealthView health;
    private static RealServers s1;

    @BeforeAll
    static void start() {
        RealServers.assumePossible();
        system =
                SystemUnderTest.custom(
                        "naru-kinds", Topology.ROUTED, HealthChecksSystemTest::configuration);
        health = new HealthView(system);
    }

    @AfterAll
    static void stop() {
        if (system != null) {
            system.close();
        }
    }

    private static String configuration(final Site site) {
        final Certificate certificate = Certificate.of(site.network().directory());
        s1 = new RealServers(site, site.servers().get(0), certificate);
        new RealServers(site, site.servers().get(1), certificate);
        return "topology: routed%ninterfaces: %s%nservices:%n%spools:%n%s"
                .formatted(
                        site.interfaces(),
                        KINDS.stream().map(CheckedKind::service).collect(Collectors.joining()),
                        KINDS.stream()
                                .map(kind -> kind.pool(TIMING, 1, 2))
                                .collect(Collectors.joining()));
    }

    static List<ServerFault> faults() {
        return ServerFault.ALL;
    }

    @BeforeEach
    void awaitAllUp() {
        health.awaitUp(KINDS, "s1", "s2");
    }

    @ParameterizedTest
    @MethodSource("faults")
    void shouldTakeOutWhoFailsAndLetItBackIn(final ServerFault fault) {
        fault.inflict().accept(s1);
        try {
            final Map<String, String> events = new HashMap<>();
            fault.reasons()
                    .forEach(
                            (kind, reason) ->
                                    events.put(
                                            kind.pool() + "/s1", "up -> down: (" + reason + ")"));
            health.awaitEvents(events);

            assertShown(fault);
            for (final CheckedKind kind : fault.reasons().keySet()) {
                awaitAnswers(kind, Map.of("s2", 4));
            }
        } finally {
            fault.mend().accept(s1);
        }

        health.awaitUp(KINDS, "s1", "s2");
        for (final CheckedKind kind : KINDS) {
            awaitAnswers(kind, Map.of("s1", 2, "s2", 2));
        }
    }

    private static void assertShown(final ServerFault fault) {
        final Map<String, HealthView.Shown> shown = health.backends();
        for (final CheckedKind kind : KINDS) {
            final HealthView.Shown bad = shown.get(kind.pool() + "/s1");
            final String reason = fault.reasons().get(kind);
            assertEquals(reason == null ? "up" : "down", bad.state(), kind + ": " + bad);
            assertTrue(reason == null || bad.reason().matches(reason), kind + ": " + bad);
            assertEquals("up", shown.get(kind.pool() + "/s2").state(), kind.name());
        }
    }

    private static void awaitAnswers(final CheckedKind kind, final Map<String, Integer> wanted) {
        RealClients.awaitAnswers(wanted, () -> kind.ask(system.site.client(), 4), system::evidence);
    }
}
