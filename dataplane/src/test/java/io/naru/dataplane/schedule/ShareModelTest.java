package io.naru.dataplane.schedule;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.Selection;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What part of the flows each backend gets, and what a choice depends on. */
class ShareModelTest {
    private static final int FLOWS = 200_000;

    private final Random random = Pools.random();
    private int[] flows;

    private int[] counts(final Scheduler scheduler, final int size) {
        final int[] counts = new int[size];
        for (int i = 0; i < FLOWS; i++) {
            counts[scheduler.select(random.nextLong(), random.nextLong())]++;
        }
        return counts;
    }

    /** Six standard deviations of as many independent draws. */
    private static void assertShares(final Candidates pool, final int[] counts) {
        double sum = 0;
        for (int i = 0; i < pool.size(); i++) {
            sum += pool.weight(i);
        }
        for (int i = 0; i < pool.size(); i++) {
            final double share = pool.weight(i) / sum;
            final double deviation = Math.sqrt(FLOWS * share * (1 - share));
            assertEquals(FLOWS * share, counts[i], 6 * deviation + 4, "backend " + i);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"WRR", "RANDOM", "MAGLEV"})
    void shouldBeProportionalToWeights(final Algorithm algorithm) {
        final Candidates pool = Pools.random(random, 1 + random.nextInt(30), 100);
        final Scheduler scheduler = Schedulers.create(algorithm, pool, null, 1)[0];

        assertShares(pool, counts(scheduler, pool.size()));
    }

    /** While a backend starts slowly it counts with a part of its weight, and so do all others. */
    @ParameterizedTest
    @EnumSource(
            names = {"RR", "WRR", "RANDOM", "MAGLEV", "SH", "FO", "LC", "WLC", "SED", "NQ", "P2C"})
    void shouldGiveABackendThatStartsSlowlyItsShareOnly(final Algorithm algorithm) {
        flows = new int[3];
        final Candidates.Builder builder = Candidates.builder();
        for (int i = 0; i < 3; i++) {
            builder.add(i, 7, i == 1 ? 20 : 100, 100, 0, random.nextLong());
        }
        final Candidates pool = builder.build();
        final Scheduler scheduler = Schedulers.create(algorithm, pool, id -> flows[id], 1)[0];

        final int[] counts = new int[3];
        for (int i = 0; i < 22_000; i++) {
            final int backend = scheduler.select(random.nextLong(), random.nextLong());
            flows[backend]++;
            counts[backend]++;
        }

        assertEquals(2_000, counts[1], 300, algorithm.label());
        assertEquals(10_000, counts[0], 600, algorithm.label());
    }

    @Test
    void shouldPickTheLessLoadedOfTwoRandomBackends() {
        flows = new int[50];
        final Scheduler scheduler =
                Schedulers.create(Algorithm.P2C, Pools.equal(50), id -> flows[id], 1)[0];
        for (int i = 0; i < 50_000; i++) {
            flows[scheduler.select(0, 0)]++;
        }

        // one choice would leave some 3 standard deviations, 95; two leave less than log log n
        assertEquals(1_000, Arrays.stream(flows).max().orElseThrow(), 12);
        assertEquals(1_000, Arrays.stream(flows).min().orElseThrow(), 12);
    }

    @Test
    void shouldGoByWeightsWithTwoChoices() {
        flows = new int[3];
        final Scheduler scheduler =
                Schedulers.create(Algorithm.P2C, Pools.weighted(100, 200, 100), id -> flows[id], 1)[
                        0];
        for (int i = 0; i < 4_000; i++) {
            flows[scheduler.select(0, 0)]++;
        }

        assertArrayEquals(new double[] {1_000, 2_000, 1_000}, asDoubles(flows), 40);
    }

    private static double[] asDoubles(final int... values) {
        return Arrays.stream(values).asDoubleStream().toArray();
    }

    @Test
    void shouldFailOverByPriority() {
        final int[] priorities = {1, 5, 3, 5};

        assertArrayEquals(
                new int[] {0, 750, 0, 250},
                flowsByPriority(priorities, 1, 3, 1, 1),
                "those of priority 5, by weight");
        assertArrayEquals(
                new int[] {0, 0, 1_000, 0},
                flowsByPriority(priorities, 1, 0, 1, 0),
                "the next priority");
    }

    private int[] flowsByPriority(final int[] priorities, final int... weights) {
        flows = new int[4];
        final Candidates.Builder builder = Candidates.builder();
        for (int i = 0; i < 4; i++) {
            builder.add(i, weights[i], 100, priorities[i], 1, random.nextLong());
        }
        final Scheduler scheduler =
                Schedulers.create(Algorithm.FO, builder.build(), id -> flows[id], 1)[0];
        for (int i = 0; i < 1_000; i++) {
            flows[scheduler.select(0, 0)]++;
        }

        return flows;
    }

    @ParameterizedTest
    @CsvSource({
        "SH, true, false",
        "SH_PORT, true, false",
        "DH, true, false",
        "MAGLEV, false, true"
    })
    void shouldDependOnNothingButItsHash(
            final Algorithm algorithm, final boolean byKey, final boolean byTuple) {
        final Scheduler scheduler = Schedulers.create(algorithm, Pools.equal(100), null, 1)[0];
        assertEquals(byKey, dependsOnKey(scheduler));
        assertEquals(byTuple, dependsOnTuple(scheduler));
    }

    @Test
    void shouldHashTheSourceAloneWithMaglevWhereThatIsAskedFor() {
        final Scheduler scheduler =
                Schedulers.create(
                        Algorithm.MAGLEV,
                        new Selection(true, Selection.LARGE),
                        Pools.equal(100),
                        null,
                        1)[0];

        assertTrue(dependsOnKey(scheduler));
        assertTrue(!dependsOnTuple(scheduler));
    }

    private boolean dependsOnKey(final Scheduler scheduler) {
        final long tuple = random.nextLong();
        return random.longs(50).map(source -> scheduler.select(tuple, source)).distinct().count()
                > 1;
    }

    private boolean dependsOnTuple(final Scheduler scheduler) {
        final long source = random.nextLong();
        return random.longs(50).map(tuple -> scheduler.select(tuple, source)).distinct().count()
                > 1;
    }

    @ParameterizedTest
    @ValueSource(strings = {"SH", "SH_PORT", "MAGLEV", "DH"})
    void shouldBeTheSameOnEveryBalancer(final String name) {
        final Algorithm algorithm = Algorithm.valueOf(name);
        final Candidates pool = Pools.random(random, 30, 10);
        final Scheduler here = Schedulers.create(algorithm, pool, null, 3)[2];
        final Scheduler there =
                Schedulers.create(algorithm, Pools.shuffled(pool, random), null, 1)[0];
        assertTrue(algorithm.isHash());
        for (int i = 0; i < 10_000; i++) {
            final long tuple = random.nextLong();
            final long source = random.nextLong();
            assertEquals(here.select(tuple, source), there.select(tuple, source));
        }
    }

    /** With sh, sh-port and dh only who must moves; with maglev a few more, as its paper has it. */
    @ParameterizedTest
    @EnumSource(names = {"SH", "SH_PORT", "DH", "MAGLEV"})
    void shouldMoveFewFlowsWhenABackendGoesOrComes(final Algorithm algorithm) {
        final Candidates with = Pools.random(random, 20, 10);
        final boolean[] gone = new boolean[20];
        final int one = random.nextInt(20);
        gone[one] = true;
        final Scheduler before = Schedulers.create(algorithm, with, null, 1)[0];
        final Scheduler after = Schedulers.create(algorithm, Pools.without(with, gone), null, 1)[0];

        int moved = 0;
        int had = 0;
        for (int i = 0; i < FLOWS; i++) {
            final long tuple = random.nextLong();
            final long key = random.nextLong();
            final int was = before.select(tuple, key);
            final int is = after.select(tuple, key);
            had += was == one ? 1 : 0;
            moved += was != one && was != is ? 1 : 0;
        }

        assertTrue(had > 0);
        assertTrue(moved <= (algorithm == Algorithm.MAGLEV ? FLOWS * 0.03 : 0), "moved " + moved);
    }
}
