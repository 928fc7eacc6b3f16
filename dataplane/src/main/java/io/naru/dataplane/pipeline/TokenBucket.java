package io.naru.dataplane.pipeline;

/**
 * Says how often something may be done: a number of times a second on average, and a few more at
 * once. Used by one worker; the clock is the caller's.
 */
final class TokenBucket {
    private final long costNs;
    private final long depthNs;
    private long spentUntilNs;

    /**
     * @param perSecond 1 to 10^9.
     * @param burst how many may be done at once after a while of nothing, at least 1.
     */
    TokenBucket(final int perSecond, final int burst) {
        costNs = 1_000_000_000L / perSecond;
        depthNs = costNs * burst;
        spentUntilNs = Long.MIN_VALUE / 2;
    }

    /** Takes one, if there is one. */
    boolean take(final long nowNs) {
        // The bucket is full at spentUntilNs and, a token later than that, still full.
        final long spent = Math.max(spentUntilNs, nowNs - depthNs) + costNs;
        if (spent > nowNs) {
            return false;
        }

        spentUntilNs = spent;
        return true;
    }
}
