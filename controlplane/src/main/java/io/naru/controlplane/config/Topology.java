package io.naru.controlplane.config;

/** Where the box stands. */
public enum Topology {
    /** Inline: clients on one side, backends on the other, replies come back through us. */
    ROUTED,
    /** Beside the path, on one interface: backends answer the clients themselves, or us. */
    ONE_ARM,
    /** Inline in one network: all frames pass us, those of services are sent on to backends. */
    BRIDGE
}
