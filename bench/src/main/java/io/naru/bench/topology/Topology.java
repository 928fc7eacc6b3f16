package io.naru.bench.topology;

/** Where the balancer stands in a {@link Site}. */
public enum Topology {
    /** Between the clients' router and the servers: two interfaces, in two networks. */
    ROUTED("routed", "[eth0, eth1]"),
    /** Beside the path: one interface, in the servers' network. */
    ONE_ARM("one-arm", "[eth0]"),
    /** A transparent bridge in the servers' network, with a host port for its own checks. */
    BRIDGE("bridge", "[eth0, eth1, host0]");

    private final String title;
    private final String interfaces;

    Topology(final String title, final String interfaces) {
        this.title = title;
        this.interfaces = interfaces;
    }

    /** Its name in a configuration. */
    public String title() {
        return title;
    }

    /** The interfaces that Naru is given if they are in no VLAN, as a list in YAML. */
    public String interfaces() {
        return interfaces;
    }

    /** Whether a mode can be served there. */
    public boolean serves(final Variant variant) {
        return switch (this) {
            case ROUTED, BRIDGE -> true;
            case ONE_ARM -> variant != Variant.NAT;
        };
    }

    /** The mode that a service has here if its configuration names none. */
    public Variant defaultVariant() {
        return this == ONE_ARM ? Variant.DSR_L2 : Variant.NAT;
    }
}
