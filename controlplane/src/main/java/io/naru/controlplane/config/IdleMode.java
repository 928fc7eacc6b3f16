package io.naru.controlplane.config;

/** What a worker does when there is no packet. */
public enum IdleMode {
    /** Spins, then yields, then parks: no core burnt, some microseconds to wake up. */
    BACKOFF,
    /** Polls without end: lowest latency, one whole core a worker. */
    BUSY
}
