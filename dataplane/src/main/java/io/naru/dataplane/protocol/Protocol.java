package io.naru.dataplane.protocol;

/** The transport protocol of a service; its code is the IANA protocol number. */
public enum Protocol {
    TCP(6, "tcp"),
    UDP(17, "udp");

    private final int code;
    private final String label;

    Protocol(final int code, final String label) {
        this.code = code;
        this.label = label;
    }

    /** The IANA protocol number. */
    public int code() {
        return code;
    }

    /** The word that stands for it in the configuration. */
    public String label() {
        return label;
    }

    /** The protocol of an IANA number, or null if it is not one that we balance. */
    public static Protocol ofCode(final int code) {
        return code == TCP.code ? TCP : code == UDP.code ? UDP : null;
    }

    /** The protocol of a word of the configuration, or null if there is none. */
    public static Protocol ofLabel(final String label) {
        return TCP.label.equals(label) ? TCP : UDP.label.equals(label) ? UDP : null;
    }
}
