package io.naru.dataplane.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;

class StableHashTest {
    private static final int CLIENT = 0x0100_a8c0; // 192.168.0.1, as loaded
    private static final int VIP = 0x0a02_00c0; // 192.0.2.10

    private final Random random = Pools.random();
    private final StableHash hash = new StableHash(StableHash.DEFAULT_SEED);

    @Test
    void shouldBeTheSameOnEveryMachineAndInEveryVersion() {
        assertEquals(0x3cd1_7d6d_fb1b_b6e2L, hash.tuple(CLIENT, 0x3930, VIP, 0x5000, 6));
        assertEquals(0xf730_b256_f923_4f08L, hash.source(CLIENT));
        assertEquals(0x0fd4_d2c8_a432_c011L, StableHash.backendIdentity(0, 0xffff_0a00_0001L, 80));
    }

    @Test
    void shouldDependOnEveryPartOfTheTuple() {
        final long base = hash.tuple(CLIENT, 1, VIP, 2, 6);

        assertNotEquals(base, hash.tuple(CLIENT + 1, 1, VIP, 2, 6));
        assertNotEquals(base, hash.tuple(CLIENT, 2, VIP, 2, 6));
        assertNotEquals(base, hash.tuple(CLIENT, 1, VIP + 1, 2, 6));
        assertNotEquals(base, hash.tuple(CLIENT, 1, VIP, 1, 6));
        assertNotEquals(base, hash.tuple(CLIENT, 1, VIP, 2, 17));
        assertNotEquals(base, new StableHash(1).tuple(CLIENT, 1, VIP, 2, 6));
        assertNotEquals(hash.source(CLIENT), new StableHash(1).source(CLIENT));
    }

    @Test
    void shouldIgnoreTheSignOfPorts() {
        assertEquals(
                hash.tuple(CLIENT, (short) 0xfffe, VIP, (short) 0x8000, 6),
                hash.tuple(CLIENT, 0xfffe, VIP, 0x8000, 6));
    }

    @Test
    void shouldFlipEachBitForHalfOfTheChanges() {
        assertAvalanche(value -> hash.tuple((int) (value >>> 32), (int) value, VIP, 0x5000, 6), 16);
        assertAvalanche(value -> hash.source((int) value), 32);
        assertAvalanche(value -> StableHash.backendIdentity(0, value, 80), 64);
    }

    @Test
    void shouldSpreadNeighbouringClientsEvenly() {
        // 65,536 clients of one network over 16 parts: chi squared of 15 degrees of freedom.
        final int[] counts = new int[16];
        for (int i = 0; i < 65_536; i++) {
            counts[StableHash.range(hash.source(Integer.reverseBytes(0x0a00_0000 + i)), 16)]++;
        }

        double chiSquared = 0;
        for (final int count : counts) {
            chiSquared += (count - 4_096.0) * (count - 4_096.0) / 4_096;
        }
        assertTrue(chiSquared < 45, "chi squared " + chiSquared);
    }

    /** Flips each of the low {@code inputBits} and looks how often each bit of the hash changes. */
    private void assertAvalanche(final LongUnaryOperator function, final int inputBits) {
        final int samples = 2_000;
        for (int input = 0; input < inputBits; input++) {
            final int[] flips = new int[64];
            for (int i = 0; i < samples; i++) {
                final long value = random.nextLong();
                final long difference =
                        function.applyAsLong(value) ^ function.applyAsLong(value ^ 1L << input);
                for (int output = 0; output < 64; output++) {
                    flips[output] += (int) (difference >>> output & 1);
                }
            }
            for (int output = 0; output < 64; output++) {
                // 6 standard deviations of 2,000 coins
                assertEquals(samples / 2, flips[output], 135, input + " -> " + output);
            }
        }
    }
}
