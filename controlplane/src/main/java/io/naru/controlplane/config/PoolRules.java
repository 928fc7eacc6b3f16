package io.naru.controlplane.config;

import java.time.Duration;

/**
 * How a pool behaves under change.
 *
 * @param slowStart how long a backend that comes up takes to get its whole share; zero is at once.
 * @param quorum weight that must be up for the pool to serve; 0 is any.
 * @param hysteresis by how much the weight must go below or above {@code quorum} to change that.
 * @param panicPercent when fewer of the backends are up, all of them are taken for up; 0 is never.
 * @param outliers null when no outlier is looked for.
 */
public record PoolRules(
        Duration slowStart, int quorum, int hysteresis, int panicPercent, OutlierRules outliers) {
    public static final PoolRules NONE = new PoolRules(Duration.ZERO, 0, 0, 0, null);
}
