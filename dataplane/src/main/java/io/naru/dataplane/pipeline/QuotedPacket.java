package io.naru.dataplane.pipeline;

import io.naru.dataplane.packet.EthernetHeader;
import io.naru.dataplane.packet.GreHeader;
import io.naru.dataplane.packet.InternetChecksum;
import io.naru.dataplane.packet.Ipv4Header;
import io.naru.dataplane.packet.Ipv6Header;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.packet.TransportHeader;

/**
 * What an ICMP error quotes: the beginning of a packet, how long a beginning is up to whoever sent
 * the error, and none of it is to be trusted.
 *
 * <p>A flyweight: {@link #wrap} finds the headers and checks every bound, the accessors do not.
 */
final class QuotedPacket {
    private static final int EXTENSION_LIMIT = 8;
    private static final int MIN_EXTENSION_LENGTH = 8;
    private static final int PORTS_LENGTH = 4;
    private static final int FRAGMENT_OFFSET_MASK_NET = 0xff1f;
    private static final int FRAGMENT_6_OFFSET_MASK_NET = 0xf8ff;
    private static final int DONT_FRAGMENT_NET = 0x0040;

    private long l3;
    private long l4;
    private long end;
    private int protocol;
    private boolean isIpv6;

    /**
     * Looks at the bytes from {@code start} to {@code end}.
     *
     * @return false if there is less than an IP header, or it says that it is another one, or the
     *     transport header is not where the headers lead: a later fragment has none.
     */
    boolean wrap(final long start, final long end, final boolean isIpv6) {
        this.l3 = start;
        this.end = end;
        this.isIpv6 = isIpv6;
        return isIpv6 ? findTransport6() : findTransport4();
    }

    /** Looks at what is inside a packet of a tunnel, which {@code outer} is; see {@link #wrap}. */
    boolean wrapInner(final QuotedPacket outer) {
        switch (outer.protocol) {
            case Ipv6Header.NEXT_IPV4 -> {
                return wrap(outer.l4, outer.end, false);
            }
            case Ipv6Header.NEXT_IPV6 -> {
                return wrap(outer.l4, outer.end, true);
            }
            default -> {
                return outer.protocol == GreHeader.PROTOCOL && wrapInGre(outer.l4, outer.end);
            }
        }
    }

    private boolean wrapInGre(final long gre, final long end) {
        if (end - gre < GreHeader.LENGTH) {
            return false;
        }

        final int flags = RawMemory.getShort(gre) & 0xffff;
        final int type = RawMemory.getShort(gre + GreHeader.PROTOCOL_TYPE_OFFSET) & 0xffff;
        final int options =
                Integer.bitCount(flags & (GreHeader.FLAG_CHECKSUM_NET | GreHeader.FLAG_KEY_NET));
        final long inner = gre + GreHeader.LENGTH + (long) options * GreHeader.OPTION_LENGTH;
        return (type == EthernetHeader.ETHER_TYPE_IPV4_NET && wrap(inner, end, false))
                || (type == EthernetHeader.ETHER_TYPE_IPV6_NET && wrap(inner, end, true));
    }

    private boolean findTransport4() {
        if (end - l3 < Ipv4Header.LENGTH) {
            return false;
        }

        final int headerLength = Ipv4Header.headerLength(l3);
        final int fragment = RawMemory.getShort(l3 + Ipv4Header.FRAGMENT_OFFSET);
        protocol = Ipv4Header.protocol(l3);
        l4 = l3 + headerLength;
        return Ipv4Header.versionAndIhl(l3) >>> 4 == 4
                && headerLength >= Ipv4Header.LENGTH
                && l4 <= end
                && (fragment & FRAGMENT_OFFSET_MASK_NET) == 0;
    }

    private boolean findTransport6() {
        if (end - l3 < Ipv6Header.LENGTH || Ipv6Header.version(l3) != 6) {
            return false;
        }

        protocol = Ipv6Header.nextHeader(l3);
        l4 = l3 + Ipv6Header.LENGTH;
        for (int count = 0; count < EXTENSION_LIMIT && isExtension(protocol); count++) {
            if (end - l4 < MIN_EXTENSION_LENGTH) {
                return false;
            }

            final boolean isFragment = protocol == Ipv6Header.NEXT_FRAGMENT;
            if (isFragment && (RawMemory.getShort(l4 + 2) & FRAGMENT_6_OFFSET_MASK_NET) != 0) {
                return false;
            }

            final int length = (RawMemory.getByte(l4 + 1) & 0xff) + 1;
            protocol = RawMemory.getByte(l4) & 0xff;
            l4 += isFragment ? MIN_EXTENSION_LENGTH : (long) length * MIN_EXTENSION_LENGTH;
        }

        return l4 <= end && !isExtension(protocol);
    }

    private static boolean isExtension(final int protocol) {
        return protocol == Ipv6Header.NEXT_HOP_BY_HOP
                || protocol == Ipv6Header.NEXT_ROUTING
                || protocol == Ipv6Header.NEXT_FRAGMENT
                || protocol == Ipv6Header.NEXT_DESTINATION_OPTIONS;
    }

    // -- what it is -------------------------------------------------------------------------------

    /** Whether the header's checksum is right, as far as there is one. */
    boolean isHeaderRight() {
        return isIpv6 || InternetChecksum.checksumNet(l3, (int) (l4 - l3)) == 0;
    }

    boolean isIpv6() {
        return isIpv6;
    }

    /** Address of the IP header. */
    long l3() {
        return l3;
    }

    /** Address of what is behind the IP headers; may be the end. */
    long l4() {
        return l4;
    }

    /** How much is quoted, from the IP header on. */
    int length() {
        return (int) (end - l3);
    }

    /** Length of the whole packet, as its header says. */
    int statedLength() {
        return isIpv6
                ? Ipv6Header.LENGTH + Ipv6Header.payloadLength(l3)
                : Ipv4Header.totalLength(l3);
    }

    int protocol() {
        return protocol;
    }

    /** Whether the packet is TCP or UDP and its ports are quoted. */
    boolean hasPorts() {
        return (protocol == Ipv4Header.PROTOCOL_TCP || protocol == Ipv4Header.PROTOCOL_UDP)
                && end - l4 >= PORTS_LENGTH;
    }

    /** Whether the checksum of TCP or UDP is quoted. */
    boolean hasTransportChecksum() {
        return end - l4 >= TransportHeader.checksumOffset(protocol) + Short.BYTES;
    }

    /** Whether it is in a tunnel: what is inside is another packet. */
    boolean isTunnel() {
        return protocol == GreHeader.PROTOCOL
                || protocol == Ipv6Header.NEXT_IPV4
                || protocol == Ipv6Header.NEXT_IPV6;
    }

    /** Whether routers must not fragment it; those of IPv6 never do. */
    boolean isUnfragmentable() {
        return isIpv6
                || (RawMemory.getShort(l3 + Ipv4Header.FRAGMENT_OFFSET) & DONT_FRAGMENT_NET) != 0;
    }

    int sourcePortNet() {
        return TransportHeader.portsNet(l4) & 0xffff;
    }

    int destinationPortNet() {
        return TransportHeader.portsNet(l4) >>> Short.SIZE;
    }
}
