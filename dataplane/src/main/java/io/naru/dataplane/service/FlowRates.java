package io.naru.dataplane.service;

import io.naru.dataplane.protocol.Limits;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Holds new flows to a rate, of each service and each backend, over all workers together.
 *
 * <p>For each there is one number, the time at which the next flow would be due if they came evenly
 * (GCRA, ITU-T I.371): a flow that comes up to a second early is let through and moves the time on
 * by an interval. So a second's worth may come at once, and after it as many as the rate says.
 * Workers move the time by compare-and-set, and no flow passes that has not moved it: several
 * workers let through no more than one would. Allocates nothing after the start.
 */
public final class FlowRates {
    private static final long SECOND_NS = TimeUnit.SECONDS.toNanos(1);

    /** A worker that loses the race this often takes it that the others' flows were enough. */
    private static final int ATTEMPTS = 64;

    private final AtomicLongArray dueNs =
            new AtomicLongArray(Limits.MAX_SERVICES + Limits.MAX_BACKENDS);

    /**
     * Whether a service may have one more flow now; if so it counts.
     *
     * @param ratePerSecond above 0.
     */
    public boolean takeOfService(final int serviceId, final int ratePerSecond, final long nowNs) {
        return take(serviceId, ratePerSecond, nowNs);
    }

    /** The same of a backend. */
    public boolean takeOfBackend(final int backendId, final int ratePerSecond, final long nowNs) {
        return take(Limits.MAX_SERVICES + backendId, ratePerSecond, nowNs);
    }

    /** Whether a service may have one more flow now; none is counted. */
    public boolean hasRoomOfService(
            final int serviceId, final int ratePerSecond, final long nowNs) {
        return hasRoom(serviceId, ratePerSecond, nowNs);
    }

    /** The same of a backend. */
    public boolean hasRoomOfBackend(
            final int backendId, final int ratePerSecond, final long nowNs) {
        return hasRoom(Limits.MAX_SERVICES + backendId, ratePerSecond, nowNs);
    }

    private boolean hasRoom(final int index, final int ratePerSecond, final long nowNs) {
        return base(dueNs.get(index), nowNs) - nowNs <= SECOND_NS - SECOND_NS / ratePerSecond;
    }

    /** From when on the next interval counts. */
    private static long base(final long due, final long nowNs) {
        // beyond a second it is of another clock or of another backend with the id
        final boolean isAhead = due - nowNs > 0 && due - nowNs <= SECOND_NS;
        return isAhead ? due : nowNs;
    }

    private boolean take(final int index, final int ratePerSecond, final long nowNs) {
        final long intervalNs = SECOND_NS / ratePerSecond;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            final long due = dueNs.get(index);
            final long base = base(due, nowNs);
            if (base - nowNs > SECOND_NS - intervalNs) {
                return false;
            }
            if (dueNs.compareAndSet(index, due, base + intervalNs)) {
                return true;
            }
        }

        return false;
    }
}
