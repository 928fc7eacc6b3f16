package io.naru.controlplane.config;

import io.naru.controlplane.health.CheckSpec;
import io.naru.controlplane.health.CheckTiming;
import io.naru.dataplane.protocol.IpAddress;
import java.time.Duration;

/**
 * The health check of a pool.
 *
 * @param interval from the start of one check to the start of the next.
 * @param fastInterval the same while a backend changes; null is a quarter of {@code interval}.
 * @param downInterval the same while it is down; null is {@code interval}.
 * @param timeout after which an unanswered check has failed; at most {@code interval}.
 * @param rise passes in a row that bring a backend up.
 * @param fall failures in a row that take it down.
 * @param port where to connect to; 0 is the port that the traffic goes to, see {@link
 *     NaruConfig#checkPort}.
 * @param address that is checked in place of each backend's; null is the backend's.
 * @param source that checks come from; null is as the box chooses.
 * @param path null is the way that each service's packets go.
 * @param damping whether a backend that flaps is held down.
 * @param spec what is asked; null with type none.
 */
public record CheckConfig(
        CheckType type,
        Duration interval,
        Duration fastInterval,
        Duration downInterval,
        Duration timeout,
        int rise,
        int fall,
        int port,
        IpAddress address,
        IpAddress source,
        CheckPath path,
        boolean damping,
        CheckSpec spec) {
    private static final Duration FAST_MIN = Duration.ofMillis(200);
    private static final int FAST_PART = 4;

    public static final CheckConfig NONE = standard(CheckType.NONE, null);
    public static final CheckConfig TCP = standard(CheckType.TCP, CheckSpec.Tcp.CONNECT);

    private static CheckConfig standard(final CheckType type, final CheckSpec spec) {
        return new CheckConfig(
                type,
                Duration.ofSeconds(2),
                null,
                null,
                Duration.ofSeconds(1),
                2,
                3,
                0,
                null,
                null,
                null,
                true,
                spec);
    }

    /** How often, with what is not given filled in. */
    public CheckTiming timing() {
        return new CheckTiming(
                interval.toNanos(),
                fast().toNanos(),
                downInterval == null ? interval.toNanos() : downInterval.toNanos(),
                timeout.toNanos(),
                rise,
                fall,
                damping);
    }

    private Duration fast() {
        if (fastInterval != null) {
            return fastInterval;
        }

        final Duration part = interval.dividedBy(FAST_PART);
        final Duration fast = part.compareTo(FAST_MIN) < 0 ? FAST_MIN : part;
        return fast.compareTo(interval) > 0 ? interval : fast;
    }
}
