package io.naru.controlplane.config;

import java.time.Duration;

/**
 * The health check of a pool.
 *
 * @param interval from the start of one check to the start of the next.
 * @param timeout after which an unanswered check has failed; at most {@code interval}.
 * @param rise passes in a row that bring a backend up.
 * @param fall failures in a row that take it down.
 * @param port where to connect to; 0 is the port that the traffic goes to, see {@link
 *     NaruConfig#checkPort}.
 * @param path null is the way that each service's packets go.
 */
public record CheckConfig(
        CheckType type,
        Duration interval,
        Duration timeout,
        int rise,
        int fall,
        int port,
        CheckPath path) {
    public static final CheckConfig NONE =
            new CheckConfig(
                    CheckType.NONE, Duration.ofSeconds(2), Duration.ofSeconds(1), 2, 3, 0, null);
    public static final CheckConfig TCP =
            new CheckConfig(
                    CheckType.TCP, Duration.ofSeconds(2), Duration.ofSeconds(1), 2, 3, 0, null);
}
