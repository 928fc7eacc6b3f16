package io.naru.dataplane;

/** What a worker does when there is nothing to do. */
public enum IdleMode {
    /** Spins, yields, then sleeps for up to 50 microseconds. */
    BACKOFF,
    /** Spins: the lowest latency for a whole CPU. */
    BUSY
}
