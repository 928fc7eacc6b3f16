package io.naru.linux.xdp;

import org.agrona.DirectBuffer;
import org.agrona.UnsafeApi;

/**
 * The ring on which we hand the kernel empty frames to receive into; we are its one producer.
 *
 * <p>Reserve room, put at most as many frames, submit them together.
 */
public final class FillRing extends XskRing {
    private int producer;
    private int submitted;
    private int cachedConsumer;

    FillRing(final long base, final DirectBuffer offsets, final int index, final int size) {
        super(base, offsets, index, size);
        producer = UnsafeApi.getInt(null, producerAddress);
        submitted = producer;
        cachedConsumer = UnsafeApi.getInt(null, consumerAddress);
    }

    /** How many frames, at most {@code limit}, there is room for. */
    public int reserve(final int limit) {
        int room = size - (producer - cachedConsumer);
        if (room < limit) {
            cachedConsumer = UnsafeApi.getIntAcquire(null, consumerAddress);
            room = size - (producer - cachedConsumer);
        }

        return Math.min(room, limit);
    }

    /** Writes one frame into room that was reserved; {@code offset} is its chunk's in the UMEM. */
    public void put(final long offset) {
        assert producer - cachedConsumer < size : "no room was reserved";
        UnsafeApi.putLong(null, descriptorsAddress + (long) (producer & mask) * Long.BYTES, offset);
        producer++;
    }

    /** Shows the kernel all that was put; returns how many frames that was. */
    public int submit() {
        final int count = producer - submitted;
        if (count > 0) {
            submitted = producer;
            UnsafeApi.putIntRelease(null, producerAddress, producer);
        }

        return count;
    }
}
