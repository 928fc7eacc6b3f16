package io.naru.controlplane.config;

/** What the operator wants of a backend, apart from what its health check finds. */
public enum AdminState {
    /** Takes new flows while its check passes. */
    UP,
    /** Keeps its flows, takes no new ones. */
    DRAIN,
    /** Gets nothing. */
    DOWN
}
