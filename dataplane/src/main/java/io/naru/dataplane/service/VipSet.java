package io.naru.dataplane.service;

import java.util.Arrays;
import java.util.Collection;
import org.agrona.BitUtil;

/**
 * The VIPs, asked about by every packet: a load of one 16-byte bucket, four compares, no branch.
 *
 * <p>Half of the packets of a {@code nat} balancer go to a VIP and half come back, in no order that
 * a branch predictor could learn, so the answer is a number and not a condition.
 */
final class VipSet {
    private static final int WAYS = 4;
    private static final int MULTIPLIER = 0x9e37_79b1; // 2^32 / golden ratio
    private static final int MAX_DOUBLINGS = 12;

    private final int[] buckets;
    private final int shift;
    private final int any;

    VipSet(final Collection<Integer> vipsNet) {
        int bucketCount = BitUtil.findNextPositivePowerOfTwo(Math.max(2, vipsNet.size()));
        int[] filled = fill(vipsNet, bucketCount);
        for (int doubling = 0; filled == null; doubling++) {
            if (doubling == MAX_DOUBLINGS) {
                throw new IllegalStateException("no room for %d VIPs".formatted(vipsNet.size()));
            }
            bucketCount *= 2;
            filled = fill(vipsNet, bucketCount);
        }

        buckets = filled;
        shift = shiftOf(bucketCount);
        any = vipsNet.isEmpty() ? 0 : 1;
    }

    /** 1 if the address is a VIP, else 0. */
    int contains(final int ipNet) {
        final int bucket = ((ipNet * MULTIPLIER) >>> shift) * WAYS;
        return any
                & (isZero(buckets[bucket] ^ ipNet)
                        | isZero(buckets[bucket + 1] ^ ipNet)
                        | isZero(buckets[bucket + 2] ^ ipNet)
                        | isZero(buckets[bucket + 3] ^ ipNet));
    }

    private static int isZero(final int value) {
        return (int) (((value & 0xffff_ffffL) - 1) >>> 63);
    }

    private static int shiftOf(final int bucketCount) {
        return Integer.SIZE - Integer.numberOfTrailingZeros(bucketCount);
    }

    /** The buckets, or null if one of them would need more than its places. */
    private static int[] fill(final Collection<Integer> vipsNet, final int bucketCount) {
        final int[] buckets = new int[bucketCount * WAYS];
        final int[] used = new int[bucketCount];
        final int shift = shiftOf(bucketCount);
        for (final int vipNet : vipsNet) {
            // an empty place holds a VIP too: wherever it is found, it is one
            Arrays.fill(buckets, vipNet);
            break;
        }

        for (final int vipNet : vipsNet) {
            final int bucket = (vipNet * MULTIPLIER) >>> shift;
            if (used[bucket] == WAYS) {
                return null;
            }
            buckets[bucket * WAYS + used[bucket]++] = vipNet;
        }

        return buckets;
    }
}
