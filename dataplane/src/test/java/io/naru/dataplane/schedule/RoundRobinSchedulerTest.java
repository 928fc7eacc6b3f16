package io.naru.dataplane.schedule;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.protocol.Algorithm;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RoundRobinSchedulerTest {
    private final Random random = Pools.random();

    @Test
    void shouldTakeBackendsInTurnWhateverTheirWeight() {
        final Scheduler scheduler =
                Schedulers.create(Algorithm.RR, Pools.weighted(1, 100, 7), null, 1)[0];

        assertArrayEquals(new int[] {0, 1, 2, 0, 1, 2, 0}, selections(scheduler, 7));
    }

    @Test
    void shouldStartEachWorkerAtAnotherBackend() {
        final Scheduler[] workers = Schedulers.create(Algorithm.RR, Pools.equal(4), null, 4);

        final int[] first =
                Arrays.stream(workers).mapToInt(scheduler -> scheduler.select(0, 0)).toArray();

        assertArrayEquals(new int[] {0, 1, 2, 3}, first);
    }

    @Test
    void shouldSpreadWeightedTurnsEvenly() {
        final Scheduler scheduler =
                Schedulers.create(Algorithm.WRR, Pools.weighted(5, 1, 1), null, 1)[0];

        // The example in nginx's source: a a b a c a a
        assertArrayEquals(new int[] {0, 0, 1, 0, 2, 0, 0}, selections(scheduler, 7));
    }

    @Test
    void shouldStartTheRoundOfEachWorkerElsewhere() {
        final Candidates candidates = Pools.weighted(3, 2, 1);
        final Scheduler[] workers = Schedulers.create(Algorithm.WRR, candidates, null, 3);

        final int[] all = selections(workers[0], 6);

        assertArrayEquals(new int[] {all[2], all[3]}, selections(workers[1], 2));
        assertArrayEquals(new int[] {all[4], all[5]}, selections(workers[2], 2));
    }

    @Test
    void shouldTakeTheTurnsOfNginx() {
        for (int repeat = 0; repeat < 100; repeat++) {
            final int backends = 1 + random.nextInt(20);
            final Candidates candidates = Pools.random(random, backends, 300);
            final Scheduler scheduler = Schedulers.create(Algorithm.WRR, candidates, null, 1)[0];

            final int[] current = new int[backends];
            for (int i = 0; i < 10_000; i++) {
                assertEquals(naiveTurn(candidates, current), scheduler.select(0, 0));
            }
        }
    }

    @Test
    void shouldKeepSharesWhenTheRoundWouldBeTooLong() {
        final Candidates candidates = Pools.random(random, 100, Candidates.WEIGHT_MAX);
        final long sum = IntStream.range(0, 100).mapToLong(candidates::weight).sum();

        final int[] counts = new int[100];
        final char[] turns = SmoothRound.turns(candidates);
        for (final char backend : turns) {
            counts[backend]++;
        }

        assertTrue(turns.length <= 8_192 && turns.length > 8_000);
        for (int i = 0; i < 100; i++) {
            final double share = candidates.weight(i) / (double) sum;
            assertEquals(turns.length * share, counts[i], 1.1);
        }
    }

    @Test
    void shouldGiveTheSmallestWeightATurnWhenScaledDown() {
        final int[] weights = new int[1_000];
        Arrays.fill(weights, Candidates.WEIGHT_MAX);
        weights[0] = 1;

        final char[] turns = SmoothRound.turns(Pools.weighted(weights));

        assertTrue(turns.length <= 16_000, "16 for each backend: " + turns.length);
        assertEquals(1, new String(turns).chars().filter(backend -> backend == 0).count());
    }

    /** ngx_http_upstream_get_peer, without its failure handling. */
    private static int naiveTurn(final Candidates candidates, final int[] current) {
        int total = 0;
        int best = -1;
        for (int i = 0; i < current.length; i++) {
            current[i] += candidates.weight(i);
            total += candidates.weight(i);
            if (best == -1 || current[i] > current[best]) {
                best = i;
            }
        }
        current[best] -= total;

        return candidates.backendId(best);
    }

    private static int[] selections(final Scheduler scheduler, final int count) {
        return IntStream.range(0, count).map(i -> scheduler.select(0, 0)).toArray();
    }
}
