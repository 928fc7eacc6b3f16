package io.naru.dataplane.protocol;

/** A snapshot of a worker's histogram of duty cycle times, {@link DutyCycleDescriptor}. */
public final class DutyCycleStats {
    private final long[] counts;
    private final long total;

    DutyCycleStats(final long[] counts) {
        this.counts = counts;
        long sum = 0;
        for (final long count : counts) {
            sum += count;
        }
        total = sum;
    }

    /** Duty cycles that did work. */
    public long total() {
        return total;
    }

    /**
     * The time that {@code percent} of the cycles did not exceed, rounded up to the end of its
     * bucket, so at most twice as long; 0 if there were none.
     */
    public long percentileNs(final double percent) {
        final long rank = (long) Math.ceil(total * percent / 100);
        long seen = 0;
        for (int bucket = 0; bucket < counts.length; bucket++) {
            seen += counts[bucket];
            if (seen > 0 && seen >= rank) {
                return DutyCycleDescriptor.bucketEndNs(bucket);
            }
        }

        return 0;
    }

    /** Cycles in a bucket of {@link DutyCycleDescriptor}. */
    public long count(final int bucket) {
        return counts[bucket];
    }
}
