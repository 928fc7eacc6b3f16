package io.naru.dataplane.port;

/**
 * Packets that are made here rather than received: fragments, resets, announcements. They leave
 * after the burst that they came of.
 *
 * <p>Bounded; when it is full, or there is no free frame, {@link #newFrame} says so and the packet
 * is not made. Used by one worker; allocates nothing.
 */
public final class SendList {
    /** Packets between two duties of the worker. */
    public static final int CAPACITY = 512;

    /** Room in front of a new packet, as there is in front of a received one. */
    public static final int HEADROOM = 256;

    /** Takes no packet. */
    public static final SendList NONE = new SendList(new FrameStack(0, 2_048), 0);

    private final FrameStack frames;
    private final long[] addresses;
    private final int[] lengths;
    private final long[] hops;
    private int count;

    /**
     * @param frames where free frames are taken from.
     */
    public SendList(final FrameStack frames) {
        this(frames, CAPACITY);
    }

    private SendList(final FrameStack frames, final int capacity) {
        this.frames = frames;
        addresses = new long[capacity];
        lengths = new int[capacity];
        hops = new long[capacity];
    }

    /** How many times {@link #newFrame} could be asked now. */
    public int room() {
        return Math.min(addresses.length - count, frames.size());
    }

    /**
     * Takes a free frame, to be given back by {@link #add}.
     *
     * @return where a packet may begin in it, or 0 if there is no frame or no room in the list.
     */
    public long newFrame() {
        final long chunk = count == addresses.length ? 0 : frames.pop();
        return chunk == 0 ? 0 : chunk + HEADROOM;
    }

    /**
     * Puts a packet into the list, in a frame that {@link #newFrame} gave.
     *
     * @param hop where to, see {@code Hop}.
     */
    public void add(final long address, final int length, final long hop) {
        addresses[count] = address;
        lengths[count] = length;
        hops[count++] = hop;
    }

    public int count() {
        return count;
    }

    public long address(final int index) {
        return addresses[index];
    }

    public int length(final int index) {
        return lengths[index];
    }

    public long hop(final int index) {
        return hops[index];
    }

    /** Forgets all packets: their frames are somebody else's by now. */
    public void clear() {
        count = 0;
    }
}
