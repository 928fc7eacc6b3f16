package io.naru.controlplane.health;

import java.util.function.Consumer;

/**
 * Makes one attempt at a backend: one class a kind of check.
 *
 * <p>Used by the monitor's thread alone. An attempt ends by itself, at the latest at the target's
 * timeout, and calls {@code onResult} exactly once on that thread; it may do so before {@code
 * attempt} returns.
 */
@FunctionalInterface
public interface HealthCheck {
    /**
     * Starts an attempt.
     *
     * @param target to try.
     * @param onResult called once with what was found.
     */
    void attempt(CheckTarget target, Consumer<CheckResult> onResult);
}
