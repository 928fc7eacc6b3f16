package io.naru.controlplane.reconcile;

import io.naru.controlplane.config.NaruConfig;
import io.naru.dataplane.protocol.Algorithm;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;

/**
 * Tells the data plane once a second how long backends take to answer their checks, where it cannot
 * see that itself: those of services with a DSR mode that go by it ({@code lrt}).
 *
 * <p>Smoothed. What is lost or unchanged is told again before long. For one thread.
 */
final class ResponseTimeReport {
    static final long INTERVAL_MS = 1_000;

    /** What has changed by less than this part of it is told only now and then. */
    private static final int NOTABLE = 16;

    private static final long REPEAT_MS = 10_000;
    private static final int SMOOTHING = 4;

    private final Sender sender;
    private final ToLongFunction<BackendName> lastDurationNs;
    private final Map<BackendName, Told> told = new HashMap<>();
    private long dueMs;

    /** The way to the data plane. */
    @FunctionalInterface
    interface Sender {
        /** False if it did not go: it is tried again. */
        boolean responseTime(BackendName backend, long responseTimeNs);
    }

    private record Told(long smoothedNs, long sentNs, long atMs) {}

    /**
     * @param lastDurationNs of the last check of a backend that passed; 0 if there is none.
     */
    ResponseTimeReport(final Sender sender, final ToLongFunction<BackendName> lastDurationNs) {
        this.sender = sender;
        this.lastDurationNs = lastDurationNs;
    }

    /** To be called often; does something once a second. */
    void poll(final long nowMs, final NaruConfig config, final Overrides overrides) {
        if (nowMs < dueMs) {
            return;
        }

        dueMs = nowMs + INTERVAL_MS;
        final Set<BackendName> wanted = wanted(config, overrides);
        told.keySet().retainAll(wanted);
        for (final BackendName backend : wanted) {
            final long latestNs = lastDurationNs.applyAsLong(backend);
            if (latestNs > 0) {
                told.put(backend, told(backend, told.get(backend), latestNs, nowMs));
            }
        }
    }

    private Told told(
            final BackendName backend, final Told before, final long latestNs, final long nowMs) {
        if (before == null) {
            final boolean isSent = sender.responseTime(backend, latestNs);
            return new Told(latestNs, isSent ? latestNs : 0, nowMs);
        }

        final long smoothedNs =
                Math.max(1, before.smoothedNs + (latestNs - before.smoothedNs) / SMOOTHING);
        final boolean isNotable =
                Math.abs(smoothedNs - before.sentNs) > before.sentNs / NOTABLE
                        || nowMs - before.atMs >= REPEAT_MS;
        return isNotable && sender.responseTime(backend, smoothedNs)
                ? new Told(smoothedNs, smoothedNs, nowMs)
                : new Told(smoothedNs, before.sentNs, before.atMs);
    }

    private static Set<BackendName> wanted(final NaruConfig config, final Overrides overrides) {
        final Set<BackendName> wanted = new LinkedHashSet<>();
        config.services().stream()
                .filter(service -> service.mode().isDsr())
                .filter(s -> overrides.algorithm(s.name(), s.algorithm()) == Algorithm.LRT)
                .flatMap(service -> config.pool(service.pool()).stream())
                .forEach(
                        pool ->
                                pool.backends()
                                        .forEach(
                                                backend ->
                                                        wanted.add(
                                                                new BackendName(
                                                                        pool.name(),
                                                                        backend.name()))));
        return wanted;
    }
}
