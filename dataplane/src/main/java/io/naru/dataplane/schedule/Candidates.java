package io.naru.dataplane.schedule;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * The backends that may take new flows: what a scheduler is made from.
 *
 * <p>The caller leaves out drained and down backends; those of weight 0 are left out here.
 * Immutable and comparable: a service whose candidates and algorithm stay the same keeps its
 * schedulers.
 */
public final class Candidates {
    public static final int WEIGHT_MAX = 65_535;
    public static final int FULL_SHARE = 100;
    public static final int DEFAULT_PRIORITY = 100;
    public static final int NO_LIMIT = 0;

    private final List<Candidate> all;

    /** All have their full share: the weights are as configured. */
    private final boolean isFull;

    /**
     * @param identity {@link StableHash#backendIdentity}: what it is called on every balancer,
     *     whatever its id here.
     */
    private record Candidate(
            int backendId, int weight, int share, int priority, int maxFlows, long identity) {}

    private Candidates(final List<Candidate> all) {
        this.all = List.copyOf(all);
        isFull = all.stream().allMatch(candidate -> candidate.share == FULL_SHARE);
    }

    /** Backends with their full share, of one priority, without a limit; for the rest see add. */
    public static Candidates of(
            final int[] backendIds, final int[] weights, final long[] identities) {
        if (weights.length != backendIds.length || identities.length != backendIds.length) {
            throw new IllegalArgumentException(
                    "%d backends, but %d weights and %d identities"
                            .formatted(backendIds.length, weights.length, identities.length));
        }

        final Builder builder = builder();
        for (int i = 0; i < backendIds.length; i++) {
            builder.add(
                    backendIds[i],
                    weights[i],
                    FULL_SHARE,
                    DEFAULT_PRIORITY,
                    NO_LIMIT,
                    identities[i]);
        }

        return builder.build();
    }

    public static Builder builder() {
        return new Builder();
    }

    /** Collects backends in the order of the configuration; used once. */
    public static final class Builder {
        private final List<Candidate> all = new ArrayList<>();

        /**
         * @param backendId 0 to 65,535.
         * @param weight 0 to {@link #WEIGHT_MAX}.
         * @param share percent of the weight that counts for now, 1 to {@link #FULL_SHARE}.
         * @param priority the higher is preferred, by algorithms that go by it.
         * @param maxFlows or {@link #NO_LIMIT}.
         * @param identity {@link StableHash#backendIdentity}.
         */
        public Builder add(
                final int backendId,
                final int weight,
                final int share,
                final int priority,
                final int maxFlows,
                final long identity) {
            if (backendId < 0 || backendId > Character.MAX_VALUE) {
                throw new IllegalArgumentException("backend id " + backendId);
            }
            if (weight < 0 || weight > WEIGHT_MAX) {
                throw new IllegalArgumentException(
                        "backend %d: weight must be 0 to %d, not %d"
                                .formatted(backendId, WEIGHT_MAX, weight));
            }
            if (share < 1 || share > FULL_SHARE) {
                throw new IllegalArgumentException(
                        "backend %d: share must be 1 to %d, not %d"
                                .formatted(backendId, FULL_SHARE, share));
            }
            if (weight > 0) {
                all.add(new Candidate(backendId, weight, share, priority, maxFlows, identity));
            }

            return this;
        }

        public Candidates build() {
            return new Candidates(all);
        }
    }

    /** The same backends in the order of their identities, which is the same on every balancer. */
    Candidates sortedByIdentity() {
        return new Candidates(
                all.stream()
                        .sorted(
                                Comparator.comparingLong(Candidate::identity)
                                        .thenComparingInt(Candidate::backendId))
                        .toList());
    }

    /** The same backends as if their weights were equal; shares stay. */
    Candidates unweighted() {
        return new Candidates(
                all.stream()
                        .map(
                                candidate ->
                                        new Candidate(
                                                candidate.backendId,
                                                1,
                                                candidate.share,
                                                candidate.priority,
                                                candidate.maxFlows,
                                                candidate.identity))
                        .toList());
    }

    public int size() {
        return all.size();
    }

    public int backendId(final int index) {
        return all.get(index).backendId;
    }

    char[] backendIds() {
        final char[] ids = new char[size()];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = (char) backendId(i);
        }

        return ids;
    }

    /**
     * What counts: 1 to {@link #WEIGHT_MAX} where all have their full share; else the weight times
     * the share in percent, up to {@link #WEIGHT_MAX} times {@link #FULL_SHARE}.
     */
    public int weight(final int index) {
        final Candidate candidate = all.get(index);
        return isFull ? candidate.weight : candidate.weight * candidate.share;
    }

    public int priority(final int index) {
        return all.get(index).priority;
    }

    /** Or {@link #NO_LIMIT}. */
    public int maxFlows(final int index) {
        return all.get(index).maxFlows;
    }

    public long identity(final int index) {
        return all.get(index).identity;
    }

    /** Whether all weights that count are the same. */
    boolean isEven() {
        for (int i = 1; i < size(); i++) {
            if (weight(i) != weight(0)) {
                return false;
            }
        }

        return true;
    }

    /** The weights that count. */
    int[] weights() {
        final int[] weights = new int[size()];
        Arrays.setAll(weights, this::weight);

        return weights;
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof Candidates that && all.equals(that.all);
    }

    @Override
    public int hashCode() {
        return all.hashCode();
    }

    @Override
    public String toString() {
        return "Candidates" + all;
    }
}
