package io.naru.dataplane.flow;

import static io.naru.dataplane.flow.FlowEntry.TO_BACKEND;
import static io.naru.dataplane.flow.FlowEntry.TO_CLIENT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.packet.InternetChecksum;
import io.naru.dataplane.packet.NativeMemory;
import io.naru.dataplane.packet.RawMemory;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FlowEntryTest {
    private final NativeMemory memory = new NativeMemory(FlowEntry.LENGTH);
    private final long entry = memory.address();

    @AfterEach
    void tearDown() {
        memory.close();
    }

    @Test
    void shouldBeLaidOutAsItsDiagramSays() {
        final int[][] offsetsAndLengths = {
            {FlowEntry.BACKEND_IP_OFFSET, 4},
            {FlowEntry.CLIENT_IP_OFFSET, 4},
            {FlowEntry.VIP_OFFSET, 4},
            {FlowEntry.BACKEND_PORT_OFFSET, 2},
            {FlowEntry.CLIENT_PORT_OFFSET, 2},
            {FlowEntry.VIP_PORT_OFFSET, 2},
            {FlowEntry.PROTOCOL_OFFSET, 1},
            {FlowEntry.STATE_OFFSET, 1},
            {FlowEntry.SERVICE_ID_OFFSET, 2},
            {FlowEntry.BACKEND_ID_OFFSET, 2},
            {FlowEntry.CLIENT_HOP_OFFSET, 8},
            {FlowEntry.LAST_SEEN_OFFSET, 4},
            {FlowEntry.CREATED_OFFSET, 4},
            {FlowEntry.BYTES_TO_BACKEND_OFFSET, 8},
            {FlowEntry.BYTES_TO_CLIENT_OFFSET, 8},
            {FlowEntry.SEQUENCE_TO_BACKEND_OFFSET, 4},
            {FlowEntry.SEQUENCE_TO_CLIENT_OFFSET, 4},
        };

        int end = 0;
        for (final int[] field : offsetsAndLengths) {
            assertEquals(end, field[0]);
            assertEquals(0, field[0] % field[1], "aligned: " + field[0]);
            end = field[0] + field[1];
        }
        assertEquals(FlowEntry.LENGTH, end);
        assertEquals(64, FlowEntry.LENGTH);
        assertEquals(FlowEntry.BYTES_TO_BACKEND_OFFSET, FlowEntry.IP_DELTA_OFFSET);
        assertEquals(FlowEntry.BYTES_TO_CLIENT_OFFSET, FlowEntry.L4_DELTA_OFFSET);
    }

    @Test
    void shouldMatchThePacketsOfBothDirectionsAndNoOthers() {
        final int client = 0x0100_000a;
        final int vip = 0x0a02_00c0;
        final int backend = 0x0100_020a;
        RawMemory.putInt(entry + FlowEntry.CLIENT_IP_OFFSET, client);
        RawMemory.putInt(entry + FlowEntry.VIP_OFFSET, vip);
        RawMemory.putInt(entry + FlowEntry.BACKEND_IP_OFFSET, backend);
        RawMemory.putShort(entry + FlowEntry.CLIENT_PORT_OFFSET, (short) 0x9c40);
        RawMemory.putShort(entry + FlowEntry.VIP_PORT_OFFSET, (short) 0x5000);
        RawMemory.putShort(entry + FlowEntry.BACKEND_PORT_OFFSET, (short) 0x901f);
        RawMemory.putByte(entry + FlowEntry.PROTOCOL_OFFSET, (byte) 132);

        final long toBackendA = (client & 0xffff_ffffL) | (long) vip << 32;
        final long toBackendB = 0x9c40L | 0x5000L << 16 | 132L << 32;
        final long toClientA = (backend & 0xffff_ffffL) | (long) client << 32;
        final long toClientB = 0x901fL | 0x9c40L << 16 | 132L << 32;

        assertTrue(FlowEntry.matches(entry, toBackendA, toBackendB, TO_BACKEND));
        assertTrue(FlowEntry.matches(entry, toClientA, toClientB, TO_CLIENT));
        assertFalse(FlowEntry.matches(entry, toBackendA, toBackendB, TO_CLIENT));
        assertFalse(FlowEntry.matches(entry, toClientA, toClientB, TO_BACKEND));
        for (int bit = 0; bit < 64; bit++) {
            assertFalse(FlowEntry.matches(entry, toBackendA ^ 1L << bit, toBackendB, TO_BACKEND));
            assertFalse(FlowEntry.matches(entry, toClientA ^ 1L << bit, toClientB, TO_CLIENT));
        }
        for (int bit = 0; bit < 40; bit++) {
            assertFalse(FlowEntry.matches(entry, toBackendA, toBackendB ^ 1L << bit, TO_BACKEND));
            assertFalse(FlowEntry.matches(entry, toClientA, toClientB ^ 1L << bit, TO_CLIENT));
        }
    }

    @Test
    void shouldCountEachDirectionByItself() {
        FlowEntry.count(entry, TO_BACKEND, 60, 7);
        FlowEntry.count(entry, TO_BACKEND, 1500, 8);
        FlowEntry.count(entry, TO_CLIENT, 40, 9);

        assertEquals(1560, FlowEntry.bytes(entry, TO_BACKEND));
        assertEquals(40, FlowEntry.bytes(entry, TO_CLIENT));
        assertEquals(9, FlowEntry.lastSeenTicks(entry));
    }

    @Test
    void shouldKeepTheDeltasWhateverTheCountersDo() {
        FlowEntry.deltas(entry, 0x1234, 0xfedc);
        RawMemory.putLong(
                entry + FlowEntry.BYTES_TO_BACKEND_OFFSET, 0xffff_ffff_ffff_0000L | 0x1234);
        FlowEntry.nextSequence(entry, TO_BACKEND, -1);
        FlowEntry.nextSequence(entry, TO_CLIENT, 17);

        FlowEntry.count(entry, TO_BACKEND, 100, 1);
        FlowEntry.count(entry, TO_CLIENT, 100, 1);

        assertEquals(99, FlowEntry.bytes(entry, TO_BACKEND), "48 bits wrap");
        assertEquals(-1, FlowEntry.nextSequence(entry, TO_BACKEND));
        assertEquals(17, FlowEntry.nextSequence(entry, TO_CLIENT));
        assertEquals(0x1234, FlowEntry.ipDelta(entry, TO_BACKEND));
        assertEquals(0xfedc, FlowEntry.l4Delta(entry, TO_BACKEND));
    }

    @Test
    void shouldGiveTheInverseDeltasTowardsTheClient() {
        FlowEntry.deltas(entry, 0x1234, 0xfedc);

        assertEquals(InternetChecksum.inverse(0x1234), FlowEntry.ipDelta(entry, TO_CLIENT));
        assertEquals(InternetChecksum.inverse(0xfedc), FlowEntry.l4Delta(entry, TO_CLIENT));
    }

    @Test
    void shouldReadBackWhatWasWritten() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        final int state = random.nextInt(FlowState.COUNT);
        final int serviceId = random.nextInt(4096);
        final int backendId = random.nextInt(16384);
        final long hop = random.nextLong();

        FlowEntry.state(entry, state);
        final int mode = random.nextInt(16);
        FlowEntry.service(entry, serviceId, mode);
        FlowEntry.backendId(entry, backendId);
        FlowEntry.clientHop(entry, hop);

        assertEquals(state, FlowEntry.state(entry), "seed " + seed);
        assertEquals(serviceId, FlowEntry.serviceId(entry), "seed " + seed);
        assertEquals(mode, FlowEntry.mode(entry), "seed " + seed);
        assertEquals(backendId, FlowEntry.backendId(entry), "seed " + seed);
        assertEquals(hop, FlowEntry.clientHop(entry), "seed " + seed);
    }

    @Test
    void shouldCountTicksAcrossTheWrapOfTheClock() {
        final long justBefore = (1L << 56) - 1;

        assertEquals(1, FlowEntry.ticks(justBefore + 1) - FlowEntry.ticks(justBefore));
        assertEquals(
                60, FlowEntry.ticks(-1L + (60L << FlowEntry.TICK_SHIFT)) - FlowEntry.ticks(-1L));
    }
}
