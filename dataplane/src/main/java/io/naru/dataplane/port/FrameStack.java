package io.naru.dataplane.port;

/**
 * The free frames of one worker, last in first out so that a warm frame is used again first.
 *
 * <p>A frame is known by the address of its chunk. Used by one thread only; its capacity is all the
 * frames of the process, so a push never fails however many frames other workers hand over. Not
 * final: a fuzz test watches which frames are free.
 */
public class FrameStack {
    private final long[] chunks;
    private final long chunkMask;
    private int size;

    /**
     * @param capacity the number of frames in the process.
     * @param frameSizeBytes size of a chunk, a power of two; chunks are aligned to it.
     */
    public FrameStack(final int capacity, final int frameSizeBytes) {
        if (Integer.bitCount(frameSizeBytes) != 1) {
            throw new IllegalArgumentException(
                    "frameSizeBytes must be a power of two: " + frameSizeBytes);
        }

        chunks = new long[capacity];
        chunkMask = -frameSizeBytes;
    }

    /** Takes the frame that {@code address} lies in. */
    public void push(final long address) {
        chunks[size++] = address & chunkMask;
    }

    /** The address of a free frame's chunk, or 0 if there is none. */
    public long pop() {
        return size == 0 ? 0 : chunks[--size];
    }

    public int size() {
        return size;
    }

    public int capacity() {
        return chunks.length;
    }
}
