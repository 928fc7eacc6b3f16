package io.naru.dataplane.port;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.agrona.BitUtil;

/**
 * A bounded ring on which one thread passes frames to one other: address, length, ingress.
 *
 * <p>The producer offers any number of frames and publishes them with one release; the consumer
 * peeks, reads by position, and releases what it has read. Frames are numbers here: nothing is
 * copied and nothing is allocated.
 *
 * <pre>
 *   consumer ──────────────► producer (published) ──────► pending
 *      │  frames to be read     │  offered, not published  │  free
 * </pre>
 */
public final class FrameRing extends FrameRingConsumerPadding {
    private static final int LENGTH_MASK = 0x1_ffff;
    private static final int INGRESS_SHIFT = 17;
    private static final int INGRESS_MASK = 0x7f;
    private static final int TAG_SHIFT = 24;
    private static final int TAG_BITS = 40;

    private static final VarHandle PRODUCER;
    private static final VarHandle CONSUMER;

    static {
        try {
            final MethodHandles.Lookup lookup = MethodHandles.lookup();
            PRODUCER = lookup.findVarHandle(FrameRingProducer.class, "producer", long.class);
            CONSUMER = lookup.findVarHandle(FrameRingConsumer.class, "consumer", long.class);
        } catch (final ReflectiveOperationException ex) {
            throw new ExceptionInInitializerError(ex);
        }
    }

    /**
     * Address in the even slots; in the odd ones length (bits 0..16), ingress (17..23) and tag
     * (24..63).
     */
    private final long[] slots;

    private final int capacity;
    private final int mask;

    /**
     * @param capacity how many frames it holds at most, a power of two.
     */
    public FrameRing(final int capacity) {
        if (!BitUtil.isPowerOfTwo(capacity)) {
            throw new IllegalArgumentException("capacity must be a power of two: " + capacity);
        }

        this.capacity = capacity;
        this.mask = capacity - 1;
        this.slots = new long[2 * capacity];
    }

    /** Producer: a frame whose tag is 0. */
    public boolean offer(final long address, final int length, final int ingress) {
        return offer(address, length, ingress, 0);
    }

    /**
     * Producer: puts a frame on the ring, where the consumer sees it after {@link #publish()}.
     *
     * @param length at most 128 KiB less one.
     * @param ingress at most 127.
     * @param tag 40 bits of whatever the two ends agree on.
     * @return false if the ring is full: the frame still belongs to the caller.
     */
    public boolean offer(final long address, final int length, final int ingress, final long tag) {
        assert (length & ~LENGTH_MASK) == 0 : "length: " + length;
        assert (ingress & ~INGRESS_MASK) == 0 : "ingress: " + ingress;
        assert tag >>> TAG_BITS == 0 : "tag: " + tag;

        if (pending - cachedConsumer >= capacity) {
            cachedConsumer = (long) CONSUMER.getAcquire(this); // re-read only when we run full
            if (pending - cachedConsumer >= capacity) {
                return false;
            }
        }

        final int slot = 2 * ((int) pending & mask);
        slots[slot] = address;
        slots[slot + 1] = (tag << TAG_SHIFT) | ((long) ingress << INGRESS_SHIFT) | length;
        pending++;
        return true;
    }

    /** Producer: lets the consumer see all that was offered. */
    public void publish() {
        if (pending != producer) {
            PRODUCER.setRelease(this, pending);
        }
    }

    /**
     * Consumer: how many frames there are to read, at most {@code limit}.
     *
     * <p>They are at the positions 0 up to the result.
     */
    public int peek(final int limit) {
        long available = cachedProducer - consumer;
        if (available < limit) {
            cachedProducer = (long) PRODUCER.getAcquire(this);
            available = cachedProducer - consumer;
        }

        return (int) Math.min(available, limit);
    }

    /** Consumer: the address of the frame at a position that was peeked. */
    public long address(final int position) {
        return slots[2 * ((int) (consumer + position) & mask)];
    }

    /** Consumer: the length of the packet at a position that was peeked. */
    public int length(final int position) {
        return (int) word(position) & LENGTH_MASK;
    }

    /** Consumer: the ingress interface of the packet at a position that was peeked. */
    public int ingress(final int position) {
        return (int) (word(position) >>> INGRESS_SHIFT) & INGRESS_MASK;
    }

    /** Consumer: the tag of the frame at a position that was peeked. */
    public long tag(final int position) {
        return word(position) >>> TAG_SHIFT;
    }

    private long word(final int position) {
        return slots[2 * ((int) (consumer + position) & mask) + 1];
    }

    /** Consumer: gives the first {@code count} slots back to the producer. */
    public void release(final int count) {
        CONSUMER.setRelease(this, consumer + count);
    }

    /** How many frames are published and not yet released; a moment's view from any thread. */
    public int size() {
        final long read = (long) CONSUMER.getAcquire(this);
        return (int) ((long) PRODUCER.getAcquire(this) - read);
    }

    /** The most frames it holds. */
    public int capacity() {
        return capacity;
    }
}

@SuppressWarnings("unused")
abstract class FrameRingHeadPadding {
    private long p0;
    private long p1;
    private long p2;
    private long p3;
    private long p4;
    private long p5;
    private long p6;
    private long p7;
    private long q0;
    private long q1;
    private long q2;
    private long q3;
    private long q4;
    private long q5;
    private long q6;
    private long q7;
}

/** The producer's side; only {@code producer} is read by the consumer. */
abstract class FrameRingProducer extends FrameRingHeadPadding {
    protected long producer;
    protected long pending;
    protected long cachedConsumer;
}

@SuppressWarnings("unused")
abstract class FrameRingProducerPadding extends FrameRingProducer {
    private long p0;
    private long p1;
    private long p2;
    private long p3;
    private long p4;
    private long p5;
    private long p6;
    private long p7;
    private long q0;
    private long q1;
    private long q2;
    private long q3;
    private long q4;
    private long q5;
    private long q6;
    private long q7;
}

/** The consumer's side; only {@code consumer} is read by the producer. */
abstract class FrameRingConsumer extends FrameRingProducerPadding {
    protected long consumer;
    protected long cachedProducer;
}

@SuppressWarnings("unused")
abstract class FrameRingConsumerPadding extends FrameRingConsumer {
    private long p0;
    private long p1;
    private long p2;
    private long p3;
    private long p4;
    private long p5;
    private long p6;
    private long p7;
    private long q0;
    private long q1;
    private long q2;
    private long q3;
    private long q4;
    private long q5;
    private long q6;
    private long q7;
}
