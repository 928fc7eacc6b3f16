package io.naru.controlplane.health.way;

import static java.nio.ByteOrder.BIG_ENDIAN;

import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.TunnelSpec;
import org.agrona.MutableDirectBuffer;

/**
 * Writes the headers of a tunnel mode in front of a packet, as the data plane does: a test holds
 * both to the same bytes. (They are not the same code: that one works on addresses and never
 * allocates, and the control plane takes nothing of the data plane but its protocol.)
 *
 * <p>RFC 2003, 2473 (IP in IP), 2784, 2890 (GRE), 2983 (DSCP), 6040 (ECN), 6438 (flow label).
 */
final class Encapsulation {
    /** What the headers take at most: IPv6, GRE with checksum and key. */
    static final int MAX_LENGTH = 40 + 4 + 4 + 4;

    static final int IPV4_LENGTH = 20;
    static final int IPV6_LENGTH = 40;
    static final int PROTOCOL_IPV4 = 4;
    static final int PROTOCOL_IPV6 = 41;
    static final int PROTOCOL_GRE = 47;

    private static final int GRE_LENGTH = 4;
    private static final int GRE_OPTION_LENGTH = 4;
    private static final int GRE_CHECKSUM = 0x8000;
    private static final int GRE_KEY = 0x2000;
    private static final int ETHER_TYPE_IPV4 = 0x0800;
    private static final int ETHER_TYPE_IPV6 = 0x86dd;
    private static final int TTL = 64;
    private static final int DONT_FRAGMENT = 0x4000;
    private static final int ECN_MASK = 0x03;
    private static final long MULTIPLIER = 0x9e37_79b9_7f4a_7c15L; // 2^64 / golden ratio

    private Encapsulation() {}

    /**
     * Wraps a packet.
     *
     * @param offset of its IP header; there are {@link #MAX_LENGTH} bytes free before it.
     * @param length of it.
     * @param source of the outer header if the way's tunnel names none.
     * @param spread what the flow label, and the host part of a source that is a prefix, are made
     *     of.
     * @return the offset of the outer header.
     */
    static int wrap(
            final MutableDirectBuffer packet,
            final int offset,
            final int length,
            final Way way,
            final IpAddress source,
            final int spread) {
        final TunnelSpec tunnel = way.tunnel();
        final boolean isInner6 = (packet.getByte(offset) & 0xf0) == 0x60;
        final int innerClass =
                isInner6
                        ? packet.getInt(offset, BIG_ENDIAN) >>> 20 & 0xff
                        : packet.getByte(offset + 1) & 0xff;
        final int outerClass = tunnel.copiesDscp() ? innerClass : innerClass & ECN_MASK;
        final boolean isGre = way.mode() == Mode.DSR_GRE;
        final int start = isGre ? putGre(packet, offset, length, tunnel, isInner6) : offset;
        final int protocol = isGre ? PROTOCOL_GRE : isInner6 ? PROTOCOL_IPV6 : PROTOCOL_IPV4;
        final int payload = offset - start + length;
        return way.backend().isIpv4()
                ? putIpv4(
                        packet,
                        start - IPV4_LENGTH,
                        outerClass,
                        payload,
                        protocol,
                        source4(tunnel, source, spread),
                        way.backend().ipv4())
                : putIpv6(
                        packet,
                        start - IPV6_LENGTH,
                        outerClass,
                        payload,
                        protocol,
                        source6(tunnel, source, spread),
                        way.backend(),
                        spread);
    }

    private static int putGre(
            final MutableDirectBuffer packet,
            final int offset,
            final int length,
            final TunnelSpec tunnel,
            final boolean isInner6) {
        int header = offset;
        int flags = 0;
        if (tunnel.greKey() != TunnelSpec.NO_KEY) {
            flags |= GRE_KEY;
            header -= GRE_OPTION_LENGTH;
            packet.putInt(header, (int) tunnel.greKey(), BIG_ENDIAN);
        }
        if (tunnel.greChecksum()) {
            flags |= GRE_CHECKSUM;
            header -= GRE_OPTION_LENGTH;
            packet.putInt(header, 0);
        }

        header -= GRE_LENGTH;
        packet.putShort(header, (short) flags, BIG_ENDIAN);
        packet.putShort(
                header + 2, (short) (isInner6 ? ETHER_TYPE_IPV6 : ETHER_TYPE_IPV4), BIG_ENDIAN);
        if (tunnel.greChecksum()) {
            final int checksum = checksum(packet, header, offset - header + length);
            packet.putShort(header + GRE_LENGTH, (short) checksum, BIG_ENDIAN);
        }

        return header;
    }

    private static int putIpv4(
            final MutableDirectBuffer packet,
            final int header,
            final int trafficClass,
            final int payload,
            final int protocol,
            final int source,
            final int destination) {
        packet.putByte(header, (byte) 0x45);
        packet.putByte(header + 1, (byte) trafficClass);
        packet.putShort(header + 2, (short) (IPV4_LENGTH + payload), BIG_ENDIAN);
        packet.putShort(header + 4, (short) 0); // means nothing where DF is set: RFC 6864 4.1
        packet.putShort(header + 6, (short) DONT_FRAGMENT, BIG_ENDIAN);
        packet.putByte(header + 8, (byte) TTL);
        packet.putByte(header + 9, (byte) protocol);
        packet.putShort(header + 10, (short) 0);
        packet.putInt(header + 12, source, BIG_ENDIAN);
        packet.putInt(header + 16, destination, BIG_ENDIAN);
        packet.putShort(header + 10, (short) checksum(packet, header, IPV4_LENGTH), BIG_ENDIAN);
        return header;
    }

    private static int putIpv6(
            final MutableDirectBuffer packet,
            final int header,
            final int trafficClass,
            final int payload,
            final int protocol,
            final IpAddress source,
            final IpAddress destination,
            final int flowLabel) {
        packet.putInt(header, 6 << 28 | trafficClass << 20 | (flowLabel & 0xf_ffff), BIG_ENDIAN);
        packet.putShort(header + 4, (short) payload, BIG_ENDIAN);
        packet.putByte(header + 6, (byte) protocol);
        packet.putByte(header + 7, (byte) TTL);
        source.putTo(packet, header + 8);
        destination.putTo(packet, header + 24);
        return header;
    }

    private static int source4(final TunnelSpec tunnel, final IpAddress own, final int spread) {
        if (tunnel.source4().isNone()) {
            return own.ipv4();
        }

        final int prefix = tunnel.prefixLength4();
        final int hostMask = prefix == 32 ? 0 : -1 >>> prefix;
        return (tunnel.source4().ipv4() & ~hostMask) | (Integer.reverseBytes(spread) & hostMask);
    }

    private static IpAddress source6(
            final TunnelSpec tunnel, final IpAddress own, final int spread) {
        if (tunnel.source6().isNone()) {
            return own;
        }

        final long host = Long.reverseBytes(spread * MULTIPLIER);
        final long maskHigh = hostMask(tunnel.prefixLength6());
        final long maskLow = hostMask(Math.max(0, tunnel.prefixLength6() - Long.SIZE));
        return new IpAddress(
                (tunnel.source6().high() & ~maskHigh) | (host & maskHigh),
                (tunnel.source6().low() & ~maskLow) | (host & maskLow));
    }

    private static long hostMask(final int prefixLength) {
        return prefixLength >= Long.SIZE ? 0 : -1L >>> prefixLength;
    }

    /** RFC 1071. */
    private static int checksum(
            final MutableDirectBuffer buffer, final int offset, final int length) {
        long sum = 0;
        for (int i = 0; i + 1 < length; i += 2) {
            sum += buffer.getShort(offset + i, BIG_ENDIAN) & 0xffff;
        }
        if ((length & 1) != 0) {
            sum += (buffer.getByte(offset + length - 1) & 0xff) << Byte.SIZE;
        }
        while (sum >>> Short.SIZE != 0) {
            sum = (sum & 0xffff) + (sum >>> Short.SIZE);
        }

        return (int) ~sum & 0xffff;
    }
}
