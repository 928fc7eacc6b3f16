package io.naru.dataplane.pipeline;

import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowExpiry;
import io.naru.dataplane.packet.Bounds;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.service.ForwardingTable;
import java.nio.ByteBuffer;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;

/**
 * The latest flows that found no room in the flow table: what is needed to send their packets on
 * and their replies back, for as long as no later one takes the place.
 *
 * <p>One place per hash, no search, nothing refused: with a flow table that is too small for its
 * load connections go on working, and a flood costs one cache line a packet. Entries have the
 * layout of {@link FlowEntry}. Used by one worker.
 */
final class OverflowFlows {
    private final ByteBuffer memory;
    private final long address;
    private final int mask;
    private boolean isUsed;

    /**
     * @param capacity places, a power of two.
     */
    OverflowFlows(final int capacity) {
        if (!BitUtil.isPowerOfTwo(capacity)) {
            throw new IllegalArgumentException("capacity must be a power of two: " + capacity);
        }

        memory = BufferUtil.allocateDirectAligned(capacity * FlowEntry.LENGTH, FlowEntry.LENGTH);
        address = BufferUtil.address(memory);
        mask = capacity - 1;
        Bounds.add(address, memory.capacity());
    }

    /** False until the first flow was put: nobody has to look. */
    boolean isUsed() {
        return isUsed;
    }

    /** The entry of a packet's flow, or 0. */
    long find(
            final long hash,
            final long keyA,
            final long keyB,
            final int direction,
            final FlowExpiry expiry,
            final int nowTicks) {
        final long entry = entryOf(hash);
        return FlowEntry.state(entry) != 0
                        && FlowEntry.matches(entry, keyA, keyB, direction)
                        && !expiry.isExpired(entry, nowTicks)
                ? entry
                : 0;
    }

    /** Remembers a copy of an entry, in place of whoever was there. */
    void put(final long hash, final long source) {
        isUsed = true;
        RawMemory.copy(source, entryOf(hash), FlowEntry.LENGTH);
    }

    /** Copies an entry that was found. */
    void copyTo(final long target, final long entry) {
        RawMemory.copy(entry, target, FlowEntry.LENGTH);
    }

    /** Copies an entry that was found, and forgets it. */
    void moveTo(final long target, final long entry) {
        copyTo(target, entry);
        FlowEntry.state(entry, 0);
    }

    /**
     * Forgets the flows whose service or backend a new table does not have.
     *
     * <p>Nobody counts the flows here, so the id of a backend that was removed may be given to
     * another one while such a flow is idle. That happens only after every worker has adopted a
     * table without the backend, so it is enough to look now.
     */
    void adopt(final ForwardingTable table) {
        if (!isUsed) {
            return;
        }

        for (int i = 0; i <= mask; i++) {
            final long entry = address + (long) i * FlowEntry.LENGTH;
            if (FlowEntry.state(entry) != 0
                    && (table.service(FlowEntry.serviceId(entry)) == null
                            || table.backend(FlowEntry.backendId(entry)) == null)) {
                FlowEntry.state(entry, 0);
            }
        }
    }

    private long entryOf(final long hash) {
        return address + (long) ((int) (hash >>> 24) & mask) * FlowEntry.LENGTH;
    }
}
