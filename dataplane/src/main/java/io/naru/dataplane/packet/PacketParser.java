package io.naru.dataplane.packet;

import io.naru.dataplane.port.PacketBurst;

/**
 * Finds the headers of every packet of a burst and checks each length and offset once.
 *
 * <p>Sets {@code kind}, {@code l3Offset}, {@code l4Offset}, {@code protocol}, {@code tcpFlags},
 * {@code keyA} and {@code keyB} of the burst. Afterwards everything that the kind promises (see
 * {@link PacketKind}) lies inside the packet, and no later stage checks a bound again. Reads
 * nothing outside the packet, whatever is in it.
 *
 * <p>Plain TCP and UDP over IPv4 go straight through, with no branch on which of the two it is
 * (such a branch is a coin toss to the CPU and costs 3-4 ns a packet); the rest is sorted out by
 * {@link #parseUncommon}.
 */
public final class PacketParser {
    /** Version and IHL are 0x45 and it is no fragment, in the first 8 bytes as loaded. */
    private static final long PLAIN_MASK_NET = 0xff3f_0000_0000_00ffL;

    private static final long PLAIN_NET = Ipv4Header.VERSION_AND_IHL_PLAIN;

    /** Bit n is set if protocol n is TCP or UDP. */
    private static final long TRANSPORT_PROTOCOLS =
            (1L << Ipv4Header.PROTOCOL_TCP) | (1L << Ipv4Header.PROTOCOL_UDP);

    private PacketParser() {}

    /** Parses the packets {@code [0, count)} of {@code burst}. */
    public static void parse(final PacketBurst burst) {
        final int count = burst.count;
        for (int i = 0; i < count; i++) {
            if (!parsePlain(burst, i, burst.address[i], burst.length[i])) {
                parseUncommon(burst, i, burst.address[i], burst.length[i]);
            }
        }
    }

    private static boolean parsePlain(
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
        if (etherTypeNet != EthernetHeader.ETHER_TYPE_IPV4_NET
                || (firstWord & PLAIN_MASK_NET) != PLAIN_NET) {
            return false;
        }

        final int totalLength = Short.reverseBytes((short) (firstWord >>> 16)) & 0xffff;
        final int protocol = Ipv4Header.protocol(l3);
        final int isTransport =
                (int) (TRANSPORT_PROTOCOLS >>> protocol) & ((protocol - Long.SIZE) >>> 31);
        final int isTcp = ~protocol & isTransport; // 6 is even, 17 is odd
        final int minLength = UdpHeader.LENGTH + (TcpHeader.LENGTH - UdpHeader.LENGTH) * isTcp;
        final int l4Length = totalLength - Ipv4Header.LENGTH;
        if (((isTransport - 1) | (length - l3Offset - totalLength) | (l4Length - minLength)) < 0) {
            return false;
        }

        // From here on the header's fixed part is inside the packet. A TCP header says how long it
        // is, a UDP header how long the datagram is; either has to lie between the two bounds.
        final long l4 = l3 + Ipv4Header.LENGTH;
        final int tcpMask = -isTcp;
        final int tcpLength =
                (RawMemory.getByte(l4 + (TcpHeader.DATA_OFFSET_OFFSET & tcpMask)) & 0xf0) >>> 2;
        final int statedLength = (tcpLength & tcpMask) | (UdpHeader.length(l4) & ~tcpMask);
        if (((statedLength - minLength) | (l4Length - statedLength)) < 0) {
            return false;
        }

        burst.kind[i] = PacketKind.TRANSPORT;
        burst.l3Offset[i] = l3Offset;
        burst.l4Offset[i] = l3Offset + Ipv4Header.LENGTH;
        burst.protocol[i] = protocol;
        burst.tcpFlags[i] =
                RawMemory.getByte(l4 + (TcpHeader.FLAGS_OFFSET & tcpMask)) & 0xff & tcpMask;
        burst.keyA[i] = RawMemory.getLong(l3 + Ipv4Header.SOURCE_OFFSET);
        burst.keyB[i] =
                (TransportHeader.portsNet(l4) & 0xffff_ffffL) | ((long) protocol << Integer.SIZE);
        return true;
    }

    /** Everything again from the start, one question at a time, with the reason for a refusal. */
    static void parseUncommon(
            final PacketBurst burst, final int i, final long address, final int length) {
        burst.l3Offset[i] = 0;
        burst.l4Offset[i] = 0;
        burst.protocol[i] = 0;
        burst.tcpFlags[i] = 0;
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
            case EthernetHeader.ETHER_TYPE_IPV6_NET -> ipv6KindOf(l3, l3Length);
            default -> PacketKind.UNSUPPORTED_ETHER_TYPE;
        };
    }

    private static int arpKindOf(final long l3, final int l3Length) {
        if (l3Length < ArpHeader.LENGTH) {
            return PacketKind.BAD_LENGTH;
        }

        return ArpHeader.isEthernetIpv4(l3) ? PacketKind.ARP : PacketKind.BAD_HEADER;
    }

    private static int ipv6KindOf(final long l3, final int l3Length) {
        if (l3Length < Ipv6Header.LENGTH) {
            return PacketKind.BAD_LENGTH;
        }

        if (Ipv6Header.version(l3) != 6) {
            return PacketKind.BAD_HEADER;
        }

        return Ipv6Header.LENGTH + Ipv6Header.payloadLength(l3) > l3Length
                ? PacketKind.BAD_LENGTH
                : PacketKind.IPV6;
    }

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

        if (Ipv4Header.isFragment(l3)) {
            return PacketKind.FRAGMENT;
        }

        if (headerLength > Ipv4Header.LENGTH) {
            return PacketKind.IP_OPTIONS;
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
            burst.tcpFlags[i] = protocol == Ipv4Header.PROTOCOL_TCP ? TcpHeader.flags(l4) : 0;
            burst.keyA[i] = RawMemory.getLong(l3 + Ipv4Header.SOURCE_OFFSET);
            burst.keyB[i] =
                    (TransportHeader.portsNet(l4) & 0xffff_ffffL)
                            | ((long) protocol << Integer.SIZE);
        }

        return kind;
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
