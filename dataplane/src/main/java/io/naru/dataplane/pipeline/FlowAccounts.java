package io.naru.dataplane.pipeline;

import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowListener;
import io.naru.dataplane.status.WorkerStats;

/**
 * Keeps account of the flows of each service and backend, however they begin and end.
 *
 * <p>Made before the flow table, whose listener it is. Used by one worker.
 */
public final class FlowAccounts implements FlowListener {
    private final WorkerStats stats;

    public FlowAccounts(final WorkerStats stats) {
        this.stats = stats;
    }

    /** A flow is in the table from now on; its service and backend are set. */
    void onFlowOpened(final long entry) {
        WorkerStats.flowOpened(stats.service(FlowEntry.serviceId(entry)));
        WorkerStats.flowOpened(stats.backend(FlowEntry.backendId(entry)));
    }

    /** A flow is about to be removed from the table. */
    void onFlowClosed(final long entry) {
        WorkerStats.flowClosed(stats.service(FlowEntry.serviceId(entry)));
        WorkerStats.flowClosed(stats.backend(FlowEntry.backendId(entry)));
    }

    /** A flow could not begin as no backend takes new ones. */
    void onFlowRefused(final int serviceId) {
        WorkerStats.flowRefused(stats.service(serviceId));
    }

    @Override
    public void onFlowExpired(final long entry) {
        onFlowClosed(entry);
    }

    @Override
    public void onFlowEvicted(final long entry) {
        onFlowClosed(entry);
    }
}
