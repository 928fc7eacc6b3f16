package io.naru.dataplane.schedule;

/** {@code sh}: the backend of the client's address, see {@link SourceHashTable}. */
final class SourceHashScheduler implements Scheduler {
    private final SourceHashTable table;

    SourceHashScheduler(final SourceHashTable table) {
        this.table = table;
    }

    @Override
    public int select(final long tupleHash, final long sourceHash) {
        return table.backendId(sourceHash);
    }
}
