package io.naru.controlplane.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.controlplane.health.HealthState.Start;
import io.naru.controlplane.health.HealthState.Verdict;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class HealthMonitorTest {
    private final long seed = System.nanoTime();
    private final VirtualTimers timers = new VirtualTimers();
    private final Set<Integer> dead = new HashSet<>();
    private final List<Long> attemptsMs = new ArrayList<>();
    private final List<String> flips = new ArrayList<>();
    private boolean canSpare = true;
    private final List<String> notices = new ArrayList<>();
    private final HealthMonitor<String> monitor =
            new HealthMonitor<>(this::attempt, timers, new Random(seed), listener());

    @Test
    void shouldFlipAfterFallIntervalsAndComeBackAfterRise() {
        monitor.replace(Map.of("s1", target(1)), backend -> Start.COLD);
        timers.advance(1_000);
        dead.add(1);

        timers.advance(3_000);
        assertEquals(List.of("s1 UNKNOWN -> UP"), flips, "seed " + seed);
        timers.advance(3_700);
        assertEquals("s1 UP -> DOWN", flips.get(1), "seed " + seed);
        dead.clear();
        timers.advance(4_500);

        assertEquals("s1 DOWN -> UP", flips.get(2), "seed " + seed);
    }

    @Test
    void shouldKeepTheStateOfAnUnchangedCheckWhenTheOthersChange() {
        monitor.replace(Map.of("s1", target(1), "s2", target(2)), backend -> Start.COLD);
        timers.advance(1_000);
        final HealthState before = monitor.state("s1");

        monitor.replace(Map.of("s1", target(1), "s3", target(3)), backend -> Start.NEW);

        assertSame(before, monitor.state("s1"));
        assertNull(monitor.state("s2"));
        assertEquals(Verdict.UNKNOWN, monitor.state("s3").verdict());
    }

    @Test
    void shouldStartAgainWhenACheckChanges() {
        monitor.replace(Map.of("s1", target(1)), backend -> Start.COLD);
        timers.advance(1_000);

        monitor.replace(Map.of("s1", target(9)), backend -> Start.NEW);

        assertEquals(Verdict.UNKNOWN, monitor.state("s1").verdict());
    }

    @Test
    void shouldHearNothingOfACheckThatWasStoppedDuringItsAttempt() {
        final List<Consumer<CheckResult>> open = new ArrayList<>();
        final HealthMonitor<String> slow =
                new HealthMonitor<>(
                        (target, onResult) -> open.add(onResult),
                        timers,
                        new Random(seed),
                        (backend, state, before) -> flips.add(backend));
        slow.replace(Map.of("s1", target(1)), backend -> Start.COLD);
        timers.advance(10);

        slow.close();
        open.get(0).accept(CheckResult.passed("late", 1));

        assertEquals(List.of(), flips);
        assertEquals(0, timers.pending(), "timers left behind");
    }

    @Test
    void shouldSpreadTheFirstAttemptsAndLeaveNoneOut() {
        final Map<String, CheckTarget> targets = new HashMap<>();
        for (int i = 0; i < 5_000; i++) {
            targets.put("s" + i, target(i));
        }

        monitor.replace(targets, backend -> Start.COLD);
        timers.advance(2_000);

        final Map<Long, Integer> bySlot = new HashMap<>();
        attemptsMs.forEach(atMs -> bySlot.merge(atMs / 100, 1, Integer::sum));
        bySlot.values().forEach(n -> assertTrue(n < 500, n + " in 100 ms, seed " + seed));
        assertEquals(5_000, flips.size());
    }

    @Test
    void shouldStartAFewChecksAtOnce() {
        monitor.replace(Map.of("s1", target(1), "s2", target(2)), backend -> Start.COLD);

        timers.advance(5);

        assertEquals(2, flips.size(), "seed " + seed);
    }

    @Test
    void shouldCheckOnceWhatSeveralPoolsShare() {
        monitor.replace(
                Map.of("web/s1", target(1), "shop/s1", target(1), "web/s2", target(2)),
                backend -> Start.COLD);
        timers.advance(100);

        assertEquals(2, monitor.targetCount());
        assertEquals(2, attemptsMs.size(), "seed " + seed);
        assertEquals(3, flips.size());
        assertSame(monitor.durations("web/s1"), monitor.durations("shop/s1"));
    }

    @Test
    void shouldGoOnWithASharedCheckWhenOneOfItsPoolsGoes() {
        monitor.replace(Map.of("web/s1", target(1), "shop/s1", target(1)), backend -> Start.COLD);
        timers.advance(100);

        monitor.replace(Map.of("shop/s1", target(1)), backend -> Start.NEW);
        dead.add(1);
        timers.advance(10_000);

        assertEquals(Verdict.DOWN, monitor.state("shop/s1").verdict(), "seed " + seed);
        assertNull(monitor.state("web/s1"));
    }

    @Test
    void shouldAskFasterWhileAVerdictChangesAndSlowerWhileDown() {
        final CheckTiming timing = timing(10_000, 1_000, 30_000);
        monitor.replace(Map.of("s1", target(1, timing)), backend -> Start.COLD);
        timers.advance(5_000);
        dead.add(1);
        attemptsMs.clear();

        timers.advance(60_000);

        // about 10 s after the first: a failure, then two more a second apart, then every 30 s
        assertEquals("s1 UP -> DOWN", flips.get(1), "seed " + seed);
        assertTrue(attemptsMs.get(1) - attemptsMs.get(0) <= 1_100, attemptsMs + " seed " + seed);
        assertTrue(attemptsMs.get(2) - attemptsMs.get(1) <= 1_100, attemptsMs + " seed " + seed);
        assertTrue(attemptsMs.get(3) - attemptsMs.get(2) >= 27_000, attemptsMs + " seed " + seed);
    }

    @Test
    void shouldHoldDownABackendThatComesAndGoes() {
        final CheckTiming timing = timing(1_000, 1_000, 1_000);
        monitor.replace(Map.of("s1", target(1, timing)), backend -> Start.COLD);
        timers.advance(100);
        for (int i = 0; i < 3; i++) {
            dead.add(1);
            timers.advance(4_000);
            dead.clear();
            timers.advance(4_000);
        }

        assertEquals(Verdict.DOWN, monitor.state("s1").verdict(), "seed " + seed);
        assertEquals(1, notices.size(), notices.toString());
        assertTrue(
                notices.get(0).matches("s1 held down for [\\d.]+ s more, because it came and went"),
                notices.toString());
        timers.advance(FlapDamping.HALF_LIFE_MS);
        assertEquals(Verdict.DOWN, monitor.state("s1").verdict(), "seed " + seed);
        timers.advance(FlapDamping.HALF_LIFE_MS);
        assertEquals(Verdict.UP, monitor.state("s1").verdict(), "seed " + seed);
    }

    @Test
    void shouldNotHoldDownTheOnlyOneThatServes() {
        final CheckTiming timing = timing(1_000, 1_000, 1_000);
        monitor.replace(Map.of("s1", target(1, timing)), backend -> Start.COLD);
        canSpare = false;
        timers.advance(100);
        for (int i = 0; i < 5; i++) {
            dead.add(1);
            timers.advance(4_000);
            assertEquals(Verdict.DOWN, monitor.state("s1").verdict(), "seed " + seed);
            dead.clear();
            timers.advance(4_000);
            assertEquals(Verdict.UP, monitor.state("s1").verdict(), "seed " + seed);
        }
        assertEquals(List.of(), notices);
    }

    @Test
    void shouldNotLetOneThatHangsHarmTheOthers() {
        final List<Consumer<CheckResult>> hanging = new ArrayList<>();
        final HealthMonitor<String> narrow =
                new HealthMonitor<>(
                        (target, onResult) -> {
                            if (target.address().getPort() < 3) {
                                hanging.add(onResult);
                            } else {
                                attempt(target, onResult);
                            }
                        },
                        timers,
                        new Random(seed),
                        (backend, state, before) -> flips.add(backend),
                        2);
        narrow.replace(Map.of("s1", target(1), "s2", target(2)), backend -> Start.COLD);
        timers.advance(10);
        narrow.replace(
                Map.of("s1", target(1), "s2", target(2), "s3", target(3), "s4", target(4)),
                backend -> Start.COLD);

        timers.advance(100);
        assertEquals(List.of(), flips, "both places are taken");
        timers.advance(TimeUnit.NANOSECONDS.toMillis(HealthMonitor.OVERDUE_NS) + 2_000);

        assertEquals(Set.of("s3", "s4"), Set.copyOf(flips), "seed " + seed);
        assertEquals("the check did not end", narrow.state("s1").lastResult().reason());
        hanging.get(0).accept(CheckResult.passed("late", 1));
        assertEquals(Verdict.UNKNOWN, narrow.state("s1").verdict());
        narrow.close();
        assertEquals(0, timers.pending(), "timers left behind");
    }

    @Test
    void shouldSurviveACheckThatThrows() {
        final HealthMonitor<String> broken =
                new HealthMonitor<>(
                        (target, onResult) -> {
                            throw new IllegalStateException("bug");
                        },
                        timers,
                        new Random(seed),
                        (backend, state, before) -> flips.add(backend));
        broken.replace(Map.of("s1", target(1)), backend -> Start.COLD);

        timers.advance(10_000);

        assertEquals(List.of(), flips);
        assertTrue(broken.state("s1").lastResult().reason().contains("bug"));
    }

    @Test
    void shouldTellAWarningOnce() {
        final HealthMonitor<String> warned =
                new HealthMonitor<>(
                        (target, onResult) ->
                                onResult.accept(
                                        CheckResult.passed("HTTP 200", 1).warning("ends soon")),
                        timers,
                        new Random(seed),
                        listener());
        warned.replace(Map.of("s1", target(1)), backend -> Start.COLD);

        timers.advance(20_000);

        assertEquals(List.of("s1 ends soon"), notices);
    }

    private HealthMonitor.Listener<String> listener() {
        return new HealthMonitor.Listener<>() {
            @Override
            public void onFlip(
                    final String backend, final HealthState state, final Verdict before) {
                flips.add(backend + " " + before + " -> " + state.verdict());
            }

            @Override
            public void onNotice(final String backend, final String text) {
                notices.add(backend + " " + text);
            }

            @Override
            public boolean canSpare(final String backend) {
                return canSpare;
            }
        };
    }

    private static CheckTiming timing(final long intervalMs, final long fastMs, final long downMs) {
        return new CheckTiming(
                TimeUnit.MILLISECONDS.toNanos(intervalMs),
                TimeUnit.MILLISECONDS.toNanos(fastMs),
                TimeUnit.MILLISECONDS.toNanos(downMs),
                TimeUnit.MILLISECONDS.toNanos(500),
                2,
                3,
                true);
    }

    private static CheckTarget target(final int port, final CheckTiming timing) {
        return new CheckTarget(
                CheckSpec.Tcp.CONNECT,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
                timing);
    }

    private void attempt(final CheckTarget target, final Consumer<CheckResult> onResult) {
        attemptsMs.add(timers.nowMs());
        onResult.accept(
                dead.contains(target.address().getPort())
                        ? CheckResult.failed("connect refused", 1)
                        : CheckResult.passed("connected", 1));
    }

    private static CheckTarget target(final int port) {
        return new CheckTarget(
                CheckSpec.Tcp.CONNECT,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
                CheckTiming.every(TimeUnit.SECONDS.toNanos(2), TimeUnit.SECONDS.toNanos(1), 2, 3));
    }
}
