package io.naru.controlplane.health;

import io.naru.controlplane.health.way.Way;
import java.util.function.Consumer;

/**
 * Makes an attempt by each of a target's ways at once: it passes when all have passed.
 *
 * <p>So a backend that two services share is up only if it answers for both: one that lacks the
 * second VIP would lose that one's clients. What could not be tried says nothing as long as no way
 * has failed.
 */
public final class EachWay implements HealthCheck {
    private final HealthCheck check;

    /** {@code check} makes the attempts, each by {@link CheckTarget#way()}. */
    public EachWay(final HealthCheck check) {
        this.check = check;
    }

    @Override
    public void attempt(final CheckTarget target, final Consumer<CheckResult> onResult) {
        if (target.ways().size() == 1) {
            check.attempt(target, onResult);
            return;
        }

        final Joined joined = new Joined(target.ways().size(), onResult);
        for (final Way way : target.ways()) {
            check.attempt(target.by(way), joined::add);
        }
    }

    private static final class Joined {
        private final Consumer<CheckResult> onResult;
        private int left;
        private CheckResult worst;

        Joined(final int count, final Consumer<CheckResult> onResult) {
            this.left = count;
            this.onResult = onResult;
        }

        void add(final CheckResult result) {
            if (worst == null || rank(result) > rank(worst)) {
                worst = result;
            }
            if (--left == 0) {
                onResult.accept(worst);
            }
        }

        private static int rank(final CheckResult result) {
            return switch (result.outcome()) {
                case PASSED -> 0;
                case NOT_TRIED -> 1;
                case FAILED -> 2;
            };
        }
    }
}
