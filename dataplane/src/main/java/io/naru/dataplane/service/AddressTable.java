package io.naru.dataplane.service;

import io.naru.dataplane.protocol.IpAddress;
import java.util.Arrays;
import java.util.Map;
import org.agrona.BitUtil;

/**
 * An immutable hash from addresses of 16 bytes to ints: open addressing in flat arrays, at most
 * half full. Addresses are asked for as two longs as loaded from a packet.
 */
final class AddressTable {
    static final int MISSING = -1;

    private static final long MULTIPLIER = 0x9e37_79b9_7f4a_7c15L; // 2^64 / golden ratio

    private final long[] keys;
    private final int[] values;
    private final int mask;
    private final int shift;

    /**
     * @param entries values are not negative.
     */
    AddressTable(final Map<IpAddress, Integer> entries) {
        final int capacity = BitUtil.findNextPositivePowerOfTwo(2 * entries.size() + 2);
        keys = new long[2 * capacity];
        values = new int[capacity];
        mask = capacity - 1;
        shift = Long.numberOfLeadingZeros(capacity) + 1;
        Arrays.fill(values, MISSING);
        entries.forEach(this::put);
    }

    int get(final long highNet, final long lowNet) {
        int slot = slotOf(highNet, lowNet);
        while (isOther(slot, highNet, lowNet)) {
            slot = (slot + 1) & mask;
        }

        return values[slot];
    }

    /**
     * Whether another address is at a slot. One branch for its caller, and one that is rarely
     * taken: not one that depends on whether the address is in the table.
     */
    private boolean isOther(final int slot, final long highNet, final long lowNet) {
        final long difference = (keys[2 * slot] ^ highNet) | (keys[2 * slot + 1] ^ lowNet);
        final long isTaken = ~values[slot] >> 31; // all ones, but for MISSING
        return (difference & isTaken) != 0;
    }

    private void put(final IpAddress address, final int value) {
        final long highNet = Long.reverseBytes(address.high());
        final long lowNet = Long.reverseBytes(address.low());
        int slot = slotOf(highNet, lowNet);
        while (values[slot] != MISSING) {
            slot = (slot + 1) & mask;
        }

        keys[2 * slot] = highNet;
        keys[2 * slot + 1] = lowNet;
        values[slot] = value;
    }

    private int slotOf(final long highNet, final long lowNet) {
        final long mixed = (highNet ^ Long.rotateLeft(lowNet, 31)) * MULTIPLIER;
        return (int) (((mixed ^ lowNet) * MULTIPLIER) >>> shift);
    }
}
