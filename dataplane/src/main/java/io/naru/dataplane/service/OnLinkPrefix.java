package io.naru.dataplane.service;

import io.naru.dataplane.protocol.IpAddress;

/** The addresses that an interface reaches without a router, as a prefix; immutable. */
final class OnLinkPrefix {
    private final int interfaceIndex;
    private final long high;
    private final long low;
    private final long highMask;
    private final long lowMask;

    /**
     * @param prefixLength 0 to 32 for IPv4, to 128 for IPv6.
     */
    OnLinkPrefix(final int interfaceIndex, final IpAddress prefix, final int prefixLength) {
        final int bits = prefix.isIpv4() ? prefixLength + 96 : prefixLength;
        this.interfaceIndex = interfaceIndex;
        highMask = mask(Math.min(bits, Long.SIZE));
        lowMask = mask(Math.max(bits - Long.SIZE, 0));
        high = prefix.high() & highMask;
        low = prefix.low() & lowMask;
    }

    private static long mask(final int bits) {
        return bits == 0 ? 0 : -1L << (Long.SIZE - bits);
    }

    boolean contains(final int interfaceIndex, final int ipNet) {
        return this.interfaceIndex == interfaceIndex
                && isSame(0, 0xffff_0000_0000L | (Integer.reverseBytes(ipNet) & 0xffff_ffffL));
    }

    boolean contains(final int interfaceIndex, final long highNet, final long lowNet) {
        return this.interfaceIndex == interfaceIndex
                && isSame(Long.reverseBytes(highNet), Long.reverseBytes(lowNet));
    }

    private boolean isSame(final long addressHigh, final long addressLow) {
        return (((addressHigh & highMask) ^ high) | ((addressLow & lowMask) ^ low)) == 0;
    }
}
