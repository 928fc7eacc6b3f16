package io.naru.dataplane.pipeline;

import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.packet.EthernetHeader;
import io.naru.dataplane.packet.InternetChecksum;
import io.naru.dataplane.packet.Ipv4Header;
import io.naru.dataplane.packet.Ipv6Header;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.packet.TcpHeader;
import io.naru.dataplane.packet.TransportHeader;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.port.SendList;

/**
 * Answers a TCP packet of a client with the RST that the server would send if it did not know the
 * connection (RFC 9293 §3.10.7.1), in a frame of its own.
 *
 * <p>The packet itself tells the number that the client will believe: no flow has to be known. Goes
 * back by the way that the packet came. Used by one worker; allocates nothing.
 */
final class ResetReply {
    private static final int TTL = 64;
    private static final int DONT_FRAGMENT_NET = 0x0040;
    private static final int DATA_OFFSET = TcpHeader.LENGTH << 2;
    private static final int ACKNOWLEDGEMENT_OFFSET = 8; // RFC 9293 §3.1

    /** Ethernet's least; the longest of ours is 74 bytes. */
    private static final int MIN_LENGTH = 60;

    private static final int MAX_LENGTH =
            EthernetHeader.LENGTH + Ipv6Header.LENGTH + TcpHeader.LENGTH;

    private final long[] macsNet;
    private SendList sendList = SendList.NONE;
    private long sent;

    /**
     * @param macsNet our MAC by interface index.
     */
    ResetReply(final long[] macsNet) {
        this.macsNet = macsNet.clone();
    }

    void sendList(final SendList list) {
        sendList = list;
    }

    /** RSTs that were sent. */
    long sent() {
        return sent;
    }

    /** Resets the sender of a packet; nothing if it is no TCP, an RST, or of no known place. */
    void answer(final PacketBurst burst, final int i) {
        final int flags = burst.tcpFlags[i];
        final int ingress = burst.ingress[i];
        if (burst.protocol[i] != Ipv4Header.PROTOCOL_TCP
                || burst.l4Offset[i] == 0
                || (flags & TcpHeader.RST) != 0
                || burst.l3Offset[i] != EthernetHeader.LENGTH
                || ingress >= macsNet.length) {
            return;
        }

        final long frame = sendList.newFrame();
        if (frame == 0) {
            return;
        }

        final boolean isIpv6 = ((burst.keyB[i] >>> Integer.SIZE) & FlowEntry.FAMILY_6) != 0;
        final long from = burst.address[i];
        final long hop = Hop.of(EthernetHeader.sourceMacNet(from), ingress);
        final int headerLength = isIpv6 ? Ipv6Header.LENGTH : Ipv4Header.LENGTH;
        final long l4 = frame + EthernetHeader.LENGTH + headerLength;
        RawMemory.fill(frame, MAX_LENGTH, (byte) 0);
        EthernetHeader.putMacsNet(frame, hop, macsNet[ingress]);
        putTcp(l4, from + burst.l4Offset[i], flags, TcpSequences.length(burst, i));
        final long l3 = frame + EthernetHeader.LENGTH;
        final long fromL3 = from + burst.l3Offset[i];
        final int checksum = isIpv6 ? put6(l3, l4, fromL3) : put4(l3, l4, fromL3);
        RawMemory.putShort(l4 + TcpHeader.CHECKSUM_OFFSET, (short) checksum);
        sendList.add(
                frame,
                Math.max(MIN_LENGTH, EthernetHeader.LENGTH + headerLength + TcpHeader.LENGTH),
                hop);
        sent++;
    }

    private static void putTcp(
            final long l4, final long from, final int flags, final int sequenceLength) {
        final int portsNet = TransportHeader.portsNet(from); // the source in the low half
        TransportHeader.putSourcePortNet(l4, portsNet >>> Short.SIZE);
        TransportHeader.putDestinationPortNet(l4, portsNet & 0xffff);
        RawMemory.putByte(l4 + TcpHeader.DATA_OFFSET_OFFSET, (byte) DATA_OFFSET);
        if ((flags & TcpHeader.ACK) != 0) {
            final int expectedNet = RawMemory.getInt(from + ACKNOWLEDGEMENT_OFFSET);
            RawMemory.putInt(l4 + TcpHeader.SEQUENCE_OFFSET, expectedNet);
            RawMemory.putByte(l4 + TcpHeader.FLAGS_OFFSET, (byte) TcpHeader.RST);
        } else {
            final int end = TcpHeader.sequence(from) + sequenceLength;
            RawMemory.putInt(l4 + ACKNOWLEDGEMENT_OFFSET, Integer.reverseBytes(end));
            RawMemory.putByte(l4 + TcpHeader.FLAGS_OFFSET, (byte) (TcpHeader.RST | TcpHeader.ACK));
        }
    }

    private static int put4(final long l3, final long l4, final long from) {
        RawMemory.putShort(l3 - Short.BYTES, (short) EthernetHeader.ETHER_TYPE_IPV4_NET);
        RawMemory.putByte(l3, (byte) Ipv4Header.VERSION_AND_IHL_PLAIN);
        Ipv4Header.putTotalLength(l3, Ipv4Header.LENGTH + TcpHeader.LENGTH);
        RawMemory.putShort(l3 + Ipv4Header.FRAGMENT_OFFSET, (short) DONT_FRAGMENT_NET);
        Ipv4Header.putTtl(l3, TTL);
        RawMemory.putByte(l3 + Ipv4Header.PROTOCOL_OFFSET, (byte) Ipv4Header.PROTOCOL_TCP);
        Ipv4Header.putSourceNet(l3, Ipv4Header.destinationNet(from));
        Ipv4Header.putDestinationNet(l3, Ipv4Header.sourceNet(from));
        Ipv4Header.putChecksumNet(l3, InternetChecksum.checksumNet(l3, Ipv4Header.LENGTH));
        return InternetChecksum.transportChecksumNet(l3, l4, TcpHeader.LENGTH);
    }

    private static int put6(final long l3, final long l4, final long from) {
        RawMemory.putShort(l3 - Short.BYTES, (short) EthernetHeader.ETHER_TYPE_IPV6_NET);
        Ipv6Header.putFirstWord(l3, 6 << 28);
        Ipv6Header.putPayloadLength(l3, TcpHeader.LENGTH);
        Ipv6Header.putNextHeader(l3, Ipv4Header.PROTOCOL_TCP);
        Ipv6Header.putHopLimit(l3, TTL);
        Ipv6Header.putSourceNet(
                l3, Ipv6Header.destinationHighNet(from), Ipv6Header.destinationLowNet(from));
        Ipv6Header.putDestinationNet(
                l3, Ipv6Header.sourceHighNet(from), Ipv6Header.sourceLowNet(from));
        return InternetChecksum.transport6ChecksumNet(
                l3, l4, TcpHeader.LENGTH, Ipv4Header.PROTOCOL_TCP);
    }
}
