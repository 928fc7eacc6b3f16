package io.naru.controlplane.health;

import java.util.concurrent.TimeUnit;
import org.HdrHistogram.IntCountsHistogram;

/**
 * How long the checks of a target took that passed, since it is checked. For one thread.
 *
 * <p>Values are kept to two digits, from a microsecond to the longest timeout: some 2 kB a target
 * that answers within milliseconds.
 */
public final class Durations {
    private static final int DIGITS = 2;

    /** Of the smoothed duration a new one counts as this part, as TCP's smoothed RTT (RFC 6298). */
    private static final int SMOOTHING = 8;

    private final IntCountsHistogram histogramUs = new IntCountsHistogram(DIGITS);
    private long smoothedNs;

    void add(final long durationNs) {
        histogramUs.recordValue(Math.max(1, TimeUnit.NANOSECONDS.toMicros(durationNs)));
        smoothedNs =
                smoothedNs == 0
                        ? Math.max(1, durationNs)
                        : Math.max(1, smoothedNs + (durationNs - smoothedNs) / SMOOTHING);
    }

    /** How many there are. */
    public long count() {
        return histogramUs.getTotalCount();
    }

    /** A duration that {@code percent} of them do not exceed; 0 without any. */
    public long percentileNs(final double percent) {
        return TimeUnit.MICROSECONDS.toNanos(histogramUs.getValueAtPercentile(percent));
    }

    /** The longest; 0 without any. */
    public long maxNs() {
        return TimeUnit.MICROSECONDS.toNanos(histogramUs.getMaxValue());
    }

    /** What they take lately: 0 without any. */
    public long smoothedNs() {
        return smoothedNs;
    }
}
