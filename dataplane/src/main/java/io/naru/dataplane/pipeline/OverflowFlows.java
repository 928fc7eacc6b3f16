package io.naru.dataplane.pipeline;

import io.naru.dataplane.flow.FlowAddresses;
import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowTable;
import io.naru.dataplane.packet.Bounds;
import io.naru.dataplane.packet.Ipv6Header;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.service.ForwardingTable;
import java.nio.ByteBuffer;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;

/**
 * The latest flows that found no room in the flow table: what is needed to send their packets on
 * and their replies back, for as long as no later one takes the place.
 *
 * <p>One place per hash, no search, nothing refused: with a flow table that is too small for its
 * load connections go on working, and a flood costs a cache line or two a packet. A place is a
 * {@link FlowEntry} and, used only by IPv6, its {@link FlowAddresses}. Used by one worker.
 */
final class OverflowFlows {
    private static final int PLACE_LENGTH = FlowEntry.LENGTH + FlowAddresses.LENGTH;

    private final FlowTable flows;
    private final ByteBuffer memory;
    private final long address;
    private final int mask;
    private boolean isUsed;

    /**
     * @param flows the table whose flows these are, but for the room.
     * @param capacity places, a power of two.
     */
    OverflowFlows(final FlowTable flows, final int capacity) {
        if (!BitUtil.isPowerOfTwo(capacity)) {
            throw new IllegalArgumentException("capacity must be a power of two: " + capacity);
        }

        this.flows = flows;
        memory = BufferUtil.allocateDirectAligned(capacity * PLACE_LENGTH, FlowEntry.LENGTH);
        address = BufferUtil.address(memory);
        mask = capacity - 1;
        Bounds.add(address, memory.capacity());
    }

    /** False until the first flow was put: nobody has to look. */
    boolean isUsed() {
        return isUsed;
    }

    /** The entry of a packet's flow, or 0. */
    long find(final PacketBurst burst, final int i, final int nowTicks) {
        final long entry = entryOf(burst.hash[i]);
        final int direction = burst.direction[i];
        if (FlowEntry.state(entry) == 0
                || !FlowEntry.matches(entry, burst.keyA[i], burst.keyB[i], direction)
                || flows.expiry().isExpired(entry, nowTicks)) {
            return FlowTable.NONE;
        }

        final long source = burst.address[i] + burst.l3Offset[i] + Ipv6Header.SOURCE_OFFSET;
        return !FlowEntry.isIpv6(entry)
                        || FlowAddresses.matches(entry + FlowEntry.LENGTH, source, direction)
                ? entry
                : FlowTable.NONE;
    }

    /** Remembers a copy of an entry of the table, in place of whoever was there. */
    void put(final long hash, final long source) {
        isUsed = true;
        final long entry = entryOf(hash);
        RawMemory.copy(source, entry, FlowEntry.LENGTH);
        if (FlowEntry.isIpv6(source)) {
            RawMemory.copy(flows.addresses(source), entry + FlowEntry.LENGTH, FlowAddresses.LENGTH);
        }
    }

    /** Copies an entry that was found to one of the table. */
    void copyTo(final long target, final long entry) {
        RawMemory.copy(entry, target, FlowEntry.LENGTH);
        if (FlowEntry.isIpv6(entry)) {
            RawMemory.copy(entry + FlowEntry.LENGTH, flows.addresses(target), FlowAddresses.LENGTH);
        }
    }

    /** Copies an entry that was found, and forgets it. */
    void moveTo(final long target, final long entry) {
        copyTo(target, entry);
        forget(entry);
    }

    /** Forgets a flow that was found. */
    void forget(final long entry) {
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
            final long entry = address + (long) i * PLACE_LENGTH;
            if (FlowEntry.state(entry) != 0
                    && (table.service(FlowEntry.serviceId(entry)) == null
                            || table.backend(FlowEntry.backendId(entry)) == null)) {
                FlowEntry.state(entry, 0);
            }
        }
    }

    private long entryOf(final long hash) {
        return address + (long) ((int) (hash >>> 24) & mask) * PLACE_LENGTH;
    }
}
