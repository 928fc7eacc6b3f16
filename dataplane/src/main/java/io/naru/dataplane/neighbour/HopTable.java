package io.naru.dataplane.neighbour;

import java.nio.ByteBuffer;
import java.util.Objects;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.UnsafeApi;

/**
 * The hops of all backends, off heap: the conductor writes, workers read.
 *
 * <p>One 8-byte {@link Hop} an id. A hop is one value, so a reader sees the old one or the new one
 * and never an address of one with the interface of the other. The conductor is the only writer;
 * any thread may read. Its memory goes with the last reference to it.
 */
public final class HopTable {
    @SuppressWarnings("unused") // keeps the memory at address from being freed
    private final ByteBuffer memory;

    private final long address;
    private final int capacity;

    /**
     * @param capacity ids are below this.
     */
    public HopTable(final int capacity) {
        if (capacity <= 0) {
            throw new IllegalArgumentException("capacity must be positive: " + capacity);
        }

        this.capacity = capacity;
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

    public int capacity() {
        return capacity;
    }
}
