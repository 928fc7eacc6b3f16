package io.naru.dataplane.protocol;

/** What becomes of the flows of a backend that is down, or that is no longer configured. */
public enum FlowRule {
    /** They go on to it, as if it was drained. */
    KEEP(0, "keep"),
    /** They are ended: both ends of a TCP connection get a RST, as far as both are known. */
    RESET(1, "reset"),
    /** A packet that may open a flow gets another backend; the middle of a connection is reset. */
    MOVE(2, "move");

    private static final FlowRule[] BY_CODE = values();

    private final int code;
    private final String label;

    FlowRule(final int code, final String label) {
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
    public static FlowRule ofCode(final int code) {
        return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : null;
    }
}
