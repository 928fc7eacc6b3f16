package io.naru.dataplane.flow;

import static io.naru.dataplane.packet.RawMemory.getInt;
import static io.naru.dataplane.packet.RawMemory.getLong;
import static io.naru.dataplane.packet.RawMemory.putInt;
import static io.naru.dataplane.packet.RawMemory.putLong;

import io.naru.dataplane.port.PacketBurst;

/**
 * The layout of the region of memory that a {@link FlowTable} lives in.
 *
 * <pre>
 *   0                 4                 8                 12                16
 *  +-----------------+-----------------+-----------------+-----------------+
 *  |         magic "NARUFLOW"          |     version     |    capacity     |    0
 *  +-----------------+-----------------+-----------------+-----------------+
 *  |      lines      |  entry length   |     worker      |     workers     |   16
 *  +-----------------+-----------------+-----------------+-----------------+
 *  |              seed 0               |              seed 1               |   32
 *  +-----------------------------------+-----------------------------------+
 *  |                        reserved, zero                                 |   48
 *  +-----------------------------------------------------------------------+
 *  |     the none-entry: a line of zeros, which no packet matches          |   64
 *  +-----------------------------------------------------------------------+
 *  |     lines x 64 bytes: four buckets each                               |  128
 *  +-----------------------------------------------------------------------+
 *  |     lines x 28 x 64 bytes: the entries, seven of each bucket          |
 *  +-----------------------------------------------------------------------+
 *  |     65 x 64 bytes: entries of flows that are in no bucket             |
 *  +-----------------------------------------------------------------------+
 *
 *  A bucket, 16 bytes:
 *   0        2        4        6        8        10       12       14       16
 *  +--------+--------+--------+--------+--------+--------+--------+--------+
 *  | tag 0  | tag 1  | tag 2  | tag 3  | tag 4  | tag 5  | tag 6  |overflow|
 *  +--------+--------+--------+--------+--------+--------+--------+--------+
 * </pre>
 *
 * All values are in the machine's order. The version is written last and read first, so that a
 * region that was only half set up is never taken for a table. Seeds, worker and workers are what a
 * restarted process needs in order to take the flows over: with the same seeds and as many workers
 * every flow is where its packets will look for it. What the process counts (size, overflow) can be
 * counted again from the tags, so a table that was killed between two stores can be repaired. The
 * ticks in the entries are of the machine's monotonic clock: a region must not outlive a boot.
 */
public final class FlowTableDescriptor {
    public static final int MAGIC_OFFSET = 0;
    public static final int VERSION_OFFSET = 8;
    public static final int CAPACITY_OFFSET = 12;
    public static final int LINES_OFFSET = 16;
    public static final int ENTRY_LENGTH_OFFSET = 20;
    public static final int WORKER_OFFSET = 24;
    public static final int WORKERS_OFFSET = 28;
    public static final int SEED_0_OFFSET = 32;
    public static final int SEED_1_OFFSET = 40;
    public static final int NONE_ENTRY_OFFSET = 64;
    public static final int BUCKETS_OFFSET = 128;

    /** "NARUFLOW" as it is seen in a dump of the file. */
    public static final long MAGIC = 0x574f_4c46_5552_414eL;

    public static final int VERSION = 1;

    /** Tags, and so entries, of a bucket. */
    public static final int SLOTS_PER_BUCKET = 7;

    public static final int BUCKET_LENGTH = 16;

    /** Buckets of a cache line: where a bucket is full, its neighbours are tried first. */
    public static final int BUCKETS_PER_LINE = 4;

    public static final int LINE_LENGTH = BUCKETS_PER_LINE * BUCKET_LENGTH;

    public static final int SLOTS_PER_LINE = BUCKETS_PER_LINE * SLOTS_PER_BUCKET;

    /** Entries behind those of the buckets: one for each packet of a burst, and one of nobody. */
    public static final int SPARE_ENTRIES = PacketBurst.CAPACITY + 1;

    /** Capacity at most; above it the number of slots would leave an int. */
    public static final int MAX_CAPACITY = 1 << 30;

    /** Below this the probe sequence would visit a line twice. */
    private static final int MIN_LINES = 8;

    private FlowTableDescriptor() {}

    /** Lines of buckets for this many flows at the load cap of three quarters. */
    public static int lines(final int capacity) {
        if (capacity < 1 || capacity > MAX_CAPACITY) {
            throw new IllegalArgumentException(
                    "capacity must be 1 to " + MAX_CAPACITY + ": " + capacity);
        }

        final long slots = (capacity * 4L + 2) / 3;
        return (int) Math.max(MIN_LINES, (slots + SLOTS_PER_LINE - 1) / SLOTS_PER_LINE);
    }

    /** Bytes that a table of this capacity needs: 88 a flow, and a little. */
    public static long regionLength(final int capacity) {
        return entriesOffset(lines(capacity)) + entryCount(capacity) * FlowEntry.LENGTH;
    }

    private static long entryCount(final int capacity) {
        return (long) lines(capacity) * SLOTS_PER_LINE + SPARE_ENTRIES;
    }

    /** Bytes of the second lines of a table of this capacity, see {@link FlowAddresses}. */
    public static long addressesLength(final int capacity) {
        return entryCount(capacity) * FlowAddresses.LENGTH;
    }

    static long entriesOffset(final int lines) {
        return BUCKETS_OFFSET + (long) lines * LINE_LENGTH;
    }

    public static long magic(final long region) {
        return getLong(region + MAGIC_OFFSET);
    }

    public static int version(final long region) {
        return getInt(region + VERSION_OFFSET);
    }

    public static int capacity(final long region) {
        return getInt(region + CAPACITY_OFFSET);
    }

    public static int lineCount(final long region) {
        return getInt(region + LINES_OFFSET);
    }

    public static int entryLength(final long region) {
        return getInt(region + ENTRY_LENGTH_OFFSET);
    }

    public static int worker(final long region) {
        return getInt(region + WORKER_OFFSET);
    }

    public static int workers(final long region) {
        return getInt(region + WORKERS_OFFSET);
    }

    public static long seed0(final long region) {
        return getLong(region + SEED_0_OFFSET);
    }

    public static long seed1(final long region) {
        return getLong(region + SEED_1_OFFSET);
    }

    static void putHeader(
            final long region,
            final int capacity,
            final FlowHash hash,
            final int worker,
            final int workers) {
        putLong(region + MAGIC_OFFSET, MAGIC);
        putInt(region + CAPACITY_OFFSET, capacity);
        putInt(region + LINES_OFFSET, lines(capacity));
        putInt(region + ENTRY_LENGTH_OFFSET, FlowEntry.LENGTH);
        putInt(region + WORKER_OFFSET, worker);
        putInt(region + WORKERS_OFFSET, workers);
        putLong(region + SEED_0_OFFSET, hash.seed0());
        putLong(region + SEED_1_OFFSET, hash.seed1());
    }
}
