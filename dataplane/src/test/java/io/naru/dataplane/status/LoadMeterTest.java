package io.naru.dataplane.status;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.naru.dataplane.protocol.CncFile;
import io.naru.dataplane.protocol.StatsLine;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoadMeterTest {
    private static final int BACKEND = 3;
    private static final long SECOND_NS = 1_000_000_000L;

    @TempDir Path runDirectory;

    private final CheckedResponseTimes checked = new CheckedResponseTimes();
    private CncFile cncFile;
    private LoadMeter meter;
    private long nowNs = 7 * SECOND_NS;

    @BeforeEach
    void setUp() {
        cncFile = CncFile.create(runDirectory, 2, () -> 1_000);
        meter = new LoadMeter(cncFile, new ActiveFlows(cncFile), checked, nowNs);
    }

    @AfterEach
    void tearDown() {
        cncFile.close();
    }

    private void put(final int worker, final int offset, final long value) {
        cncFile.backendStats().putLong(StatsLine.backendOffset(worker, BACKEND) + offset, value);
    }

    private void measure(final int times) {
        for (int i = 0; i < times; i++) {
            nowNs += LoadMeter.INTERVAL_NS;
            assertEquals(1, meter.measure(nowNs, BACKEND + 1));
        }
    }

    @Test
    void shouldAddUpTheFlowsOfAllWorkers() {
        put(0, StatsLine.FLOWS_ACTIVE_OFFSET, 3);
        put(1, StatsLine.FLOWS_ACTIVE_OFFSET, 4);

        assertEquals(7, meter.activeFlows(BACKEND));
    }

    @Test
    void shouldSmoothBytesOfBothDirectionsAndAllWorkers() {
        for (int tenth = 1; tenth <= 100; tenth++) {
            put(0, StatsLine.BYTES_TO_BACKEND_OFFSET, 100L * tenth);
            put(1, StatsLine.BYTES_TO_CLIENT_OFFSET, 900L * tenth);
            measure(1);
        }
        assertEquals(10_000, (double) meter.bytesPerSecond(BACKEND), 10);

        measure(7); // silence: half of it is forgotten in 0.66 s
        assertEquals(5_000, (double) meter.bytesPerSecond(BACKEND), 300);
        measure(200);
        assertEquals(0, (double) meter.bytesPerSecond(BACKEND), 1);
    }

    @Test
    void shouldMeasureTenTimesASecond() {
        assertEquals(0, meter.measure(nowNs + LoadMeter.INTERVAL_NS - 1, BACKEND + 1));
        assertEquals(1, meter.measure(nowNs + LoadMeter.INTERVAL_NS, BACKEND + 1));
    }

    @Test
    void shouldTakeTheMeanOfTheWorkersThatSawAnAnswer() {
        put(0, StatsLine.RESPONSE_TIME_OFFSET, 2_000);
        measure(1);
        assertEquals(2_000, meter.responseTimeNs(BACKEND));

        put(1, StatsLine.RESPONSE_TIME_OFFSET, 4_000);
        measure(1);
        assertEquals(3_000, meter.responseTimeNs(BACKEND));
    }

    /** Or a backend that was slow once would never be asked again. */
    @Test
    void shouldForgetWhatNobodyHasSeenForTenSeconds() {
        put(0, StatsLine.RESPONSE_TIME_OFFSET, 2_000);
        measure(100);
        assertEquals(2_000, meter.responseTimeNs(BACKEND));

        measure(2);
        assertEquals(0, meter.responseTimeNs(BACKEND));

        put(0, StatsLine.RESPONSE_TIME_OFFSET, 1_000);
        measure(1);
        assertEquals(1_000, meter.responseTimeNs(BACKEND));
    }

    @Test
    void shouldGoByTheChecksWhereAnswersDoNotPassUs() {
        checked.set(BACKEND, 5_000);
        measure(1);
        assertEquals(5_000, meter.responseTimeNs(BACKEND));

        put(0, StatsLine.RESPONSE_TIME_OFFSET, 2_000);
        measure(1);
        assertEquals(2_000, meter.responseTimeNs(BACKEND));
    }
}
