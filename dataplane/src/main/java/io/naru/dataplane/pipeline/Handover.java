package io.naru.dataplane.pipeline;

import io.naru.dataplane.port.FrameRing;
import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.PacketBurst;
import org.agrona.BitUtil;

/**
 * One worker's end of the rings on which workers hand frames over to each other: packets to the
 * worker that owns their flow, and empty frames back to the worker that came to be short of them.
 *
 * <pre>
 *   worker 0 ── packets, empty frames ──► worker 1
 *            ◄── packets, empty frames ──
 * </pre>
 *
 * <p>A packet that is handed over takes its frame along, and the frame then ends in the stack of
 * the worker that took it. Each worker therefore keeps account of what it got from each other one
 * and gives as many empty frames back: what a worker may be short of is bounded by what the rings
 * hold and by what the others have on their way, and nobody starves. Frames are never made nor
 * lost, only passed on.
 *
 * <p>Used by one worker; the rings are where two threads meet.
 */
public final class Handover {
    /** Empty frames are given back in batches of this, as far as there are free ones. */
    private static final int RETURN_BATCH = 16;

    private static final int EMPTY = 0;
    private static final FrameRing[] NO_RINGS = {};

    private final FrameRing[] to;
    private final FrameRing[] from;
    private final int[] owed;
    private long handedOut;
    private long takenIn;
    private long framesGained;

    private Handover(final FrameRing[] to, final FrameRing[] from) {
        this.to = to;
        this.from = from;
        this.owed = new int[to.length];
    }

    /** The end of a worker that is the only one. */
    public static Handover none() {
        return new Handover(NO_RINGS, NO_RINGS);
    }

    /**
     * The ends of {@code workers} workers, with a ring from each to each other.
     *
     * @param ringCapacity frames on a ring at most, a power of two.
     */
    public static Handover[] mesh(final int workers, final int ringCapacity) {
        if (!BitUtil.isPowerOfTwo(ringCapacity)) {
            throw new IllegalArgumentException(
                    "ringCapacity must be a power of two: " + ringCapacity);
        }

        final FrameRing[][] rings = new FrameRing[workers][workers];
        for (int from = 0; from < workers; from++) {
            for (int to = 0; to < workers; to++) {
                rings[from][to] = from == to ? null : new FrameRing(ringCapacity);
            }
        }

        final Handover[] ends = new Handover[workers];
        for (int worker = 0; worker < workers; worker++) {
            final FrameRing[] in = new FrameRing[workers];
            for (int from = 0; from < workers; from++) {
                in[from] = rings[from][worker];
            }
            ends[worker] = new Handover(rings[worker], in);
        }

        return ends;
    }

    /** How many workers there are, this one included; 0 if it is the only one. */
    public int workers() {
        return to.length;
    }

    /**
     * Gives a packet to its owner, who sees it after {@link #publish}.
     *
     * @param fragmentKeyB what is known of the flow of a fragment, else 0.
     * @return false if the ring is full: the frame still belongs to the caller.
     */
    public boolean offer(
            final int owner,
            final long address,
            final int length,
            final int ingress,
            final long fragmentKeyB) {
        if (!to[owner].offer(address, length, ingress, fragmentKeyB)) {
            return false;
        }

        owed[owner]--;
        handedOut++;
        framesGained--;
        return true;
    }

    /**
     * Takes what another worker handed over: packets into the burst, empty frames to the stack.
     *
     * @param worker this one gives an empty burst.
     * @return how many packets are in the burst.
     */
    public int receive(final int worker, final PacketBurst burst, final FrameStack free) {
        burst.count = 0;
        final FrameRing ring = from[worker];
        if (ring == null) {
            return 0;
        }

        final int count = ring.peek(PacketBurst.CAPACITY);
        int packets = 0;
        for (int i = 0; i < count; i++) {
            final int length = ring.length(i);
            if (length == EMPTY) {
                free.push(ring.address(i));
            } else {
                burst.address[packets] = ring.address(i);
                burst.length[packets] = length;
                burst.ingress[packets] = ring.ingress(i);
                burst.fragmentKeyB[packets] = ring.tag(i);
                packets++;
            }
        }

        ring.release(count);
        owed[worker] += count;
        takenIn += packets;
        framesGained += count;
        burst.count = packets;
        burst.isAnnotated = packets > 0;
        return packets;
    }

    /** Gives empty frames back to those who are short of them because of us. */
    public void giveBack(final FrameStack free) {
        for (int worker = 0; worker < to.length; worker++) {
            int count = owed[worker] < RETURN_BATCH ? 0 : Math.min(owed[worker], free.size());
            while (count > 0 && giveBackOne(worker, free)) {
                count--;
            }
        }
    }

    private boolean giveBackOne(final int worker, final FrameStack free) {
        final long chunk = free.pop();
        if (!to[worker].offer(chunk, EMPTY, 0)) {
            free.push(chunk);
            return false;
        }

        owed[worker]--;
        framesGained--;
        return true;
    }

    /** Lets the others see what they were given. */
    public void publish() {
        for (final FrameRing ring : to) {
            if (ring != null) {
                ring.publish();
            }
        }
    }

    /** Packets given to their owners. */
    public long handedOut() {
        return handedOut;
    }

    /** Packets taken from other workers. */
    public long takenIn() {
        return takenIn;
    }

    /** Frames got from the other workers less those given to them; negative if it gave more. */
    public long framesGained() {
        return framesGained;
    }

    /** Frames on their way to other workers. */
    public int framesOnTheWay() {
        int frames = 0;
        for (final FrameRing ring : to) {
            frames += ring == null ? 0 : ring.size();
        }

        return frames;
    }
}
