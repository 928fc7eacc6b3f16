package io.naru.dataplane.schedule;

/**
 * {@code rr} and {@code wrr}: the backends in turns that were worked out beforehand: in the order
 * of the configuration, or as {@link SmoothRound} has them.
 */
final class TurnScheduler extends PoolScheduler {
    private final char[] turns;
    private int next;

    /**
     * @param turns backend ids in the order of their turns; shared between workers.
     * @param start index of the first turn.
     */
    TurnScheduler(final Candidates candidates, final char[] turns, final int start) {
        super(candidates);
        this.turns = turns;
        next = start;
    }

    @Override
    public int select(final long tupleHash, final long keyHash) {
        final int turn = next;
        next = turn + 1 == turns.length ? 0 : turn + 1;

        return turns[turn];
    }

    @Override
    public int peek(final long tupleHash, final long keyHash) {
        return turns[next];
    }
}
