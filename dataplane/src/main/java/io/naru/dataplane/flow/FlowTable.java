package io.naru.dataplane.flow;

import static io.naru.dataplane.flow.FlowTableDescriptor.BUCKETS_OFFSET;
import static io.naru.dataplane.flow.FlowTableDescriptor.BUCKETS_PER_LINE;
import static io.naru.dataplane.flow.FlowTableDescriptor.BUCKET_LENGTH;
import static io.naru.dataplane.flow.FlowTableDescriptor.LINE_LENGTH;
import static io.naru.dataplane.flow.FlowTableDescriptor.NONE_ENTRY_OFFSET;
import static io.naru.dataplane.flow.FlowTableDescriptor.SLOTS_PER_BUCKET;

import io.naru.dataplane.packet.Ipv6Header;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.port.PacketBurst;

/**
 * The flows of one worker, found from either direction by one look at a bucket of tags and one at
 * the entry.
 *
 * <p>A bucket is 16 bytes: seven tags of 16 bits and a count of the flows that found it full and
 * went on. The place of a tag names the place of its entry, so a bucket tells where a flow is, or
 * (nearly always) that there is none, without touching an entry. Removal leaves no tombstones: the
 * overflow counts say how far a search has to go. docs/flow-table.md has the whole story.
 *
 * <p>{@link #lookup} takes a whole burst through four stages so that the cache misses of its
 * packets overlap; one after the other, each would cost the full latency of memory.
 *
 * <p>Used by one worker thread only. Nothing is allocated after construction. When there is no room
 * {@link #insert} says so and counts it.
 */
public final class FlowTable {
    /**
     * What {@link #insert} returns when there is no room; {@code entry} of a packet without flow.
     */
    public static final long NONE = 0;

    /**
     * What {@link #insert} returns when replies of the new flow could not be told from those of
     * another one: the same client endpoint, by way of another VIP, to the same backend endpoint.
     */
    public static final long CONFLICT = -1;

    /** Buckets in which a flow may be: those of eight lines. */
    static final int PROBE_LIMIT = 32;

    /** Buckets in which room is made, if need be, by ending flows: the line of the first one. */
    static final int EVICTION_LIMIT = BUCKETS_PER_LINE;

    private static final int OVERFLOW_MAX = 0xffff;
    private static final int OVERFLOW_SHIFT = 48;
    private static final long ALL_TAGS = 0x0001_0001_0001_0001L;
    private static final long LOW_BITS = 0x7fff_7fff_7fff_7fffL;

    /** The three tags in the second half of a bucket. */
    private static final long SECOND_HALF = 0x0000_8000_8000_8000L;

    /** The mark of IPv6 in a keyB. */
    private static final long FAMILY_6_IN_KEY = (long) FlowEntry.FAMILY_6 << Integer.SIZE;

    /** The protocol in a keyB. */
    private static final long PROTOCOL_MASK = 0xff_0000_0000L;

    /** Bytes of entries for each byte of buckets. */
    private static final int ENTRY_BYTES_PER_BUCKET_BYTE =
            SLOTS_PER_BUCKET * FlowEntry.LENGTH / BUCKET_LENGTH;

    private final long noneEntry;
    private final long buckets;
    private final long entries;
    private final long entryToAddresses;
    private final boolean hasAddresses;
    private final int lines;
    private final int strides;
    private final int capacity;
    private final FlowHash hash;
    private final FlowListener listener;

    private final long[] bucketOf = new long[PacketBurst.CAPACITY];
    private final int[] pending = new int[PacketBurst.CAPACITY];

    private FlowExpiry expiry = FlowExpiry.DEFAULT;
    private int size;
    private long evicted;
    private long expired;
    private long refused;
    private long conflicts;

    /** Keeps the compiler from dropping the loads that only serve to fetch a line. */
    @SuppressWarnings("UnusedVariable")
    private long touched;

    /**
     * Sets up an empty table.
     *
     * @param region address of the memory, a multiple of 64; it must stay mapped for as long as the
     *     table is used.
     * @param regionLength its length, at least {@link FlowTableDescriptor#regionLength}.
     * @param capacity flows at most; three quarters of the slots.
     * @param hash the hash of the process; its seeds are kept in the region.
     * @param worker number of the worker that owns the table, of {@code workers}.
     * @param listener hears of flows that expire or are evicted.
     */
    public FlowTable(
            final long region,
            final long regionLength,
            final int capacity,
            final FlowHash hash,
            final int worker,
            final int workers,
            final FlowListener listener) {
        this(region, regionLength, 0, capacity, hash, worker, workers, listener);
    }

    /**
     * The same for flows that need a second line too: those of IPv6 and of {@code full-nat}.
     *
     * @param addresses memory of {@link FlowTableDescriptor#addressesLength} bytes, aligned to 64;
     *     it is touched only where such flows are. 0 if there are none.
     */
    public FlowTable(
            final long region,
            final long regionLength,
            final long addresses,
            final int capacity,
            final FlowHash hash,
            final int worker,
            final int workers,
            final FlowListener listener) {
        final long required = FlowTableDescriptor.regionLength(capacity);
        if (regionLength < required) {
            throw new IllegalArgumentException(
                    "a flow table of capacity %d needs %d bytes, the region has %d"
                            .formatted(capacity, required, regionLength));
        }

        if (region % LINE_LENGTH != 0) {
            throw new IllegalArgumentException(
                    "region must be aligned to %d: 0x%x".formatted(LINE_LENGTH, region));
        }

        this.lines = FlowTableDescriptor.lines(capacity);
        this.strides = (lines - 1) / (PROBE_LIMIT / BUCKETS_PER_LINE - 1);
        this.noneEntry = region + NONE_ENTRY_OFFSET;
        this.buckets = region + BUCKETS_OFFSET;
        this.entries = region + FlowTableDescriptor.entriesOffset(lines);
        this.entryToAddresses = addresses - entries;
        this.hasAddresses = addresses != 0;
        this.capacity = capacity;
        this.hash = hash;
        this.listener = listener;

        RawMemory.fill(region, entries - region, (byte) 0);
        FlowTableDescriptor.putHeader(region, capacity, hash, worker, workers);
        RawMemory.putIntRelease(
                region + FlowTableDescriptor.VERSION_OFFSET, FlowTableDescriptor.VERSION);
    }

    /**
     * Finds the flows of a burst: {@code hash}, {@code keyA}, {@code keyB} and {@code direction}
     * in, {@code entry} out (an address, or 0).
     *
     * <p>A flow that has expired is ended here and counts as not found. The addresses hold until a
     * flow is inserted or removed: a place may then belong to another flow, so {@link #find} again.
     */
    public void lookup(final PacketBurst burst, final int nowTicks) {
        final int count = burst.count;
        touched += touchBuckets(burst, count);
        final int overflowed = matchTags(burst, count);
        if (overflowed > 0) {
            matchOverflowTags(burst, overflowed);
        }

        touched += touchEntries(burst, count);
        compareKeys(burst, count, nowTicks);
    }

    /** Finds one flow, in the order of the probe sequence; its expiry is not asked. */
    public long find(final long hash, final long keyA, final long keyB, final int direction) {
        final int first = FlowHash.bucket(hash, lines * BUCKETS_PER_LINE);
        final long tags = FlowHash.tag(hash) * ALL_TAGS;
        for (int probe = 0; probe < PROBE_LIMIT; probe++) {
            final long bucket = bucketAddress(first, hash, probe);
            for (long matches = matches(bucket, tags); matches != 0; matches &= matches - 1) {
                final long entry = entryAddress(bucket, slot(matches));
                if (FlowEntry.matches(entry, keyA, keyB, direction)) {
                    return entry;
                }
            }

            if (overflow(bucket) == 0) {
                break;
            }
        }

        return NONE;
    }

    // -- the stages of lookup ---------------------------------------------------------------------

    private long touchBuckets(final PacketBurst burst, final int count) {
        final long[] hashes = burst.hash;
        final long[] bucketOf = this.bucketOf;
        final long buckets = this.buckets;
        final int bucketCount = lines * BUCKETS_PER_LINE;
        long sum = 0;
        for (int i = 0; i < count; i++) {
            final long bucket =
                    buckets + (long) FlowHash.bucket(hashes[i], bucketCount) * BUCKET_LENGTH;
            bucketOf[i] = bucket;
            sum += RawMemory.getLong(bucket);
        }

        return sum;
    }

    /**
     * Chooses a candidate entry for each packet, or the none-entry, without a branch.
     *
     * @return how many packets have no candidate though their bucket has overflowed; their indices
     *     are in {@code pending}.
     */
    private int matchTags(final PacketBurst burst, final int count) {
        final long[] hashes = burst.hash;
        final long[] candidates = burst.entry;
        final long[] bucketOf = this.bucketOf;
        final int[] pending = this.pending;
        int overflowed = 0;
        for (int i = 0; i < count; i++) {
            final long bucket = bucketOf[i];
            final long matches = matches(bucket, FlowHash.tag(hashes[i]) * ALL_TAGS);
            final long none = (matches - 1) >> 63; // all ones if there is no match
            candidates[i] = (entryAddress(bucket, slot(matches)) & ~none) | (noneEntry & none);
            pending[overflowed] = i;
            overflowed += (int) (none & (-overflow(bucket) >>> 63));
        }

        return overflowed;
    }

    /** The same for the buckets that come next, until nobody has one left to look at. */
    private void matchOverflowTags(final PacketBurst burst, final int overflowed) {
        final long[] hashes = burst.hash;
        final long[] candidates = burst.entry;
        final int bucketCount = lines * BUCKETS_PER_LINE;
        int left = overflowed;
        for (int probe = 1; probe < PROBE_LIMIT && left > 0; probe++) {
            long sum = 0;
            for (int j = 0; j < left; j++) {
                final long hash = hashes[pending[j]];
                bucketOf[j] = bucketAddress(FlowHash.bucket(hash, bucketCount), hash, probe);
                sum += RawMemory.getLong(bucketOf[j]);
            }

            touched += sum;
            int stillLeft = 0;
            for (int j = 0; j < left; j++) {
                final int i = pending[j];
                final long bucket = bucketOf[j];
                final long matches = matches(bucket, FlowHash.tag(hashes[i]) * ALL_TAGS);
                final long none = (matches - 1) >> 63;
                candidates[i] = (entryAddress(bucket, slot(matches)) & ~none) | (noneEntry & none);
                pending[stillLeft] = i;
                stillLeft += (int) (none & (-overflow(bucket) >>> 63));
            }

            left = stillLeft;
        }
    }

    private long touchEntries(final PacketBurst burst, final int count) {
        final long[] candidates = burst.entry;
        final long[] keysB = burst.keyB;
        long sum = 0;
        long families = 0;
        for (int i = 0; i < count; i++) {
            sum += RawMemory.getLong(candidates[i]);
            families |= keysB[i];
        }

        return (families & FAMILY_6_IN_KEY) == 0 ? sum : sum + touchAddresses(burst, count);
    }

    /** The second lines, of IPv6 only. */
    private long touchAddresses(final PacketBurst burst, final int count) {
        final long[] candidates = burst.entry;
        final long[] keysB = burst.keyB;
        long sum = 0;
        for (int i = 0; i < count; i++) {
            final long candidate = candidates[i];
            if ((keysB[i] & FAMILY_6_IN_KEY) != 0 && candidate != noneEntry) {
                sum += RawMemory.getLong(addresses(candidate));
            }
        }

        return sum;
    }

    private void compareKeys(final PacketBurst burst, final int count, final int nowTicks) {
        final long[] candidates = burst.entry;
        for (int i = 0; i < count; i++) {
            final long candidate = candidates[i];
            if (candidate == noneEntry) {
                candidates[i] = NONE;
            } else if (!FlowEntry.matches(
                            candidate, burst.keyA[i], burst.keyB[i], burst.direction[i])
                    || !hasAddressesOf(burst, i, candidate)
                    || expiry.isExpired(candidate, nowTicks)) {
                candidates[i] = findLive(burst, i, nowTicks);
            }
        }
    }

    /**
     * Whether the addresses of a flow, whose keys are those of the packet, are the packet's too.
     */
    private boolean hasAddressesOf(final PacketBurst burst, final int i, final long entry) {
        if ((burst.keyB[i] & FAMILY_6_IN_KEY) == 0) {
            return true; // they are in the keys
        }

        final long source = burst.address[i] + burst.l3Offset[i] + Ipv6Header.SOURCE_OFFSET;
        return FlowAddresses.matches(addresses(entry), source, burst.direction[i]);
    }

    /**
     * Looks again, at leisure: the tag was that of another flow (one packet in some ten thousand,
     * or one of the same client endpoint), or the flow has expired, perhaps with the packet before.
     */
    private long findLive(final PacketBurst burst, final int i, final int nowTicks) {
        final long entry = find(burst, i);
        if (entry == NONE || !expiry.isExpired(entry, nowTicks)) {
            return entry;
        }

        expire(entry);
        return NONE;
    }

    /**
     * Finds the flow of one packet of a burst; its expiry is not asked.
     *
     * <p>Of IPv6 the addresses themselves are compared: a flow that only has the same digests is
     * none of the packet's.
     */
    public long find(final PacketBurst burst, final int i) {
        final long entry = find(burst.hash[i], burst.keyA[i], burst.keyB[i], burst.direction[i]);
        return entry == NONE || hasAddressesOf(burst, i, entry) ? entry : NONE;
    }

    /**
     * An entry that is in no bucket, for the caller's own use; all zero until then.
     *
     * @param index 0 to {@link FlowTableDescriptor#SPARE_ENTRIES} - 1.
     */
    public long spareEntry(final int index) {
        return entries
                + (long) lines * FlowTableDescriptor.SLOTS_PER_LINE * FlowEntry.LENGTH
                + (long) index * FlowEntry.LENGTH;
    }

    /** Copies a flow with its second line, if it uses one, to a spare entry. */
    public void copy(final long entry, final long spareEntry) {
        RawMemory.copy(entry, spareEntry, FlowEntry.LENGTH);
        if (hasAddresses) {
            RawMemory.copy(addresses(entry), addresses(spareEntry), FlowAddresses.LENGTH);
        }
    }

    /** Whether the keys of a packet are in the table, be it those of another flow's addresses. */
    public boolean isTaken(final PacketBurst burst, final int i) {
        return (burst.keyB[i] & FAMILY_6_IN_KEY) != 0
                && find(burst.hash[i], burst.keyA[i], burst.keyB[i], burst.direction[i]) != NONE;
    }

    /** The second line of an entry, see {@link FlowAddresses}; of a new flow it is not cleared. */
    public long addresses(final long entry) {
        return entry + entryToAddresses;
    }

    // -- changes ----------------------------------------------------------------------------------

    /**
     * Adds a flow that {@link #find} has just not found.
     *
     * <p>If the table is at its capacity or the flow's buckets are full, a flow in the first of
     * them that can be spared is ended: one that has expired or is over, else the oldest one that
     * is still embryonic. An established flow is never ended for another.
     *
     * @param hash of the client's endpoint.
     * @param keyA client and VIP, as in a packet to the backend.
     * @param keyB client's port, VIP's port and protocol, as in a packet to the backend.
     * @param backendIpNet 0 if replies do not pass us.
     * @param backendPortNet 0 if replies do not pass us.
     * @param state of the new flow: {@link FlowState#initial}.
     * @return the entry, with the tuple, the state and the times set and everything else zero;
     *     {@link #NONE} if there is no room; {@link #CONFLICT}.
     */
    public long insert(
            final long hash,
            final long keyA,
            final long keyB,
            final int backendIpNet,
            final int backendPortNet,
            final int state,
            final int nowTicks) {
        assert find(hash, keyA, keyB, FlowEntry.TO_BACKEND) == NONE : "the flow is there already";

        if (backendIpNet != 0
                && hasConflict(hash, keyA, keyB, backendIpNet, backendPortNet, nowTicks)) {
            conflicts++;
            return CONFLICT;
        }

        long entry = size < capacity ? takeSlot(hash) : NONE;
        if (entry == NONE) {
            entry = takeSlotByEviction(hash, nowTicks);
            if (entry == NONE) {
                refused++;
                return NONE;
            }
        }

        FlowEntry.init(entry, keyA, keyB, backendIpNet, backendPortNet, state, nowTicks);
        return entry;
    }

    /** Removes a flow; its entry may be reused from now on. The listener is not told. */
    public void remove(final long entry) {
        final long offset = entry - entries;
        final long index = offset / FlowEntry.LENGTH;
        final long last = buckets + index / SLOTS_PER_BUCKET * BUCKET_LENGTH;
        final int slot = (int) (index % SLOTS_PER_BUCKET);
        final long hash = hashOf(entry);
        final int first = FlowHash.bucket(hash, lines * BUCKETS_PER_LINE);
        assert tagAt(last, slot) == FlowHash.tag(hash) : "no flow at this entry";

        RawMemory.putShort(last + (long) slot * Short.BYTES, (short) 0);
        size--;
        for (int probe = 0; probe < PROBE_LIMIT; probe++) {
            final long bucket = bucketAddress(first, hash, probe);
            if (bucket == last) {
                return;
            }

            addOverflow(bucket, -1);
        }

        throw new IllegalStateException("entry 0x%x is not in its buckets".formatted(entry));
    }

    /** The timeouts from now on, for the flows that exist as well. */
    public void expiry(final FlowExpiry expiry) {
        this.expiry = expiry;
    }

    public FlowExpiry expiry() {
        return expiry;
    }

    /** Ends a flow that was idle for too long: the listener is told, then it is removed. */
    public void expire(final long entry) {
        expired++;
        listener.onFlowExpired(entry);
        remove(entry);
    }

    private boolean hasConflict(
            final long hash,
            final long keyA,
            final long keyB,
            final int backendIpNet,
            final int backendPortNet,
            final int nowTicks) {
        final long other = findReply(hash, keyA, keyB, backendIpNet, backendPortNet);
        if (other == NONE) {
            return false;
        }

        if (FlowState.isEnded(FlowEntry.state(other)) || expiry.isExpired(other, nowTicks)) {
            end(other, nowTicks);
            return false;
        }

        return true;
    }

    /** Whether {@link #insert} would return {@link #CONFLICT}; nothing is changed. */
    public boolean wouldConflict(
            final long hash,
            final long keyA,
            final long keyB,
            final int backendIpNet,
            final int backendPortNet,
            final int nowTicks) {
        final long other = findReply(hash, keyA, keyB, backendIpNet, backendPortNet);
        return other != NONE
                && !FlowState.isEnded(FlowEntry.state(other))
                && !expiry.isExpired(other, nowTicks);
    }

    /** The flow that the replies of a new one would find. */
    private long findReply(
            final long hash,
            final long keyA,
            final long keyB,
            final int backendIpNet,
            final int backendPortNet) {
        final long replyA = (backendIpNet & 0xffff_ffffL) | (keyA << Integer.SIZE);
        final long replyB =
                (backendPortNet & 0xffffL)
                        | ((keyB & 0xffffL) << Short.SIZE)
                        | (keyB & PROTOCOL_MASK);
        return find(hash, replyA, replyB, FlowEntry.TO_CLIENT);
    }

    /** Takes the first free slot of the probe sequence, if there is one. */
    private long takeSlot(final long hash) {
        final int first = FlowHash.bucket(hash, lines * BUCKETS_PER_LINE);
        for (int probe = 0; probe < PROBE_LIMIT; probe++) {
            final long bucket = bucketAddress(first, hash, probe);
            final long free = matches(bucket, 0);
            if (free != 0) {
                for (int passed = 0; passed < probe; passed++) {
                    addOverflow(bucketAddress(first, hash, passed), 1);
                }

                final int slot = slot(free);
                RawMemory.putShort(bucket + (long) slot * Short.BYTES, (short) FlowHash.tag(hash));
                size++;
                return entryAddress(bucket, slot);
            }
        }

        return NONE;
    }

    private long takeSlotByEviction(final long hash, final int nowTicks) {
        final int first = FlowHash.bucket(hash, lines * BUCKETS_PER_LINE);
        for (int probe = 0; probe < EVICTION_LIMIT; probe++) {
            final long victim = victim(bucketAddress(first, hash, probe), nowTicks);
            if (victim != NONE) {
                end(victim, nowTicks);
                return takeSlot(hash);
            }
        }

        return NONE;
    }

    private void end(final long entry, final int nowTicks) {
        if (expiry.isExpired(entry, nowTicks)) {
            expire(entry);
        } else {
            evicted++;
            listener.onFlowEvicted(entry);
            remove(entry);
        }
    }

    /** The flow of a bucket that can best be spared, or NONE if none can. */
    private long victim(final long bucket, final int nowTicks) {
        touched += touchEntriesOf(bucket);
        long victim = NONE;
        int victimAge = -1;
        for (int slot = 0; slot < SLOTS_PER_BUCKET; slot++) {
            final long entry = entryAddress(bucket, slot);
            if (tagAt(bucket, slot) == 0) {
                continue;
            }

            final int state = FlowEntry.state(entry);
            if (FlowState.isEnded(state) || expiry.isExpired(entry, nowTicks)) {
                return entry;
            }

            final int age = nowTicks - FlowEntry.createdTicks(entry);
            if (FlowState.isEmbryonic(state) && age > victimAge) {
                victim = entry;
                victimAge = age;
            }
        }

        return victim;
    }

    private long touchEntriesOf(final long bucket) {
        final long entry = entryAddress(bucket, 0);
        long sum = 0;
        for (int slot = 0; slot < SLOTS_PER_BUCKET; slot++) {
            sum += RawMemory.getLong(entry + (long) slot * FlowEntry.LENGTH);
        }

        return sum;
    }

    // -- reading in slices ------------------------------------------------------------------------

    /** Number of buckets: {@link #visit} takes ranges of them. */
    public int bucketCount() {
        return lines * BUCKETS_PER_LINE;
    }

    /**
     * Shows the flows of the buckets {@code [first, first + limit)}, as far as there are so many.
     *
     * @return the bucket to go on with; {@link #bucketCount()} when all have been seen.
     */
    public int visit(final int first, final int limit, final FlowVisitor visitor) {
        final int end = (int) Math.min(bucketCount(), (long) first + limit);
        for (int index = first; index < end; index++) {
            final long bucket = buckets + (long) index * BUCKET_LENGTH;
            for (int slot = 0; slot < SLOTS_PER_BUCKET; slot++) {
                if (tagAt(bucket, slot) != 0) {
                    visitor.onFlow(entryAddress(bucket, slot));
                }
            }
        }

        return end;
    }

    /**
     * Ends the expired flows of the buckets {@code [first, first + limit)}, as far as there are so
     * many.
     *
     * @return the bucket to go on with; {@link #bucketCount()} when all have been seen.
     */
    int expire(final int first, final int limit, final int nowTicks) {
        final int end = (int) Math.min(bucketCount(), (long) first + limit);
        for (int index = first; index < end; index++) {
            final long bucket = buckets + (long) index * BUCKET_LENGTH;
            touched += touchEntriesOf(bucket);
            for (int slot = 0; slot < SLOTS_PER_BUCKET; slot++) {
                final long entry = entryAddress(bucket, slot);
                if (tagAt(bucket, slot) != 0 && expiry.isExpired(entry, nowTicks)) {
                    expire(entry);
                }
            }
        }

        return end;
    }

    /** Flows in the table. */
    public int size() {
        return size;
    }

    /** Flows at most. */
    public int capacity() {
        return capacity;
    }

    /** Flows ended to make room for others, since the start. */
    public long evicted() {
        return evicted;
    }

    /** Flows ended because they were idle, since the start. */
    public long expired() {
        return expired;
    }

    /** Inserts for which there was no room, since the start. */
    public long refused() {
        return refused;
    }

    /** Inserts that returned {@link #CONFLICT}, since the start. */
    public long conflicts() {
        return conflicts;
    }

    // -- buckets ----------------------------------------------------------------------------------

    /**
     * The bucket that a flow tries after {@code probe} full ones: first the four of a line, which
     * came into the cache together, then those of a line further on, at a distance that depends on
     * the tag. Distances are below a seventh of the table, so the lines differ.
     */
    private long bucketAddress(final int first, final long hash, final int probe) {
        final int bucketInLine = (first ^ probe) & (BUCKETS_PER_LINE - 1);
        long line = first / BUCKETS_PER_LINE;
        if (probe >= BUCKETS_PER_LINE) {
            final long stride = 1 + (((long) FlowHash.tag(hash) * strides) >>> Short.SIZE);
            line += probe / BUCKETS_PER_LINE * stride;
            line -= line >= lines ? lines : 0;
        }

        return buckets + line * LINE_LENGTH + (long) bucketInLine * BUCKET_LENGTH;
    }

    /**
     * Finds the slots whose tag is the one that {@code tags} repeats.
     *
     * @return a bit at 16n for slot n (0 to 3) and at 16n + 1 for slot 4 + n (0 to 2).
     */
    private static long matches(final long bucket, final long tags) {
        final long first = zeroTags(RawMemory.getLong(bucket) ^ tags);
        final long second = zeroTags(RawMemory.getLong(bucket + Long.BYTES) ^ tags) & SECOND_HALF;
        return (first >>> 15) | (second >>> 14);
    }

    /** The top bit of each 16 that are all zero; exact, no carry crosses a border. */
    private static long zeroTags(final long tags) {
        return ~(((tags & LOW_BITS) + LOW_BITS) | tags | LOW_BITS);
    }

    /** The slot of the lowest match. */
    private static int slot(final long matches) {
        final int bit = Long.numberOfTrailingZeros(matches);
        return (bit >>> 4) + ((bit & 1) << 2);
    }

    private long entryAddress(final long bucket, final int slot) {
        return entries
                + (bucket - buckets) * ENTRY_BYTES_PER_BUCKET_BYTE
                + (long) slot * FlowEntry.LENGTH;
    }

    private static int tagAt(final long bucket, final int slot) {
        return RawMemory.getShort(bucket + (long) slot * Short.BYTES) & 0xffff;
    }

    private static long overflow(final long bucket) {
        return RawMemory.getLong(bucket + Long.BYTES) >>> OVERFLOW_SHIFT;
    }

    /** A count that has reached the end of its range stays there: searches go on, always right. */
    private static void addOverflow(final long bucket, final int change) {
        final long address = bucket + SLOTS_PER_BUCKET * Short.BYTES;
        final int overflow = RawMemory.getShort(address) & 0xffff;
        if (overflow != OVERFLOW_MAX) {
            RawMemory.putShort(address, (short) (overflow + change));
        }
    }

    private long hashOf(final long entry) {
        return hash.hash(
                FlowEntry.clientIpNet(entry),
                FlowEntry.clientPortNet(entry),
                FlowEntry.protocol(entry));
    }
}
