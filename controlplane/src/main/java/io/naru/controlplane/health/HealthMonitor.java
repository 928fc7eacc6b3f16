package io.naru.controlplane.health;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks every target at its interval, once for all backends that share it, and tells a listener of
 * each flip.
 *
 * <pre>
 *   backends         targets (equal ones are one)             attempts
 *   web/s1  ──┐
 *             ├──▶  tcp 10.2.0.1:80 every 2 s   ── timer ──▶  under way: at most 4096
 *   shop/s1 ──┘                                               more wait their turn
 *   web/s2  ─────▶  tcp 10.2.0.2:80 every 2 s   ── timer ──▶
 * </pre>
 *
 * <p>The first attempts are spread at a thousand a second, later ones move by up to a tenth of the
 * interval, so that checks never come in storms. The next attempt at a target is made an interval
 * after the start of the one before, and never before that has ended; one that does not end by
 * itself is given up, so that none can stop the others. Everything runs on the thread of the {@link
 * Timers}; no method may be called from another.
 *
 * @param <K> names a backend.
 */
public final class HealthMonitor<K> implements AutoCloseable {
    /** First attempts are spread so that no more than this many begin in a second. */
    static final int FIRST_ATTEMPTS_PER_SECOND = 1_000;

    /** An interval is shortened or lengthened by up to this part of it. */
    static final double JITTER = 0.1;

    /** So many attempts are under way at once, each with its socket. */
    static final int MAX_UNDER_WAY = 4_096;

    /** An attempt that has not ended so long after its timeout never will. */
    static final long OVERDUE_NS = TimeUnit.SECONDS.toNanos(5);

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

        /**
         * Something that people should know and that changes no verdict: a certificate ends, a
         * backend is held down because it flaps. Told once, not at every attempt.
         */
        default void onNotice(final K backend, final String text) {}

        /**
         * Whether somebody serves in the place of a backend that is held down because it flaps: a
         * whole pool that came and went is better than none.
         */
        default boolean canSpare(final K backend) {
            return true;
        }
    }

    private final HealthCheck check;
    private final Timers timers;
    private final Random random;
    private final Listener<K> listener;
    private final int maxUnderWay;
    private final Map<K, Checked<K>> checked = new HashMap<>();
    private final Map<CheckTarget, Probe> probes = new HashMap<>();
    private final ArrayDeque<Probe> waiting = new ArrayDeque<>();
    private int underWay;

    /**
     * A monitor that checks nothing yet.
     *
     * @param check of all kinds.
     * @param timers the clock.
     * @param random of the jitter.
     * @param listener hears of flips.
     */
    public HealthMonitor(
            final HealthCheck check,
            final Timers timers,
            final Random random,
            final Listener<K> listener) {
        this(check, timers, random, listener, MAX_UNDER_WAY);
    }

    HealthMonitor(
            final HealthCheck check,
            final Timers timers,
            final Random random,
            final Listener<K> listener,
            final int maxUnderWay) {
        this.check = check;
        this.timers = timers;
        this.random = random;
        this.listener = listener;
        this.maxUnderWay = maxUnderWay;
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
        final List<Checked<K>> gone = new ArrayList<>();
        for (final Iterator<Map.Entry<K, Checked<K>>> i = checked.entrySet().iterator();
                i.hasNext(); ) {
            final Map.Entry<K, Checked<K>> entry = i.next();
            if (!entry.getValue().target.equals(wanted.get(entry.getKey()))) {
                gone.add(entry.getValue());
                i.remove();
            }
        }

        final int added = wanted.size() - checked.size();
        wanted.forEach(
                (backend, target) -> {
                    if (!checked.containsKey(backend)) {
                        final Checked<K> fresh =
                                new Checked<>(
                                        backend, target, start.apply(backend), timers.nowMs());
                        checked.put(backend, fresh);
                        probes.computeIfAbsent(target, Probe::new).join(fresh, added);
                    }
                });
        // only now: what moves from one backend to another keeps its probe
        gone.forEach(backend -> probes.get(backend.target).leave(backend));
    }

    /**
     * The state of one backend.
     *
     * @param backend which.
     * @return its state, or null when it is not checked.
     */
    public HealthState state(final K backend) {
        final Checked<K> entry = checked.get(backend);
        return entry == null ? null : entry.state;
    }

    /**
     * How one backend is checked.
     *
     * @param backend which.
     * @return its target, or null when it is not checked.
     */
    public CheckTarget target(final K backend) {
        final Checked<K> entry = checked.get(backend);
        return entry == null ? null : entry.target;
    }

    /**
     * How long a backend's checks took that passed.
     *
     * @param backend which.
     * @return its durations, or null when it is not checked.
     */
    public Durations durations(final K backend) {
        final Checked<K> entry = checked.get(backend);
        return entry == null ? null : probes.get(entry.target).durations;
    }

    /** How many targets are checked: those that backends share are one. */
    public int targetCount() {
        return probes.size();
    }

    /** Stops all checks; attempts that are under way end without being heard. */
    @Override
    public void close() {
        waiting.clear();
        probes.values().forEach(Probe::stop);
        probes.clear();
        checked.clear();
    }

    private static final class Checked<K> {
        private final K backend;
        private final CheckTarget target;
        private final HealthState state;
        private boolean wasHeld;

        Checked(
                final K backend,
                final CheckTarget target,
                final HealthState.Start start,
                final long nowMs) {
            this.backend = backend;
            this.target = target;
            this.state =
                    new HealthState(
                            target.timing().rise(),
                            target.timing().fall(),
                            start,
                            nowMs,
                            target.timing().isDamped() ? new FlapDamping() : null);
        }

        long intervalNs() {
            final CheckTiming timing = target.timing();
            return state.isChanging()
                    ? timing.fastIntervalNs()
                    : state.verdict() == HealthState.Verdict.DOWN
                            ? timing.downIntervalNs()
                            : timing.intervalNs();
        }
    }

    /** The attempts at one target. */
    private final class Probe {
        private final CheckTarget target;
        private final List<Checked<K>> backends = new ArrayList<>();
        private final Durations durations = new Durations();
        private Runnable cancel = () -> {};
        private Attempt attempt; // under way; null if none is
        private boolean isNext; // it has waited, and its place is taken already
        private String warning;

        Probe(final CheckTarget target) {
            this.target = target;
        }

        void join(final Checked<K> backend, final int together) {
            backends.add(backend);
            if (attempt == null && !isNext && !waiting.contains(this)) {
                final long spreadNs =
                        TimeUnit.SECONDS.toNanos(together) / FIRST_ATTEMPTS_PER_SECOND;
                schedule(
                        (long)
                                (random.nextDouble()
                                        * Math.min(spreadNs, target.timing().intervalNs())));
            }
        }

        void leave(final Checked<K> backend) {
            backends.remove(backend);
            if (backends.isEmpty()) {
                probes.remove(target);
                stop();
            }
        }

        private void schedule(final long delayNs) {
            cancel.run();
            cancel = timers.after(delayNs, this::begin);
        }

        private void begin() {
            if (!isNext && underWay >= maxUnderWay) {
                waiting.add(this);
                return;
            }
            if (!isNext) {
                underWay++;
            }

            isNext = false;
            final Attempt begun = new Attempt(this, timers.nowNs());
            attempt = begun;
            cancel =
                    timers.after(
                            target.timeoutNs() + OVERDUE_NS,
                            () ->
                                    begun.onResult(
                                            CheckResult.notTried(
                                                    "the check did not end", target.timeoutNs())));
            try {
                check.attempt(target, begun::onResult);
            } catch (final RuntimeException e) {
                LOG.warn("check of {}", target, e);
                begun.onResult(CheckResult.notTried("could not try: " + e, 0));
            }
        }

        private void onEnd(final Attempt ended, final CheckResult result) {
            attempt = null;
            cancel.run();
            if (result.outcome() == CheckResult.Outcome.PASSED) {
                durations.add(result.durationNs());
            }
            for (final Checked<K> backend : List.copyOf(backends)) {
                tell(backend, result);
            }
            warn(result);
            if (probes.get(target) == this) {
                final double jitter = 1 + JITTER * (2 * random.nextDouble() - 1);
                final long elapsedNs = timers.nowNs() - ended.startNs;
                schedule(Math.max(0, (long) (intervalNs() * jitter) - elapsedNs));
            }
        }

        private long intervalNs() {
            long shortest = Long.MAX_VALUE;
            for (final Checked<K> backend : backends) {
                shortest = Math.min(shortest, backend.intervalNs());
            }

            return shortest;
        }

        private void tell(final Checked<K> backend, final CheckResult result) {
            final HealthState state = backend.state;
            final HealthState.Verdict before = state.verdict();
            final CheckResult last = state.lastResult();
            if (before == HealthState.Verdict.DOWN
                    && result.outcome() == CheckResult.Outcome.PASSED) {
                state.mayBeHeld(listener.canSpare(backend.backend));
            }
            if (state.onResult(result, timers.nowMs())) {
                listener.onFlip(backend.backend, state, before);
            } else if (result.outcome() == CheckResult.Outcome.NOT_TRIED) {
                if (last == null || last.outcome() != CheckResult.Outcome.NOT_TRIED) {
                    LOG.warn("check of {}: {}", backend.backend, result.reason());
                }
            } else if (result.outcome() == CheckResult.Outcome.FAILED) {
                LOG.debug("{}: {} ({})", backend.backend, result.reason(), state.progress());
            }

            final boolean isHeld = state.isHeld();
            if (isHeld && !backend.wasHeld) {
                listener.onNotice(backend.backend, state.progress());
            }
            backend.wasHeld = isHeld;
        }

        private void warn(final CheckResult result) {
            if (result.outcome() != CheckResult.Outcome.PASSED) {
                return;
            }
            if (result.warning() != null && !result.warning().equals(warning)) {
                backends.forEach(each -> listener.onNotice(each.backend, result.warning()));
            }
            warning = result.warning();
        }

        void stop() {
            cancel.run();
            waiting.remove(this);
            if (attempt != null) {
                attempt.isOver = true;
                attempt = null;
                leavePlace();
            } else if (isNext) {
                isNext = false;
                leavePlace();
            }
        }
    }

    /** One attempt; it is heard once. */
    private final class Attempt {
        private final Probe probe;
        private final long startNs;
        private boolean isOver;

        Attempt(final Probe probe, final long startNs) {
            this.probe = probe;
            this.startNs = startNs;
        }

        void onResult(final CheckResult result) {
            if (isOver) {
                return;
            }

            isOver = true;
            leavePlace(); // before the next attempt at the same target: others have waited
            probe.onEnd(this, result);
        }
    }

    private void leavePlace() {
        underWay--;
        final Probe next = waiting.poll();
        if (next != null) {
            underWay++;
            next.isNext = true;
            next.schedule(0); // by a timer: checks that end at once would pile up on the stack
        }
    }
}
