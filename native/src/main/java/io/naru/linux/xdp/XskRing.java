package io.naru.linux.xdp;

import static io.naru.linux.xdp.XdpDescriptor.CONSUMER_OFFSET;
import static io.naru.linux.xdp.XdpDescriptor.DESCRIPTORS_OFFSET;
import static io.naru.linux.xdp.XdpDescriptor.FLAGS_OFFSET;
import static io.naru.linux.xdp.XdpDescriptor.PRODUCER_OFFSET;
import static io.naru.linux.xdp.XdpDescriptor.XDP_RING_NEED_WAKEUP;

import org.agrona.DirectBuffer;
import org.agrona.UnsafeApi;

/**
 * What the four rings of an AF_XDP socket have in common: memory shared with the kernel, one
 * producer, one consumer, and positions that only ever grow and wrap around at 2^32.
 *
 * <pre>
 *        consumer                 producer                     size is a power of two;
 *            ▼                        ▼                        position & mask is the index
 *   ┌────┬────┬────┬────┬────┬────┬────┬────┐
 *   │    │ ██ │ ██ │ ██ │ ██ │ ██ │    │    │  descriptors
 *   └────┴────┴────┴────┴────┴────┴────┴────┘
 * </pre>
 *
 * The producer writes descriptors and then its position (release); the consumer reads that position
 * (acquire), then the descriptors, and then writes its own position (release), after which the
 * producer may overwrite them. Each side reads the other's position only when its last known value
 * no longer gets it further. Used by one thread.
 */
abstract class XskRing {
    final long producerAddress;
    final long consumerAddress;
    final long descriptorsAddress;
    final int size;
    final int mask;
    private final long flagsAddress;

    /**
     * @param base the address of the ring's first byte.
     * @param offsets holds a struct xdp_ring_offset at {@code index}.
     * @param size the number of descriptors, a power of two.
     */
    XskRing(final long base, final DirectBuffer offsets, final int index, final int size) {
        this.producerAddress = base + offsets.getLong(index + PRODUCER_OFFSET);
        this.consumerAddress = base + offsets.getLong(index + CONSUMER_OFFSET);
        this.descriptorsAddress = base + offsets.getLong(index + DESCRIPTORS_OFFSET);
        this.flagsAddress = base + offsets.getLong(index + FLAGS_OFFSET);
        this.size = size;
        this.mask = size - 1;
    }

    /** The number of descriptors. */
    public final int size() {
        return size;
    }

    /**
     * The kernel sleeps and has to be called before it looks at the ring again.
     *
     * <p>May be missed just after descriptors were submitted (nothing orders our store before this
     * load); so ask again as long as the kernel has not taken them.
     */
    public final boolean needsWakeup() {
        return (UnsafeApi.getIntAcquire(null, flagsAddress) & XDP_RING_NEED_WAKEUP) != 0;
    }
}
