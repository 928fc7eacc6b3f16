package io.naru.dataplane.service;

import java.util.Map;
import org.agrona.BitUtil;

/**
 * An immutable hash from long to int: open addressing in two flat arrays, at most half full, so a
 * miss ends after a probe or two. Keys are positive.
 */
final class LongIntTable {
    static final int MISSING = -1;

    private static final long EMPTY = 0;
    private static final long MULTIPLIER = 0x9e37_79b9_7f4a_7c15L; // 2^64 / golden ratio

    private final long[] keys;
    private final int[] values;
    private final int shift;

    LongIntTable(final Map<Long, Integer> entries) {
        final int capacity = BitUtil.findNextPositivePowerOfTwo(2 * entries.size() + 2);
        keys = new long[capacity];
        values = new int[capacity];
        shift = Long.numberOfLeadingZeros(capacity) + 1;
        entries.forEach(this::put);
    }

    int get(final long key) {
        final int mask = keys.length - 1;
        int slot = slotOf(key);
        while (keys[slot] != key) {
            if (keys[slot] == EMPTY) {
                return MISSING;
            }
            slot = (slot + 1) & mask;
        }

        return values[slot];
    }

    private void put(final long key, final int value) {
        assert key > 0 : key;
        int slot = slotOf(key);
        while (keys[slot] != EMPTY) {
            slot = (slot + 1) & (keys.length - 1);
        }

        keys[slot] = key;
        values[slot] = value;
    }

    private int slotOf(final long key) {
        return (int) ((key * MULTIPLIER) >>> shift);
    }
}
