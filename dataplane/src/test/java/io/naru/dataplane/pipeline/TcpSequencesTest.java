package io.naru.dataplane.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowState;
import io.naru.dataplane.packet.Bounds;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.packet.TcpHeader;
import io.naru.linux.memory.HugePages;
import io.naru.linux.memory.MappedRegion;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The rules of sequence numbers beside their slow twin: one question after the other. */
class TcpSequencesTest {
    private static final int ROUNDS = 2_000_000;
    private static final int WINDOW = 1 << 20;

    private final TcpSequences sequences = new TcpSequences();
    private MappedRegion memory;
    private long entry;
    private long l4;

    @BeforeEach
    void map() {
        memory = MappedRegion.anonymous(4_096, HugePages.OFF);
        Bounds.add(memory.address(), memory.lengthBytes());
        entry = memory.address();
        l4 = entry + FlowEntry.LENGTH;
    }

    @AfterEach
    void unmap() {
        Bounds.remove(memory.address());
        memory.close();
    }

    @Test
    void shouldAgreeWithTheSlowTwinOnAnything() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        long disbelieved = 0;
        int moved = 0;
        for (int round = 0; round < ROUNDS; round++) {
            final int state = 1 + random.nextInt(FlowState.COUNT - 1);
            final int direction = random.nextInt(2);
            final int flags = random.nextInt(4) == 0 ? random.nextInt(64) : TcpHeader.ACK;
            final int payloadLength = random.nextInt(4) == 0 ? random.nextInt(65_496) : 0;
            final int known = random.nextInt(8) == 0 ? 0 : random.nextInt();
            final int sequence = near(known, random);
            final String message = "round " + round + ", seed " + seed;
            FlowEntry.nextSequence(entry, direction, known);
            RawMemory.putInt(l4 + TcpHeader.SEQUENCE_OFFSET, Integer.reverseBytes(sequence));

            final int believed = sequences.track(entry, state, direction, l4, flags, payloadLength);

            final int expected = next(state, flags, known, sequence, payloadLength);
            final boolean isBelieved = isBelieved(flags, known, sequence);
            disbelieved += isBelieved ? 0 : 1;
            moved += expected == known ? 0 : 1;
            assertEquals(expected, FlowEntry.nextSequence(entry, direction), message);
            assertEquals(isBelieved ? flags : 0, believed, message);
            assertEquals(disbelieved, sequences.disbelievedResets(), message);
        }
        assertTrue(disbelieved > 1_000 && moved > 1_000 && moved < ROUNDS, "seed " + seed);
    }

    /** The same number, one that is not far, one at the edges of the window, or any. */
    private static int near(final int known, final Random random) {
        return switch (random.nextInt(4)) {
            case 0 -> known;
            case 1 -> known + random.nextInt(4 * WINDOW) - 2 * WINDOW;
            case 2 -> known + (random.nextBoolean() ? WINDOW : -WINDOW) + random.nextInt(5) - 2;
            default -> random.nextInt();
        };
    }

    private static boolean isBelieved(final int flags, final int known, final int sequence) {
        final int distance = sequence - known;
        final boolean isNear = distance >= -WINDOW && distance <= WINDOW;
        return (flags & TcpHeader.RST) == 0 || known == 0 || isNear;
    }

    /** What is known afterwards. */
    private static int next(
            final int state,
            final int flags,
            final int known,
            final int sequence,
            final int payloadLength) {
        if (flags == 0 || (flags & TcpHeader.RST) != 0) {
            return known;
        }

        final boolean isSyn = (flags & TcpHeader.SYN) != 0;
        final boolean isFin = (flags & TcpHeader.FIN) != 0;
        final int end = sequence + payloadLength + (isSyn ? 1 : 0) + (isFin ? 1 : 0);
        final boolean isOpening =
                state == FlowState.SYN_SENT
                        || state == FlowState.SYN_ANSWERED
                        || state == FlowState.ONE_WAY_SYN;
        if (isSyn) {
            final boolean isReopening =
                    state == FlowState.RESET
                            || state == FlowState.CLOSED
                            || state == FlowState.ONE_WAY_CLOSING;
            return isOpening || isReopening ? end : known;
        }
        if (known == 0) {
            return end;
        }

        final int ahead = end - known;
        final boolean isFar = ahead < -WINDOW || ahead >= WINDOW;
        return isFar ? isOpening ? end : known : Math.max(ahead, 0) + known;
    }
}
