package io.naru.dataplane.pipeline;

import io.naru.dataplane.flow.FlowAddresses;
import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowListener;
import io.naru.dataplane.flow.FlowTable;
import io.naru.dataplane.flow.LocalPorts;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.status.WorkerStats;

/**
 * Keeps account of the flows of each service and backend, and of the local ports that they have,
 * however they begin and end.
 *
 * <p>Made before the flow table, whose listener it is. Used by one worker.
 */
public final class FlowAccounts implements FlowListener {
    private static final int FULL_NAT = Mode.FULL_NAT.code();

    private final WorkerStats stats;
    private FlowTable flows;
    private LocalPorts localPorts;
    private IdleResets resets;

    public FlowAccounts(final WorkerStats stats) {
        this.stats = stats;
    }

    /** Before the first flow: the table, the ports of its {@code full-nat} flows, the resets. */
    void attach(final FlowTable flows, final LocalPorts localPorts, final IdleResets resets) {
        this.flows = flows;
        this.localPorts = localPorts;
        this.resets = resets;
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
        if (FlowEntry.mode(entry) == FULL_NAT) {
            final long addresses = flows.addresses(entry);
            localPorts.free(
                    FlowAddresses.localId(addresses),
                    FlowEntry.protocol(entry),
                    FlowAddresses.localPortNet(addresses));
        }
    }

    /** A flow could not begin as no backend takes new ones. */
    void onFlowRefused(final int serviceId) {
        WorkerStats.flowRefused(stats.service(serviceId));
    }

    @Override
    public void onFlowExpired(final long entry) {
        resets.onFlowExpired(entry);
        onFlowClosed(entry);
    }

    @Override
    public void onFlowEvicted(final long entry) {
        onFlowClosed(entry);
    }
}
