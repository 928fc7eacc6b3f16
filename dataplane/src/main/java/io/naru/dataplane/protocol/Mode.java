package io.naru.dataplane.protocol;

/** How the frames of a service are rewritten. */
public enum Mode {
    /** Destination address and port are changed on the way there and back again on the way back. */
    NAT(0, "nat"),
    /** Only the MAC addresses change; the backend has the VIP too and answers the client itself. */
    DSR_L2(1, "dsr-l2");

    private static final Mode[] BY_CODE = values();

    private final int code;
    private final String label;

    Mode(final int code, final String label) {
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
