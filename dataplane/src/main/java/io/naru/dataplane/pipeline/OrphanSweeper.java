package io.naru.dataplane.pipeline;

import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowState;
import io.naru.dataplane.flow.FlowTable;
import io.naru.dataplane.flow.FlowVisitor;
import io.naru.dataplane.port.SendList;
import io.naru.dataplane.protocol.FlowRule;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.status.WorkerStats;

/**
 * Ends the flows of backends that are down, off or no longer configured, where their service says
 * so, a bounded number per duty cycle: nobody has to wait for a timeout.
 *
 * <p>Each new table that ends flows of a backend begins a pass over the flow table; without one
 * nothing is looked at. Both ends of a TCP connection get an RST. Where only the client's packets
 * pass us (DSR) its number is not known: such a connection stays until the client's next packet,
 * which tells it (see {@link ResetReply}). Used by one worker; allocates nothing.
 */
final class OrphanSweeper implements FlowVisitor {
    /** Some ten microseconds, as many as the sweep of idle flows. */
    private static final int BUCKET_LIMIT = 256;

    /** Flows ended in a duty cycle: twice as many RSTs as packets in a burst. */
    private static final int FLOW_LIMIT = 64;

    /** RSTs of one bucket's flows at most. */
    private static final int ROOM_FOR_BUCKET = 14;

    private final FlowTable flows;
    private final FlowAccounts accounts;
    private final IdleResets resets;
    private final WorkerStats stats;
    private ForwardingTable table = ForwardingTable.EMPTY;
    private SendList sendList = SendList.NONE;
    private int next;
    private int bucketsLeft;
    private int endedInCycle;
    private long ended;

    OrphanSweeper(
            final FlowTable flows,
            final FlowAccounts accounts,
            final IdleResets resets,
            final WorkerStats stats) {
        this.flows = flows;
        this.accounts = accounts;
        this.resets = resets;
        this.stats = stats;
    }

    void sendList(final SendList list) {
        sendList = list;
    }

    /** A pass that has begun goes on where it is, and once around from there. */
    void adopt(final ForwardingTable table) {
        this.table = table;
        if (hasOrphans()) {
            bucketsLeft = flows.bucketCount();
        }
    }

    private boolean hasOrphans() {
        for (int id = 0; id < table.backendIdLimit(); id++) {
            if (table.hopId(id) < 0 && WorkerStats.flowsActive(stats.backend(id)) > 0) {
                return true;
            }
        }

        return false;
    }

    /** Flows that were ended. */
    long ended() {
        return ended;
    }

    /** Looks at the buckets that are due; as many as are seen are told. */
    int sweep() {
        if (bucketsLeft == 0) {
            return 0;
        }

        endedInCycle = 0;
        int count = 0;
        while (bucketsLeft > 0
                && count < BUCKET_LIMIT
                && endedInCycle < FLOW_LIMIT
                && sendList.room() >= ROOM_FOR_BUCKET) {
            next = flows.visit(next, 1, this);
            next = next == flows.bucketCount() ? 0 : next;
            bucketsLeft--;
            count++;
        }

        return count;
    }

    @Override
    public void onFlow(final long entry) {
        final int backendId = FlowEntry.backendId(entry);
        if (table.hopId(backendId) >= 0
                || table.ruleOf(FlowEntry.serviceId(entry), backendId) == FlowRule.KEEP
                || waitsForClient(FlowEntry.state(entry))) {
            return;
        }

        resets.reset(entry);
        accounts.onFlowClosed(entry);
        flows.remove(entry);
        endedInCycle++;
        ended++;
    }

    private static boolean waitsForClient(final int state) {
        return state == FlowState.ONE_WAY_ESTABLISHED || state == FlowState.ONE_WAY_CLOSING;
    }
}
