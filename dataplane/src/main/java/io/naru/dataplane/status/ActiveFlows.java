package io.naru.dataplane.status;

import io.naru.dataplane.protocol.CncFile;
import io.naru.dataplane.protocol.StatsLine;
import org.agrona.concurrent.AtomicBuffer;

/**
 * Sums the active flows of a service or a backend over all workers.
 *
 * <p>For any thread; a number of another worker may be as old as a store takes to be seen.
 * Allocates nothing.
 */
public final class ActiveFlows {
    private final int workerCount;
    private final AtomicBuffer serviceStats;
    private final AtomicBuffer backendStats;

    public ActiveFlows(final CncFile cncFile) {
        workerCount = cncFile.workerCount();
        serviceStats = cncFile.serviceStats();
        backendStats = cncFile.backendStats();
    }

    public int ofBackend(final int backendId) {
        long sum = 0;
        for (int worker = 0; worker < workerCount; worker++) {
            sum +=
                    backendStats.getLongOpaque(
                            StatsLine.backendOffset(worker, backendId)
                                    + StatsLine.FLOWS_ACTIVE_OFFSET);
        }

        return (int) Math.min(sum, Integer.MAX_VALUE);
    }

    public int ofService(final int serviceId) {
        long sum = 0;
        for (int worker = 0; worker < workerCount; worker++) {
            sum +=
                    serviceStats.getLongOpaque(
                            StatsLine.serviceOffset(worker, serviceId)
                                    + StatsLine.FLOWS_ACTIVE_OFFSET);
        }

        return (int) Math.min(sum, Integer.MAX_VALUE);
    }

    /** Zeroes the lines of a service that no worker writes to any more. */
    public void clearService(final int serviceId) {
        for (int worker = 0; worker < workerCount; worker++) {
            serviceStats.setMemory(
                    StatsLine.serviceOffset(worker, serviceId), StatsLine.LENGTH, (byte) 0);
        }
    }

    /** Zeroes the lines of a backend that no worker writes to any more. */
    public void clearBackend(final int backendId) {
        for (int worker = 0; worker < workerCount; worker++) {
            backendStats.setMemory(
                    StatsLine.backendOffset(worker, backendId), StatsLine.LENGTH, (byte) 0);
        }
    }
}
