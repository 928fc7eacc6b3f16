package io.naru.dataplane.schedule;

/**
 * Tells how busy a backend is, over all workers. For any worker's thread; takes no lock, allocates
 * nothing.
 */
public interface BackendLoad {
    /**
     * The flows that the backend has now, on all workers. The caller's own flows count at once, up
     * to the one it opened just before; those of other workers as soon as they are seen.
     */
    int activeFlows(int backendId);

    /** Bytes per second in both directions, smoothed; changes about ten times a second. */
    default long bytesPerSecond(final int backendId) {
        return 0;
    }

    /** The time to the first byte of a response, smoothed, in nanoseconds; 0 if not known. */
    default long responseTimeNs(final int backendId) {
        return 0;
    }
}
