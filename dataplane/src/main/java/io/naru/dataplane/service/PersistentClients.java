package io.naru.dataplane.service;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Remembers the backend of each client of the services with persistence; one table for all workers,
 * of a size that does not change.
 *
 * <pre>
 *   63                          37 36            23 22                      0
 *  +------------------------------+----------------+-------------------------+
 *  |         fingerprint          |   backend id   |   last used, in units   |
 *  +------------------------------+----------------+-------------------------+
 * </pre>
 *
 * A client has one such slot in one of the eight of a bucket, a cache line; 0 is a free slot. Where
 * all eight are taken, the one that was not used for longest gives way. A unit is 2^30 ns (about
 * 1.07 s); differences of units are right for 104 days.
 *
 * <p>Of two clients of one bucket with the same fingerprint (1 in 16 million, of clients that are
 * remembered) the second gets the first one's backend: one that serves it as well as any other.
 *
 * <p>No locks: a slot is one long, changed by compare-and-set. If two workers see a client for the
 * first time, both try for the same slot, and the one that loses takes over what the other chose.
 * Allocates nothing after the start.
 */
public final class PersistentClients {
    /** No backend is remembered. */
    public static final int NONE = -1;

    /** Clients of a process with a data plane, 8 MiB. */
    public static final int CAPACITY_DEFAULT = 1 << 20;

    static final int SLOTS_PER_BUCKET = 8;

    private static final int UNIT_BITS = 23;
    private static final int BACKEND_BITS = 14; // Limits.MAX_BACKENDS
    private static final int FINGERPRINT_SHIFT = UNIT_BITS + BACKEND_BITS;
    private static final int UNIT_MASK = (1 << UNIT_BITS) - 1;
    private static final int BACKEND_MASK = (1 << BACKEND_BITS) - 1;

    /** Ticks (2^24 ns) to units (2^30 ns). */
    private static final int TICKS_TO_UNITS = 6;

    private static final int UNIT_SHIFT = 30;

    /** Compare-and-sets that may fail before a client is not remembered. */
    private static final int ATTEMPTS = 8;

    private final ByteBuffer memory;
    private final UnsafeBuffer slots;
    private final int bucketMask;
    private final AtomicLong evicted = new AtomicLong();

    /**
     * @param capacity clients at most, a power of two and at least 8.
     */
    public PersistentClients(final int capacity) {
        if (!BitUtil.isPowerOfTwo(capacity) || capacity < SLOTS_PER_BUCKET) {
            throw new IllegalArgumentException(
                    "capacity must be a power of two of at least 8: " + capacity);
        }

        memory =
                BufferUtil.allocateDirectAligned(
                        Math.multiplyExact(capacity, Long.BYTES), BitUtil.CACHE_LINE_LENGTH);
        slots = new UnsafeBuffer(memory);
        bucketMask = capacity / SLOTS_PER_BUCKET - 1;
    }

    /** The units that a client is remembered for, rounded up. */
    public static int units(final int timeoutS) {
        return (int) ((timeoutS * 1_000_000_000L) >>> UNIT_SHIFT) + 1;
    }

    /**
     * The backend of a client, or {@link #NONE} if it has none or has not been here for longer.
     *
     * @param hash of the client and of who remembers it; all 64 bits count.
     * @param timeoutUnits from {@link #units}.
     */
    public int find(final long hash, final int nowTicks, final int timeoutUnits) {
        final int bucket = bucket(hash);
        final long fingerprint = fingerprint(hash);
        for (int slot = 0; slot < SLOTS_PER_BUCKET; slot++) {
            final long value = slots.getLongOpaque(bucket + slot * Long.BYTES);
            if (value >>> FINGERPRINT_SHIFT == fingerprint) {
                return age(value, nowTicks) <= timeoutUnits ? backendId(value) : NONE;
            }
        }

        return NONE;
    }

    /**
     * Remembers a client from now on with a backend, or only that it was here now.
     *
     * @param previous what {@link #find} gave: if it is another one's by now, another worker has
     *     chosen.
     * @return the client's backend: {@code backendId}, or what another worker has chosen.
     */
    public int put(
            final long hash,
            final int previous,
            final int backendId,
            final int nowTicks,
            final int timeoutUnits) {
        final int bucket = bucket(hash);
        final long fingerprint = fingerprint(hash);
        final long wanted =
                (fingerprint << FINGERPRINT_SHIFT)
                        | ((long) backendId << UNIT_BITS)
                        | ((nowTicks >>> TICKS_TO_UNITS) & UNIT_MASK);
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            int place = bucket;
            long known = 0;
            int placeAge = -1;
            boolean isFound = false;
            for (int slot = 0; slot < SLOTS_PER_BUCKET && !isFound; slot++) {
                final int offset = bucket + slot * Long.BYTES;
                final long value = slots.getLongVolatile(offset);
                isFound = value >>> FINGERPRINT_SHIFT == fingerprint;
                final int age = value == 0 ? Integer.MAX_VALUE : age(value, nowTicks);
                if (isFound || age > placeAge) {
                    place = offset;
                    known = value;
                    placeAge = age;
                }
            }

            if (isFound && isAnothers(known, previous, backendId) && placeAge <= timeoutUnits) {
                return backendId(known);
            }
            if (known == wanted || slots.compareAndSetLong(place, known, wanted)) {
                if (!isFound && placeAge <= timeoutUnits) {
                    evicted.incrementAndGet();
                }

                return backendId;
            }
        }

        return backendId;
    }

    private static boolean isAnothers(final long known, final int previous, final int backendId) {
        return backendId(known) != previous && backendId(known) != backendId;
    }

    /** Clients that gave way to others within their time, as the bucket was full. */
    public long evicted() {
        return evicted.get();
    }

    private int bucket(final long hash) {
        return ((int) hash & bucketMask) * SLOTS_PER_BUCKET * Long.BYTES;
    }

    /** 1 to 2^27 - 1, of bits that do not choose the bucket. */
    private static long fingerprint(final long hash) {
        final long fingerprint = hash >>> FINGERPRINT_SHIFT;
        return fingerprint == 0 ? 1 : fingerprint;
    }

    private static int backendId(final long value) {
        return (int) (value >>> UNIT_BITS) & BACKEND_MASK;
    }

    private static int age(final long value, final int nowTicks) {
        return ((nowTicks >>> TICKS_TO_UNITS) - (int) value) & UNIT_MASK;
    }

    @Override
    public String toString() {
        return "PersistentClients{capacity=" + memory.capacity() / Long.BYTES + "}";
    }
}
