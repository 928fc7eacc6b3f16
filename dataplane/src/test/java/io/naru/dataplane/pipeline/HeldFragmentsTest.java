package io.naru.dataplane.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.port.memory.MemoryFrames;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.status.WorkerStats;
import org.junit.jupiter.api.Test;

class HeldFragmentsTest {
    private static final int CAPACITY = 4;
    private static final int FRAMES = 64;
    private static final int REASON = DropReason.FRAGMENT_OVERLAP.code();

    @Test
    void shouldBeFullRatherThanGiveUpMoreThanItHasRoomForBetweenTwoDrops() {
        try (MemoryFrames memory = new MemoryFrames(FRAMES, 2048)) {
            final FrameStack frames = memory.share(FRAMES);
            final WorkerStats stats = WorkerStats.inMemory();
            final HeldFragments held =
                    new HeldFragments(new FragmentLimits(CAPACITY, CAPACITY, 1, 1));
            final PacketBurst burst = new PacketBurst();
            int taken = 0;
            while (!held.isFull()) {
                burst.address[0] = frames.pop();
                held.hold(0, burst, 0);
                held.giveUp(0, REASON);
                taken++;
            }

            assertEquals(2 * CAPACITY, taken);
            assertEquals(2 * CAPACITY, held.frames());
            held.drop(frames, stats);

            assertEquals(0, held.frames());
            assertEquals(FRAMES, frames.size());
            for (int i = 0; i < CAPACITY; i++) {
                assertFalse(held.isFull());
                burst.address[0] = frames.pop();
                held.hold(i, burst, 0);
            }
            assertTrue(held.isFull(), "no more than the limit wait");
        }
    }
}
