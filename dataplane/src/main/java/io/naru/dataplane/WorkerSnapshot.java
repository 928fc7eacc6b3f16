package io.naru.dataplane;

import io.naru.dataplane.flow.FlowExpiry;
import io.naru.dataplane.schedule.Scheduler;
import io.naru.dataplane.service.ForwardingTable;

/** What a worker forwards by; everything that changes together. Immutable. */
final class WorkerSnapshot {
    /** Of a worker that has been told nothing. */
    static final WorkerSnapshot EMPTY =
            new WorkerSnapshot(ForwardingTable.EMPTY, new Scheduler[0], FlowExpiry.DEFAULT);

    private final ForwardingTable table;
    private final Scheduler[] schedulers;
    private final FlowExpiry expiry;

    /**
     * @param table the same object for every worker.
     * @param schedulers of this worker alone, by service id.
     * @param expiry the same object for every worker.
     */
    WorkerSnapshot(
            final ForwardingTable table, final Scheduler[] schedulers, final FlowExpiry expiry) {
        this.table = table;
        this.schedulers = schedulers;
        this.expiry = expiry;
    }

    ForwardingTable table() {
        return table;
    }

    /** By service id, null where the table has no service; not to be changed. */
    Scheduler[] schedulers() {
        return schedulers;
    }

    FlowExpiry expiry() {
        return expiry;
    }
}
