package io.naru.dataplane.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.protocol.Algorithm;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LeastConnectionsSchedulerTest {
    private final Random random = Pools.random();
    private int[] flows;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 15, 16})
    void shouldPickALeastLoadedBackendWhateverOthersDo(final int backends) {
        final Scheduler scheduler = scheduler(backends, 1)[0];

        for (int i = 0; i < 20_000; i++) {
            flows[random.nextInt(backends)] = random.nextInt(4);
            final int backend = scheduler.select(0, 0);

            assertEquals(Arrays.stream(flows).min().orElseThrow(), flows[backend]);
            flows[backend] += random.nextInt(2); // now and then the flow is refused
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {17, 31, 32, 33, 100, 1_000})
    void shouldAgreeWithItsNaiveTwinInALargePool(final int backends) {
        final Scheduler scheduler = scheduler(backends, 1)[0];
        final int[] known = flows.clone();
        int next = 0;

        for (int i = 0; i < 20_000; i++) {
            for (int j = 0; j < 5; j++) {
                flows[random.nextInt(backends)] = random.nextInt(4);
            }
            final int end = Math.min(next + LeastCostScheduler.BLOCK, backends);
            System.arraycopy(flows, next, known, next, end - next);
            next = end == backends ? 0 : end;

            final int backend = scheduler.select(0, 0);

            assertEquals(Arrays.stream(known).min().orElseThrow(), known[backend]);
            known[backend]++;
            flows[backend]++;
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {16, 17, 100, 1_000})
    void shouldSeeThatABackendLostItsFlowsWithinOneRotation(final int backends) {
        final Scheduler scheduler = scheduler(backends, 1)[0];
        Arrays.fill(flows, 10);
        select(scheduler, backends);
        final int idle = random.nextInt(backends);

        flows[idle] = 0;

        final int rotation = (backends + LeastCostScheduler.BLOCK - 1) / LeastCostScheduler.BLOCK;
        boolean seen = false;
        for (int i = 0; i < rotation && !seen; i++) {
            seen = select(scheduler, 1) == idle;
        }
        assertTrue(seen, "backend " + idle);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 5, 16, 17, 1_000})
    void shouldTakeEqualBackendsInTurn(final int backends) {
        final Scheduler scheduler = scheduler(backends, 1)[0];

        final int[] counts = new int[backends];
        for (int i = 0; i < backends * 10; i++) {
            counts[scheduler.select(0, 0)]++; // the flow is over before the next one comes
            Arrays.fill(flows, 0);
        }

        if (backends <= LeastCostScheduler.BLOCK) {
            assertEquals(10, Arrays.stream(counts).min().orElseThrow());
        }
        assertTrue(Arrays.stream(counts).min().orElseThrow() > 0, () -> Arrays.toString(counts));
    }

    @Test
    void shouldFillALargePoolEvenly() {
        final Scheduler scheduler = scheduler(1_000, 1)[0];

        select(scheduler, 5_000);

        assertEquals(5, Arrays.stream(flows).min().orElseThrow());
        assertEquals(5, Arrays.stream(flows).max().orElseThrow());
    }

    @Test
    void shouldNotSendTheFirstFlowOfEveryWorkerToTheSameBackend() {
        final Scheduler[] workers = scheduler(4, 4);

        for (int i = 0; i < 4; i++) {
            assertEquals(i, workers[i].select(0, 0));
        }
    }

    @Test
    void shouldIgnoreWeights() {
        flows = new int[] {3, 2};
        final Scheduler scheduler =
                Schedulers.create(Algorithm.LC, Pools.weighted(100, 1), id -> flows[id], 1)[0];

        assertEquals(1, scheduler.select(0, 0));
    }

    private Scheduler[] scheduler(final int backends, final int workers) {
        flows = new int[backends];

        return Schedulers.create(Algorithm.LC, Pools.equal(backends), id -> flows[id], workers);
    }

    private int select(final Scheduler scheduler, final int count) {
        int backend = Scheduler.NONE;
        for (int i = 0; i < count; i++) {
            backend = scheduler.select(0, 0);
            flows[backend]++;
        }

        return backend;
    }
}
