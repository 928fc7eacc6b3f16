package io.naru.dataplane.protocol;

/**
 * The statistics of a service or a backend, of one worker or summed over all.
 *
 * @param flowsActive a level; the others only grow while the id is in use.
 */
public record Stats(
        long packetsToBackend,
        long bytesToBackend,
        long packetsToClient,
        long bytesToClient,
        long flowsOpened,
        long flowsActive,
        long flowsRefused) {
    public static final Stats ZERO = new Stats(0, 0, 0, 0, 0, 0, 0);
}
