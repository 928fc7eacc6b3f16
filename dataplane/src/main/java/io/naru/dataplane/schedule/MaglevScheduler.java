package io.naru.dataplane.schedule;

/**
 * {@code maglev}: the backend of the hash of the flow or of its client, see {@link MaglevTable}.
 */
final class MaglevScheduler extends PoolScheduler {
    private final MaglevTable table;
    private final boolean hashesSource;

    MaglevScheduler(
            final Candidates candidates, final MaglevTable table, final boolean hashesSource) {
        super(candidates);
        this.table = table;
        this.hashesSource = hashesSource;
    }

    @Override
    public int select(final long tupleHash, final long keyHash) {
        return table.backendId(hashesSource ? keyHash : tupleHash);
    }

    @Override
    public int peek(final long tupleHash, final long keyHash) {
        return select(tupleHash, keyHash);
    }
}
