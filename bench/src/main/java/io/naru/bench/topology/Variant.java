package io.naru.bench.topology;

import java.util.Locale;

/**
 * A mode as a site tries it: with a tunnel, once over each family.
 *
 * <p>Each has ports of its own, so that a box can serve all of them on one VIP.
 */
public enum Variant {
    NAT("nat", 0),
    FULL_NAT("full-nat", 1),
    DSR_L2("dsr-l2", 2),
    GRE_OVER_IPV4("dsr-gre", 3),
    GRE_OVER_IPV6("dsr-gre", 4),
    IPIP_OVER_IPV4("dsr-ipip", 5),
    IPIP_OVER_IPV6("dsr-ipip", 6);

    private static final int FIRST_WEB_PORT = 8100;
    private static final int FIRST_FAR_PORT = 8200;
    private static final int FIRST_NEAR_PORT = 8300;

    private final String mode;
    private final int number;

    Variant(final String mode, final int number) {
        this.mode = mode;
        this.number = number;
    }

    /** The mode's name in a configuration. */
    public String mode() {
        return mode;
    }

    /** Whether replies go from the backend to the client, past us. */
    public boolean isDirectReturn() {
        return this != NAT && this != FULL_NAT;
    }

    public boolean isTunnel() {
        return isDirectReturn() && this != DSR_L2;
    }

    /** Whether the backends see the client's own address. */
    public boolean showsTheClient() {
        return this != FULL_NAT;
    }

    /** The family of the backends' addresses, which is that of a tunnel's outer header. */
    public Family backendFamily(final Family vip) {
        return switch (this) {
            case GRE_OVER_IPV4, IPIP_OVER_IPV4 -> Family.IPV4;
            case GRE_OVER_IPV6, IPIP_OVER_IPV6 -> Family.IPV6;
            case NAT, FULL_NAT, DSR_L2 -> vip;
        };
    }

    /** Port of the service that every web server takes part in. */
    public int webPort() {
        return FIRST_WEB_PORT + number;
    }

    /** Port of the service whose only backend is behind a router with a smaller MTU. */
    public int farPort() {
        return FIRST_FAR_PORT + number;
    }

    /** Port of the TCP and UDP services whose only backend is {@code s1}. */
    public int nearPort() {
        return FIRST_NEAR_PORT + number;
    }

    /** A name for services, such as {@code gre-over-ipv4}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
