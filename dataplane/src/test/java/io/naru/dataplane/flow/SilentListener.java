package io.naru.dataplane.flow;

/** Counts, and says nothing. */
final class SilentListener implements FlowListener {
    int expired;
    int evicted;

    @Override
    public void onFlowExpired(final long entry) {
        expired++;
    }

    @Override
    public void onFlowEvicted(final long entry) {
        evicted++;
    }
}
