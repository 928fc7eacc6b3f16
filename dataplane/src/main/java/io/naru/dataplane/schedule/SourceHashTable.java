package io.naru.dataplane.schedule;

/**
 * Maps the hash of a client to a backend such that a change of the pool moves no client that it
 * does not have to.
 *
 * <p>Weighted rendezvous hashing (Thaler and Ravishankar 1998; the weights after Schindelhauer and
 * Schomaker 2005), over rows of clients as in GitHub's glb-director: in each row every backend
 * draws a time that is exponentially distributed with its weight as rate, from its own identity and
 * the row, and the earliest wins. A backend that goes leaves its rows to the runners-up; one that
 * comes wins its own; the draws of all others are what they were, so nothing else moves. Shares are
 * proportional to the weights with the spread of a random draw; Maglev's are exact, but move a few
 * more.
 *
 * <p>Immutable; shared by all workers.
 */
final class SourceHashTable {
    static final int ROWS = 65_536;

    private static final long ROW = 0xa076_1d64_78bd_642fL;
    private static final double UNIT = 0x1p-53;

    private final char[] backendIds = new char[ROWS];

    SourceHashTable(final Candidates candidates) {
        final Candidates sorted = candidates.sortedByIdentity();
        final int size = sorted.size();
        final long[] identities = new long[size];
        final double[] meanTimes = new double[size];
        for (int i = 0; i < size; i++) {
            identities[i] = sorted.identity(i);
            meanTimes[i] = 1.0 / sorted.weight(i);
        }

        for (int row = 0; row < ROWS; row++) {
            backendIds[row] = (char) sorted.backendId(winner(row, identities, meanTimes));
        }
    }

    int backendId(final long sourceHash) {
        return backendIds[StableHash.range(sourceHash, ROWS)];
    }

    private static int winner(final int row, final long[] identities, final double[] meanTimes) {
        final long rowHash = StableHash.mix(row ^ ROW);
        double earliest = Double.POSITIVE_INFINITY;
        int winner = 0;
        for (int i = 0; i < identities.length; i++) {
            final long draw = StableHash.mix(rowHash ^ identities[i]) >>> 11;
            final double uniform = (draw + 1) * UNIT; // (0, 1]

            // -ln u >= 1 - u: most are too late by this alone, and the logarithm is the cost.
            if ((1.0 - uniform) * meanTimes[i] < earliest) {
                // StrictMath: the same bits on every machine.
                final double time = -StrictMath.log(uniform) * meanTimes[i];
                if (time < earliest) {
                    earliest = time;
                    winner = i;
                }
            }
        }

        return winner;
    }
}
