package io.naru.dataplane.schedule;

/**
 * {@code p2c}: of two backends drawn at random, in proportion to the weights, the one that has
 * fewer flows for its weight (Mitzenmacher, "The Power of Two Choices in Randomized Load
 * Balancing", 1996). Knows nothing old, and many balancers or workers do not run to the same
 * backend at once.
 */
final class TwoChoicesScheduler extends PoolScheduler {
    private final char[] backendIds;
    private final int[] weights;
    private final WeightedDraw draw;
    private final BackendLoad load;
    private long state;

    TwoChoicesScheduler(
            final Candidates candidates,
            final WeightedDraw draw,
            final BackendLoad load,
            final long seed) {
        super(candidates);
        this.draw = draw;
        this.load = load;
        backendIds = candidates.backendIds();
        weights = candidates.weights();
        state = seed;
    }

    @Override
    public int select(final long tupleHash, final long keyHash) {
        final int backendId = peek(tupleHash, keyHash);
        state += RandomScheduler.STEP;
        state += RandomScheduler.STEP;

        return backendId;
    }

    @Override
    public int peek(final long tupleHash, final long keyHash) {
        final long first = state + RandomScheduler.STEP;
        final long second = first + RandomScheduler.STEP;
        final int one = draw.index(StableHash.mix(first));
        final int two = draw.index(StableHash.mix(second));
        final long flowsOfOne = load.activeFlows(backendIds[one]);
        final long flowsOfTwo = load.activeFlows(backendIds[two]);

        return backendIds[flowsOfTwo * weights[one] < flowsOfOne * weights[two] ? two : one];
    }
}
