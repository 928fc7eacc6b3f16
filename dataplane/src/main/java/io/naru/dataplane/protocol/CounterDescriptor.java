package io.naru.dataplane.protocol;

/**
 * How the counters of the cnc file are told apart: by type, and by a key of 8 bytes.
 *
 * <pre>
 *   0            4            8
 *  +------------+------------+
 *  | worker id  | code       |
 *  +------------+------------+
 * </pre>
 *
 * <p>The label is {@code name: sentence}, so that a reader of another version shows them all.
 */
public final class CounterDescriptor {
    /** A {@link WorkerCounter}; the code is the enum's. */
    public static final int WORKER_TYPE_ID = 100;

    /** Packets dropped for one reason by one worker; the code is the reason's. */
    public static final int DROP_TYPE_ID = 101;

    public static final int WORKER_ID_KEY_OFFSET = 0;
    public static final int CODE_KEY_OFFSET = 4;
    public static final int KEY_LENGTH = 8;

    private static final String SEPARATOR = ": ";

    private CounterDescriptor() {}

    public static String label(final String name, final String sentence) {
        return name + SEPARATOR + sentence;
    }

    static String name(final String label) {
        final int end = label.indexOf(SEPARATOR);
        return end < 0 ? label : label.substring(0, end);
    }

    static String sentence(final String label) {
        final int end = label.indexOf(SEPARATOR);
        return end < 0 ? "" : label.substring(end + SEPARATOR.length());
    }
}
