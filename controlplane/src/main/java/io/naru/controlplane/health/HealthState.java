package io.naru.controlplane.health;

import static io.naru.controlplane.health.CheckResult.Outcome.FAILED;
import static io.naru.controlplane.health.CheckResult.Outcome.NOT_TRIED;
import static io.naru.controlplane.health.CheckResult.Outcome.PASSED;

import java.util.concurrent.TimeUnit;

/**
 * Turns a row of check results into a verdict: {@code rise} passes make a backend up, {@code fall}
 * failures make it down.
 *
 * <pre>
 *               first pass (NEW: rise passes)                 fall failures in a row
 *   UNKNOWN ───────────────────────────────────▶  UP  ─────────────────────────────▶  DOWN
 *      │                                           ▲                                   │ ▲
 *      │                                           └───────────────────────────────────┘ │
 *      │                                                   rise passes in a row          │
 *      └─────────────────────────────────────────────────────────────────────────────────┘
 *               first failure (SERVING: fall failures in a row)
 * </pre>
 *
 * <p>Coming up may be held by {@link FlapDamping}.
 *
 * <p>A pure state machine: it has no clock and starts nothing. Results that were not tried change
 * nothing. For one thread.
 */
public final class HealthState {
    /** What we hold of a backend. */
    public enum Verdict {
        /** No result has decided yet. */
        UNKNOWN,
        /** It answers. */
        UP,
        /** It does not. */
        DOWN
    }

    /** What is known of a backend before its first result. */
    public enum Start {
        /** Nothing, the whole balancer starts: the first result is believed at once. */
        COLD,
        /** The data plane was sending it traffic before us: only {@code fall} failures end that. */
        SERVING,
        /** It was added to a running balancer: it must pass {@code rise} times first. */
        NEW
    }

    private final int rise;
    private final int fall;
    private final Start start;
    private final FlapDamping damping;
    private boolean mayBeHeld = true;
    private Verdict verdict = Verdict.UNKNOWN;
    private long sinceMs;
    private CheckResult.Outcome runOf = NOT_TRIED;
    private int run;
    private CheckResult lastResult;
    private long lastResultMs;

    /**
     * A state before its first result.
     *
     * @param rise passes in a row that make a backend up.
     * @param fall failures in a row that make it down.
     * @param start what is known of the backend already.
     * @param nowMs the time.
     */
    public HealthState(final int rise, final int fall, final Start start, final long nowMs) {
        this(rise, fall, start, nowMs, null);
    }

    HealthState(
            final int rise,
            final int fall,
            final Start start,
            final long nowMs,
            final FlapDamping damping) {
        this.rise = rise;
        this.fall = fall;
        this.start = start;
        this.damping = damping;
        this.sinceMs = nowMs;
    }

    /**
     * Takes the next result.
     *
     * @param result of an attempt.
     * @param nowMs the time.
     * @return true if the verdict changed by it.
     */
    public boolean onResult(final CheckResult result, final long nowMs) {
        lastResult = result;
        lastResultMs = nowMs;
        if (result.outcome() == NOT_TRIED) {
            return false;
        }

        run = result.outcome() == runOf ? run + 1 : 1;
        runOf = result.outcome();
        final Verdict next = runOf == PASSED ? Verdict.UP : Verdict.DOWN;
        if (next == verdict || run < needed(next)) {
            return false;
        }

        if (damping != null && verdict == Verdict.DOWN && damping.holds(nowMs) && mayBeHeld) {
            return false;
        }
        if (damping != null && verdict == Verdict.UP) {
            damping.onDown(nowMs);
        }

        verdict = next;
        sinceMs = nowMs;
        return true;
    }

    private int needed(final Verdict next) {
        if (verdict == Verdict.UNKNOWN) {
            return next == Verdict.UP
                    ? (start == Start.NEW ? rise : 1)
                    : (start == Start.SERVING ? fall : 1);
        }

        return next == Verdict.UP ? rise : fall;
    }

    /**
     * What we hold of the backend.
     *
     * @return the verdict.
     */
    public Verdict verdict() {
        return verdict;
    }

    /**
     * What was known before the first result.
     *
     * @return as given.
     */
    public Start start() {
        return start;
    }

    /**
     * Since when the verdict stands.
     *
     * @return the time of the last change.
     */
    public long sinceMs() {
        return sinceMs;
    }

    /**
     * What the latest attempt found.
     *
     * @return the result, or null before the first.
     */
    public CheckResult lastResult() {
        return lastResult;
    }

    /**
     * When the latest attempt ended.
     *
     * @return the time, 0 before the first.
     */
    public long lastResultMs() {
        return lastResultMs;
    }

    /** Whether others can do without it: otherwise it is not held down, however it flapped. */
    void mayBeHeld(final boolean othersServe) {
        mayBeHeld = othersServe;
    }

    /** Whether it passes often enough to be up, and is held down because it flapped. */
    public boolean isHeld() {
        return damping != null
                && verdict == Verdict.DOWN
                && runOf == PASSED
                && run >= rise
                && mayBeHeld
                && damping.holds(lastResultMs);
    }

    /** Whether the latest results are on the way to another verdict, or to the first. */
    public boolean isChanging() {
        return verdict == Verdict.UNKNOWN
                ? lastResult == null || lastResult.outcome() != NOT_TRIED
                : runOf != NOT_TRIED && (runOf == PASSED) != (verdict == Verdict.UP) && !isHeld();
    }

    /**
     * How far the results are on the way to another verdict, for people.
     *
     * @return {@code 2 of 3 failures}, or null when the latest results agree with the verdict.
     */
    public String progress() {
        if (runOf == NOT_TRIED) {
            return null;
        }

        final Verdict next = runOf == FAILED ? Verdict.DOWN : Verdict.UP;
        return next == verdict
                ? null
                : isHeld()
                        ? "held down for "
                                + CheckTarget.words(
                                        TimeUnit.SECONDS.toNanos(
                                                Math.floorDiv(damping.leftMs(lastResultMs), 1_000L)
                                                        + 1))
                                + " more, because it came and went"
                        : run + " of " + needed(next) + (runOf == FAILED ? " failures" : " passes");
    }
}
