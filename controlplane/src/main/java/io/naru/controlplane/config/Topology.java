package io.naru.controlplane.config;

/** Where the box stands. */
public enum Topology {
    /** Inline: clients on one side, backends on the other, replies come back through us. */
    ROUTED,
    /** Beside the path, on one interface: backends answer the clients themselves. */
    ONE_ARM
}
