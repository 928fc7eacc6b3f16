package io.naru.linux.xdp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** The rings against a kernel that is played by the test, from positions about to wrap around. */
class XskRingTest {
    private static final int SIZE = 8;
    private static final int PRODUCER = 0;
    private static final int CONSUMER = 64;
    private static final int FLAGS = 128;
    private static final int DESCRIPTORS = 192;
    private static final int START = -5; // wraps around after five descriptors
    private static final int ROUNDS = 10_000;

    private final UnsafeBuffer ring =
            new UnsafeBuffer(ByteBuffer.allocateDirect(DESCRIPTORS + SIZE * 16));
    private final UnsafeBuffer offsets = new UnsafeBuffer(new byte[32]);
    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    XskRingTest() {
        offsets.putLong(XdpDescriptor.PRODUCER_OFFSET, PRODUCER);
        offsets.putLong(XdpDescriptor.CONSUMER_OFFSET, CONSUMER);
        offsets.putLong(XdpDescriptor.FLAGS_OFFSET, FLAGS);
        offsets.putLong(XdpDescriptor.DESCRIPTORS_OFFSET, DESCRIPTORS);
        ring.putInt(PRODUCER, START);
        ring.putInt(CONSUMER, START);
    }

    private int descriptor(final int position, final int length) {
        return DESCRIPTORS + (position & (SIZE - 1)) * length;
    }

    @Test
    void shouldReceiveInOrder() {
        final RxRing rx = new RxRing(ring.addressOffset(), offsets, 0, SIZE);
        int produced = START;
        long received = 0;
        long sent = 0;

        for (int round = 0; round < ROUNDS; round++) {
            while (produced - ring.getInt(CONSUMER) < SIZE && random.nextBoolean()) {
                ring.putLong(descriptor(produced, 16), sent * 2048);
                ring.putInt(descriptor(produced, 16) + 8, (int) (sent % 1500));
                sent++;
                produced++;
            }

            ring.putIntRelease(PRODUCER, produced);
            final int limit = random.nextInt(SIZE);
            final int count = rx.peek(limit);
            assertTrue(count <= limit, () -> "seed " + seed);
            for (int i = 0; i < count; i++) {
                assertEquals(received * 2048, rx.offset(i), () -> "seed " + seed);
                assertEquals(received % 1500, rx.length(i), () -> "seed " + seed);
                received++;
            }

            rx.release(count);
        }

        while (received < sent) {
            final int count = rx.peek(SIZE);
            assertTrue(count > 0, () -> "seed " + seed);
            received += count;
            rx.release(count);
        }
    }

    @Test
    void shouldTransmitInOrderAndNeverOverwrite() {
        final TxRing tx = new TxRing(ring.addressOffset(), offsets, 0, SIZE);
        int consumed = START;
        long put = 0;
        long taken = 0;

        for (int round = 0; round < ROUNDS; round++) {
            int queued = 0;
            while (random.nextInt(4) != 0) {
                final boolean isFull = put - taken == SIZE;
                assertEquals(!isFull, tx.put(put * 2048 + 256, 60), () -> "seed " + seed);
                if (!isFull) {
                    put++;
                    queued++;
                }
            }

            assertEquals(queued, tx.submit(), () -> "seed " + seed);
            assertEquals(put - taken, tx.pending(), () -> "seed " + seed);
            while (consumed != ring.getInt(PRODUCER) && random.nextBoolean()) {
                assertEquals(taken * 2048 + 256, ring.getLong(descriptor(consumed, 16)));
                assertEquals(60, ring.getInt(descriptor(consumed, 16) + 8));
                assertEquals(0, ring.getInt(descriptor(consumed, 16) + 12));
                consumed++;
                taken++;
            }

            ring.putIntRelease(CONSUMER, consumed);
        }
    }

    @Test
    void shouldFillAsMuchAsThereIsRoomFor() {
        final FillRing fill = new FillRing(ring.addressOffset(), offsets, 0, SIZE);
        int consumed = START;
        long put = 0;
        long taken = 0;

        for (int round = 0; round < ROUNDS; round++) {
            final int limit = random.nextInt(SIZE + 1);
            final int room = fill.reserve(limit);
            assertEquals(Math.min(limit, SIZE - (int) (put - taken)), room, () -> "seed " + seed);
            for (int i = 0; i < room; i++) {
                fill.put(put++ * 4096);
            }

            assertEquals(room, fill.submit());
            while (consumed != ring.getInt(PRODUCER) && random.nextBoolean()) {
                assertEquals(
                        taken * 4096, ring.getLong(descriptor(consumed, 8)), () -> "seed " + seed);
                consumed++;
                taken++;
            }

            ring.putIntRelease(CONSUMER, consumed);
        }
    }

    @Test
    void shouldTakeBackWhatWasSent() {
        final CompletionRing completion =
                new CompletionRing(ring.addressOffset(), offsets, 0, SIZE);
        final Deque<Long> sent = new ArrayDeque<>();
        int produced = START;

        for (int round = 0; round < ROUNDS; round++) {
            while (produced - ring.getInt(CONSUMER) < SIZE && random.nextBoolean()) {
                final long offset = random.nextInt(1 << 20);
                sent.add(offset);
                ring.putLong(descriptor(produced++, 8), offset);
            }

            ring.putIntRelease(PRODUCER, produced);
            final int count = completion.peek(random.nextInt(SIZE));
            for (int i = 0; i < count; i++) {
                assertEquals(sent.remove(), completion.offset(i), () -> "seed " + seed);
            }

            completion.release(count);
        }
    }

    @Test
    void shouldSeeWhenTheKernelWantsToBeWoken() {
        final FillRing fill = new FillRing(ring.addressOffset(), offsets, 0, SIZE);
        assertFalse(fill.needsWakeup());

        ring.putInt(FLAGS, XdpDescriptor.XDP_RING_NEED_WAKEUP);

        assertTrue(fill.needsWakeup());
    }
}
