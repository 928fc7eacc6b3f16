package io.naru.dataplane.schedule;

/** {@code maglev}: the backend of the flow's hash, see {@link MaglevTable}. */
final class MaglevScheduler implements Scheduler {
    private final MaglevTable table;

    MaglevScheduler(final MaglevTable table) {
        this.table = table;
    }

    @Override
    public int select(final long tupleHash, final long sourceHash) {
        return table.backendId(tupleHash);
    }
}
