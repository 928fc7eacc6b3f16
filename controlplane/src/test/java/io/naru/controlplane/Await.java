package io.naru.controlplane;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for what another thread does. */
public final class Await {
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(20);

    private Await() {}

    /** Returns when the condition holds; fails with the message when it does not in time. */
    public static void until(final BooleanSupplier condition, final Supplier<String> message) {
        final long deadlineNs = System.nanoTime() + TIMEOUT_NS;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadlineNs > 0) {
                throw new AssertionError("never happened: " + message.get());
            }
            LockSupport.parkNanos(1_000_000);
        }
    }
}
