package io.naru.dataplane.schedule;

/** {@code rr}: the backends in turn, in the order of the configuration. */
final class RoundRobinScheduler implements Scheduler {
    private final char[] turns;
    private int next;

    /**
     * @param turns backend ids in the order of their turns; shared between workers.
     * @param start index of the first turn.
     */
    RoundRobinScheduler(final char[] turns, final int start) {
        this.turns = turns;
        next = start;
    }

    @Override
    public int select(final long tupleHash, final long sourceHash) {
        final int turn = next;
        next = turn + 1 == turns.length ? 0 : turn + 1;

        return turns[turn];
    }

    static char[] turns(final Candidates candidates) {
        final char[] turns = new char[candidates.size()];
        for (int i = 0; i < turns.length; i++) {
            turns[i] = (char) candidates.backendId(i);
        }

        return turns;
    }
}
