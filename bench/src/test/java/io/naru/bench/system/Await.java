package io.naru.bench.system;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for a condition, and says what it was when it does not come. */
final class Await {
    private static final long TIMEOUT_SECONDS = 60;
    private static final long POLL_NS = TimeUnit.MILLISECONDS.toNanos(50);

    private Await() {}

    static void until(
            final String what, final BooleanSupplier condition, final Supplier<String> evidence) {
        final long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError(
                        "waited %d s for this: %s%n%s"
                                .formatted(TIMEOUT_SECONDS, what, evidence.get()));
            }

            LockSupport.parkNanos(POLL_NS);
        }
    }
}
