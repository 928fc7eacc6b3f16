package io.naru.dataplane.schedule;

import java.util.Arrays;

/**
 * The backends that may take new flows: what a scheduler is made from.
 *
 * <p>The caller leaves out drained and down backends; those of weight 0 are left out here.
 * Immutable and comparable: a service whose candidates and algorithm stay the same keeps its
 * schedulers.
 */
public final class Candidates {
    public static final int WEIGHT_MAX = 65_535;

    private final int[] backendIds;
    private final int[] weights;
    private final long[] identities;

    private Candidates(final int[] backendIds, final int[] weights, final long[] identities) {
        this.backendIds = backendIds;
        this.weights = weights;
        this.identities = identities;
    }

    /**
     * @param backendIds 0 to 65,535.
     * @param weights 0 to {@link #WEIGHT_MAX}, in the order of the ids.
     * @param identities {@link StableHash#backendIdentity} of each: what it is called on every
     *     balancer, whatever its id here.
     */
    public static Candidates of(
            final int[] backendIds, final int[] weights, final long[] identities) {
        if (weights.length != backendIds.length || identities.length != backendIds.length) {
            throw new IllegalArgumentException(
                    "%d backends, but %d weights and %d identities"
                            .formatted(backendIds.length, weights.length, identities.length));
        }

        final int[] positions = new int[backendIds.length];
        int count = 0;
        for (int i = 0; i < backendIds.length; i++) {
            if (backendIds[i] < 0 || backendIds[i] > Character.MAX_VALUE) {
                throw new IllegalArgumentException("backend id " + backendIds[i]);
            }
            if (weights[i] < 0 || weights[i] > WEIGHT_MAX) {
                throw new IllegalArgumentException(
                        "backend %d: weight must be 0 to %d, not %d"
                                .formatted(backendIds[i], WEIGHT_MAX, weights[i]));
            }
            if (weights[i] > 0) {
                positions[count++] = i;
            }
        }

        final int[] ids = new int[count];
        final int[] positiveWeights = new int[count];
        final long[] names = new long[count];
        for (int i = 0; i < count; i++) {
            ids[i] = backendIds[positions[i]];
            positiveWeights[i] = weights[positions[i]];
            names[i] = identities[positions[i]];
        }

        return new Candidates(ids, positiveWeights, names);
    }

    /** The same backends in the order of their identities, which is the same on every balancer. */
    Candidates sortedByIdentity() {
        final Integer[] order = new Integer[size()];
        Arrays.setAll(order, i -> i);
        Arrays.sort(
                order,
                (a, b) -> {
                    final int byIdentity = Long.compare(identities[a], identities[b]);
                    return byIdentity != 0 ? byIdentity : backendIds[a] - backendIds[b];
                });

        final int[] ids = new int[size()];
        final int[] sortedWeights = new int[size()];
        final long[] names = new long[size()];
        for (int i = 0; i < size(); i++) {
            ids[i] = backendIds[order[i]];
            sortedWeights[i] = weights[order[i]];
            names[i] = identities[order[i]];
        }

        return new Candidates(ids, sortedWeights, names);
    }

    public int size() {
        return backendIds.length;
    }

    public int backendId(final int index) {
        return backendIds[index];
    }

    /** 1 to {@link #WEIGHT_MAX}. */
    public int weight(final int index) {
        return weights[index];
    }

    public long identity(final int index) {
        return identities[index];
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof Candidates that
                && Arrays.equals(backendIds, that.backendIds)
                && Arrays.equals(weights, that.weights)
                && Arrays.equals(identities, that.identities);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(backendIds) * 31 + Arrays.hashCode(weights);
    }

    @Override
    public String toString() {
        return "Candidates{backendIds=%s, weights=%s}"
                .formatted(Arrays.toString(backendIds), Arrays.toString(weights));
    }
}
