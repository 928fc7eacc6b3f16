package io.naru.dataplane.neighbour;

import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.UnsafeApi;

/**
 * The hops of all backends, off heap, and what they take: the conductor writes, workers read.
 *
 * <p>One 8-byte {@link Hop} an id. A hop is one value, so a reader sees the old one or the new one
 * and never an address of one with the interface of the other. The conductor is the only writer;
 * any thread may read. Its memory goes with the last reference to it.
 */
public final class HopTable {
    /** Of an interface that has not been spoken of: that of Ethernet. */
    private static final int MTU_DEFAULT = 1_500;

    private static final int INTERFACES = 256;

    @SuppressWarnings("unused") // keeps the memory at address from being freed
    private final ByteBuffer memory;

    private final long address;
    private final int capacity;
    private final AtomicIntegerArray mtus;
    private final AtomicIntegerArray interfaceMtus = new AtomicIntegerArray(INTERFACES);
    private final AtomicInteger smallestMtu = new AtomicInteger(MTU_DEFAULT);

    /**
     * @param capacity ids are below this.
     */
    public HopTable(final int capacity) {
        if (capacity <= 0) {
            throw new IllegalArgumentException("capacity must be positive: " + capacity);
        }

        this.capacity = capacity;
        mtus = new AtomicIntegerArray(capacity);
        memory =
                BufferUtil.allocateDirectAligned(
                        Math.multiplyExact(capacity, Long.BYTES), BitUtil.CACHE_LINE_LENGTH);
        address = BufferUtil.address(memory);
    }

    /** The hop of that id: {@link Hop#UNRESOLVED} or a resolved one. */
    public long hop(final int hopId) {
        assert hopId >= 0 && hopId < capacity;
        return UnsafeApi.getLongAcquire(null, address + ((long) hopId << 3));
    }

    /** Publishes a hop: for the conductor, or whoever stands in for it. */
    public void hop(final int hopId, final long hop) {
        Objects.checkIndex(hopId, capacity);
        UnsafeApi.putLongRelease(null, address + ((long) hopId << 3), hop);
    }

    /** The longest IP packet that the way to a backend takes, in bytes; 0 if that is not known. */
    public int mtu(final int hopId) {
        return mtus.getPlain(hopId);
    }

    /** Publishes the MTU of a way: for the conductor, or whoever stands in for it. */
    public void mtu(final int hopId, final int mtu) {
        final int before = mtus.getPlain(hopId);
        mtus.setOpaque(hopId, mtu);
        noteMtu(before, mtu);
    }

    /** The longest IP packet that an interface sends, in bytes. */
    public int interfaceMtu(final int interfaceIndex) {
        final int mtu = interfaceMtus.getPlain(interfaceIndex & (INTERFACES - 1));
        return mtu == 0 ? MTU_DEFAULT : mtu;
    }

    /** Publishes the MTU of an interface. */
    public void interfaceMtu(final int interfaceIndex, final int mtu) {
        final int before = interfaceMtus.getPlain(interfaceIndex);
        interfaceMtus.setOpaque(interfaceIndex, mtu);
        noteMtu(before, mtu);
    }

    /** No way takes less; never more than what Ethernet takes. */
    public int smallestMtu() {
        return smallestMtu.getOpaque();
    }

    private void noteMtu(final int before, final int mtu) {
        if (mtu > 0 && mtu < smallestMtu.getPlain()) {
            smallestMtu.setOpaque(mtu);
        } else if (mtu != before && before == smallestMtu.getPlain()) {
            smallestMtu.setOpaque(smallest(smallest(MTU_DEFAULT, mtus), interfaceMtus));
        }
    }

    private static int smallest(final int limit, final AtomicIntegerArray mtus) {
        int smallest = limit;
        for (int i = 0; i < mtus.length(); i++) {
            final int mtu = mtus.getPlain(i);
            smallest = mtu > 0 ? Math.min(smallest, mtu) : smallest;
        }

        return smallest;
    }

    public int capacity() {
        return capacity;
    }
}
