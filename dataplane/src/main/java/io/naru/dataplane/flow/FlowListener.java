package io.naru.dataplane.flow;

/**
 * Hears of flows that the table ends by itself, while their entries can still be read.
 *
 * <p>Called on the worker's thread. A flow that the caller removes itself is not announced.
 */
public interface FlowListener {
    /** The flow was idle for too long. */
    void onFlowExpired(long entry);

    /** The flow had ended, or had not been completed, and made room for a new one. */
    void onFlowEvicted(long entry);
}
