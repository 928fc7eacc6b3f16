package io.naru.dataplane.status;

import io.naru.dataplane.protocol.CncFile;
import io.naru.dataplane.protocol.Limits;
import io.naru.dataplane.protocol.StatsLine;
import io.naru.dataplane.schedule.BackendLoad;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import org.agrona.concurrent.AtomicBuffer;

/**
 * Works out how busy backends are from the statistics of all workers: flows when it is asked, rates
 * and response times ten times a second.
 *
 * <p>{@link #measure} is for one thread; what it found is read by any. Allocates nothing.
 */
public final class LoadMeter implements BackendLoad {
    static final long INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(100);

    /**
     * A response time that has not changed for so long tells nothing of now: a backend that was
     * slow gets flows again, and shows whether it still is.
     */
    static final long STALE_NS = TimeUnit.SECONDS.toNanos(10);

    /** Rates are smoothed over about a second. */
    private static final double SMOOTHING = 0.1;

    private final ActiveFlows activeFlows;
    private final CheckedResponseTimes checkedResponseTimes;
    private final AtomicBuffer backendStats;
    private final int workerCount;
    private final AtomicLongArray ratesAsBits = new AtomicLongArray(Limits.MAX_BACKENDS);
    private final AtomicLongArray responseTimesNs = new AtomicLongArray(Limits.MAX_BACKENDS);
    private final long[] lastBytes = new long[Limits.MAX_BACKENDS];
    private final long[] lastResponseTimesNs = new long[Limits.MAX_BACKENDS];
    private final long[] respondedAtNs = new long[Limits.MAX_BACKENDS];
    private long measuredAtNs;

    public LoadMeter(
            final CncFile cncFile,
            final ActiveFlows activeFlows,
            final CheckedResponseTimes checkedResponseTimes,
            final long nowNs) {
        this.activeFlows = activeFlows;
        this.checkedResponseTimes = checkedResponseTimes;
        backendStats = cncFile.backendStats();
        workerCount = cncFile.workerCount();
        measuredAtNs = nowNs;
    }

    @Override
    public int activeFlows(final int backendId) {
        return activeFlows.ofBackend(backendId);
    }

    @Override
    public long bytesPerSecond(final int backendId) {
        return (long) smoothedRate(backendId);
    }

    /** As packets tell where both directions pass us, else as checks tell. */
    @Override
    public long responseTimeNs(final int backendId) {
        final long ofPackets = responseTimesNs.getOpaque(backendId);
        return ofPackets > 0 ? ofPackets : checkedResponseTimes.ofBackend(backendId);
    }

    /**
     * Looks at the statistics anew if it is time to.
     *
     * @param backendIdLimit one more than the greatest id in use.
     * @return 1 if it did, else 0.
     */
    public int measure(final long nowNs, final int backendIdLimit) {
        final long elapsedNs = nowNs - measuredAtNs;
        if (elapsedNs < INTERVAL_NS) {
            return 0;
        }

        for (int id = 0; id < backendIdLimit; id++) {
            measure(id, nowNs, elapsedNs);
        }
        measuredAtNs = nowNs;
        return 1;
    }

    private void measure(final int backendId, final long nowNs, final long elapsedNs) {
        long bytes = 0;
        long responseTimeNs = 0;
        int responding = 0;
        for (int worker = 0; worker < workerCount; worker++) {
            final int line = StatsLine.backendOffset(worker, backendId);
            bytes += backendStats.getLongOpaque(line + StatsLine.BYTES_TO_BACKEND_OFFSET);
            bytes += backendStats.getLongOpaque(line + StatsLine.BYTES_TO_CLIENT_OFFSET);
            final long ofWorker = backendStats.getLongOpaque(line + StatsLine.RESPONSE_TIME_OFFSET);
            responseTimeNs += ofWorker;
            responding += ofWorker > 0 ? 1 : 0;
        }

        final double rate = Math.max(0, bytes - lastBytes[backendId]) * 1e9 / elapsedNs;
        final double smoothed = smoothedRate(backendId);
        lastBytes[backendId] = bytes;
        ratesAsBits.setOpaque(
                backendId, Double.doubleToRawLongBits(smoothed + (rate - smoothed) * SMOOTHING));
        noteResponseTime(backendId, responding == 0 ? 0 : responseTimeNs / responding, nowNs);
    }

    private double smoothedRate(final int backendId) {
        return Double.longBitsToDouble(ratesAsBits.getOpaque(backendId));
    }

    private void noteResponseTime(
            final int backendId, final long responseTimeNs, final long nowNs) {
        if (responseTimeNs != lastResponseTimesNs[backendId]) {
            lastResponseTimesNs[backendId] = responseTimeNs;
            respondedAtNs[backendId] = nowNs;
        }
        final boolean isStale = nowNs - respondedAtNs[backendId] > STALE_NS;
        responseTimesNs.setOpaque(backendId, isStale ? 0 : responseTimeNs);
    }
}
