package io.naru.dataplane;

/** Where the box stands. */
public enum Topology {
    /** Between two networks, as a router. */
    ROUTED,
    /** Beside the clients' path, with one interface. */
    ONE_ARM,
    /** Between two parts of one network, as a bridge that nobody sees. */
    BRIDGE
}
