package io.naru.dataplane.schedule;

/**
 * {@code sh}, {@code sh-port} and {@code dh}: the backend of the client's address, of its address
 * and port, or of the VIP; see {@link SourceHashTable}.
 */
final class SourceHashScheduler extends PoolScheduler {
    private final SourceHashTable table;

    SourceHashScheduler(final Candidates candidates, final SourceHashTable table) {
        super(candidates);
        this.table = table;
    }

    @Override
    public int select(final long tupleHash, final long keyHash) {
        return table.backendId(keyHash);
    }

    @Override
    public int peek(final long tupleHash, final long keyHash) {
        return table.backendId(keyHash);
    }
}
