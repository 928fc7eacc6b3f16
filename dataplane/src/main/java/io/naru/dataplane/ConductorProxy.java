package io.naru.dataplane;

import io.naru.dataplane.flow.FlowAddresses;
import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.packet.Bounds;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.protocol.IpAddress;
import java.nio.ByteBuffer;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.MessageHandler;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/**
 * One worker's way to the conductor: a bounded ring of small messages. Sending allocates nothing.
 *
 * <pre>
 *  ADOPTED             FLOW                     FLOWS_END
 *   0 epoch     8       0 correlation id  8      0 correlation id  8
 *   8                   8 now in ticks    4      8 matched         8
 *                      12 zero            4     16
 *                      16 entry          64
 *                      80 addresses      64
 *                     144
 *   PATH_MTU
 *   0 address, high 8
 *   8 address, low  8
 *  16 MTU           8
 *  24
 * </pre>
 */
final class ConductorProxy {
    private static final int ADOPTED = 1;
    private static final int FLOW = 2;
    private static final int FLOWS_END = 3;
    private static final int PATH_MTU = 4;

    private static final int ADOPTED_LENGTH = 8;
    private static final int FLOW_TICKS_OFFSET = 8;
    private static final int FLOW_ENTRY_OFFSET = 16;
    private static final int FLOW_ADDRESSES_OFFSET = FLOW_ENTRY_OFFSET + FlowEntry.LENGTH;
    private static final int FLOW_LENGTH = FLOW_ADDRESSES_OFFSET + FlowAddresses.LENGTH;
    private static final int END_MATCHED_OFFSET = 8;
    private static final int END_LENGTH = 16;
    private static final int PATH_LOW_OFFSET = 8;
    private static final int PATH_MTU_OFFSET = 16;
    private static final int PATH_LENGTH = 24;

    /** What a flow takes in the ring, with its header. */
    private static final int FLOW_RECORD_LENGTH = BitUtil.align(FLOW_LENGTH + 8, 8);

    private static final int RING_CAPACITY = 128 * 1024;

    private final int workerId;
    private final OneToOneRingBuffer ring;
    private final MessageHandler handler;
    private ConductorListener listener;

    ConductorProxy(final int workerId) {
        this.workerId = workerId;
        final int length = RING_CAPACITY + RingBufferDescriptor.TRAILER_LENGTH;
        final ByteBuffer memory =
                BufferUtil.allocateDirectAligned(length, BitUtil.CACHE_LINE_LENGTH);
        ring = new OneToOneRingBuffer(new UnsafeBuffer(memory));
        Bounds.add(ring.buffer().addressOffset(), length);
        handler = this::onMessage;
    }

    int workerId() {
        return workerId;
    }

    // -- the worker's end -------------------------------------------------------------------------

    /** Returns false if the ring is full: say it again in the next duty cycle. */
    boolean adopted(final long epoch) {
        final int index = ring.tryClaim(ADOPTED, ADOPTED_LENGTH);
        if (index < 0) {
            return false;
        }

        ring.buffer().putLong(index, epoch);
        ring.commit(index);
        return true;
    }

    /** Whether {@code count} flows fit into the ring. */
    boolean hasRoomForFlows(final int count) {
        // twice one record: what a message may lose where the ring wraps
        return ring.capacity() - ring.size() >= (count + 2) * FLOW_RECORD_LENGTH;
    }

    /** Sends a copy of a flow's two lines; after {@link #hasRoomForFlows} has said yes. */
    void flow(
            final long correlationId, final long entry, final long addresses, final int nowTicks) {
        final int index = ring.tryClaim(FLOW, FLOW_LENGTH);
        if (index < 0) {
            throw new IllegalStateException("no room for a flow");
        }

        final MutableDirectBuffer buffer = ring.buffer();
        buffer.putLong(index, correlationId);
        buffer.putLong(index + FLOW_TICKS_OFFSET, nowTicks & 0xffff_ffffL);
        final long message = buffer.addressOffset() + index;
        RawMemory.copy(entry, message + FLOW_ENTRY_OFFSET, FlowEntry.LENGTH);
        RawMemory.copy(addresses, message + FLOW_ADDRESSES_OFFSET, FlowAddresses.LENGTH);
        ring.commit(index);
    }

    boolean flowsEnd(final long correlationId, final long matched) {
        final int index = ring.tryClaim(FLOWS_END, END_LENGTH);
        if (index < 0) {
            return false;
        }

        ring.buffer().putLong(index, correlationId);
        ring.buffer().putLong(index + END_MATCHED_OFFSET, matched);
        ring.commit(index);
        return true;
    }

    /**
     * What a router said of the way to an address; if the ring is full, the next one will say it.
     */
    void pathMtu(final long highNet, final long lowNet, final int mtu) {
        final int index = ring.tryClaim(PATH_MTU, PATH_LENGTH);
        if (index >= 0) {
            ring.buffer().putLong(index, highNet);
            ring.buffer().putLong(index + PATH_LOW_OFFSET, lowNet);
            ring.buffer().putLong(index + PATH_MTU_OFFSET, mtu);
            ring.commit(index);
        }
    }

    // -- the conductor's end ----------------------------------------------------------------------

    /** Delivers up to {@code limit} messages. */
    int poll(final ConductorListener listener, final int limit) {
        this.listener = listener;
        return ring.read(handler, limit);
    }

    private void onMessage(
            final int typeId, final MutableDirectBuffer buffer, final int index, final int length) {
        switch (typeId) {
            case ADOPTED -> listener.onAdopted(workerId, buffer.getLong(index));
            case FLOW ->
                    listener.onFlow(
                            workerId,
                            buffer.getLong(index),
                            buffer.addressOffset() + index + FLOW_ENTRY_OFFSET,
                            buffer.getInt(index + FLOW_TICKS_OFFSET));
            case FLOWS_END ->
                    listener.onFlowsEnd(
                            workerId,
                            buffer.getLong(index),
                            buffer.getLong(index + END_MATCHED_OFFSET));
            case PATH_MTU ->
                    listener.onPathMtu(
                            address(buffer.getLong(index), buffer.getLong(index + PATH_LOW_OFFSET)),
                            buffer.getInt(index + PATH_MTU_OFFSET));
            default -> throw new IllegalStateException("no message has type " + typeId);
        }
    }

    private static IpAddress address(final long highNet, final long lowNet) {
        return highNet == 0
                ? IpAddress.ipv4(Integer.reverseBytes((int) lowNet))
                : new IpAddress(Long.reverseBytes(highNet), Long.reverseBytes(lowNet));
    }
}
