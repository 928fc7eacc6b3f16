package io.naru.dataplane.port.memory;

import io.naru.dataplane.packet.Bounds;
import io.naru.dataplane.port.FrameStack;
import java.nio.ByteBuffer;
import org.agrona.BufferUtil;

/**
 * The frames of a process that has no AF_XDP socket: one region of memory, aligned to the frame
 * size and shared out among the workers.
 */
public final class MemoryFrames implements AutoCloseable {
    private final ByteBuffer memory;
    private final long address;
    private final int frameCount;
    private final int frameSizeBytes;
    private int given;

    /**
     * @param frameCount all the frames of the process.
     * @param frameSizeBytes size of a frame's chunk, a power of two.
     */
    public MemoryFrames(final int frameCount, final int frameSizeBytes) {
        this.frameCount = frameCount;
        this.frameSizeBytes = frameSizeBytes;
        this.memory =
                BufferUtil.allocateDirectAligned(
                        Math.multiplyExact(frameCount, frameSizeBytes), frameSizeBytes);
        this.address = BufferUtil.address(memory);
        Bounds.add(address, (long) frameCount * frameSizeBytes);
    }

    /** The address of the first frame's chunk. */
    public long address() {
        return address;
    }

    public int frameSizeBytes() {
        return frameSizeBytes;
    }

    public int frameCount() {
        return frameCount;
    }

    /** A stack with the next {@code count} frames of the region: one worker's share. */
    public FrameStack share(final int count) {
        if (given + count > frameCount) {
            throw new IllegalArgumentException(
                    "only %d of %d frames are left, not %d"
                            .formatted(frameCount - given, frameCount, count));
        }

        final FrameStack stack = new FrameStack(frameCount, frameSizeBytes);
        for (int i = 0; i < count; i++) {
            stack.push(address + (long) (given + i) * frameSizeBytes);
        }

        given += count;
        return stack;
    }

    @Override
    public void close() {
        Bounds.remove(address);
    }
}
