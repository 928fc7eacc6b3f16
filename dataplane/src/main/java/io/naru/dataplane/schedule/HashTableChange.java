package io.naru.dataplane.schedule;

import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.Selection;
import java.util.HashMap;
import java.util.Map;

/**
 * What part of a table from hashes to backends differs from another one.
 *
 * @param slots of the table that comes after; 0 if there is nothing to compare.
 * @param changed slots that have another backend.
 */
public record HashTableChange(int slots, int changed) {
    /** No table before, or none after. */
    public static final HashTableChange NONE = new HashTableChange(0, 0);

    /** How many slots the table of such an algorithm has. */
    public static int slots(final Algorithm algorithm, final Selection selection) {
        return algorithm == Algorithm.MAGLEV ? selection.maglevSize() : SourceHashTable.ROWS;
    }

    /**
     * The slot that a flow leads to.
     *
     * @param tupleHash and {@code keyHash} as in {@link Scheduler#select}.
     */
    public static int slot(
            final Algorithm algorithm,
            final Selection selection,
            final long tupleHash,
            final long keyHash) {
        final boolean isByTuple = algorithm == Algorithm.MAGLEV && !selection.hashesSource();
        return StableHash.range(isByTuple ? tupleHash : keyHash, slots(algorithm, selection));
    }

    /**
     * Asks both for each slot of the one that comes after: some nanoseconds each.
     *
     * @param before is not changed by being asked, nor {@code after}.
     */
    public static HashTableChange between(
            final Scheduler before, final Scheduler after, final int slots) {
        int changed = 0;
        for (int slot = 0; slot < slots; slot++) {
            final long hash = middle(slot, slots);
            changed += before.select(hash, hash) == after.select(hash, hash) ? 0 : 1;
        }

        return new HashTableChange(slots, changed);
    }

    /**
     * The same where the two hash different parts of a packet: how many hashes keep their backend
     * is then a matter of chance, and the mean of it is told.
     */
    public static HashTableChange ofUnrelated(
            final Scheduler before, final Scheduler after, final int slots) {
        final Map<Integer, Integer> slotsBefore = new HashMap<>();
        final Map<Integer, Integer> slotsAfter = new HashMap<>();
        for (int slot = 0; slot < slots; slot++) {
            final long hash = middle(slot, slots);
            slotsBefore.merge(before.select(hash, hash), 1, Integer::sum);
            slotsAfter.merge(after.select(hash, hash), 1, Integer::sum);
        }

        double kept = 0;
        for (final Map.Entry<Integer, Integer> was : slotsBefore.entrySet()) {
            kept += (double) was.getValue() * slotsAfter.getOrDefault(was.getKey(), 0) / slots;
        }

        return new HashTableChange(slots, slots - (int) Math.round(kept));
    }

    /** A hash that {@link StableHash#range} maps to a slot: the one in the middle of those. */
    private static long middle(final int slot, final int slots) {
        return (((2L * slot + 1) << 31) / slots) << 32;
    }
}
