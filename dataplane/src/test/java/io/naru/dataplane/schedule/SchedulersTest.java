package io.naru.dataplane.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.sun.management.ThreadMXBean;
import io.naru.dataplane.protocol.Algorithm;
import java.lang.management.ManagementFactory;
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
        final long before = threads.getCurrentThreadAllocatedBytes();
        selectMany(scheduler, flows);
        final long allocated = threads.getCurrentThreadAllocatedBytes() - before;

        assertEquals(0, allocated);
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
