package io.naru.dataplane;

/** Something that the conductor tells a worker; immutable. */
interface WorkerMessage {
    /** Calls the method of {@code worker} that this message means; on the worker's thread. */
    void deliver(WorkerListener worker);
}
