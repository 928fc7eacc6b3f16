package io.naru.controlplane.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.controlplane.health.HealthState.Start;
import io.naru.controlplane.health.HealthState.Verdict;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HealthStateTest {
    private static final CheckResult PASS = CheckResult.passed("connected in 0.1 ms", 100_000);
    private static final CheckResult FAIL = CheckResult.failed("connect refused", 100_000);
    private static final CheckResult NOT_TRIED = CheckResult.notTried("too many open files", 0);

    private long nowMs = 1_000;

    @Test
    void shouldBelieveTheFirstResultOfAColdStart() {
        final HealthState good = new HealthState(2, 3, Start.COLD, nowMs);
        final HealthState bad = new HealthState(2, 3, Start.COLD, nowMs);

        assertTrue(give(good, PASS));
        assertTrue(give(bad, FAIL));

        assertEquals(Verdict.UP, good.verdict());
        assertEquals(Verdict.DOWN, bad.verdict());
    }

    @Test
    void shouldWantRiseFromABackendThatIsNew() {
        final HealthState state = new HealthState(2, 3, Start.NEW, nowMs);

        assertFalse(give(state, PASS));
        assertEquals(Verdict.UNKNOWN, state.verdict());
        assertEquals("1 of 2 passes", state.progress());
        assertTrue(give(state, PASS));

        assertEquals(Verdict.UP, state.verdict());
    }

    @Test
    void shouldWantFallFromABackendThatWasServingBeforeWeStarted() {
        final HealthState state = new HealthState(2, 3, Start.SERVING, nowMs);

        assertFalse(give(state, FAIL));
        assertFalse(give(state, FAIL));
        assertEquals(Verdict.UNKNOWN, state.verdict());
        assertEquals("2 of 3 failures", state.progress());
        assertTrue(give(state, FAIL));

        assertEquals(Verdict.DOWN, state.verdict());
    }

    @Test
    void shouldBelieveTheFirstPassOfABackendThatWasServing() {
        final HealthState state = new HealthState(2, 3, Start.SERVING, nowMs);

        assertTrue(give(state, PASS));

        assertEquals(Verdict.UP, state.verdict());
    }

    @Test
    void shouldGoDownAfterFallFailuresInARowOnly() {
        final HealthState state = up();

        assertFalse(give(state, FAIL));
        assertFalse(give(state, FAIL));
        assertFalse(give(state, PASS));
        assertFalse(give(state, FAIL));
        assertFalse(give(state, FAIL));
        assertTrue(give(state, FAIL));

        assertEquals(Verdict.DOWN, state.verdict());
        assertEquals(nowMs, state.sinceMs());
        assertEquals(FAIL, state.lastResult());
    }

    @Test
    void shouldComeBackAfterRisePassesInARowOnly() {
        final HealthState state = new HealthState(2, 3, Start.COLD, nowMs);
        give(state, FAIL);

        assertFalse(give(state, PASS));
        assertFalse(give(state, FAIL));
        assertFalse(give(state, PASS));
        assertTrue(give(state, PASS));

        assertEquals(Verdict.UP, state.verdict());
        assertNull(state.progress());
    }

    @Test
    void shouldNotBlameTheBackendForWhatCouldNotBeTried() {
        final HealthState state = up();
        give(state, FAIL);
        give(state, FAIL);

        assertFalse(give(state, NOT_TRIED));
        assertEquals(Verdict.UP, state.verdict());
        assertTrue(give(state, FAIL), "the row of failures goes on");
    }

    @Test
    void shouldAgreeWithCountingTheWholeHistory() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        for (int round = 0; round < 500; round++) {
            final int rise = 1 + random.nextInt(4);
            final int fall = 1 + random.nextInt(4);
            final HealthState state = new HealthState(rise, fall, Start.COLD, nowMs);
            final StringBuilder history = new StringBuilder();
            Verdict model = Verdict.UNKNOWN;
            for (int i = 0; i < 60; i++) {
                final boolean pass = random.nextBoolean();
                history.append(pass ? '+' : '-');
                if (i == 0) {
                    model = pass ? Verdict.UP : Verdict.DOWN;
                } else if (history.toString().endsWith("+".repeat(rise))) {
                    model = Verdict.UP;
                } else if (history.toString().endsWith("-".repeat(fall))) {
                    model = Verdict.DOWN;
                }

                give(state, pass ? PASS : FAIL);

                assertEquals(model, state.verdict(), "seed " + seed + ", history " + history);
            }
        }
    }

    private HealthState up() {
        final HealthState state = new HealthState(2, 3, Start.COLD, nowMs);
        give(state, PASS);
        return state;
    }

    private boolean give(final HealthState state, final CheckResult result) {
        nowMs += 2_000;
        return state.onResult(result, nowMs);
    }
}
