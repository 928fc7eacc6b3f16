package io.naru.dataplane.protocol;

/** How the packets of a service are rewritten. */
public enum Mode {
    /** Destination address and port are changed on the way there and back again on the way back. */
    NAT(0, "nat"),
    /** Only the MAC addresses change; the backend has the VIP too and answers the client itself. */
    DSR_L2(1, "dsr-l2"),
    /** Source and destination are changed, so that replies come back to us from anywhere. */
    FULL_NAT(2, "full-nat"),
    /** The packet goes to the backend inside GRE (RFC 2784); the backend answers the client. */
    DSR_GRE(3, "dsr-gre"),
    /**
     * The packet goes to the backend inside IP (RFC 2003, 2473); the backend answers the client.
     */
    DSR_IPIP(4, "dsr-ipip");

    private static final Mode[] BY_CODE = values();

    private final int code;
    private final String label;

    Mode(final int code, final String label) {
        this.code = code;
        this.label = label;
    }

    /** The number that stands for it in commands, in the cnc file and in flow entries; below 16. */
    public int code() {
        return code;
    }

    /** The word that stands for it in the configuration. */
    public String label() {
        return label;
    }

    /** Whether the packet keeps the VIP as its destination and the backend answers the client. */
    public boolean isDsr() {
        return this != NAT && this != FULL_NAT;
    }

    /** Whether the packet goes to the backend inside another one. */
    public boolean isTunnel() {
        return this == DSR_GRE || this == DSR_IPIP;
    }

    /** The mode of a code, or null if there is none. */
    public static Mode ofCode(final int code) {
        return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : null;
    }

    /** The mode of a word of the configuration, or null if there is none. */
    public static Mode ofLabel(final String label) {
        for (final Mode mode : BY_CODE) {
            if (mode.label.equals(label)) {
                return mode;
            }
        }

        return null;
    }
}
