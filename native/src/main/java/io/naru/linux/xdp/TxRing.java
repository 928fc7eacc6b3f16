package io.naru.linux.xdp;

import static io.naru.linux.xdp.XdpDescriptor.DESC_ADDR_OFFSET;
import static io.naru.linux.xdp.XdpDescriptor.DESC_LENGTH;
import static io.naru.linux.xdp.XdpDescriptor.DESC_LEN_OFFSET;
import static io.naru.linux.xdp.XdpDescriptor.DESC_OPTIONS_OFFSET;

import org.agrona.DirectBuffer;
import org.agrona.UnsafeApi;

/**
 * The ring on which we hand the kernel packets to send; we are its one producer.
 *
 * <p>Put any number of packets, then submit them together.
 */
public final class TxRing extends XskRing {
    private int producer;
    private int submitted;
    private int cachedConsumer;

    TxRing(final long base, final DirectBuffer offsets, final int index, final int size) {
        super(base, offsets, index, size);
        producer = UnsafeApi.getInt(null, producerAddress);
        submitted = producer;
        cachedConsumer = UnsafeApi.getInt(null, consumerAddress);
    }

    /**
     * Writes one packet into the ring; the kernel does not see it yet.
     *
     * @param offset of the packet's first byte in the UMEM.
     * @param length of the packet in bytes.
     * @return false if the ring is full.
     */
    public boolean put(final long offset, final int length) {
        if (producer - cachedConsumer == size) {
            cachedConsumer = UnsafeApi.getIntAcquire(null, consumerAddress);
            if (producer - cachedConsumer == size) {
                return false;
            }
        }

        final long descriptor = descriptorsAddress + (long) (producer & mask) * DESC_LENGTH;
        UnsafeApi.putLong(null, descriptor + DESC_ADDR_OFFSET, offset);
        UnsafeApi.putInt(null, descriptor + DESC_LEN_OFFSET, length);
        UnsafeApi.putInt(null, descriptor + DESC_OPTIONS_OFFSET, 0);
        producer++;
        return true;
    }

    /** Shows the kernel all that was put; returns how many packets that was. */
    public int submit() {
        final int count = producer - submitted;
        if (count > 0) {
            submitted = producer;
            UnsafeApi.putIntRelease(null, producerAddress, producer);
        }

        return count;
    }

    /** Submitted packets that the kernel has not taken yet. */
    public int pending() {
        if (cachedConsumer != submitted) {
            cachedConsumer = UnsafeApi.getIntAcquire(null, consumerAddress);
        }

        return submitted - cachedConsumer;
    }
}
