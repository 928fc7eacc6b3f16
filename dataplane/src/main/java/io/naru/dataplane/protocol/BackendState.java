package io.naru.dataplane.protocol;

/** Whether a backend gets new flows, keeps its flows, or neither. */
public enum BackendState {
    /** Takes new flows. */
    UP(0, "up"),
    /** Keeps its flows, and takes no new ones but those of clients that are remembered with it. */
    DRAIN(1, "drain"),
    /** Gets nothing. */
    DOWN(2, "down"),
    /**
     * In a command only: leave the state as it is, {@link #DOWN} for a backend that is new. A
     * control plane that has just started and has checked nothing yet says this, so that its
     * restart takes no backend away.
     */
    KEEP(3, "keep"),
    /** Gets nothing, and its flows are ended whatever the service says of flows of a backend. */
    OFF(4, "off"),
    /**
     * Keeps its flows and takes no new ones, as others serve in its place: clients that are
     * remembered with it go to one of those.
     */
    STANDBY(5, "standby");

    private static final BackendState[] BY_CODE = values();

    private final int code;
    private final String label;

    BackendState(final int code, final String label) {
        this.code = code;
        this.label = label;
    }

    /** The number that stands for it in commands and in the cnc file. */
    public int code() {
        return code;
    }

    /** The word that stands for it in output. */
    public String label() {
        return label;
    }

    /** Whether packets of flows that are there may still go to the backend. */
    public boolean keepsFlows() {
        return keepsClients() || this == STANDBY;
    }

    /** Whether clients that are remembered with the backend may still begin flows with it. */
    public boolean keepsClients() {
        return this == UP || this == DRAIN;
    }

    /** The state of a code, or null if there is none. */
    public static BackendState ofCode(final int code) {
        return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : null;
    }
}
