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
    private final HealthMonitor<String> monitor =
            new HealthMonitor<>(
                    this::attempt,
                    timers,
                    new Random(seed),
                    (backend, state, before) ->
                            flips.add(backend + " " + before + " -> " + state.verdict()));

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
