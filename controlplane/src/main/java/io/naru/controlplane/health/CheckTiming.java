package io.naru.controlplane.health;

/**
 * How often a backend is checked, and how many results make a verdict.
 *
 * @param intervalNs from the start of one attempt to the start of the next, while it is up.
 * @param fastIntervalNs the same while the results are on the way to another verdict.
 * @param downIntervalNs the same while it is down.
 * @param timeoutNs after which an attempt has failed.
 * @param rise passes in a row that make a backend up.
 * @param fall failures in a row that make it down.
 * @param isDamped whether a backend that flaps is held down, see {@link FlapDamping}.
 */
public record CheckTiming(
        long intervalNs,
        long fastIntervalNs,
        long downIntervalNs,
        long timeoutNs,
        int rise,
        int fall,
        boolean isDamped) {

    /** Checks the numbers. */
    public CheckTiming {
        assert intervalNs > 0 : "intervalNs=" + intervalNs;
        assert fastIntervalNs > 0 : "fastIntervalNs=" + fastIntervalNs;
        assert downIntervalNs > 0 : "downIntervalNs=" + downIntervalNs;
        assert timeoutNs > 0 : "timeoutNs=" + timeoutNs;
        assert rise > 0 : "rise=" + rise;
        assert fall > 0 : "fall=" + fall;
    }

    /** One interval for all, with damping. */
    public static CheckTiming every(
            final long intervalNs, final long timeoutNs, final int rise, final int fall) {
        return new CheckTiming(intervalNs, intervalNs, intervalNs, timeoutNs, rise, fall, true);
    }
}
