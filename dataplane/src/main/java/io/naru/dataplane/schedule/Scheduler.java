package io.naru.dataplane.schedule;

/**
 * Picks the backend of a new flow.
 *
 * <p>Each worker has its own instance and only its thread calls it, so an instance may keep a
 * position. What it chooses from ({@link Candidates}) never changes: a pool that changes gets new
 * instances. Choosing allocates nothing and takes a bounded time that does not grow with the pool
 * (a flood of new flows is a normal load); {@link LeastCostScheduler} grows with its logarithm.
 */
public interface Scheduler {
    /** What is returned if there is no backend to choose. */
    int NONE = -1;

    /**
     * @param tupleHash {@link StableHash#tuple} of the flow.
     * @param keyHash of the part of the flow that the service's algorithm goes by: {@link
     *     StableHash#source} of the client; for {@code sh-port} {@link StableHash#sourcePort}, for
     *     {@code dh} {@link StableHash#destination}.
     * @return a backend's id, or {@link #NONE}.
     */
    int select(long tupleHash, long keyHash);

    /**
     * What {@link #select} would return now, and nothing is changed by asking. May look at all
     * backends: not for the packet path. Asked from another thread it is right but for what the
     * worker does meanwhile.
     */
    int peek(long tupleHash, long keyHash);

    /**
     * Another choice, after {@link #select} gave a backend that the filter does not admit. Asks the
     * filter a bounded number of times, so in a large pool that is full but for a few it may not
     * find one. The same hashes and the same answers of the filter give the same backend where
     * {@link #select} is decided by hash.
     *
     * @return the id of a backend that the filter admits, or {@link #NONE}.
     */
    int selectOther(long tupleHash, long keyHash, BackendFilter filter);
}
