package io.naru.bench.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.bench.topology.Command;
import io.naru.bench.topology.Family;
import io.naru.bench.topology.Site;
import io.naru.bench.topology.Topology;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** When checks are made, whom they wait for, and what becomes of a server that comes and goes. */
class CheckTimesSystemTest {
    private static final List<CheckedKind> KINDS = List.of(CheckedKind.values());
    private static final String TIMING =
            "interval: 1s, fast-interval: 200ms, down-interval: 300ms, timeout: 1s, fall: 2, damping: false";
    private static final String FLAPPING_TIMING =
            "interval: 200ms, fast-interval: 100ms, timeout: 200ms, rise: 1, fall: 2";
    private static final int FLAPPING_PORT = 7100;
    private static final int FALL = 4;
    private static final String SLOW_TIMING =
            "headers: ['User-Agent: timed'], interval: 1s, fast-interval: 100ms, down-interval: 400ms, rise: 2, fall: "
                    + FALL;
    private static final int FIRST_PATIENT_PORT = 7200;
    private static final int HANGING_CONNECTIONS = 3;

    private static final Map<String, RealServers> SERVERS = new HashMap<>();
    private static SystemUnderTest system;
    private static HealthView health;

    @BeforeAll
    static void start() {
        RealServers.assumePossible();
        SystemUnderTest.assumePossible("ss");
        system =
                SystemUnderTest.custom(
                        "naru-times",
                        Topology.ROUTED,
                        site -> {
                            final Certificate certificate =
                                    Certificate.of(site.network().directory());
                            site.servers()
                                    .forEach(
                                            web ->
                                                    SERVERS.put(
                                                            web.name(),
                                                            new RealServers(
                                                                    site, web, certificate)));
                            return configuration(site, Set.of());
                        });
        health = new HealthView(system);
    }

    @AfterAll
    static void stop() {
        if (system != null) {
            system.close();
        }
    }

    /** With a service and a pool, {@code patient-KIND}, whose checks of s1 have a minute each. */
    private static String configuration(final Site site, final Set<CheckedKind> patients) {
        final StringBuilder services = new StringBuilder();
        final StringBuilder pools = new StringBuilder();
        for (final CheckedKind kind : KINDS) {
            services.append(kind.service());
            pools.append(kind.pool(TIMING, 2, 3));
        }

        services.append(CheckedKind.TCP.service("flapping", FLAPPING_PORT));
        pools.append(CheckedKind.TCP.pool("flapping", FLAPPING_TIMING, 3, 1))
                .append(CheckedKind.TCP.pool("undamped", FLAPPING_TIMING + ", damping: false", 3))
                .append(CheckedKind.HTTP.pool("timed", SLOW_TIMING, 2));
        int port = FIRST_PATIENT_PORT;
        for (final CheckedKind kind : patients) {
            services.append(kind.service("patient-" + kind.pool(), port++));
            pools.append(kind.pool("patient-" + kind.pool(), "interval: 1m, timeout: 1m", 1));
        }

        return "topology: routed%ninterfaces: %s%nservices:%n%spools:%n%s"
                .formatted(site.interfaces(), services, pools);
    }

    @BeforeEach
    void awaitAllUp() {
        health.awaitUp(KINDS, "s2", "s3");
    }

    static List<ServerFault> hangingFaults() {
        return List.of(ServerFault.BLACK_HOLED, ServerFault.FROZEN);
    }

    @ParameterizedTest
    @MethodSource("hangingFaults")
    void shouldFindTheFaultOfOneWhileTheChecksOfAnotherHang(final ServerFault hanging) {
        final Set<CheckedKind> patients = hanging.reasons().keySet();
        hanging.inflict().accept(server("s1"));
        try {
            apply(patients);
            Await.until(
                    "checks of s1 hang",
                    () -> hangingConnections() >= HANGING_CONNECTIONS,
                    system::evidence);

            server("s2").kill();
            final Map<String, String> found = new HashMap<>();
            ServerFault.NOBODY_LISTENS
                    .reasons()
                    .forEach(
                            (kind, reason) ->
                                    found.put(kind.pool() + "/s2", "up -> down: " + reason));
            health.awaitEvents(found);

            final Map<String, String> events = health.latestEvents();
            for (final CheckedKind kind : patients) {
                final String patient = "patient-" + kind.pool() + "/s1";
                assertFalse(
                        events.containsKey(patient),
                        () ->
                                patient
                                        + " has ended: "
                                        + system.balancer.naru("get", "events").output());
            }
            assertTrue(hangingConnections() >= HANGING_CONNECTIONS);
        } finally {
            hanging.mend().accept(server("s1"));
            server("s2").start();
            apply(Set.of());
        }
    }

    private static void apply(final Set<CheckedKind> patients) {
        system.balancer.configure(configuration(system.site, patients));
        final Command.Result applied =
                system.balancer.naru("apply", system.balancer.configuration().toString());
        assertEquals(0, applied.exitCode(), applied.output());
    }

    /** Of the checks of https, of an exchange with redis, and of a program that asks redis. */
    private static long hangingConnections() {
        return system.site
                .balancer()
                .run("ss", "-Htn", "dst", "10.2.0.1")
                .lines()
                .filter(
                        line ->
                                line.contains(":" + RealServers.HTTPS)
                                        || line.contains(":" + RealServers.REDIS))
                .count();
    }

    @Test
    void shouldHoldAServerDownThatComesAndGoesWhileAnotherServes() {
        for (int times = 1; times <= 3; times++) {
            server("s3").kill();
            health.awaitEvents(
                    Map.of(
                            "flapping/s3", "up -> down: connect refused after .*",
                            "undamped/s3", "up -> down: connect refused after .*"));
            server("s3").start();
            health.awaitEvents(
                    Map.of(
                            "flapping/s3",
                            times < 3
                                    ? "down -> up: connected in .*"
                                    : "held down for \\d+ s more, because it came and went",
                            "undamped/s3",
                            "down -> up: connected in .*"));
        }
        assertEquals("down", health.backends().get("flapping/s3").state());
        awaitAnswers(Map.of("s1", 4));

        server("s1").kill();
        try {
            health.awaitEvents(
                    Map.of(
                            "flapping/s1", "up -> down: connect refused after .*",
                            "flapping/s3", "down -> up: connected in .*"));
            awaitAnswers(Map.of("s3", 4));
        } finally {
            server("s1").start();
        }
        health.awaitEvents(Map.of("flapping/s1", "down -> up: connected in .*"));
        awaitAnswers(Map.of("s1", 2, "s3", 2));
    }

    private static void awaitAnswers(final Map<String, Integer> wanted) {
        RealClients.awaitAnswers(
                wanted,
                () ->
                        RealClients.ask(
                                system.site.client(),
                                Family.IPV4,
                                RealServers.HTTP,
                                FLAPPING_PORT,
                                4),
                system::evidence);
    }

    @Test
    void shouldAskOftenWhileItDoubtsAndSeldomWhileItIsSure() {
        final int before = answers().size();
        Await.until("s2 passes", () -> answers().size() >= before + 4, system::evidence);
        server("s2").answerWrongly();
        try {
            Await.until(
                    "s2 fails beyond all doubt",
                    () -> times(before, 503).size() >= FALL + 3,
                    system::evidence);
        } finally {
            server("s2").answerWell();
        }

        final List<Double> failures = times(before, 503);
        final double whileUp = medianGap(times(before, 200));
        final double whileInDoubt = medianGap(failures.subList(0, FALL));
        final double whileDown = medianGap(failures.subList(FALL - 1, failures.size()));
        assertTrue(
                whileInDoubt < whileDown && whileDown < whileUp,
                () -> String.join("\n", answers()));
    }

    /** What the checks of s2 by pool {@code timed} were answered: the second and the status. */
    private static List<String> answers() {
        try {
            return Files.readAllLines(server("s2").log()).stream()
                    .filter(line -> line.endsWith(" timed"))
                    .toList();
        } catch (final IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** When answers with this status were given, but for the first {@code skipped} answers. */
    private static List<Double> times(final int skipped, final int status) {
        return answers().stream()
                .skip(skipped)
                .map(line -> line.split(" "))
                .filter(fields -> fields[1].equals(String.valueOf(status)))
                .map(fields -> Double.valueOf(fields[0]))
                .toList();
    }

    private static double medianGap(final List<Double> times) {
        final List<Double> gaps = new ArrayList<>();
        for (int i = 1; i < times.size(); i++) {
            gaps.add(times.get(i) - times.get(i - 1));
        }

        gaps.sort(null);
        return gaps.get(gaps.size() / 2);
    }

    private static RealServers server(final String name) {
        return SERVERS.get(name);
    }
}
