package io.naru.dataplane.protocol;

/**
 * The statistics of a service or a backend, of one worker or summed over all.
 *
 * @param flowsActive a level; the others only grow while the id is in use.
 * @param openingsUnanswered SYNs that got no answer; only where both directions pass us.
 * @param openingsRefused SYNs that were answered with a RST; only where both directions pass us.
 * @param flowsOverLimit flows that a limit had no room for.
 */
public record Stats(
        long packetsToBackend,
        long bytesToBackend,
        long packetsToClient,
        long bytesToClient,
        long flowsOpened,
        long flowsActive,
        long flowsRefused,
        long openingsUnanswered,
        long openingsRefused,
        long flowsOverLimit) {
    public static final Stats ZERO = new Stats(0, 0, 0, 0, 0, 0, 0);

    /** Statistics without what went wrong. */
    public Stats(
            final long packetsToBackend,
            final long bytesToBackend,
            final long packetsToClient,
            final long bytesToClient,
            final long flowsOpened,
            final long flowsActive,
            final long flowsRefused) {
        this(
                packetsToBackend,
                bytesToBackend,
                packetsToClient,
                bytesToClient,
                flowsOpened,
                flowsActive,
                flowsRefused,
                0,
                0,
                0);
    }

    /** Both together. */
    public Stats plus(final Stats other) {
        return new Stats(
                packetsToBackend + other.packetsToBackend,
                bytesToBackend + other.bytesToBackend,
                packetsToClient + other.packetsToClient,
                bytesToClient + other.bytesToClient,
                flowsOpened + other.flowsOpened,
                flowsActive + other.flowsActive,
                flowsRefused + other.flowsRefused,
                openingsUnanswered + other.openingsUnanswered,
                openingsRefused + other.openingsRefused,
                flowsOverLimit + other.flowsOverLimit);
    }
}
