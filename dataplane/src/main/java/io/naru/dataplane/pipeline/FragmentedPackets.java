package io.naru.dataplane.pipeline;

import java.util.Arrays;
import org.agrona.BitUtil;

/**
 * The packets of which fragments are on their way: what has been seen of each, and whose flow it is
 * part of once its first fragment has said so.
 *
 * <p>A packet is a small number, its place. It is in one of three queues, each in the order in
 * which its packets will be forgotten, so that a look at the heads finds the ones whose time is up,
 * and the one to give up when there is no room:
 *
 * <pre>
 *   waiting   no first fragment yet: the others are held
 *   known     its flow is known, or it is condemned; more may come
 *   complete  every byte of it was seen
 * </pre>
 *
 * <p>Everything is allocated at start. Used by one worker.
 */
final class FragmentedPackets {
    static final int NONE = -1;

    static final int WAITING = 0;
    static final int KNOWN = 1;
    static final int COMPLETE = 2;
    private static final int QUEUES = 3;

    // -- what becomes of a fragment ---------------------------------------------------------------

    /** It is new, and more are to come. */
    static final int ADDED = 0;

    /** It is new, and with it all are there. */
    static final int COMPLETED = 1;

    /** The same bytes were here before. */
    static final int DUPLICATE = 2;

    /** Some of its bytes were here before. */
    static final int OVERLAPPING = 3;

    /** It goes beyond the end of its packet, or says that the end is elsewhere. */
    static final int BEYOND_END = 4;

    /** Its packet has more fragments than there is room for. */
    static final int TOO_MANY = 5;

    private static final int KEY_LONGS = 5;
    private static final int RANGES = FragmentLimits.FRAGMENTS_PER_PACKET;

    private final int capacity;
    private final long timeoutNs;
    private final long lingerNs;
    private final int bucketMask;
    private final int[] buckets;

    // by place
    private final long[] keys;
    private final int[] bucket;
    private final int[] nextInBucket;
    private final int[] queue;
    private final int[] before;
    private final int[] after;
    private final long[] deadlineNs;
    private final long[] flowKeyB;
    private final int[] condemnedFor; // the verdict, or UNDECIDED
    private final int[] rangeCount;
    private final int[] ranges; // first byte in the high half, the byte after the last in the low
    private final int[] bytesSeen;
    private final int[] furthest; // the greatest end of a fragment
    private final int[] lengthBytes; // 0: not known yet

    // by queue
    private final int[] head = new int[QUEUES];
    private final int[] tail = new int[QUEUES];
    private final int[] size = new int[QUEUES];

    private int free;

    FragmentedPackets(final FragmentLimits limits) {
        capacity = limits.packets();
        timeoutNs = limits.timeoutNs();
        lingerNs = limits.lingerNs();
        buckets = new int[BitUtil.findNextPositivePowerOfTwo(2 * capacity)];
        bucketMask = buckets.length - 1;
        keys = new long[capacity * KEY_LONGS];
        bucket = new int[capacity];
        nextInBucket = new int[capacity];
        queue = new int[capacity];
        before = new int[capacity];
        after = new int[capacity];
        deadlineNs = new long[capacity];
        flowKeyB = new long[capacity];
        condemnedFor = new int[capacity];
        rangeCount = new int[capacity];
        ranges = new int[capacity * RANGES];
        bytesSeen = new int[capacity];
        furthest = new int[capacity];
        lengthBytes = new int[capacity];

        Arrays.fill(buckets, NONE);
        Arrays.fill(head, NONE);
        Arrays.fill(tail, NONE);
        for (int place = 0; place < capacity; place++) {
            after[place] = place + 1 < capacity ? place + 1 : NONE;
        }
    }

    // -- packets ----------------------------------------------------------------------------------

    /** The packet of a key, or {@link #NONE}. */
    int find(final FragmentKey key) {
        int place = buckets[(int) key.hash & bucketMask];
        while (place != NONE && !isAt(place, key)) {
            place = nextInBucket[place];
        }

        return place;
    }

    /**
     * A packet of which nothing was seen yet, waiting for its first fragment.
     *
     * @return its place, or {@link #NONE} if there is no room: {@link #close} {@link #spare()}.
     */
    int open(final FragmentKey key, final long nowNs) {
        final int place = free;
        if (place == NONE) {
            return NONE;
        }

        free = after[place];
        final int base = place * KEY_LONGS;
        keys[base] = key.sourceHigh;
        keys[base + 1] = key.sourceLow;
        keys[base + 2] = key.destinationHigh;
        keys[base + 3] = key.destinationLow;
        keys[base + 4] = key.identification;
        bucket[place] = (int) key.hash & bucketMask;
        nextInBucket[place] = buckets[bucket[place]];
        buckets[bucket[place]] = place;
        flowKeyB[place] = 0;
        condemnedFor[place] = Verdict.UNDECIDED;
        rangeCount[place] = 0;
        bytesSeen[place] = 0;
        furthest[place] = 0;
        lengthBytes[place] = 0;
        enqueue(place, WAITING, nowNs + timeoutNs);
        return place;
    }

    /** Forgets a packet. */
    void close(final int place) {
        dequeue(place);
        int link = buckets[bucket[place]];
        if (link == place) {
            buckets[bucket[place]] = nextInBucket[place];
        } else {
            while (nextInBucket[link] != place) {
                link = nextInBucket[link];
            }
            nextInBucket[link] = nextInBucket[place];
        }

        after[place] = free;
        free = place;
    }

    /**
     * The packet that is missed least: one that is complete, else the oldest of the longer queue.
     * So a flood of first fragments doesn't drive out packets that wait for theirs, nor the
     * reverse.
     */
    int spare() {
        if (size[COMPLETE] > 0) {
            return head[COMPLETE];
        }

        return size[WAITING] > size[KNOWN] ? head[WAITING] : head[KNOWN];
    }

    /** The packet that has waited for its first fragment longest, or {@link #NONE}. */
    int longestWaiting() {
        return head[WAITING];
    }

    /** A packet whose time is up, or {@link #NONE}. */
    int overdue(final long nowNs) {
        for (int q = 0; q < QUEUES; q++) {
            if (head[q] != NONE && nowNs - deadlineNs[head[q]] >= 0) {
                return head[q];
            }
        }

        return NONE;
    }

    boolean isOverdue(final int place, final long nowNs) {
        return nowNs - deadlineNs[place] >= 0;
    }

    /** {@code keyB} of the packet's flow, or 0 as long as its first fragment has not come. */
    long flowKeyB(final int place) {
        return flowKeyB[place];
    }

    boolean isWaiting(final int place) {
        return queue[place] == WAITING;
    }

    /** The verdict of each of the packet's fragments, or UNDECIDED if they are welcome. */
    int condemnedFor(final int place) {
        return condemnedFor[place];
    }

    int count() {
        return size[WAITING] + size[KNOWN] + size[COMPLETE];
    }

    // -- what is learnt of a packet ---------------------------------------------------------------

    /**
     * Notes the bytes {@code [start, end)} of a packet.
     *
     * @param isLast whether the packet ends at {@code end}.
     * @return {@link #ADDED}, {@link #COMPLETED} or why nothing was noted.
     */
    int add(final int place, final int start, final int end, final boolean isLast) {
        final int known = lengthBytes[place];
        final int base = place * RANGES;
        final int count = rangeCount[place];
        for (int k = 0; k < count; k++) {
            final int otherStart = ranges[base + k] >>> 16;
            final int otherEnd = ranges[base + k] & 0xffff;
            if (start < otherEnd && otherStart < end) {
                final boolean isSame = start == otherStart && end == otherEnd;
                return isSame && isLast == (end == known) ? DUPLICATE : OVERLAPPING;
            }
        }

        // beyond the end that is known, or the end of less than what is known
        if ((known != 0 && end > known) || (isLast && furthest[place] > end)) {
            return BEYOND_END;
        }

        if (count == RANGES) {
            return TOO_MANY;
        }

        ranges[base + count] = start << 16 | end;
        rangeCount[place] = count + 1;
        bytesSeen[place] += end - start;
        furthest[place] = Math.max(furthest[place], end);
        lengthBytes[place] = isLast ? end : known;
        return bytesSeen[place] == lengthBytes[place] ? COMPLETED : ADDED;
    }

    /** The first fragment has come. */
    void onFlowKnown(final int place, final long keyB, final long nowNs) {
        flowKeyB[place] = keyB;
        dequeue(place);
        enqueue(place, KNOWN, nowNs + timeoutNs);
    }

    /** Nothing of this packet goes on any more, what is still to come included (RFC 5722). */
    void condemn(final int place, final int verdict, final long nowNs) {
        condemnedFor[place] = verdict;
        dequeue(place);
        enqueue(place, KNOWN, nowNs + timeoutNs);
    }

    /** Everything has come: nothing but copies may follow. */
    void onComplete(final int place, final long nowNs) {
        dequeue(place);
        enqueue(place, COMPLETE, nowNs + lingerNs);
    }

    // -- queues -----------------------------------------------------------------------------------

    private void enqueue(final int place, final int q, final long deadline) {
        deadlineNs[place] = deadline;
        queue[place] = q;
        before[place] = tail[q];
        after[place] = NONE;
        if (tail[q] == NONE) {
            head[q] = place;
        } else {
            after[tail[q]] = place;
        }
        tail[q] = place;
        size[q]++;
    }

    private void dequeue(final int place) {
        final int q = queue[place];
        if (before[place] == NONE) {
            head[q] = after[place];
        } else {
            after[before[place]] = after[place];
        }
        if (after[place] == NONE) {
            tail[q] = before[place];
        } else {
            before[after[place]] = before[place];
        }
        size[q]--;
    }

    private boolean isAt(final int place, final FragmentKey key) {
        final int base = place * KEY_LONGS;
        return keys[base] == key.sourceHigh
                && keys[base + 1] == key.sourceLow
                && keys[base + 2] == key.destinationHigh
                && keys[base + 3] == key.destinationLow
                && keys[base + 4] == key.identification;
    }
}
