package io.naru.dataplane.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.protocol.Algorithm;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The algorithms that go by a cost, beside their definitions; two workers share the backends. */
class LeastCostModelTest {
    private final Random random = Pools.random();
    private int[] flows;
    private long[] responseTimesNs;
    private long[] bytesPerSecond;

    private final BackendLoad load =
            new BackendLoad() {
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
                    return responseTimesNs[backendId];
                }
            };

    private Candidates pool(final int size) {
        flows = new int[size];
        responseTimesNs = random.longs(size, 1_000_000, 100_000_000).toArray();
        bytesPerSecond = new long[size];
        return Pools.random(random, size, 100);
    }

    /** What the definition says of a backend; the least gets the flow. */
    private double cost(final Algorithm algorithm, final Candidates pool, final int i) {
        final double weight = pool.weight(i);
        return switch (algorithm) {
            case LC -> flows[i];
            case WLC -> flows[i] / weight;
            case SED -> (flows[i] + 1) / weight;
            case NQ -> flows[i] == 0 ? -weight : (flows[i] + 1) / weight; // idle: the biggest first
            case LRT -> responseTimesNs[i] * (flows[i] + 1.0) / weight;
            default -> throw new AssertionError(algorithm);
        };
    }

    @ParameterizedTest
    @EnumSource(names = {"LC", "WLC", "SED", "NQ", "LRT"})
    void shouldPickTheLeastByDefinition(final Algorithm algorithm) {
        for (int repeat = 0; repeat < 50; repeat++) {
            final int size = 1 + random.nextInt(LeastCostScheduler.BLOCK);
            final Candidates pool = pool(size);
            final Scheduler[] workers = Schedulers.create(algorithm, pool, load, 2);
            for (int i = 0; i < 500; i++) {
                flows[random.nextInt(size)] = random.nextInt(6); // flows end
                responseTimesNs[random.nextInt(size)] = 1L + random.nextInt(1_000_000_000);

                final int backend = workers[random.nextInt(2)].select(0, 0);

                double least = Double.POSITIVE_INFINITY;
                for (int k = 0; k < size; k++) {
                    least = Math.min(least, cost(algorithm, pool, k));
                }
                assertEquals(least, cost(algorithm, pool, backend), algorithm.label());
                flows[backend] += random.nextInt(8) == 0 ? 0 : 1; // sometimes it is refused
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"WLC", "SED", "NQ"})
    void shouldFillInProportionToTheWeights(final Algorithm algorithm) {
        final Candidates pool = pool(40);
        final Scheduler scheduler = Schedulers.create(algorithm, pool, load, 1)[0];
        final int total = 20_000;
        for (int i = 0; i < total; i++) {
            flows[scheduler.select(0, 0)]++;
        }

        double sum = 0;
        for (int i = 0; i < 40; i++) {
            sum += pool.weight(i);
        }
        for (int i = 0; i < 40; i++) {
            assertEquals(total * pool.weight(i) / sum, flows[i], 3, "backend " + i);
        }
    }

    /** Whoever is idle comes first, though a big backend with few flows would be sooner done. */
    @Test
    void shouldNeverQueueWhileABackendIsIdle() {
        flows = new int[] {1, 0, 0};
        final Candidates pool = Pools.weighted(100, 1, 2);
        final Scheduler scheduler = Schedulers.create(Algorithm.NQ, pool, load, 1)[0];

        assertEquals(2, scheduler.select(0, 0));
        flows[2]++;
        assertEquals(1, scheduler.select(0, 0));
        flows[1]++;
        assertEquals(0, scheduler.select(0, 0));
    }

    @Test
    void shouldTakeABackendThatNobodyMeasuredForAsFastAsTheBest() {
        pool(3);
        responseTimesNs = new long[] {2_000_000, 0, 4_000_000};
        final Scheduler scheduler = Schedulers.create(Algorithm.LRT, Pools.equal(3), load, 1)[0];
        for (int i = 0; i < 1_000; i++) {
            flows[scheduler.select(0, 0)]++;
        }

        // times 2, 2 and 4 ms
        assertEquals(400, flows[0], 3);
        assertEquals(400, flows[1], 3);
        assertEquals(200, flows[2], 3);
    }

    @Test
    void shouldEvenOutBytesPerSecondOverWeights() {
        final Candidates pool = pool(10);
        final Scheduler[] workers = Schedulers.create(Algorithm.LB, pool, load, 2);
        final long[] bytes = new long[10];
        for (int tenth = 0; tenth < 400; tenth++) {
            for (int flow = 0; flow < 50; flow++) {
                final int backend = workers[random.nextInt(2)].select(0, 0);
                flows[backend]++;
                bytes[backend] += 1_000 + random.nextInt(1_000); // each flow goes on for ever
            }
            System.arraycopy(bytes, 0, bytesPerSecond, 0, 10);
        }

        double perWeight = 0;
        double weights = 0;
        for (int i = 0; i < 10; i++) {
            perWeight += bytes[i];
            weights += pool.weight(i);
        }
        perWeight /= weights;
        for (int i = 0; i < 10; i++) {
            assertEquals(
                    perWeight, (double) bytes[i] / pool.weight(i), perWeight * 0.2, "backend " + i);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 16, 100})
    void shouldOverflowInOrderOfPriority(final int size) {
        flows = new int[size];
        final int[] priorities = new int[size];
        final int[] limits = new int[size];
        Arrays.setAll(priorities, i -> random.nextInt(4));
        Arrays.setAll(limits, i -> 1 + random.nextInt(5));
        final Candidates.Builder builder = Candidates.builder();
        for (int i = 0; i < size; i++) {
            builder.add(i, 1, Candidates.FULL_SHARE, priorities[i], limits[i], i);
        }
        final Candidates pool = builder.build();
        final Scheduler scheduler = Schedulers.create(Algorithm.OVF, pool, load, 1)[0];

        for (int total = Arrays.stream(limits).sum(); total > 0; total--) {
            final int backend = scheduler.select(0, 0);
            for (int i = 0; i < size; i++) {
                final boolean isSooner =
                        priorities[i] > priorities[backend]
                                || (priorities[i] == priorities[backend]
                                        && flows[i] < flows[backend]);
                assertTrue(!isSooner || flows[i] == limits[i], "backend " + backend);
            }
            flows[backend]++;
            assertTrue(flows[backend] <= limits[backend], "backend " + backend);
        }
        assertEquals(Scheduler.NONE, scheduler.select(0, 0), "all are full");

        flows[size - 1]--;
        int chosen = Scheduler.NONE;
        for (int i = 0; i < size && chosen == Scheduler.NONE; i++) {
            chosen = scheduler.select(0, 0);
        }
        assertEquals(size - 1, chosen);
    }
}
