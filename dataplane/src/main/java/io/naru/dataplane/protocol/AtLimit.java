package io.naru.dataplane.protocol;

/** What becomes of a flow that a limit has no room for. */
public enum AtLimit {
    /** Another backend takes it; dropped if there is none, or if the limit is the service's. */
    NEXT(0, "next"),
    /** Its packet is dropped: the client tries again. */
    DROP(1, "drop"),
    /** The client gets a RST; a UDP packet is dropped. */
    RESET(2, "reset");

    private static final AtLimit[] BY_CODE = values();

    private final int code;
    private final String label;

    AtLimit(final int code, final String label) {
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
    public static AtLimit ofCode(final int code) {
        return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : null;
    }
}
