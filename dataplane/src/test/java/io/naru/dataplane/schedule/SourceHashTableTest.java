package io.naru.dataplane.schedule;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.protocol.Algorithm;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SourceHashTableTest {
    private final Random random = Pools.random();

    @Test
    void shouldMoveOnlyTheClientsOfBackendsThatGo() {
        final Candidates all = Pools.random(random, 50, 10);
        final boolean[] gone = new boolean[50];
        for (int i = 0; i < 10; i++) {
            gone[random.nextInt(50)] = true;
        }

        final int[] before = rows(new SourceHashTable(all));
        final int[] after = rows(new SourceHashTable(Pools.without(all, gone)));

        for (int row = 0; row < before.length; row++) {
            if (gone[before[row]]) {
                assertTrue(!gone[after[row]], "row " + row);
            } else {
                assertEquals(before[row], after[row], "row " + row);
            }
        }
    }

    @Test
    void shouldMoveClientsOnlyToABackendWhoseWeightGrows() {
        final int[] weights = random.ints(20, 1, 100).toArray();
        final int grown = random.nextInt(20);

        final int[] before = rows(new SourceHashTable(Pools.weighted(weights)));
        weights[grown] *= 2;
        final int[] after = rows(new SourceHashTable(Pools.weighted(weights)));

        for (int row = 0; row < before.length; row++) {
            assertTrue(after[row] == before[row] || after[row] == grown, "row " + row);
        }
    }

    @Test
    void shouldAgreeWithItsNaiveTwin() {
        for (int repeat = 0; repeat < 3; repeat++) {
            final Candidates candidates = Pools.random(random, 1 + random.nextInt(30), 100);
            final int[] rows = rows(new SourceHashTable(candidates));

            for (int row = 0; row < rows.length; row++) {
                assertEquals(naiveWinner(candidates, row), rows[row], "row " + row);
            }
        }
    }

    @Test
    void shouldShareClientsInProportionToWeights() {
        final Candidates candidates = Pools.random(random, 20, 10);
        final int[] counts = new int[20];
        for (final int backend : rows(new SourceHashTable(candidates))) {
            counts[backend]++;
        }

        double sum = 0;
        for (int i = 0; i < 20; i++) {
            sum += candidates.weight(i);
        }
        for (int i = 0; i < 20; i++) {
            final double share = candidates.weight(i) / sum;
            final double deviation = Math.sqrt(SourceHashTable.ROWS * share * (1 - share));
            assertEquals(SourceHashTable.ROWS * share, counts[i], 6 * deviation);
        }
    }

    @Test
    void shouldNotDependOnTheOrderOfTheBackends() {
        final Candidates candidates = Pools.random(random, 30, 100);

        assertArrayEquals(
                rows(new SourceHashTable(candidates)),
                rows(new SourceHashTable(Pools.shuffled(candidates, random))));
    }

    @Test
    void shouldBeTheSameTableOnEveryMachineAndInEveryVersion() {
        assertEquals(
                -1_183_807_487,
                Arrays.hashCode(rows(new SourceHashTable(Pools.weighted(1, 2, 3)))));
    }

    @Test
    void shouldSendAClientToOneBackendWhateverItCalls() {
        final Scheduler[] workers = Schedulers.create(Algorithm.SH, Pools.equal(10), null, 2);

        for (int i = 0; i < 1_000; i++) {
            final long source = random.nextLong();
            assertEquals(
                    workers[0].select(random.nextLong(), source),
                    workers[1].select(random.nextLong(), source));
        }
    }

    private static int naiveWinner(final Candidates candidates, final int row) {
        double earliest = Double.MAX_VALUE;
        int winner = -1;
        for (int i = 0; i < candidates.size(); i++) {
            final long rowHash = StableHash.mix(row ^ 0xa076_1d64_78bd_642fL);
            final long hash = StableHash.mix(rowHash ^ candidates.identity(i));
            final double uniform = ((hash >>> 11) + 1) / Math.pow(2, 53);
            final double time = -StrictMath.log(uniform) / candidates.weight(i);
            if (time < earliest) {
                earliest = time;
                winner = candidates.backendId(i);
            }
        }

        return winner;
    }

    private static int[] rows(final SourceHashTable table) {
        final int[] rows = new int[SourceHashTable.ROWS];
        for (int row = 0; row < rows.length; row++) {
            rows[row] = table.backendId((long) row << 48);
        }

        return rows;
    }
}
