package io.naru.dataplane.protocol;

/**
 * What becomes of an IPv4 packet that is too long for the path and may be fragmented. One that may
 * not (the don't-fragment bit is set, or it is IPv6) is always answered with what does fit.
 */
public enum OversizeRule {
    /** The packet itself is fragmented, and each fragment goes its way. */
    INNER(0, "inner"),
    /** In a tunnel mode: the packet around it is fragmented, and the backend puts it together. */
    OUTER(1, "outer"),
    /** It is dropped. */
    DROP(2, "drop");

    private static final OversizeRule[] BY_CODE = values();

    private final int code;
    private final String label;

    OversizeRule(final int code, final String label) {
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

    /** The rule of a code, or null if there is none. */
    public static OversizeRule ofCode(final int code) {
        return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : null;
    }
}
