package io.naru.dataplane.schedule;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Draws backends at random in proportion to their weights, with one look at a table whatever the
 * size of the pool (Walker's alias method; made as in Vose 1991).
 *
 * <pre>
 *   column    0       1       2          as many as backends, all equally likely; each is
 *           +---+   +---+   +---+        divided at most once: below the threshold it is
 *           | 2 |   |   |   |   |        the column's own backend, above it its alias.
 *           |---|   | 1 |   | 2 |
 *           | 0 |   |   |   |   |
 *           +---+   +---+   +---+
 * </pre>
 *
 * Immutable; shared by all workers.
 */
final class WeightedDraw {
    private final long[] thresholds;
    private final char[] aliases;

    WeightedDraw(final Candidates candidates) {
        final int size = candidates.size();
        thresholds = new long[size];
        aliases = new char[size];
        long total = 0;
        for (int i = 0; i < size; i++) {
            total += candidates.weight(i);
        }

        // What each has of a column's height, in units in which a column is the total high.
        final long[] heights = new long[size];
        final Deque<Integer> small = new ArrayDeque<>();
        final Deque<Integer> large = new ArrayDeque<>();
        for (int i = 0; i < size; i++) {
            heights[i] = (long) candidates.weight(i) * size;
            (heights[i] < total ? small : large).add(i);
        }

        while (!small.isEmpty()) {
            final int low = small.remove();
            final int high = large.peek(); // the heights sum up: while one is low, one is high
            thresholds[low] = (long) (heights[low] / (double) total * 0x1p32);
            aliases[low] = (char) high;
            heights[high] -= total - heights[low];
            if (heights[high] < total) {
                small.add(large.remove());
            }
        }
        for (final int full : large) {
            thresholds[full] = 1L << Integer.SIZE;
            aliases[full] = (char) full;
        }
    }

    /** The index of a candidate, from 64 random bits. */
    int index(final long random) {
        final int column = StableHash.range(random, thresholds.length);
        return (random & 0xffff_ffffL) < thresholds[column] ? column : aliases[column];
    }
}
