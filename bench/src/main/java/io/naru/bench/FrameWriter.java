package io.naru.bench;

import io.naru.dataplane.packet.EthernetHeader;
import io.naru.dataplane.packet.InternetChecksum;
import io.naru.dataplane.packet.Ipv4Header;
import io.naru.dataplane.packet.Ipv6Header;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.packet.TcpHeader;
import io.naru.dataplane.packet.TransportHeader;
import io.naru.dataplane.packet.UdpHeader;
import io.naru.dataplane.protocol.IpAddress;

/**
 * Writes frames of at most 64 bytes of IPv4 and 84 of IPv6 for benchmarks; both families have the
 * same hosts, by number.
 */
final class FrameWriter {
    static final long OUR_MAC = 0x0100_0000_0002L;

    private static final long ROUTER_MAC = 0x9900_0000_0002L;
    private static final long PREFIX_6 = 0x2001_0db8_0000_0000L;

    /** TCP's or UDP's header and what follows. */
    private static final int L4_LENGTH = 30;

    private FrameWriter() {}

    /** The address of a host: its number, or that behind a prefix. */
    static IpAddress address(final boolean isIpv6, final int host) {
        return isIpv6 ? new IpAddress(PREFIX_6, host & 0xffff_ffffL) : IpAddress.ipv4(host);
    }

    /**
     * @param address room for the frame.
     * @param portsNet source port in the low half, destination port in the high one.
     */
    static void write(
            final long address,
            final boolean isIpv6,
            final boolean isTcp,
            final int sourceHost,
            final int destinationHost,
            final int portsNet,
            final int tcpFlags) {
        final long l3 = address + EthernetHeader.LENGTH;
        final int protocol = isTcp ? Ipv4Header.PROTOCOL_TCP : Ipv4Header.PROTOCOL_UDP;
        EthernetHeader.putMacsNet(address, OUR_MAC, ROUTER_MAC);
        if (isIpv6) {
            EthernetHeader.putEtherTypeNet(address, EthernetHeader.ETHER_TYPE_IPV6_NET);
            putIpv6(l3, protocol, sourceHost, destinationHost);
            putTransport(l3 + Ipv6Header.LENGTH, isTcp, portsNet, tcpFlags);
        } else {
            EthernetHeader.putEtherTypeNet(address, EthernetHeader.ETHER_TYPE_IPV4_NET);
            putIpv4(l3, protocol, sourceHost, destinationHost);
            putTransport(l3 + Ipv4Header.LENGTH, isTcp, portsNet, tcpFlags);
        }
    }

    /** The number of the host that a packet is from. */
    static int sourceHost(final long address, final boolean isIpv6) {
        final long l3 = address + EthernetHeader.LENGTH;
        return isIpv6
                ? (int) Long.reverseBytes(Ipv6Header.sourceLowNet(l3))
                : Integer.reverseBytes(Ipv4Header.sourceNet(l3));
    }

    static int sourcePortNet(final long address, final boolean isIpv6) {
        final int headerLength = isIpv6 ? Ipv6Header.LENGTH : Ipv4Header.LENGTH;
        return TransportHeader.portsNet(address + EthernetHeader.LENGTH + headerLength) & 0xffff;
    }

    private static void putIpv4(
            final long l3, final int protocol, final int sourceHost, final int destinationHost) {
        RawMemory.putLong(l3, 0x0000_0040_0000_0045L);
        Ipv4Header.putTotalLength(l3, Ipv4Header.LENGTH + L4_LENGTH);
        Ipv4Header.putTtl(l3, 64);
        RawMemory.putByte(l3 + Ipv4Header.PROTOCOL_OFFSET, (byte) protocol);
        Ipv4Header.putSourceNet(l3, Integer.reverseBytes(sourceHost));
        Ipv4Header.putDestinationNet(l3, Integer.reverseBytes(destinationHost));
        Ipv4Header.putChecksumNet(l3, 0);
        Ipv4Header.putChecksumNet(l3, InternetChecksum.checksumNet(l3, Ipv4Header.LENGTH));
    }

    private static void putIpv6(
            final long l3, final int protocol, final int sourceHost, final int destinationHost) {
        final long prefixNet = Long.reverseBytes(PREFIX_6);
        Ipv6Header.putFirstWord(l3, 6 << 28);
        Ipv6Header.putPayloadLength(l3, L4_LENGTH);
        Ipv6Header.putNextHeader(l3, protocol);
        Ipv6Header.putHopLimit(l3, 64);
        Ipv6Header.putSourceNet(l3, prefixNet, Long.reverseBytes(sourceHost & 0xffff_ffffL));
        Ipv6Header.putDestinationNet(
                l3, prefixNet, Long.reverseBytes(destinationHost & 0xffff_ffffL));
    }

    private static void putTransport(
            final long l4, final boolean isTcp, final int portsNet, final int tcpFlags) {
        RawMemory.putInt(l4, portsNet);
        if (isTcp) {
            RawMemory.putInt(l4 + TcpHeader.SEQUENCE_OFFSET, 0); // of UDP its length is there
            RawMemory.putByte(l4 + TcpHeader.DATA_OFFSET_OFFSET, (byte) 0x50);
            RawMemory.putByte(l4 + TcpHeader.FLAGS_OFFSET, (byte) tcpFlags);
            RawMemory.putShort(l4 + TcpHeader.CHECKSUM_OFFSET, (short) 0x1234);
        } else {
            RawMemory.putShort(l4 + UdpHeader.LENGTH_OFFSET, Short.reverseBytes((short) L4_LENGTH));
            RawMemory.putShort(
                    l4 + TransportHeader.checksumOffset(Ipv4Header.PROTOCOL_UDP), (short) 0x1234);
        }
    }
}
