package io.naru.dataplane.protocol;

/** How a service picks the backend of a new flow. */
public enum Algorithm {
    /** Round robin: each backend in turn. */
    RR(0, "rr"),
    /** Weighted round robin, smooth: in turn, in proportion to the weights. */
    WRR(1, "wrr"),
    /** Least connections: the fewest active flows, whatever the weight. */
    LC(2, "lc"),
    /** Source hash: the same client address, the same backend; in proportion to the weights. */
    SH(3, "sh"),
    /** Maglev: a consistent hash, the same on every balancer; weighted. See {@link Selection}. */
    MAGLEV(4, "maglev"),
    /** Weighted least connections: the fewest active flows for its weight. */
    WLC(5, "wlc"),
    /** Shortest expected delay: the fewest flows for its weight if it took this one too. */
    SED(6, "sed"),
    /** Never queue: one without a flow if there is any, else as {@link #SED}. */
    NQ(7, "nq"),
    /** Source hash of address and port; in proportion to the weights. */
    SH_PORT(8, "sh-port"),
    /** Destination hash: the same VIP, the same backend; VIPs in proportion to the weights. */
    DH(9, "dh"),
    /** Power of two choices: of two random ones (by weight) the one with fewer flows for it. */
    P2C(10, "p2c"),
    /** Least response time: smoothed time to the first byte, times flows, over weight. */
    LRT(11, "lrt"),
    /** Least bandwidth: smoothed bytes per second, over weight. */
    LB(12, "lb"),
    /** At random, in proportion to the weights. */
    RANDOM(13, "random"),
    /** Fail-over: the highest priority that there is; among equals as {@link #WLC}. */
    FO(14, "fo"),
    /** Overflow: the highest priority whose limit of flows is not reached; then the next. */
    OVF(15, "ovf");

    private static final Algorithm[] BY_CODE = values();

    private final int code;
    private final String label;

    Algorithm(final int code, final String label) {
        this.code = code;
        this.label = label;
    }

    /** The number that stands for it in commands and in the cnc file. */
    public int code() {
        return code;
    }

    /** Whether a flow's hash alone decides, so that the flow finds its backend again. */
    public boolean isHash() {
        return this == SH || this == SH_PORT || this == DH || this == MAGLEV;
    }

    /**
     * What a service with it counts as of {@link Limits#MAX_HASH_TABLES}: nothing if it has no
     * table, 1 for one of some 65,536 places, ten for a {@link Selection#LARGE} one.
     */
    public int hashTables(final Selection selection) {
        if (this == MAGLEV) {
            return selection.maglevSize() / Selection.SMALL;
        }

        return isHash() ? 1 : 0;
    }

    /** Whether backends of a lower priority get nothing while there is room above. */
    public boolean goesByPriority() {
        return this == FO || this == OVF;
    }

    /** The word that stands for it in the configuration. */
    public String label() {
        return label;
    }

    /** The algorithm of a code, or null if there is none. */
    public static Algorithm ofCode(final int code) {
        return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : null;
    }

    /** The algorithm of a word of the configuration, or null if there is none. */
    public static Algorithm ofLabel(final String label) {
        for (final Algorithm algorithm : BY_CODE) {
            if (algorithm.label.equals(label)) {
                return algorithm;
            }
        }

        return null;
    }
}
