package io.naru.linux.xdp;

import static io.naru.linux.xdp.XdpDescriptor.DESC_ADDR_OFFSET;
import static io.naru.linux.xdp.XdpDescriptor.DESC_LENGTH;
import static io.naru.linux.xdp.XdpDescriptor.DESC_LEN_OFFSET;

import org.agrona.DirectBuffer;
import org.agrona.UnsafeApi;

/**
 * The ring on which the kernel hands us received packets; we are its one consumer.
 *
 * <p>Peek, read the descriptors {@code [0, peeked)}, release as many.
 */
public final class RxRing extends XskRing {
    private int consumer;
    private int cachedProducer;

    RxRing(final long base, final DirectBuffer offsets, final int index, final int size) {
        super(base, offsets, index, size);
        consumer = UnsafeApi.getInt(null, consumerAddress);
        cachedProducer = consumer;
    }

    /** How many packets, at most {@code limit}, are there to be read. */
    public int peek(final int limit) {
        int available = cachedProducer - consumer;
        if (available == 0) {
            cachedProducer = UnsafeApi.getIntAcquire(null, producerAddress);
            available = cachedProducer - consumer;
        }

        return Math.min(available, limit);
    }

    /** Where in the UMEM the first byte of a peeked packet is. */
    public long offset(final int index) {
        return UnsafeApi.getLong(null, descriptor(index) + DESC_ADDR_OFFSET);
    }

    /** A peeked packet's length in bytes. */
    public int length(final int index) {
        return UnsafeApi.getInt(null, descriptor(index) + DESC_LEN_OFFSET);
    }

    /** Gives the first {@code count} descriptors back; their frames are now ours. */
    public void release(final int count) {
        consumer += count;
        UnsafeApi.putIntRelease(null, consumerAddress, consumer);
    }

    private long descriptor(final int index) {
        return descriptorsAddress + (long) ((consumer + index) & mask) * DESC_LENGTH;
    }
}
