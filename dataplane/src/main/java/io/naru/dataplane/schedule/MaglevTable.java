package io.naru.dataplane.schedule;

import java.math.BigInteger;
import java.util.Arrays;

/**
 * Maglev's lookup table (Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load
 * Balancer", NSDI 2016, section 3.4): maps a hash to a backend, almost evenly, and a change of the
 * pool moves few hashes that it does not have to.
 *
 * <p>Each backend has its own order of the slots, from its identity. In rounds, each takes the
 * first slot in its order that is still free, until none is. Weights act in every round, as in
 * Katran's second version: a backend takes a slot whenever its weights added up so far reach the
 * greatest weight once more, so shares are proportional, where a weight that only acts in the first
 * round would soon be forgotten.
 *
 * <p>Depends on the backends' identities and weights and on nothing else: not on the order in which
 * they are given, nor on the ids they have here. Balancers with the same pool have the same table.
 * Immutable; shared by all workers.
 */
final class MaglevTable {
    /** Shares differ by less than 1 % up to 655 backends of equal weight. */
    static final int DEFAULT_SIZE = 65_537;

    private static final long OFFSET = 0xe703_7ed1_a0b4_28dbL;
    private static final long SKIP = 0x8ebc_6af0_9c88_c6e3L;

    private final char[] backendIds;

    /**
     * @param candidates at least one.
     * @param size number of slots: a prime, so that every skip visits all slots.
     */
    MaglevTable(final Candidates candidates, final int size) {
        if (!BigInteger.valueOf(size).isProbablePrime(100)) {
            throw new IllegalArgumentException(
                    "the size of a Maglev table must be a prime: " + size);
        }

        final Candidates sorted = candidates.sortedByIdentity();
        final int[] offsets = new int[sorted.size()];
        final int[] skips = new int[sorted.size()];
        final int[] weights = new int[sorted.size()];
        for (int i = 0; i < sorted.size(); i++) {
            final long identity = sorted.identity(i);
            offsets[i] = StableHash.range(StableHash.mix(identity ^ OFFSET), size);
            skips[i] = StableHash.range(StableHash.mix(identity ^ SKIP), size - 1) + 1;
            weights[i] = sorted.weight(i);
        }

        backendIds = fill(size, offsets, skips, weights);
        for (int slot = 0; slot < size; slot++) {
            backendIds[slot] = (char) sorted.backendId(backendIds[slot]);
        }
    }

    int backendId(final long hash) {
        return backendIds[StableHash.range(hash, backendIds.length)];
    }

    int size() {
        return backendIds.length;
    }

    int backendIdOfSlot(final int slot) {
        return backendIds[slot];
    }

    /**
     * Pseudocode 1 of the paper, with weights.
     *
     * @return the index of each slot's backend.
     */
    static char[] fill(
            final int size, final int[] offsets, final int[] skips, final int[] weights) {
        final char[] slots = new char[size];
        Arrays.fill(slots, Character.MAX_VALUE); // free
        final int[] positions = offsets.clone();
        final int[] credits = new int[weights.length];
        final int maxWeight = Arrays.stream(weights).max().orElseThrow();

        int taken = 0;
        while (true) {
            for (int i = 0; i < weights.length; i++) {
                credits[i] += weights[i];
                if (credits[i] < maxWeight) {
                    continue;
                }
                credits[i] -= maxWeight;

                int slot = positions[i];
                while (slots[slot] != Character.MAX_VALUE) {
                    slot = next(slot, skips[i], size);
                }
                slots[slot] = (char) i;
                positions[i] = next(slot, skips[i], size);
                if (++taken == size) {
                    return slots;
                }
            }
        }
    }

    private static int next(final int slot, final int skip, final int size) {
        final int sum = slot + skip;
        return sum >= size ? sum - size : sum;
    }
}
