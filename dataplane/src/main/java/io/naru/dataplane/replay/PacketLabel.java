package io.naru.dataplane.replay;

import io.naru.dataplane.packet.ArpHeader;
import io.naru.dataplane.packet.IcmpHeader;
import io.naru.dataplane.packet.NdpMessage;
import io.naru.dataplane.packet.PacketKind;
import io.naru.dataplane.packet.TcpHeader;
import io.naru.dataplane.port.PacketBurst;

/** What a person would call a packet that was parsed and not yet rewritten. */
final class PacketLabel {
    private static final int TCP = 6;
    private static final int DESTINATION_UNREACHABLE = 3;
    private static final int TIME_EXCEEDED = 11;

    /** Of either family. */
    static final String FRAGMENT = PacketKind.name(PacketKind.FRAGMENT);

    private PacketLabel() {}

    static String of(final PacketBurst burst, final int index) {
        return switch (burst.kind[index]) {
            case PacketKind.TRANSPORT, PacketKind.TRANSPORT_WITH_OPTIONS, PacketKind.TRANSPORT_6 ->
                    burst.protocol[index] == TCP ? ofTcp(burst.tcpFlags[index]) : "udp";
            case PacketKind.ICMP ->
                    ofIcmp(IcmpHeader.type(burst.address[index] + burst.l4Offset[index]));
            case PacketKind.ICMP_6 ->
                    ofIcmpv6(IcmpHeader.type(burst.address[index] + burst.l4Offset[index]));
            case PacketKind.FRAGMENT, PacketKind.FRAGMENT_6 -> FRAGMENT;
            case PacketKind.ARP ->
                    ofArp(ArpHeader.operationNet(burst.address[index] + burst.l3Offset[index]));
            default -> PacketKind.name(burst.kind[index]).replace('-', ' ');
        };
    }

    /** Whether a label is that of an error that somebody reports. */
    static boolean isIcmpError(final String label) {
        return label.startsWith("icmp") && !label.contains("echo");
    }

    private static String ofTcp(final int flags) {
        if ((flags & TcpHeader.RST) != 0) {
            return "tcp rst";
        }
        if ((flags & TcpHeader.SYN) != 0) {
            return (flags & TcpHeader.ACK) != 0 ? "tcp syn ack" : "tcp syn";
        }

        return (flags & TcpHeader.FIN) != 0 ? "tcp fin" : "tcp";
    }

    private static String ofIcmp(final int type) {
        return switch (type) {
            case IcmpHeader.TYPE_ECHO_REQUEST -> "icmp echo request";
            case IcmpHeader.TYPE_ECHO_REPLY -> "icmp echo reply";
            case DESTINATION_UNREACHABLE -> "icmp unreachable";
            case TIME_EXCEEDED -> "icmp time exceeded";
            default -> "icmp";
        };
    }

    private static String ofIcmpv6(final int type) {
        return switch (type) {
            case IcmpHeader.TYPE_ECHO_REQUEST_6 -> "icmpv6 echo request";
            case IcmpHeader.TYPE_ECHO_REPLY_6 -> "icmpv6 echo reply";
            case IcmpHeader.TYPE_DESTINATION_UNREACHABLE_6 -> "icmpv6 unreachable";
            case IcmpHeader.TYPE_PACKET_TOO_BIG_6 -> "icmpv6 packet too big";
            case IcmpHeader.TYPE_TIME_EXCEEDED_6 -> "icmpv6 time exceeded";
            case NdpMessage.TYPE_SOLICITATION -> "neighbour solicitation";
            case NdpMessage.TYPE_ADVERTISEMENT -> "neighbour advertisement";
            default -> "icmpv6";
        };
    }

    private static String ofArp(final int operationNet) {
        return operationNet == ArpHeader.OPERATION_REQUEST_NET ? "arp request" : "arp reply";
    }
}
