package io.naru.dataplane.status;

import io.naru.dataplane.protocol.WorkerCounter;

/**
 * Measures how long a worker was away from its queues: the time from the start of a duty cycle that
 * did work to the start of the next.
 *
 * <p>Idle cycles are not counted, as a worker that waits is not late. It costs no reading of the
 * clock beyond the one of each duty cycle. Used by its worker only.
 */
public final class DutyCycleTracker {
    private final WorkerStats stats;
    private long startNs;
    private long maxNs;
    private boolean hasWorked;

    public DutyCycleTracker(final WorkerStats stats) {
        this.stats = stats;
    }

    /** A duty cycle begins. */
    public void onStart(final long nowNs) {
        if (hasWorked) {
            final long durationNs = Math.max(0, nowNs - startNs);
            stats.dutyCycle(durationNs);
            if (durationNs > maxNs) {
                maxNs = durationNs;
                stats.set(WorkerCounter.DUTY_CYCLE_MAX_NS, durationNs);
            }
        }

        startNs = nowNs;
    }

    /** The duty cycle has ended. */
    public void onEnd(final int workCount) {
        hasWorked = workCount > 0;
    }
}
