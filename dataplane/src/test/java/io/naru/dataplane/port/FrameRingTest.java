package io.naru.dataplane.port;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class FrameRingTest {
    private static final long TAG = 0xff_ffff_ffffL;

    private final FrameRing ring = new FrameRing(4);

    @Test
    void shouldShowFramesOnlyWhenPublished() {
        ring.offer(0x1000, 60, 1);
        assertEquals(0, ring.peek(4));

        ring.publish();

        assertEquals(1, ring.peek(4));
        assertEquals(0x1000, ring.address(0));
        assertEquals(60, ring.length(0));
        assertEquals(1, ring.ingress(0));
    }

    @Test
    void shouldRefuseWhenFullUntilReleased() {
        for (int i = 0; i < 4; i++) {
            assertTrue(ring.offer(i + 1, 60, 0));
        }
        assertFalse(ring.offer(5, 60, 0));
        ring.publish();

        assertEquals(4, ring.peek(8));
        assertFalse(ring.offer(5, 60, 0), "peeked is not released");
        ring.release(1);

        assertTrue(ring.offer(5, 60, 0));
    }

    @Test
    void shouldPeekNoMoreThanTheLimit() {
        ring.offer(1, 60, 0);
        ring.offer(2, 60, 0);
        ring.publish();

        assertEquals(1, ring.peek(1));
        assertEquals(2, ring.size());
    }

    @Test
    void shouldRefuseCapacityThatIsNoPowerOfTwo() {
        final Exception refused =
                assertThrows(IllegalArgumentException.class, () -> new FrameRing(5));
        assertEquals("capacity must be a power of two: 5", refused.getMessage());
    }

    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void shouldPassEveryFrameInOrderBetweenTwoThreads() throws InterruptedException {
        final int frames = 200_000;
        final FrameRing shared = new FrameRing(64);
        final Thread producer =
                new Thread(
                        () -> {
                            for (int i = 1; i <= frames; i++) {
                                while (!shared.offer(i, i & 0x1_ffff, i & 7, ~i & TAG)) {
                                    shared.publish();
                                    Thread.onSpinWait();
                                }
                                if ((i & 7) == 0) {
                                    shared.publish();
                                }
                            }
                            shared.publish();
                        });
        producer.start();

        int next = 1;
        while (next <= frames) {
            final int available = shared.peek(16);
            for (int i = 0; i < available; i++, next++) {
                assertEquals(next, shared.address(i));
                assertEquals(next & 0x1_ffff, shared.length(i));
                assertEquals(next & 7, shared.ingress(i));
                assertEquals(~next & TAG, shared.tag(i));
            }
            shared.release(available);
        }

        producer.join();
        assertEquals(0, shared.size());
    }
}
