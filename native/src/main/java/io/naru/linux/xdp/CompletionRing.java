package io.naru.linux.xdp;

import org.agrona.DirectBuffer;
import org.agrona.UnsafeApi;

/**
 * The ring on which the kernel gives back frames whose packets were sent; we are its one consumer.
 *
 * <p>Peek, read the offsets {@code [0, peeked)}, release as many.
 */
public final class CompletionRing extends XskRing {
    private int consumer;
    private int cachedProducer;

    CompletionRing(final long base, final DirectBuffer offsets, final int index, final int size) {
        super(base, offsets, index, size);
        consumer = UnsafeApi.getInt(null, consumerAddress);
        cachedProducer = consumer;
    }

    /** How many frames, at most {@code limit}, are there to be taken back. */
    public int peek(final int limit) {
        int available = cachedProducer - consumer;
        if (available == 0) {
            cachedProducer = UnsafeApi.getIntAcquire(null, producerAddress);
            available = cachedProducer - consumer;
        }

        return Math.min(available, limit);
    }

    /** As it was put on the transmit ring: anywhere in the frame's chunk. */
    public long offset(final int index) {
        return UnsafeApi.getLong(
                null, descriptorsAddress + (long) ((consumer + index) & mask) * Long.BYTES);
    }

    /** Gives the first {@code count} entries back to the kernel. */
    public void release(final int count) {
        consumer += count;
        UnsafeApi.putIntRelease(null, consumerAddress, consumer);
    }
}
