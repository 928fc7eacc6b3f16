package io.naru.controlplane.health;

import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks every backend at its interval and tells a listener of each flip.
 *
 * <p>The first attempts are spread at a thousand a second, later ones move by up to a tenth of the
 * interval, so that checks never come in storms. Everything runs on the thread of the {@link
 * Timers}; no method may be called from another.
 *
 * @param <K> names a backend.
 */
public final class HealthMonitor<K> implements AutoCloseable {
    /** First attempts are spread so that no more than this many begin in a second. */
    static final int FIRST_ATTEMPTS_PER_SECOND = 1_000;

    /** An interval is shortened or lengthened by up to this part of it. */
    static final double JITTER = 0.1;

    private static final Logger LOG = LoggerFactory.getLogger(HealthMonitor.class);

    /**
     * Hears of verdicts that change.
     *
     * @param <K> names a backend.
     */
    @FunctionalInterface
    public interface Listener<K> {
        /**
         * A backend's verdict changed.
         *
         * @param backend whose.
         * @param state as it is now.
         * @param before the verdict until now.
         */
        void onFlip(K backend, HealthState state, HealthState.Verdict before);
    }

    private final Map<String, HealthCheck> checks;
    private final Timers timers;
    private final Random random;
    private final Listener<K> listener;
    private final Map<K, Checked> checked = new HashMap<>();

    /**
     * A monitor that checks nothing yet.
     *
     * @param checks by kind.
     * @param timers the clock.
     * @param random of the jitter.
     * @param listener hears of flips.
     */
    public HealthMonitor(
            final Map<String, HealthCheck> checks,
            final Timers timers,
            final Random random,
            final Listener<K> listener) {
        this.checks = checks;
        this.timers = timers;
        this.random = random;
        this.listener = listener;
    }

    /**
     * Checks exactly these from now on. A check that is unchanged goes on with its state, a changed
     * or new one starts, one that is gone stops.
     *
     * @param wanted what to check.
     * @param start what is known of a backend whose check is new or changed.
     */
    public void replace(
            final Map<K, CheckTarget> wanted, final Function<K, HealthState.Start> start) {
        for (final Iterator<Map.Entry<K, Checked>> i = checked.entrySet().iterator();
                i.hasNext(); ) {
            final Map.Entry<K, Checked> entry = i.next();
            if (!entry.getValue().target.equals(wanted.get(entry.getKey()))) {
                entry.getValue().stop();
                i.remove();
            }
        }

        final int added = wanted.size() - checked.size();
        wanted.forEach(
                (backend, target) -> {
                    if (!checked.containsKey(backend)) {
                        final Checked fresh = new Checked(backend, target, start.apply(backend));
                        checked.put(backend, fresh);
                        fresh.scheduleFirst(added);
                    }
                });
    }

    /**
     * The state of one backend.
     *
     * @param backend which.
     * @return its state, or null when it is not checked.
     */
    public HealthState state(final K backend) {
        final Checked entry = checked.get(backend);
        return entry == null ? null : entry.state;
    }

    /**
     * How one backend is checked.
     *
     * @param backend which.
     * @return its target, or null when it is not checked.
     */
    public CheckTarget target(final K backend) {
        final Checked entry = checked.get(backend);
        return entry == null ? null : entry.target;
    }

    /** Stops all checks; attempts that are under way end without being heard. */
    @Override
    public void close() {
        checked.values().forEach(Checked::stop);
        checked.clear();
    }

    private final class Checked {
        private final K backend;
        private final CheckTarget target;
        private final HealthCheck check;
        private final HealthState state;
        private Runnable cancel = () -> {};
        private boolean stopped;

        Checked(final K backend, final CheckTarget target, final HealthState.Start start) {
            this.backend = backend;
            this.target = target;
            this.check = checks.get(target.kind());
            this.state = new HealthState(target.rise(), target.fall(), start, timers.nowMs());
            if (check == null) {
                throw new IllegalArgumentException("no check of kind '" + target.kind() + "'");
            }
        }

        void scheduleFirst(final int together) {
            final long spreadNs = TimeUnit.SECONDS.toNanos(together) / FIRST_ATTEMPTS_PER_SECOND;
            final long delayNs =
                    (long) (random.nextDouble() * Math.min(spreadNs, target.intervalNs()));
            cancel = timers.after(delayNs, this::attempt);
        }

        private void attempt() {
            if (stopped) {
                return;
            }

            final double jitter = 1 + JITTER * (2 * random.nextDouble() - 1);
            cancel = timers.after((long) (target.intervalNs() * jitter), this::attempt);
            check.attempt(target, this::onResult);
        }

        private void onResult(final CheckResult result) {
            if (stopped) {
                return;
            }

            final HealthState.Verdict before = state.verdict();
            final CheckResult last = state.lastResult();
            if (state.onResult(result, timers.nowMs())) {
                listener.onFlip(backend, state, before);
            } else if (result.outcome() == CheckResult.Outcome.NOT_TRIED) {
                if (last == null || last.outcome() != CheckResult.Outcome.NOT_TRIED) {
                    LOG.warn("check of {}: {}", backend, result.reason());
                }
            } else if (result.outcome() == CheckResult.Outcome.FAILED) {
                LOG.debug("{}: {} ({})", backend, result.reason(), state.progress());
            }
        }

        void stop() {
            stopped = true;
            cancel.run();
        }
    }
}
