package io.naru.dataplane.status;

import io.naru.dataplane.protocol.Limits;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The response times of backends as the client's checks measured them: all there is where the
 * answers of a backend do not pass us.
 *
 * <p>Set by one thread, read by any; allocates nothing.
 */
public final class CheckedResponseTimes {
    /** Nothing was measured. */
    public static final long NONE = 0;

    private final AtomicLongArray timesNs = new AtomicLongArray(Limits.MAX_BACKENDS);

    public void set(final int backendId, final long responseTimeNs) {
        timesNs.setOpaque(backendId, responseTimeNs);
    }

    /** In nanoseconds, or {@link #NONE}. */
    public long ofBackend(final int backendId) {
        return timesNs.getOpaque(backendId);
    }
}
