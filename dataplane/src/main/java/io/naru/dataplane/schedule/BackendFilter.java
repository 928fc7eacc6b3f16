package io.naru.dataplane.schedule;

/** Tells which backends may be chosen at this moment; asked for each flow that needs it. */
public interface BackendFilter {
    /** Whether the backend may get one more flow. */
    boolean admits(int backendId);
}
