package io.naru.dataplane.packet;

import org.agrona.UnsafeApi;

/** A zeroed region of native memory for a test, aligned to 4 KiB and announced to Bounds. */
public final class NativeMemory implements AutoCloseable {
    private static final int ALIGNMENT = 4096;

    private final long allocation;
    private final long address;
    private final long length;

    public NativeMemory(final long length) {
        this.length = length;
        this.allocation = UnsafeApi.allocateMemory(length + ALIGNMENT);
        this.address = (allocation + ALIGNMENT - 1) & -ALIGNMENT;
        Bounds.add(address, length);
        RawMemory.fill(address, length, (byte) 0);
    }

    public long address() {
        return address;
    }

    public long length() {
        return length;
    }

    @Override
    public void close() {
        Bounds.remove(address);
        UnsafeApi.freeMemory(allocation);
    }
}
