package io.naru.dataplane.pipeline;

import io.naru.dataplane.flow.FlowAddresses;
import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowListener;
import io.naru.dataplane.flow.FlowState;
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

    /**
     * Half a second: what TCP repeats a SYN after is longer (RFC 6298 §2.1), what a network
     * duplicates comes sooner.
     */
    private static final int REPEAT_TICKS = 30;

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

    /**
     * A client opens again what is open: the backend did not answer its first SYN, or the answer
     * was lost. Each opening counts once: at its first repetition, or when it expires without one.
     */
    void onOpeningRepeated(final long entry, final int nowTicks) {
        if (FlowEntry.state(entry) == FlowState.SYN_SENT
                && isUncounted(entry)
                && nowTicks - FlowEntry.createdTicks(entry) >= REPEAT_TICKS) {
            countUnanswered(entry);
        }
    }

    private static boolean isUncounted(final long entry) {
        return FlowEntry.lastSeenTicks(entry) - FlowEntry.createdTicks(entry) < REPEAT_TICKS;
    }

    private void countUnanswered(final long entry) {
        WorkerStats.openingUnanswered(stats.service(FlowEntry.serviceId(entry)));
        WorkerStats.openingUnanswered(stats.backend(FlowEntry.backendId(entry)));
    }

    @Override
    public void onFlowExpired(final long entry) {
        if (FlowEntry.state(entry) == FlowState.SYN_SENT && isUncounted(entry)) {
            countUnanswered(entry);
        }
        resets.onFlowExpired(entry);
        onFlowClosed(entry);
    }

    @Override
    public void onFlowEvicted(final long entry) {
        onFlowClosed(entry);
    }
}
