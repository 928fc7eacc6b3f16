package io.naru.dataplane.packet;

import io.naru.dataplane.port.PacketBurst;

/**
 * Finds the headers of every packet of a burst and checks each length and offset once.
 *
 * <p>Sets {@code kind}, {@code l3Offset}, {@code l4Offset}, {@code protocol}, {@code tcpFlags},
 * {@code payloadLength}, {@code keyA} and {@code keyB} of the burst. Afterwards everything that the
 * kind promises (see {@link PacketKind}) lies inside the packet, and no later stage checks a bound
 * again. Reads nothing outside the packet, whatever is in it.
 *
 * <p>{@code keyA} and {@code keyB} are those of IPv4; of IPv6 only {@code keyB}, since the key of
 * an address that long is a secret of the flow table's.
 *
 * <p>Plain TCP and UDP go straight through, first those over IPv4 and then those over IPv6, with no
 * branch on which of the two it is (such a branch is a coin toss to the CPU and costs 3-4 ns a
 * packet); the rest is sorted out by {@link #parseUncommon}.
 */
public final class PacketParser {
    /** Version and IHL are 0x45 and it is no fragment, in the first 8 bytes as loaded. */
    private static final long PLAIN_MASK_NET = 0xff3f_0000_0000_00ffL;

    private static final long PLAIN_NET = Ipv4Header.VERSION_AND_IHL_PLAIN;

    /** Bit n is set if protocol n is TCP or UDP. */
    private static final long TRANSPORT_PROTOCOLS =
            (1L << Ipv4Header.PROTOCOL_TCP) | (1L << Ipv4Header.PROTOCOL_UDP);

    /** Marks the protocol of IPv6 in {@code keyB}. */
    private static final int FAMILY_6 = 0x80;

    /** Extension headers that a packet may have before its TCP or UDP header. */
    private static final int MAX_EXTENSION_HEADERS = 8;

    private static final int FRAGMENT_HEADER_LENGTH = 8;

    /** Fragment offset and more-fragments of an IPv6 fragment header, as loaded. */
    private static final int FRAGMENT_6_MASK_NET = 0xf9ff;

    /** Not a kind: what the fast loops could not tell, or not yet. */
    private static final int UNPARSED = -1;

    private static final int OPTION_END = 0;
    private static final int OPTION_NOTHING = 1;
    private static final int OPTION_LOOSE_SOURCE_ROUTE = 131;
    private static final int OPTION_STRICT_SOURCE_ROUTE = 137;

    private PacketParser() {}

    /** Parses the packets {@code [0, count)} of {@code burst}. */
    public static void parse(final PacketBurst burst) {
        int left = parsePlain4(burst);
        if (left > 0) {
            left = parsePlain6(burst);
        }

        // Not in the loops of the plain: after a call they would load and check all anew.
        for (int i = 0; left > 0; i++) {
            if (burst.kind[i] == UNPARSED) {
                parseUncommon(burst, i, burst.address[i], burst.length[i]);
                left--;
            }
        }
    }

    private static int parsePlain4(final PacketBurst burst) {
        final int count = burst.count;
        int left = 0;
        for (int i = 0; i < count; i++) {
            if (!isPlain4(burst, i, burst.address[i], burst.length[i])) {
                burst.kind[i] = UNPARSED;
                left++;
            }
        }

        return left;
    }

    private static int parsePlain6(final PacketBurst burst) {
        final int count = burst.count;
        int left = 0;
        for (int i = 0; i < count; i++) {
            if (burst.kind[i] == UNPARSED
                    && !isPlain6(burst, i, burst.address[i], burst.length[i])) {
                left++;
            }
        }

        return left;
    }

    private static boolean isPlain4(
            final PacketBurst burst, final int i, final long address, final int length) {
        if (length < EthernetHeader.LENGTH + VlanHeader.LENGTH + Ipv4Header.LENGTH) {
            return false;
        }

        int l3Offset = EthernetHeader.LENGTH;
        int etherTypeNet = EthernetHeader.etherTypeNet(address);
        if (etherTypeNet == EthernetHeader.ETHER_TYPE_VLAN_NET) {
            l3Offset += VlanHeader.LENGTH;
            etherTypeNet = VlanHeader.etherTypeNet(address);
        }

        final long l3 = address + l3Offset;
        final long firstWord = RawMemory.getLong(l3);
        final int protocol = Ipv4Header.protocol(l3);
        final int totalLength = Short.reverseBytes((short) (firstWord >>> 16)) & 0xffff;
        if (etherTypeNet != EthernetHeader.ETHER_TYPE_IPV4_NET
                || (firstWord & PLAIN_MASK_NET) != PLAIN_NET
                || totalLength > length - l3Offset
                || !isTransport(burst, i, l3, Ipv4Header.LENGTH, totalLength, protocol)) {
            return false;
        }

        burst.kind[i] = PacketKind.TRANSPORT;
        burst.l3Offset[i] = l3Offset;
        burst.l4Offset[i] = l3Offset + Ipv4Header.LENGTH;
        burst.keyA[i] = RawMemory.getLong(l3 + Ipv4Header.SOURCE_OFFSET);
        burst.keyB[i] = keyB(l3 + Ipv4Header.LENGTH, protocol);
        return true;
    }

    private static boolean isPlain6(
            final PacketBurst burst, final int i, final long address, final int length) {
        if (length < EthernetHeader.LENGTH + VlanHeader.LENGTH + Ipv6Header.LENGTH) {
            return false;
        }

        int l3Offset = EthernetHeader.LENGTH;
        int etherTypeNet = EthernetHeader.etherTypeNet(address);
        if (etherTypeNet == EthernetHeader.ETHER_TYPE_VLAN_NET) {
            l3Offset += VlanHeader.LENGTH;
            etherTypeNet = VlanHeader.etherTypeNet(address);
        }

        final long l3 = address + l3Offset;
        final int protocol = Ipv6Header.nextHeader(l3);
        final int totalLength = Ipv6Header.LENGTH + Ipv6Header.payloadLength(l3);
        if (etherTypeNet != EthernetHeader.ETHER_TYPE_IPV6_NET
                || Ipv6Header.version(l3) != 6
                || totalLength > length - l3Offset
                || !isTransport(burst, i, l3, Ipv6Header.LENGTH, totalLength, protocol)) {
            return false;
        }

        burst.kind[i] = PacketKind.TRANSPORT_6;
        burst.l3Offset[i] = l3Offset;
        burst.l4Offset[i] = l3Offset + Ipv6Header.LENGTH;
        burst.keyA[i] = 0;
        burst.keyB[i] = keyB(l3 + Ipv6Header.LENGTH, protocol | FAMILY_6);
        return true;
    }

    /**
     * Whether it is TCP or UDP with lengths that fit; then what is common to the families is set.
     */
    private static boolean isTransport(
            final PacketBurst burst,
            final int i,
            final long l3,
            final int headerLength,
            final int totalLength,
            final int protocol) {
        final int isTransport =
                (int) (TRANSPORT_PROTOCOLS >>> protocol) & ((protocol - Long.SIZE) >>> 31);
        final int isTcp = ~protocol & isTransport; // 6 is even, 17 is odd
        final int minLength = UdpHeader.LENGTH + (TcpHeader.LENGTH - UdpHeader.LENGTH) * isTcp;
        final int l4Length = totalLength - headerLength;
        if (((isTransport - 1) | (l4Length - minLength)) < 0) {
            return false;
        }

        // From here on the header's fixed part is inside the packet. A TCP header says how long it
        // is, a UDP header how long the datagram is; either has to lie between the two bounds.
        final long l4 = l3 + headerLength;
        final int tcpMask = -isTcp;
        final int tcpLength =
                (RawMemory.getByte(l4 + (TcpHeader.DATA_OFFSET_OFFSET & tcpMask)) & 0xf0) >>> 2;
        final int statedLength = (tcpLength & tcpMask) | (UdpHeader.length(l4) & ~tcpMask);
        if (((statedLength - minLength) | (l4Length - statedLength)) < 0) {
            return false;
        }

        burst.protocol[i] = protocol;
        burst.tcpFlags[i] =
                RawMemory.getByte(l4 + (TcpHeader.FLAGS_OFFSET & tcpMask)) & 0xff & tcpMask;
        burst.payloadLength[i] = l4Length - ((tcpLength & tcpMask) | (UdpHeader.LENGTH & ~tcpMask));
        return true;
    }

    /** Everything again from the start, one question at a time, with the reason for a refusal. */
    static void parseUncommon(
            final PacketBurst burst, final int i, final long address, final int length) {
        burst.l3Offset[i] = 0;
        burst.l4Offset[i] = 0;
        burst.protocol[i] = 0;
        burst.tcpFlags[i] = 0;
        burst.payloadLength[i] = 0;
        burst.keyA[i] = 0;
        burst.keyB[i] = 0;
        burst.kind[i] = kindOf(burst, i, address, length);
    }

    private static int kindOf(
            final PacketBurst burst, final int i, final long address, final int length) {
        int l3Offset = EthernetHeader.LENGTH;
        if (length < l3Offset) {
            return PacketKind.BAD_LENGTH;
        }

        int etherTypeNet = EthernetHeader.etherTypeNet(address);
        if (etherTypeNet == EthernetHeader.ETHER_TYPE_VLAN_NET) {
            l3Offset += VlanHeader.LENGTH;
            if (length < l3Offset) {
                return PacketKind.BAD_LENGTH;
            }

            etherTypeNet = VlanHeader.etherTypeNet(address);
        }

        burst.l3Offset[i] = l3Offset;
        final long l3 = address + l3Offset;
        final int l3Length = length - l3Offset;
        return switch (etherTypeNet) {
            case EthernetHeader.ETHER_TYPE_IPV4_NET -> ipv4KindOf(burst, i, l3, l3Length);
            case EthernetHeader.ETHER_TYPE_ARP_NET -> arpKindOf(l3, l3Length);
            case EthernetHeader.ETHER_TYPE_IPV6_NET -> ipv6KindOf(burst, i, l3, l3Length);
            default -> PacketKind.UNSUPPORTED_ETHER_TYPE;
        };
    }

    private static int arpKindOf(final long l3, final int l3Length) {
        if (l3Length < ArpHeader.LENGTH) {
            return PacketKind.BAD_LENGTH;
        }

        return ArpHeader.isEthernetIpv4(l3) ? PacketKind.ARP : PacketKind.BAD_HEADER;
    }

    // -- IPv6 -------------------------------------------------------------------------------------

    private static int ipv6KindOf(
            final PacketBurst burst, final int i, final long l3, final int l3Length) {
        if (l3Length < Ipv6Header.LENGTH) {
            return PacketKind.BAD_LENGTH;
        }

        if (Ipv6Header.version(l3) != 6) {
            return PacketKind.BAD_HEADER;
        }

        final int length = Ipv6Header.LENGTH + Ipv6Header.payloadLength(l3);
        return length > l3Length
                ? PacketKind.BAD_LENGTH
                : upperKindOf(burst, i, l3, length, Ipv6Header.nextHeader(l3));
    }

    /** Follows the extension headers (RFC 8200 §4) to the header that the packet is about. */
    private static int upperKindOf(
            final PacketBurst burst,
            final int i,
            final long l3,
            final int length,
            final int firstHeader) {
        int next = firstHeader;
        int offset = Ipv6Header.LENGTH;
        for (int headers = 0; headers <= MAX_EXTENSION_HEADERS; headers++) {
            final int left = length - offset;
            final long header = l3 + offset;
            switch (next) {
                case Ipv4Header.PROTOCOL_TCP, Ipv4Header.PROTOCOL_UDP, Ipv6Header.NEXT_ICMPV6 -> {
                    return transport6KindOf(burst, i, next, offset, header, left);
                }
                case Ipv6Header.NEXT_FRAGMENT -> {
                    if (left < FRAGMENT_HEADER_LENGTH) {
                        return PacketKind.BAD_LENGTH;
                    }
                    if ((RawMemory.getShort(header + 2) & FRAGMENT_6_MASK_NET) != 0) {
                        burst.protocol[i] = RawMemory.getByte(header) & 0xff;
                        burst.l4Offset[i] = burst.l3Offset[i] + offset;
                        return PacketKind.FRAGMENT_6;
                    }

                    next = RawMemory.getByte(header) & 0xff; // an atomic fragment, RFC 6946
                    offset += FRAGMENT_HEADER_LENGTH;
                }
                case Ipv6Header.NEXT_HOP_BY_HOP,
                        Ipv6Header.NEXT_ROUTING,
                        Ipv6Header.NEXT_DESTINATION_OPTIONS -> {
                    if (left < 8 || left < extensionLength(header)) {
                        return PacketKind.BAD_LENGTH;
                    }
                    if ((next == Ipv6Header.NEXT_ROUTING && RawMemory.getByte(header + 3) != 0)
                            || (next == Ipv6Header.NEXT_HOP_BY_HOP && headers > 0)) {
                        return PacketKind.EXTENSION_HEADER; // RFC 5095; RFC 8200 §4.1
                    }

                    next = RawMemory.getByte(header) & 0xff;
                    offset += extensionLength(header);
                }
                default -> {
                    return PacketKind.UNSUPPORTED_PROTOCOL;
                }
            }
        }

        return PacketKind.EXTENSION_HEADER;
    }

    private static int extensionLength(final long header) {
        return ((RawMemory.getByte(header + 1) & 0xff) + 1) * Long.BYTES;
    }

    private static int transport6KindOf(
            final PacketBurst burst,
            final int i,
            final int protocol,
            final int offset,
            final long l4,
            final int l4Length) {
        final int kind =
                switch (protocol) {
                    case Ipv4Header.PROTOCOL_TCP -> tcpKindOf(l4, l4Length);
                    case Ipv4Header.PROTOCOL_UDP -> udpKindOf(l4, l4Length);
                    default -> icmpKindOf(l4Length);
                };
        burst.protocol[i] = protocol;
        burst.l4Offset[i] = burst.l3Offset[i] + offset;
        if (kind == PacketKind.TRANSPORT) {
            takeTransport(burst, i, protocol, l4, l4Length);
            burst.keyB[i] = keyB(l4, protocol | FAMILY_6);
            return PacketKind.TRANSPORT_6;
        }

        return kind == PacketKind.ICMP ? PacketKind.ICMP_6 : kind;
    }

    // -- IPv4 -------------------------------------------------------------------------------------

    private static int ipv4KindOf(
            final PacketBurst burst, final int i, final long l3, final int l3Length) {
        if (l3Length < Ipv4Header.LENGTH) {
            return PacketKind.BAD_LENGTH;
        }

        final int headerLength = Ipv4Header.headerLength(l3);
        if (Ipv4Header.versionAndIhl(l3) >>> 4 != 4 || headerLength < Ipv4Header.LENGTH) {
            return PacketKind.BAD_HEADER;
        }

        final int totalLength = Ipv4Header.totalLength(l3);
        if (totalLength < headerLength || totalLength > l3Length) {
            return PacketKind.BAD_LENGTH;
        }

        final boolean hasOptions = headerLength > Ipv4Header.LENGTH;
        if (hasOptions && !areHarmless(l3 + Ipv4Header.LENGTH, l3 + headerLength)) {
            return PacketKind.IP_OPTIONS;
        }

        if (Ipv4Header.isFragment(l3)) {
            return PacketKind.FRAGMENT;
        }

        final int protocol = Ipv4Header.protocol(l3);
        final long l4 = l3 + headerLength;
        final int l4Length = totalLength - headerLength;
        final int kind =
                switch (protocol) {
                    case Ipv4Header.PROTOCOL_TCP -> tcpKindOf(l4, l4Length);
                    case Ipv4Header.PROTOCOL_UDP -> udpKindOf(l4, l4Length);
                    case Ipv4Header.PROTOCOL_ICMP -> icmpKindOf(l4Length);
                    default -> PacketKind.UNSUPPORTED_PROTOCOL;
                };

        burst.protocol[i] = protocol;
        burst.l4Offset[i] = burst.l3Offset[i] + headerLength;
        if (kind == PacketKind.TRANSPORT) {
            takeTransport(burst, i, protocol, l4, l4Length);
            burst.keyA[i] = RawMemory.getLong(l3 + Ipv4Header.SOURCE_OFFSET);
            burst.keyB[i] = keyB(l4, protocol);
            return hasOptions ? PacketKind.TRANSPORT_WITH_OPTIONS : PacketKind.TRANSPORT;
        }

        return kind;
    }

    /**
     * Whether options can be followed to their end and none is a source route, which would let a
     * sender choose the way past a filter (RFC 7126 §4.3, 4.4).
     */
    private static boolean areHarmless(final long first, final long end) {
        long option = first;
        while (option < end) {
            final int type = RawMemory.getByte(option) & 0xff;
            if (type == OPTION_END) {
                return true;
            }
            if (type == OPTION_NOTHING) {
                option++;
                continue;
            }
            if (type == OPTION_LOOSE_SOURCE_ROUTE
                    || type == OPTION_STRICT_SOURCE_ROUTE
                    || option + 2 > end) {
                return false;
            }

            final int length = RawMemory.getByte(option + 1) & 0xff;
            if (length < 2 || option + length > end) {
                return false;
            }
            option += length;
        }

        return true;
    }

    private static void takeTransport(
            final PacketBurst burst,
            final int i,
            final int protocol,
            final long l4,
            final int l4Length) {
        final boolean isTcp = protocol == Ipv4Header.PROTOCOL_TCP;
        burst.tcpFlags[i] = isTcp ? TcpHeader.flags(l4) : 0;
        burst.payloadLength[i] = l4Length - (isTcp ? TcpHeader.headerLength(l4) : UdpHeader.LENGTH);
    }

    /** Ports as loaded, and the protocol; {@code protocol} has the mark of its family. */
    private static long keyB(final long l4, final int protocol) {
        return (TransportHeader.portsNet(l4) & 0xffff_ffffL) | ((long) protocol << Integer.SIZE);
    }

    private static int tcpKindOf(final long l4, final int l4Length) {
        if (l4Length < TcpHeader.LENGTH) {
            return PacketKind.BAD_LENGTH;
        }

        final int headerLength = TcpHeader.headerLength(l4);
        if (headerLength < TcpHeader.LENGTH) {
            return PacketKind.BAD_HEADER;
        }

        return headerLength > l4Length ? PacketKind.BAD_LENGTH : PacketKind.TRANSPORT;
    }

    private static int udpKindOf(final long l4, final int l4Length) {
        if (l4Length < UdpHeader.LENGTH) {
            return PacketKind.BAD_LENGTH;
        }

        final int statedLength = UdpHeader.length(l4);
        if (statedLength < UdpHeader.LENGTH) {
            return PacketKind.BAD_HEADER;
        }

        return statedLength > l4Length ? PacketKind.BAD_LENGTH : PacketKind.TRANSPORT;
    }

    private static int icmpKindOf(final int l4Length) {
        return l4Length < IcmpHeader.LENGTH ? PacketKind.BAD_LENGTH : PacketKind.ICMP;
    }
}
