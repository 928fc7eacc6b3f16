package io.naru.dataplane.status;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.protocol.CncFile;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.DutyCycleDescriptor;
import io.naru.dataplane.protocol.DutyCycleStats;
import io.naru.dataplane.protocol.Limits;
import io.naru.dataplane.protocol.Stats;
import io.naru.dataplane.protocol.StatsReader;
import io.naru.dataplane.protocol.WorkerCounter;
import java.nio.file.Path;
import org.agrona.concurrent.status.CountersManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkerStatsTest {
    @TempDir Path runDirectory;

    @Test
    void shouldSumWorkersForReaders() {
        try (CncFile cncFile = CncFile.create(runDirectory, 2, System::currentTimeMillis);
                CncFile mapped = CncFile.map(runDirectory)) {
            final CountersManager counters = cncFile.countersManager();
            final WorkerStats worker0 = WorkerStats.of(cncFile, counters, 0);
            final WorkerStats worker1 = WorkerStats.of(cncFile, counters, 1);
            final int lastService = Limits.MAX_SERVICES - 1;
            final int lastBackend = Limits.MAX_BACKENDS - 1;

            WorkerStats.count(worker0.service(lastService), 0, 2, 120);
            WorkerStats.count(worker1.service(lastService), 1, 3, 4_000);
            WorkerStats.flowOpened(worker0.backend(lastBackend));
            WorkerStats.flowOpened(worker1.backend(lastBackend));
            WorkerStats.flowClosed(worker1.backend(lastBackend));
            WorkerStats.flowRefused(worker1.backend(lastBackend));
            worker0.add(WorkerCounter.RX_PACKETS, 5);
            worker1.add(WorkerCounter.RX_PACKETS, 7);
            worker1.set(WorkerCounter.EPOCH, 9);
            worker0.drop(DropReason.NO_FLOW.code(), 3);
            worker1.drop(DropReason.NO_FLOW.code(), 4);

            final StatsReader reader = new StatsReader(mapped);
            assertEquals(new Stats(2, 120, 3, 4_000, 0, 0, 0), reader.service(lastService));
            assertEquals(new Stats(0, 0, 0, 0, 2, 1, 1), reader.backend(lastBackend));
            assertEquals(Stats.ZERO, reader.backend(0));
            assertEquals(12, reader.counter(WorkerCounter.RX_PACKETS));
            assertEquals(9, reader.counter(1, WorkerCounter.EPOCH));
            assertEquals(DropReason.count(), reader.drops().size());
            assertEquals(7, reader.drops().get(DropReason.NO_FLOW.code()).packets());
            assertEquals(3, reader.drops(0).get(DropReason.NO_FLOW.code()).packets());
            assertEquals(
                    DropReason.NO_FLOW.label(),
                    reader.drops().get(DropReason.NO_FLOW.code()).name());
            assertEquals(
                    DropReason.NO_FLOW.sentence(),
                    reader.drops().get(DropReason.NO_FLOW.code()).sentence());
            assertEquals(1, new ActiveFlows(cncFile).ofBackend(lastBackend));
            assertEquals(0, new ActiveFlows(cncFile).ofService(lastService));
        }
    }

    @Test
    void shouldHaveRoomForCountersOfAsManyWorkersAsThereMayBe() {
        try (CncFile cncFile =
                CncFile.create(runDirectory, Limits.MAX_WORKERS, System::currentTimeMillis)) {
            final CountersManager counters = cncFile.countersManager();
            for (int worker = 0; worker < Limits.MAX_WORKERS; worker++) {
                WorkerStats.of(cncFile, counters, worker).add(WorkerCounter.TX_PACKETS, 1);
            }

            assertEquals(
                    Limits.MAX_WORKERS, new StatsReader(cncFile).counter(WorkerCounter.TX_PACKETS));
            assertTrue(counters.available() >= 128);
        }
    }

    @Test
    void shouldMeasureTimeFromCycleThatWorkedToTheNext() {
        try (CncFile cncFile = CncFile.create(runDirectory, 1, System::currentTimeMillis)) {
            final WorkerStats stats = WorkerStats.of(cncFile, cncFile.countersManager(), 0);
            final DutyCycleTracker tracker = new DutyCycleTracker(stats);

            cycle(tracker, 1_000, 5);
            cycle(tracker, 2_000, 0); // ends a cycle of 1,000 ns; this one is idle
            cycle(tracker, 900_000, 3);
            cycle(tracker, 905_000, 1);
            cycle(tracker, 905_100, 0);

            final DutyCycleStats cycles = new StatsReader(cncFile).dutyCycles(0);
            assertEquals(3, cycles.total());
            assertEquals(1, cycles.count(DutyCycleDescriptor.bucket(100)));
            assertEquals(127, cycles.percentileNs(33));
            assertEquals(1_023, cycles.percentileNs(50));
            assertEquals(8_191, cycles.percentileNs(100));
            assertEquals(5_000, stats.get(WorkerCounter.DUTY_CYCLE_MAX_NS));
        }
    }

    @Test
    void shouldPutDurationsIntoBucketsOfPowersOfTwo() {
        assertEquals(0, DutyCycleDescriptor.bucket(0));
        assertEquals(0, DutyCycleDescriptor.bucket(1));
        assertEquals(10, DutyCycleDescriptor.bucket(1_024));
        assertEquals(10, DutyCycleDescriptor.bucket(2_047));
        assertEquals(62, DutyCycleDescriptor.bucket(Long.MAX_VALUE));
        assertEquals(2_047, DutyCycleDescriptor.bucketEndNs(10));
        assertEquals(Long.MAX_VALUE, DutyCycleDescriptor.bucketEndNs(62));
    }

    @Test
    void shouldWorkWithoutFile() {
        final WorkerStats stats = WorkerStats.inMemory();

        WorkerStats.flowOpened(stats.backend(3));
        stats.drop(DropReason.NO_FLOW.code(), 2);

        assertEquals(1, WorkerStats.flowsActive(stats.backend(3)));
        assertEquals(2, stats.dropped(DropReason.NO_FLOW));
    }

    private static void cycle(
            final DutyCycleTracker tracker, final long nowNs, final int workCount) {
        tracker.onStart(nowNs);
        tracker.onEnd(workCount);
    }
}
