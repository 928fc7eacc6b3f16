package io.naru.controlplane.health;

import java.util.concurrent.TimeUnit;

/**
 * Holds a backend down that goes down again and again, as RFC 2439 does with routes that flap.
 *
 * <p>Each time it goes down costs a point. Points halve every minute. Who has more than 2.5 of them
 * (the third time within a minute or so) is held down until less than one is left: 95 s after three
 * quick falls, at most three minutes, as nobody has more than eight. Only coming up is held, going
 * down never is.
 *
 * <p>It has no clock of its own. For one thread.
 */
public final class FlapDamping {
    static final long HALF_LIFE_MS = TimeUnit.MINUTES.toMillis(1);
    static final double CUT_OFF = 2.5;
    static final double REUSE = 1;
    static final double MAX = 8;

    private double points;
    private long atMs;
    private boolean held;

    /** It went down. */
    void onDown(final long nowMs) {
        points = Math.min(MAX, points(nowMs) + 1);
        atMs = nowMs;
        held |= points > CUT_OFF;
    }

    /** Whether it must not come up yet. */
    boolean holds(final long nowMs) {
        held &= points(nowMs) > REUSE;
        return held;
    }

    /** How long it will be held if it does not go down again; 0 when it is not held. */
    long leftMs(final long nowMs) {
        return holds(nowMs)
                ? (long) Math.ceil(HALF_LIFE_MS * Math.log(points(nowMs) / REUSE) / Math.log(2))
                : 0;
    }

    private double points(final long nowMs) {
        // a clock that was set back lets nothing decay, and holds nobody longer than from now on
        final long sinceMs = Math.max(0, nowMs - atMs);
        if (sinceMs == 0) {
            atMs = nowMs;
        }
        return points * Math.pow(0.5, (double) sinceMs / HALF_LIFE_MS);
    }
}
