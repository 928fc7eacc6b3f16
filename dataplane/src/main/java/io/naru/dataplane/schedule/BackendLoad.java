package io.naru.dataplane.schedule;

/** Tells how busy a backend is. */
public interface BackendLoad {
    /**
     * The flows that the backend has now, on all workers. The caller's own flows count at once, up
     * to the one it opened just before; those of other workers as soon as they are seen.
     */
    int activeFlows(int backendId);
}
