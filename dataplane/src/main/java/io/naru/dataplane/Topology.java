package io.naru.dataplane;

/** Where the box stands. */
public enum Topology {
    /** Between two networks, as a router. */
    ROUTED,
    /** Beside the clients' path, with one interface; backends answer clients directly. */
    ONE_ARM
}
