package io.naru.controlplane.health;

/** The monitor's clock: an event loop in the product, a virtual one in tests. */
public interface Timers {
    /**
     * The time of day.
     *
     * @return milliseconds since the epoch.
     */
    long nowMs();

    /**
     * A clock that never jumps.
     *
     * @return nanoseconds since some moment.
     */
    long nowNs();

    /**
     * Runs a task later on the monitor's thread.
     *
     * @param delayNs from now.
     * @param task to run.
     * @return cancels it; without effect once it has run.
     */
    Runnable after(long delayNs, Runnable task);
}
