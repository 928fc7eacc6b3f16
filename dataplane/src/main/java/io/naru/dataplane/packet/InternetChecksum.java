package io.naru.dataplane.packet;

/**
 * The Internet checksum (RFC 1071) in full, and kept up incrementally (RFC 1624).
 *
 * <p>All values are as loaded from the wire ({@code …Net}): the one's complement sum is the same in
 * either byte order, only its bytes are swapped (RFC 1071 §2 B), so nothing is ever converted.
 *
 * <p>A rewrite changes the same words by the same amount for every packet of a flow. That amount is
 * computed once, as a <em>delta</em> of 16 bits, and applied to each packet by {@link #update}; the
 * way back applies its {@link #inverse}.
 */
public final class InternetChecksum {
    private InternetChecksum() {}

    /**
     * Applies a delta to a checksum.
     *
     * @param checksumNet the checksum in the packet, 0 to 0xffff.
     * @param delta what the rewrite adds to the sum.
     * @return the new checksum, 0 to 0xffff.
     */
    public static int update(final int checksumNet, final int delta) {
        // RFC 1624 eqn 3: HC' = ~(~HC + ~m + m'); eqn 2 mishandles zero.
        final int sum = (~checksumNet & 0xffff) + delta;
        return ~(sum + (sum >>> 16)) & 0xffff;
    }

    /**
     * Applies a delta to the checksum of a TCP or UDP header.
     *
     * <p>UDP only: 0 says that there is no checksum and stays 0; a computed 0 is sent as 0xffff
     * (RFC 768).
     */
    public static int updateTransport(final int checksumNet, final int delta, final int protocol) {
        final int updated = update(checksumNet, delta);
        // Asked in this order both questions are nearly always answered no, whatever the traffic.
        if (checksumNet == 0 && protocol == Ipv4Header.PROTOCOL_UDP) {
            return 0;
        }

        return updated == 0 && protocol == Ipv4Header.PROTOCOL_UDP ? 0xffff : updated;
    }

    /** The delta of replacing a 32-bit field. */
    public static int delta(final int oldNet, final int newNet) {
        return fold((~oldNet & 0xffff_ffffL) + (newNet & 0xffff_ffffL));
    }

    /** The delta of replacing a 16-bit field at an even offset. */
    public static int delta16(final int oldNet, final int newNet) {
        return fold((~oldNet & 0xffff) + (newNet & 0xffff));
    }

    /** The delta of two replacements together. */
    public static int combine(final int delta1, final int delta2) {
        return fold(delta1 + delta2);
    }

    /** The delta of undoing a replacement: its one's complement. */
    public static int inverse(final int delta) {
        return ~delta & 0xffff;
    }

    /** Folds a sum of 16- or 32-bit words to 16 bits, each carry added back in at the bottom. */
    public static int fold(final long sum) {
        long folded = (sum & 0xffff_ffffL) + (sum >>> 32);
        folded = (folded & 0xffff_ffffL) + (folded >>> 32);
        folded = (folded & 0xffff) + (folded >>> 16);
        folded = (folded & 0xffff) + (folded >>> 16);
        return (int) folded;
    }

    /** The unfolded sum of the words of a region; an odd last byte is padded with zero. */
    public static long sum(final long address, final int length) {
        final long end = address + length;
        final long lastWord = end - Integer.BYTES;
        long position = address;
        long sum = 0;
        for (; position <= lastWord; position += Integer.BYTES) {
            sum += RawMemory.getInt(position) & 0xffff_ffffL;
        }

        if ((length & 2) != 0) {
            sum += RawMemory.getShort(position) & 0xffff;
            position += Short.BYTES;
        }

        if ((length & 1) != 0) {
            sum += RawMemory.getByte(position) & 0xff;
        }

        return sum;
    }

    /**
     * The checksum of a region (an IPv4 header, an ICMP message) whose checksum field is zero. With
     * the field filled in correctly it gives 0.
     */
    public static int checksumNet(final long address, final int length) {
        return ~fold(sum(address, length)) & 0xffff;
    }

    /**
     * The checksum of a TCP segment or a UDP datagram whose checksum field is zero, with the IPv4
     * pseudo-header. With the field filled in correctly it gives 0.
     *
     * @param l3 address of the IPv4 header.
     * @param l4 address of the TCP or UDP header.
     * @param l4Length length of header and data.
     */
    public static int transportChecksumNet(final long l3, final long l4, final int l4Length) {
        return ~fold(sum(l4, l4Length) + pseudoHeaderSum(l3, l4Length)) & 0xffff;
    }

    /**
     * The same with the IPv6 pseudo-header (RFC 8200 §8.1), also for ICMPv6.
     *
     * @param l3 address of the IPv6 header.
     * @param protocol of the upper layer, which need not be the IPv6 header's next header.
     */
    public static int transport6ChecksumNet(
            final long l3, final long l4, final int l4Length, final int protocol) {
        final long pseudoHeader =
                sum(l3 + Ipv6Header.SOURCE_OFFSET, 2 * 2 * Long.BYTES)
                        + (Integer.reverseBytes(l4Length) & 0xffff_ffffL)
                        + ((long) protocol << 24);
        return ~fold(sum(l4, l4Length) + pseudoHeader) & 0xffff;
    }

    /** The sum of an address of 16 bytes, for the delta of replacing it. */
    public static int addressSum(final long highNet, final long lowNet) {
        return fold(
                (highNet & 0xffff_ffffL)
                        + (highNet >>> 32)
                        + (lowNet & 0xffff_ffffL)
                        + (lowNet >>> 32));
    }

    private static long pseudoHeaderSum(final long l3, final int l4Length) {
        final int lengthNet = Short.reverseBytes((short) l4Length) & 0xffff;
        final int protocolNet = Ipv4Header.protocol(l3) << 8;
        return sum(l3 + Ipv4Header.SOURCE_OFFSET, 2 * Integer.BYTES) + lengthNet + protocolNet;
    }
}
