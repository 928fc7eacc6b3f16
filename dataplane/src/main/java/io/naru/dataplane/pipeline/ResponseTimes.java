package io.naru.dataplane.pipeline;

import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.Limits;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.status.WorkerStats;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/**
 * Measures how long backends take to answer: from the first data of a client to the first data of
 * its backend after it.
 *
 * <p>Only of services that pick backends by it ({@code lrt}) and whose answers pass us. A sample:
 * of the flows that share one of {@value #SLOTS} places one is measured at a time, which bounds
 * memory and cost. Times are those of bursts. Used by one worker; allocates nothing.
 */
final class ResponseTimes {
    static final int SLOTS = 1_024;

    /** An answer that takes longer is none; its place is free again. */
    static final long GIVEN_UP_NS = TimeUnit.SECONDS.toNanos(10);

    private final WorkerStats stats;
    private final long[] entries = new long[SLOTS];
    private final int[] createdTicks = new int[SLOTS];
    private final long[] askedAtNs = new long[SLOTS];
    private final boolean[] isMeasured = new boolean[Limits.MAX_SERVICES];
    private boolean isUsed;

    ResponseTimes(final WorkerStats stats) {
        this.stats = stats;
    }

    void adopt(final ForwardingTable table) {
        Arrays.fill(isMeasured, false);
        isUsed = false;
        for (int id = 0; id < table.serviceIdLimit(); id++) {
            if (table.service(id) != null && table.algorithm(id) == Algorithm.LRT) {
                isMeasured[id] = table.mode(id) == Mode.NAT || table.mode(id) == Mode.FULL_NAT;
                isUsed |= isMeasured[id];
            }
        }
    }

    /** Whether any service wants it. */
    boolean isUsed() {
        return isUsed;
    }

    /** A packet of a flow passes. */
    void note(final PacketBurst burst, final int i, final long entry, final long nowNs) {
        if (!isMeasured[FlowEntry.serviceId(entry)] || burst.payloadLength[i] == 0) {
            return;
        }

        final int slot = (int) (entry / FlowEntry.LENGTH) & (SLOTS - 1);
        final boolean isTaken = entries[slot] != 0 && nowNs - askedAtNs[slot] <= GIVEN_UP_NS;
        final boolean isOwn =
                entries[slot] == entry && createdTicks[slot] == FlowEntry.createdTicks(entry);
        if (burst.direction[i] == FlowEntry.TO_CLIENT) {
            if (isOwn) {
                entries[slot] = 0;
                WorkerStats.responded(
                        stats.backend(FlowEntry.backendId(entry)), nowNs - askedAtNs[slot]);
            }
        } else if (!isTaken || (entries[slot] == entry && !isOwn)) {
            entries[slot] = entry;
            createdTicks[slot] = FlowEntry.createdTicks(entry); // the entry may be another's later
            askedAtNs[slot] = nowNs;
        }
    }
}
