package io.naru.dataplane.protocol;

/** The cnc file cannot be created or mapped; the message says why and what to do. */
public final class CncFileException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What is wrong with it. */
    public enum Reason {
        /** There is none: the data plane was never started with this run directory. */
        ABSENT,
        /** Another data plane that is alive uses it. */
        IN_USE,
        /** It was written by another version of Naru. */
        VERSION,
        /** It is no cnc file, or not a whole one. */
        DAMAGED,
        /** The operating system refuses it. */
        REFUSED
    }

    private final Reason reason;

    public CncFileException(final Reason reason, final String message) {
        super(message);
        this.reason = reason;
    }

    public CncFileException(final Reason reason, final String message, final Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
