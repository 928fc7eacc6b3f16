package io.naru.dataplane.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.port.PacketBurst;
import java.util.Random;
import java.util.function.IntToLongFunction;
import java.util.function.LongToIntFunction;
import org.junit.jupiter.api.Test;

class FlowHashTest {
    private static final int KEYS = 1 << 16;
    private static final int BINS = 1024;
    private static final int SEEDS = 40;

    @Test
    void shouldBeTheSameInBothDirectionsForOneAndForABurst() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        final FlowHash hash = new FlowHash(random.nextLong(), random.nextLong());
        final PacketBurst burst = new PacketBurst();
        final FlowKey[] keys = new FlowKey[PacketBurst.CAPACITY];
        burst.count = PacketBurst.CAPACITY;
        for (int i = 0; i < burst.count; i++) {
            keys[i] = FlowKey.random(random);
            burst.direction[i] = i % 2;
            burst.keyA[i] = keys[i].keyA(i % 2);
            burst.keyB[i] = keys[i].keyB(i % 2);
        }

        hash.hash(burst);

        for (int i = 0; i < burst.count; i++) {
            final long expected = keys[i].hash(hash);
            assertEquals(expected, burst.hash[i], "seed " + seed);
            for (int direction = 0; direction < 2; direction++) {
                assertEquals(
                        expected,
                        hash.hash(keys[i].keyA(direction), keys[i].keyB(direction), direction),
                        "seed " + seed);
            }
        }
    }

    @Test
    void shouldIgnoreWhatIsAboveThePort() {
        final FlowHash hash = new FlowHash(1, 2);

        assertEquals(hash.hash(7, 0x1234, 6), hash.hash(7, 0xabcd_1234, 6));
        assertNotEquals(hash.hash(7, 0x1234, 6), hash.hash(7, 0x1234, 17));
    }

    @Test
    void shouldDependOnBothSeeds() {
        final long hash = new FlowHash(1, 2).hash(7, 8, 6);

        assertNotEquals(hash, new FlowHash(3, 2).hash(7, 8, 6));
        assertNotEquals(hash, new FlowHash(1, 3).hash(7, 8, 6));
    }

    /** Endpoints as clients really have them: runs of ports, runs of addresses, a net of both. */
    @Test
    void shouldSpreadOrderlyEndpointsLikeRandomOnes() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        for (int round = 0; round < SEEDS; round++) {
            final FlowHash hash = new FlowHash(random.nextLong(), random.nextLong());
            final int base = random.nextInt();
            final IntToLongFunction[] patterns = {
                i -> hash.hash(base, i, 6),
                i -> hash.hash(base, Short.reverseBytes((short) i), 6),
                i -> hash.hash(base + i, 443, 6),
                i -> hash.hash(Integer.reverseBytes(base + i), 443, 17),
                i -> hash.hash(base ^ (i >>> 8), 1024 + (i & 0xff), 17),
            };
            final LongToIntFunction[] parts = {
                hashed -> FlowHash.worker(hashed, BINS),
                hashed -> FlowHash.bucket(hashed, BINS),
                hashed -> FlowHash.tag(hashed) % BINS,
                hashed -> FlowHash.tag(hashed) / (65536 / BINS),
                // The tags within one bucket, and the buckets of one worker, must differ, too.
                hashed -> (FlowHash.bucket(hashed, 32) << 5) | (FlowHash.tag(hashed) & 31),
                hashed -> (FlowHash.worker(hashed, 32) << 5) | FlowHash.bucket(hashed, 32),
            };
            for (int pattern = 0; pattern < patterns.length; pattern++) {
                for (int part = 0; part < parts.length; part++) {
                    final double chiSquare = chiSquare(patterns[pattern], parts[part]);

                    // Mean 1023, deviation 45. Orderly keys may spread better than at random.
                    assertTrue(
                            chiSquare < 1023 + 8 * 45,
                            "pattern %d, part %d: %.0f, seed %d"
                                    .formatted(pattern, part, chiSquare, seed));
                }
            }
        }
    }

    @Test
    void shouldChangeHalfOfTheBitsWhenOneBitOfTheEndpointChanges() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        final FlowHash hash = new FlowHash(random.nextLong(), random.nextLong());
        final int rounds = 4000;
        for (int bit = 0; bit < 48; bit++) {
            long changed = 0;
            for (int round = 0; round < rounds; round++) {
                final int ip = random.nextInt();
                final int port = random.nextInt(65536);
                final long flip = 1L << bit;
                changed +=
                        Long.bitCount(
                                hash.hash(ip, port, 6)
                                        ^ hash.hash(
                                                ip ^ (int) flip, port ^ (int) (flip >>> 32), 6));
            }
            final double mean = (double) changed / rounds;
            assertTrue(Math.abs(mean - 32) < 1.5, "bit " + bit + ": " + mean + ", seed " + seed);
        }
    }

    @Test
    void shouldStayInRange() {
        final Random random = new Random(1);
        for (int i = 0; i < 100_000; i++) {
            final long hash = i == 0 ? 0 : i == 1 ? -1 : random.nextLong();
            final int buckets = 1 + random.nextInt(Integer.MAX_VALUE);
            final int workers = 1 + random.nextInt(65536);

            assertTrue(FlowHash.bucket(hash, buckets) >= 0);
            assertTrue(FlowHash.bucket(hash, buckets) < buckets);
            assertTrue(FlowHash.worker(hash, workers) >= 0);
            assertTrue(FlowHash.worker(hash, workers) < workers);
            assertTrue(FlowHash.tag(hash) >= 1 && FlowHash.tag(hash) <= 0xffff);
        }
    }

    private static double chiSquare(final IntToLongFunction hash, final LongToIntFunction part) {
        final int[] counts = new int[BINS];
        for (int i = 0; i < KEYS; i++) {
            counts[part.applyAsInt(hash.applyAsLong(i))]++;
        }

        final double expected = (double) KEYS / BINS;
        double chiSquare = 0;
        for (final int count : counts) {
            chiSquare += (count - expected) * (count - expected) / expected;
        }

        return chiSquare;
    }
}
