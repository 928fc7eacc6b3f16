package io.naru.controlplane.reconcile;

import io.naru.dataplane.protocol.Stats;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * Turns statistics that only grow into rates: the difference of the two latest samples of each
 * name.
 *
 * @param <K> names a service or a backend.
 */
public final class Rates<K> {
    /** What happened in a second. */
    public record Rate(double newFlows, double packets, double bits) {
        public static final Rate ZERO = new Rate(0, 0, 0);

        /** Both together. */
        public Rate plus(final Rate other) {
            return new Rate(newFlows + other.newFlows, packets + other.packets, bits + other.bits);
        }
    }

    private record Sample(Stats stats, long atMs) {}

    private Map<K, Sample> samples = Map.of();
    private Map<K, Rate> rates = Map.of();

    /** Takes a sample of all names that there are now. */
    public void sample(
            final Iterable<K> names, final Function<K, Stats> statsOf, final long nowMs) {
        final Map<K, Sample> fresh = new HashMap<>();
        final Map<K, Rate> freshRates = new HashMap<>();
        for (final K name : names) {
            final Sample sample = new Sample(statsOf.apply(name), nowMs);
            fresh.put(name, sample);
            freshRates.put(name, between(samples.get(name), sample));
        }
        samples = fresh;
        rates = freshRates;
    }

    /** Forgets all: another data plane counts from zero. */
    public void clear() {
        samples = Map.of();
        rates = Map.of();
    }

    public Rate rate(final K name) {
        return rates.getOrDefault(name, Rate.ZERO);
    }

    private static Rate between(final Sample from, final Sample to) {
        if (from == null || to.atMs <= from.atMs || flows(to) < flows(from)) {
            return Rate.ZERO;
        }

        final double perSecond = 1_000.0 / (to.atMs - from.atMs);
        return new Rate(
                (flows(to) - flows(from)) * perSecond,
                (packets(to) - packets(from)) * perSecond,
                (bytes(to) - bytes(from)) * 8 * perSecond);
    }

    private static long flows(final Sample sample) {
        return sample.stats.flowsOpened();
    }

    private static long packets(final Sample sample) {
        return sample.stats.packetsToBackend() + sample.stats.packetsToClient();
    }

    private static long bytes(final Sample sample) {
        return sample.stats.bytesToBackend() + sample.stats.bytesToClient();
    }
}
