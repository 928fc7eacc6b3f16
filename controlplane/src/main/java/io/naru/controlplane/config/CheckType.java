package io.naru.controlplane.config;

/** How a pool's backends are checked. */
public enum CheckType {
    /** A TCP connection that is accepted in time. */
    TCP,
    /** Not at all: a backend is up unless an operator says otherwise. */
    NONE
}
