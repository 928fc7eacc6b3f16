package io.naru.dataplane.schedule;

/** {@code random}: any backend, in proportion to the weights, whatever came before. */
final class RandomScheduler extends PoolScheduler {
    /** SplitMix64 (Steele, Lea, Flood 2014): a counter with this step, mixed. */
    static final long STEP = 0x9e37_79b9_7f4a_7c15L;

    private final char[] backendIds;
    private final WeightedDraw draw;
    private long state;

    RandomScheduler(final Candidates candidates, final WeightedDraw draw, final long seed) {
        super(candidates);
        this.draw = draw;
        backendIds = candidates.backendIds();
        state = seed;
    }

    @Override
    public int select(final long tupleHash, final long keyHash) {
        state += STEP;
        return backendIds[draw.index(StableHash.mix(state))];
    }

    @Override
    public int peek(final long tupleHash, final long keyHash) {
        return backendIds[draw.index(StableHash.mix(state + STEP))];
    }
}
