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
    /** Maglev: a consistent hash of the whole tuple, the same on every balancer; weighted. */
    MAGLEV(4, "maglev");

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
