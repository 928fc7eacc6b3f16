package io.naru.dataplane;

/** What a worker does with the messages of the conductor; on the worker's thread. */
interface WorkerListener {
    /** Forward by this from now on, and say so with {@link ConductorProxy#adopted}. */
    void onSnapshot(WorkerSnapshot snapshot);

    /** Search the flow table, see {@link FlowSearch}. */
    void onQuery(FlowQuery query);
}
