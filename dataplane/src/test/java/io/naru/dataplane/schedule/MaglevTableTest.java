package io.naru.dataplane.schedule;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MaglevTableTest {
    private static final int LARGE_SIZE = 655_373;

    private final Random random = Pools.random();

    @Test
    void shouldFillTheTableOfThePaper() {
        // Table 1: (offset, skip) of B0, B1, B2 for M = 7; right before and after B1 goes.
        assertArrayEquals(
                slots(1, 0, 1, 0, 2, 2, 0),
                MaglevTable.fill(7, ints(3, 0, 3), ints(4, 2, 1), ints(1, 1, 1)));
        assertArrayEquals(
                slots(0, 0, 0, 0, 1, 1, 1),
                MaglevTable.fill(7, ints(3, 3), ints(4, 1), ints(1, 1)));
    }

    @Test
    void shouldLetWeightsActInEveryRound() {
        // Katran's first version gives 4:3 here, its second 5:2.
        final char[] slots = MaglevTable.fill(7, ints(3, 0), ints(4, 2), ints(2, 1));

        assertArrayEquals(ints(5, 2), counts(slots, 2));
    }

    @Test
    void shouldAgreeWithItsNaiveTwin() {
        for (int i = 0; i < 50; i++) {
            final int size = new int[] {7, 101, 251, 1_021}[random.nextInt(4)];
            final int backends = 1 + random.nextInt(20);
            final int[] offsets = random.ints(backends, 0, size).toArray();
            final int[] skips = random.ints(backends, 1, size).toArray();
            final int[] weights = random.ints(backends, 1, 10).toArray();

            assertArrayEquals(
                    naiveFill(size, offsets, skips, weights),
                    MaglevTable.fill(size, offsets, skips, weights));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 10, 100, 655, 1_000, 5_000})
    void shouldGiveEqualWeightsSlotsThatDifferByOneAtMost(final int backends) {
        final int[] counts = counts(new MaglevTable(Pools.equal(backends), 65_537), backends);

        final int low = 65_537 / backends;
        final int high = backends == 1 ? low : low + 1;
        for (final int count : counts) {
            assertTrue(count == low || count == high, () -> Arrays.toString(counts));
        }
    }

    @Test
    void shouldGiveSlotsInProportionToWeights() {
        for (int repeat = 0; repeat < 20; repeat++) {
            final int backends = 1 + random.nextInt(300);
            final Candidates candidates = Pools.random(random, backends, 1_000);

            final int[] counts = counts(new MaglevTable(candidates, 65_537), backends);

            final double sum = weightSum(candidates);
            for (int i = 0; i < backends; i++) {
                final double share = candidates.weight(i) / sum;
                // Less than one slot each is still due when the table is full.
                assertEquals(65_537 * share, counts[i], 1 + backends * share);
            }
        }
    }

    @Test
    void shouldNotDependOnTheOrderOfTheBackends() {
        final Candidates candidates = Pools.random(random, 50, 100);

        final MaglevTable table = new MaglevTable(candidates, 65_537);
        final MaglevTable other = new MaglevTable(Pools.shuffled(candidates, random), 65_537);

        assertArrayEquals(slots(table), slots(other));
    }

    @Test
    void shouldBeTheSameTableOnEveryMachineAndInEveryVersion() {
        // A balancer of the next release stands beside one of this release during an upgrade.
        final MaglevTable table = new MaglevTable(Pools.weighted(1, 2, 3), 65_537);

        assertEquals(-1_990_303_309, Arrays.hashCode(slots(table)));
    }

    /** The figures: the paper's pseudocode with random offsets and skips, 60 repeats. */
    @ParameterizedTest
    @CsvSource({
        "65537, 1000, 1, 0.679", "65537, 1000, 2, 1.184", "65537, 1000, 5, 2.308",
        "65537, 1000, 10, 3.341", "65537, 1000, 20, 4.652", "65537, 1000, 50, 8.260",
        "65537, 1000, 100, 13.552", "655373, 1000, 1, 0.432", "655373, 1000, 10, 1.576",
        "655373, 1000, 100, 11.053"
    })
    void shouldMoveNoMoreThanThePaperSaysWhenBackendsGo(
            final int size, final int backends, final int gone, final double expectedPercent) {
        final int repeats = size == LARGE_SIZE ? 6 : 20;
        double changedPercent = 0;
        for (int repeat = 0; repeat < repeats; repeat++) {
            changedPercent += changedPercent(size, backends, gone) / repeats;
        }

        System.out.printf(
                "M=%d N=%d k=%d: %.3f %%, expected %.3f %%%n",
                size, backends, gone, changedPercent, expectedPercent);
        assertEquals(expectedPercent, changedPercent, expectedPercent * 0.1);
    }

    /** The median: two of ten skips that are alike move several percent, and are rare. */
    @ParameterizedTest
    @CsvSource({"1, 0.23", "2, 0.23", "5, 0.115"})
    void shouldMoveHardlyAnythingAvoidableInASmallPool(
            final int gone, final double expectedAvoidablePercent) {
        final double[] percents = new double[61];
        Arrays.setAll(percents, i -> changedPercent(65_537, 10, gone) - gone * 10.0);
        Arrays.sort(percents);
        final double median = percents[percents.length / 2];

        System.out.printf(
                "N=10 k=%d: %.3f %% avoidable, expected %.3f %%%n",
                gone, median, expectedAvoidablePercent);
        assertEquals(expectedAvoidablePercent, median, 0.1);
    }

    @ParameterizedTest
    @CsvSource({"65537, 0.71", "655373, 0.096"})
    void shouldNeedAsLittleOverprovisioningAsThePaperSays(
            final int size, final double expectedPercent) {
        final Candidates candidates = Pools.random(random, 1_000, 1);

        final int[] counts = counts(new MaglevTable(candidates, size), 1_000);

        final int max = Arrays.stream(counts).max().orElseThrow();
        assertEquals(expectedPercent, (max * 1_000.0 / size - 1) * 100, 0.01);
    }

    @Test
    void shouldSelectEachSlotForItsShareOfTheHashes() {
        final MaglevTable table = new MaglevTable(Pools.equal(4), 7);
        final int[] counts = new int[4];
        for (int i = 0; i < 700_000; i++) {
            counts[table.backendId(random.nextLong())]++;
        }

        final int[] slots = counts(table, 4);
        for (int i = 0; i < 4; i++) {
            // 6 standard deviations of 700,000 draws at the most
            assertEquals(100_000 * slots[i], counts[i], 2_500);
        }
    }

    @Test
    void shouldRefuseASizeThatIsNotPrime() {
        final Candidates candidates = Pools.equal(3);

        final Exception refusal =
                assertThrows(
                        IllegalArgumentException.class, () -> new MaglevTable(candidates, 65_536));

        assertEquals("the size of a Maglev table must be a prime: 65536", refusal.getMessage());
    }

    private double changedPercent(final int size, final int backends, final int gone) {
        final Candidates all = Pools.random(random, backends, 1);
        final boolean[] isGone = new boolean[backends];
        for (int left = gone; left > 0; ) {
            final int i = random.nextInt(backends);
            left -= isGone[i] ? 0 : 1;
            isGone[i] = true;
        }

        final MaglevTable before = new MaglevTable(all, size);
        final MaglevTable after = new MaglevTable(Pools.without(all, isGone), size);

        int changed = 0;
        for (int slot = 0; slot < size; slot++) {
            changed += before.backendIdOfSlot(slot) == after.backendIdOfSlot(slot) ? 0 : 1;
        }

        return changed * 100.0 / size;
    }

    /** Whole permutations, and the credit of a backend reckoned from the round it is in. */
    private static char[] naiveFill(
            final int size, final int[] offsets, final int[] skips, final int[] weights) {
        final int maxWeight = Arrays.stream(weights).max().orElseThrow();
        final char[] slots = new char[size];
        final boolean[] taken = new boolean[size];
        int free = size;
        for (long round = 1; free > 0; round++) {
            for (int i = 0; i < offsets.length && free > 0; i++) {
                if (round * weights[i] / maxWeight > (round - 1) * weights[i] / maxWeight) {
                    long j = 0;
                    while (taken[slot(offsets[i], skips[i], j, size)]) {
                        j++;
                    }
                    final int slot = slot(offsets[i], skips[i], j, size);
                    taken[slot] = true;
                    slots[slot] = (char) i;
                    free--;
                }
            }
        }

        return slots;
    }

    private static int slot(final int offset, final int skip, final long j, final int size) {
        return (int) ((offset + j * skip) % size);
    }

    private static double weightSum(final Candidates candidates) {
        double sum = 0;
        for (int i = 0; i < candidates.size(); i++) {
            sum += candidates.weight(i);
        }

        return sum;
    }

    private static char[] slots(final MaglevTable table) {
        final char[] slots = new char[table.size()];
        for (int slot = 0; slot < slots.length; slot++) {
            slots[slot] = (char) table.backendIdOfSlot(slot);
        }

        return slots;
    }

    private static int[] counts(final MaglevTable table, final int backends) {
        return counts(slots(table), backends);
    }

    private static int[] counts(final char[] slots, final int backends) {
        final int[] counts = new int[backends];
        for (final char backend : slots) {
            counts[backend]++;
        }

        return counts;
    }

    private static int[] ints(final int... values) {
        return values;
    }

    private static char[] slots(final int... values) {
        final char[] slots = new char[values.length];
        for (int i = 0; i < values.length; i++) {
            slots[i] = (char) values[i];
        }

        return slots;
    }
}
