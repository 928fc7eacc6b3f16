package io.naru.dataplane.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.packet.NativeMemory;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FlowSweeperTest {
    private static final int CAPACITY = 5000;
    private static final int LIMIT = 64;
    private static final int TIMEOUT_TICKS =
            (int) (FlowTimeouts.DEFAULT.udpUnansweredNs() >> FlowEntry.TICK_SHIFT);

    private final Random random = new Random(42);
    private final FlowHash hash = new FlowHash(random.nextLong(), random.nextLong());
    private final NativeMemory memory =
            new NativeMemory(FlowTableDescriptor.regionLength(CAPACITY));
    private final SilentListener listener = new SilentListener();
    private final FlowTable table =
            new FlowTable(memory.address(), memory.length(), CAPACITY, hash, 0, 1, listener);

    private int now = Integer.MAX_VALUE - 1000; // ticks wrap on the way
    private final FlowSweeper sweeper = new FlowSweeper(table, now);

    @AfterEach
    void tearDown() {
        memory.close();
    }

    @Test
    void shouldEndEachIdleFlowWithinAPeriodOfItsTimeoutAndNotBefore() {
        fill(CAPACITY, FlowState.UDP_UNANSWERED);

        advance(TIMEOUT_TICKS + 1);
        assertEquals(0, listener.expired);

        advance(FlowSweeper.PERIOD_TICKS + 2);
        assertEquals(CAPACITY, listener.expired);
        assertEquals(0, table.size());
        assertEquals(CAPACITY, table.expired());
    }

    @Test
    void shouldLeaveFlowsAloneThatAreNotIdle() {
        fill(1000, FlowState.UDP_UNANSWERED);
        final int opened = now;
        fill(1000, FlowState.ESTABLISHED);

        while (now - opened < 3 * TIMEOUT_TICKS) {
            advance(TIMEOUT_TICKS / 4);
            table.visit(
                    0,
                    table.bucketCount(),
                    entry -> {
                        if (FlowEntry.state(entry) == FlowState.UDP_UNANSWERED) {
                            FlowEntry.count(entry, FlowEntry.TO_BACKEND, 60, now);
                        }
                    });
        }

        assertEquals(0, listener.expired);
        assertEquals(2000, table.size());
    }

    @Test
    void shouldNeverSweepMoreThanItsLimit() {
        for (int i = 0; i < 10_000; i++) {
            now += random.nextInt(3);
            assertTrue(sweeper.sweep(now, LIMIT) <= LIMIT);
        }
    }

    @Test
    void shouldDoNothingUntilTimeHasPassed() {
        assertEquals(0, sweeper.sweep(now, LIMIT));
        assertTrue(sweeper.sweep(now + 60, LIMIT) > 0);
    }

    @Test
    void shouldDoNothingWhenTimeGoesBackwards() {
        assertEquals(0, sweeper.sweep(now - 60, LIMIT));
        assertEquals(0, sweeper.sweep(now - 1000, LIMIT));
    }

    @Test
    void shouldCatchUpByOnePassAfterALongPause() {
        now += 100 * FlowSweeper.PERIOD_TICKS;
        int swept = 0;
        for (int count = 1; count > 0; swept += count) {
            count = sweeper.sweep(now, LIMIT);
        }

        assertEquals(table.bucketCount(), swept);
    }

    @Test
    void shouldSweepAllBucketsOncePerPeriodHoweverOftenItIsCalled() {
        final int end = now + 10 * FlowSweeper.PERIOD_TICKS;
        long swept = 0;
        while (now - end < 0) {
            now += random.nextInt(2);
            swept += sweeper.sweep(now, LIMIT);
        }

        assertEquals(10.0, (double) swept / table.bucketCount(), 0.1);
    }

    private void fill(final int count, final int state) {
        for (int i = 0; i < count; i++) {
            assertTrue(
                    FlowTableModelTest.insert(table, FlowKey.random(random), hash, state, now) > 0);
        }
    }

    private void advance(final int ticks) {
        for (int i = 0; i < ticks; i++) {
            now++;
            sweeper.sweep(now, LIMIT);
        }
    }
}
