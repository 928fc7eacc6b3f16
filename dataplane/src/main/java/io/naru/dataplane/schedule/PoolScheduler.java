package io.naru.dataplane.schedule;

/** What schedulers have in common that know a second choice only by asking again. */
abstract class PoolScheduler implements Scheduler {
    /** Asked again this often, which keeps to the weights. */
    static final int ATTEMPTS = 4;

    /** Then so many backends are tried one after the other. */
    static final int SCAN_LIMIT = 64;

    private static final long NEXT_ATTEMPT = 0x9e37_79b9_7f4a_7c15L; // 2^64 / golden ratio

    private final char[] backendIds;

    PoolScheduler(final Candidates candidates) {
        backendIds = candidates.sortedByIdentity().backendIds();
    }

    @Override
    public final int selectOther(
            final long tupleHash, final long keyHash, final BackendFilter filter) {
        long tuple = tupleHash;
        long key = keyHash;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            tuple += NEXT_ATTEMPT;
            key += NEXT_ATTEMPT;
            final int backendId = select(tuple, key);
            if (filter.admits(backendId)) {
                return backendId;
            }
        }

        return scan(StableHash.range(StableHash.mix(tupleHash), backendIds.length), filter);
    }

    private int scan(final int first, final BackendFilter filter) {
        final int limit = Math.min(SCAN_LIMIT, backendIds.length);
        int index = first;
        for (int i = 0; i < limit; i++) {
            if (filter.admits(backendIds[index])) {
                return backendIds[index];
            }
            index = index + 1 == backendIds.length ? 0 : index + 1;
        }

        return NONE;
    }
}
