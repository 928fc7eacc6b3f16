package io.naru.controlplane.pool;

/**
 * The share of a backend that starts slowly: a tenth at first, all of it at the end, in at most ten
 * steps of which none is shorter than a second.
 */
final class SlowStart {
    static final int FIRST_SHARE = 10;
    static final int FULL_SHARE = 100;

    private static final int MAX_STEPS = 9;

    private SlowStart() {}

    /** Both times are taken by the whole second, so that a pool's backends step together. */
    static int share(final long startMs, final long nowMs, final long periodMs) {
        final long periodS = periodMs / 1_000;
        final long elapsedS = nowMs / 1_000 - startMs / 1_000;
        if (elapsedS >= periodS) {
            return FULL_SHARE;
        }

        final long steps = Math.min(MAX_STEPS, periodS);
        final long done = Math.max(0, elapsedS) * steps / periodS;
        return (int) (FIRST_SHARE + (FULL_SHARE - FIRST_SHARE) * done / steps);
    }
}
