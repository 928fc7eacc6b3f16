package io.naru.controlplane.config;

import java.time.Duration;

/**
 * When a backend is taken out for connections that it does not open, before its check fails.
 *
 * @param failures openings without an answer or refused, in {@code interval}.
 * @param sharePercent of all openings in {@code interval} that these must be.
 * @param eject how long it is out the first time; a multiple of it each further time.
 * @param maxEjectedPercent of the pool's backends that may be out at once.
 */
public record OutlierRules(
        int failures, int sharePercent, Duration interval, Duration eject, int maxEjectedPercent) {
    public static final OutlierRules DEFAULT =
            new OutlierRules(5, 50, Duration.ofSeconds(10), Duration.ofSeconds(30), 30);
}
