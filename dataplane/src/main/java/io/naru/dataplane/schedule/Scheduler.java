package io.naru.dataplane.schedule;

/**
 * Picks the backend of a new flow.
 *
 * <p>Each worker has its own instance and only its thread calls it, so an instance may keep a
 * position. What it chooses from ({@link Candidates}) never changes: a pool that changes gets new
 * instances. Choosing allocates nothing and takes a bounded time that does not grow with the pool
 * (a flood of new flows is a normal load); {@link LeastConnectionsScheduler} grows with its
 * logarithm.
 */
public interface Scheduler {
    /** What {@link #select} returns if there is no backend to choose. */
    int NONE = -1;

    /**
     * @param tupleHash {@link StableHash#tuple} of the flow.
     * @param sourceHash {@link StableHash#source} of the client.
     * @return a backend's id, or {@link #NONE}.
     */
    int select(long tupleHash, long sourceHash);
}
