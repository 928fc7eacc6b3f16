package io.naru.dataplane.protocol;

/**
 * Layout of a worker's histogram of duty cycle times: how long it was away from its queues.
 *
 * <pre>
 *   0           8                                            512
 *  +-----------+-----------+-----------+--------+-----------+
 *  | bucket 0  | bucket 1  | bucket 2  |  ...   | bucket 63 |
 *  +-----------+-----------+-----------+--------+-----------+
 * </pre>
 *
 * <p>Bucket {@code b} counts the cycles of {@code [2^b, 2^(b+1))} ns, bucket 0 also those of 0 ns.
 * Written by its worker only, with plain stores.
 */
public final class DutyCycleDescriptor {
    public static final int BUCKET_COUNT = 64;
    public static final int LENGTH = BUCKET_COUNT * Long.BYTES;

    private DutyCycleDescriptor() {}

    /** The bucket of a duration that is not negative. */
    public static int bucket(final long durationNs) {
        return 63 - Long.numberOfLeadingZeros(durationNs | 1);
    }

    /** The longest duration that a bucket counts. */
    public static long bucketEndNs(final int bucket) {
        return bucket >= 62 ? Long.MAX_VALUE : (2L << bucket) - 1;
    }

    /** Offset of the histogram of a worker in the region. */
    public static int offset(final int workerId) {
        return workerId * LENGTH;
    }
}
