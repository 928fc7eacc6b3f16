package io.naru.dataplane.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.naru.dataplane.protocol.Algorithm;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SchedulersTest {
    private final Random random = Pools.random();

    @ParameterizedTest
    @EnumSource(Algorithm.class)
    void shouldSelectNobodyFromAnEmptyPool(final Algorithm algorithm) {
        final Scheduler[] schedulers =
                Schedulers.create(algorithm, Pools.weighted(0, 0), id -> 0, 2);

        assertEquals(2, schedulers.length);
        assertEquals(Scheduler.NONE, schedulers[0].select(1, 2));
        assertEquals(Scheduler.NONE, schedulers[1].select(1, 2));
    }

    @ParameterizedTest
    @EnumSource(Algorithm.class)
    void shouldNeverSelectABackendOfWeightZero(final Algorithm algorithm) {
        final Scheduler scheduler =
                Schedulers.create(algorithm, Pools.weighted(1, 0, 1), id -> 0, 1)[0];

        for (int i = 0; i < 1_000; i++) {
            assertNotEquals(1, scheduler.select(random.nextLong(), random.nextLong()));
        }
    }

    @ParameterizedTest
    @EnumSource(Algorithm.class)
    void shouldSelectTheOnlyBackend(final Algorithm algorithm) {
        final Candidates candidates =
                Candidates.of(new int[] {16_383}, new int[] {7}, new long[] {random.nextLong()});
        final Scheduler scheduler = Schedulers.create(algorithm, candidates, id -> 0, 1)[0];

        for (int i = 0; i < 100; i++) {
            assertEquals(16_383, scheduler.select(random.nextLong(), random.nextLong()));
        }
    }

    @ParameterizedTest
    @EnumSource(Algorithm.class)
    void shouldAllocateNothing(final Algorithm algorithm) {
        final int[] flows = new int[100];
        final Candidates candidates = Pools.random(random, 100, 100);
        final Scheduler scheduler = Schedulers.create(algorithm, candidates, id -> flows[id], 1)[0];
        selectMany(scheduler, flows); // loads what has to be loaded

        final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long allocated = Long.MAX_VALUE;
        for (int round = 0; round < 3; round++) { // the first may load what measures
            final long before = threads.getCurrentThreadAllocatedBytes();
            selectMany(scheduler, flows);
            final long after = threads.getCurrentThreadAllocatedBytes();
            allocated = Math.min(allocated, after - before);
        }

        assertEquals(0, allocated);
    }

    @ParameterizedTest
    @EnumSource(Algorithm.class)
    void shouldTellBeforehandWhatItWillSelect(final Algorithm algorithm) {
        for (final int size : new int[] {1, 3, 16, 17, 1_000}) {
            final int[] flows = new int[size];
            final Candidates candidates = Pools.random(random, size, 100);
            final Scheduler scheduler =
                    Schedulers.create(algorithm, candidates, randomLoad(flows), 1)[0];

            for (int i = 0; i < 500; i++) {
                final long tuple = random.nextLong();
                final long key = random.nextLong();
                final int told = scheduler.peek(tuple, key);

                assertEquals(told, scheduler.peek(tuple, key));
                assertEquals(told, scheduler.select(tuple, key));
                flows[told] += random.nextInt(2);
                flows[random.nextInt(size)] = random.nextInt(5);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Algorithm.class)
    void shouldSelectAnotherThatIsAdmitted(final Algorithm algorithm) {
        for (final int size : new int[] {1, 2, 10, 40}) {
            final int[] flows = new int[size];
            final Candidates candidates = Pools.random(random, size, 100);
            final Scheduler scheduler =
                    Schedulers.create(algorithm, candidates, randomLoad(flows), 1)[0];
            final boolean[] full = new boolean[size];
            for (int i = 0; i < size; i++) {
                final long hash = random.nextLong();
                final int refused = scheduler.select(hash, ~hash);
                full[refused] = true;
                final int other = scheduler.selectOther(hash, ~hash, id -> !full[id]);
                if (other == Scheduler.NONE) {
                    assertTrue(allTrue(full), () -> Arrays.toString(full));
                    break;
                }
                assertFalse(full[other]);
                full[other] = true;
            }
            Arrays.fill(full, true);
            assertEquals(Scheduler.NONE, scheduler.selectOther(1, 2, id -> !full[id]));
        }
    }

    private static boolean allTrue(final boolean... values) {
        for (final boolean value : values) {
            if (!value) {
                return false;
            }
        }

        return true;
    }

    private BackendLoad randomLoad(final int... flows) {
        final long[] bytesPerSecond = random.longs(flows.length, 0, 1_000).toArray();
        final long[] timesNs = random.longs(flows.length, 0, 1_000).toArray();
        return new BackendLoad() {
            @Override
            public int activeFlows(final int backendId) {
                return flows[backendId];
            }

            @Override
            public long bytesPerSecond(final int backendId) {
                return bytesPerSecond[backendId];
            }

            @Override
            public long responseTimeNs(final int backendId) {
                return timesNs[backendId];
            }
        };
    }

    @Test
    void shouldCompareCandidatesByValue() {
        assertEquals(Pools.weighted(1, 2, 3), Pools.weighted(1, 2, 3));
        assertEquals(Pools.weighted(1, 2, 3).hashCode(), Pools.weighted(1, 2, 3).hashCode());
        assertNotEquals(Pools.weighted(1, 2, 3), Pools.weighted(1, 2, 4));
        assertNotEquals(Pools.weighted(1, 2), Pools.weighted(1, 2, 4));
    }

    @Test
    void shouldRefuseCandidatesThatMakeNoSense() {
        assertRefused(
                "backend 1: weight must be 0 to 65535, not 65536",
                new int[] {0, 1},
                new int[] {1, 65_536},
                new long[2]);
        assertRefused("backend id 65536", new int[] {65_536}, new int[] {1}, new long[1]);
        assertRefused(
                "2 backends, but 1 weights and 2 identities",
                new int[] {0, 1},
                new int[] {1},
                new long[2]);
    }

    private static void assertRefused(
            final String text, final int[] ids, final int[] weights, final long[] identities) {
        final Exception refusal =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> Candidates.of(ids, weights, identities));

        assertEquals(text, refusal.getMessage());
    }

    private static void selectMany(final Scheduler scheduler, final int[] flows) {
        for (int i = 0; i < 10_000; i++) {
            final long hash = StableHash.mix(i);
            final int backend = scheduler.select(hash, ~hash);
            flows[backend]++;
        }
    }
}
