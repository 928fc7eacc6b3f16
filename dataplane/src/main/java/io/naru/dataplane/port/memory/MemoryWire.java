package io.naru.dataplane.port.memory;

import io.naru.dataplane.port.FrameRing;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The wire of a {@link MemoryPort}: puts packets in where the kernel would, and takes out what the
 * worker sent.
 *
 * <p>Used by one thread. Allocates nothing.
 */
public final class MemoryWire {
    /** Sees each packet that the worker sent, while it is collected. */
    public interface PacketHandler {
        /**
         * @param packet the packet's bytes; valid during the call only.
         * @param length of the packet.
         */
        void onPacket(DirectBuffer packet, int length);
    }

    private final FrameRing fill;
    private final FrameRing rx;
    private final FrameRing tx;
    private final FrameRing completion;
    private final int roomBytes;
    private final UnsafeBuffer packet = new UnsafeBuffer(0, 0);

    MemoryWire(
            final FrameRing fill,
            final FrameRing rx,
            final FrameRing tx,
            final FrameRing completion,
            final int roomBytes) {
        this.fill = fill;
        this.rx = rx;
        this.tx = tx;
        this.completion = completion;
        this.roomBytes = roomBytes;
    }

    /**
     * Lets a packet arrive.
     *
     * @return false if the worker has given no empty frame to receive into: the packet is lost, as
     *     it would be in a NIC.
     */
    public boolean inject(final DirectBuffer source, final int offset, final int length) {
        if (length > roomBytes) {
            throw new IllegalArgumentException(
                    "a packet of %d bytes does not fit a frame's %d".formatted(length, roomBytes));
        }

        if (fill.peek(1) == 0) {
            return false;
        }

        final long address = fill.address(0) + MemoryPort.HEADROOM_BYTES;
        if (!rx.offer(address, length, 0)) {
            return false;
        }

        packet.wrap(address, length);
        packet.putBytes(0, source, offset, length);
        fill.release(1);
        rx.publish();
        return true;
    }

    /**
     * Takes up to {@code limit} packets that were sent.
     *
     * @return how many there were.
     */
    public int collect(final PacketHandler handler, final int limit) {
        final int count = tx.peek(limit);
        int done = 0;
        while (done < count) {
            final long address = tx.address(done);
            final int length = tx.length(done);
            if (!completion.offer(address, length, 0)) {
                break;
            }

            packet.wrap(address, length);
            handler.onPacket(packet, length);
            done++;
        }

        tx.release(done);
        completion.publish();
        return done;
    }
}
