package io.naru.dataplane.pipeline;

import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.packet.EthernetHeader;
import io.naru.dataplane.packet.InternetChecksum;
import io.naru.dataplane.packet.Ipv4Header;
import io.naru.dataplane.packet.Ipv6Header;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.packet.TcpHeader;
import io.naru.dataplane.packet.TransportHeader;
import io.naru.dataplane.port.SendList;

/**
 * Writes RSTs, with all their headers, into frames of their own: one at a time, from {@link #begin}
 * to {@link #send}; between them ports, addresses and the number, in any order.
 *
 * <p>Which number the receiver believes is its caller's to know. Used by one worker; allocates
 * nothing.
 */
final class ResetWriter {
    private static final int TTL = 64;
    private static final int DONT_FRAGMENT_NET = 0x0040;
    private static final int DATA_OFFSET = TcpHeader.LENGTH << 2;

    /** Ethernet's least; the longest of ours is 74 bytes. */
    private static final int MIN_LENGTH = 60;

    private static final int MAX_LENGTH =
            EthernetHeader.LENGTH + Ipv6Header.LENGTH + TcpHeader.LENGTH;

    private final long[] macsNet;
    private SendList sendList = SendList.NONE;
    private long frame;
    private long hop;
    private boolean isIpv6;
    private long l3;
    private long l4;

    /**
     * @param macsNet our MAC by interface index.
     */
    ResetWriter(final long[] macsNet) {
        this.macsNet = macsNet.clone();
    }

    void sendList(final SendList list) {
        sendList = list;
    }

    /**
     * Begins an RST.
     *
     * @param nextHop where it goes; resolved.
     * @return false if it can't be sent: its interface is none of ours, or there is no free frame.
     */
    boolean begin(final long nextHop, final boolean isOfIpv6) {
        final int egress = Hop.interfaceIndex(nextHop);
        frame = egress < macsNet.length ? sendList.newFrame() : 0;
        if (frame == 0) {
            return false;
        }

        hop = nextHop;
        isIpv6 = isOfIpv6;
        l3 = frame + EthernetHeader.LENGTH;
        l4 = l3 + (isIpv6 ? Ipv6Header.LENGTH : Ipv4Header.LENGTH);
        RawMemory.fill(frame, MAX_LENGTH, (byte) 0);
        EthernetHeader.putMacsNet(frame, hop, macsNet[egress]);
        if (isIpv6) {
            beginIpv6();
        } else {
            beginIpv4();
        }
        RawMemory.putByte(l4 + TcpHeader.DATA_OFFSET_OFFSET, (byte) DATA_OFFSET);
        RawMemory.putByte(l4 + TcpHeader.FLAGS_OFFSET, (byte) TcpHeader.RST);
        return true;
    }

    private void beginIpv4() {
        EthernetHeader.putEtherTypeNet(frame, EthernetHeader.ETHER_TYPE_IPV4_NET);
        RawMemory.putByte(l3, (byte) Ipv4Header.VERSION_AND_IHL_PLAIN);
        Ipv4Header.putTotalLength(l3, Ipv4Header.LENGTH + TcpHeader.LENGTH);
        RawMemory.putShort(l3 + Ipv4Header.FRAGMENT_OFFSET, (short) DONT_FRAGMENT_NET);
        Ipv4Header.putTtl(l3, TTL);
        RawMemory.putByte(l3 + Ipv4Header.PROTOCOL_OFFSET, (byte) Ipv4Header.PROTOCOL_TCP);
    }

    private void beginIpv6() {
        EthernetHeader.putEtherTypeNet(frame, EthernetHeader.ETHER_TYPE_IPV6_NET);
        Ipv6Header.putFirstWord(l3, 6 << 28);
        Ipv6Header.putPayloadLength(l3, TcpHeader.LENGTH);
        Ipv6Header.putNextHeader(l3, Ipv4Header.PROTOCOL_TCP);
        Ipv6Header.putHopLimit(l3, TTL);
    }

    void portsNet(final int sourceNet, final int destinationNet) {
        TransportHeader.putSourcePortNet(l4, sourceNet);
        TransportHeader.putDestinationPortNet(l4, destinationNet);
    }

    void sourceNet(final int ipNet) {
        Ipv4Header.putSourceNet(l3, ipNet);
    }

    void destinationNet(final int ipNet) {
        Ipv4Header.putDestinationNet(l3, ipNet);
    }

    void sourceNet(final long highNet, final long lowNet) {
        Ipv6Header.putSourceNet(l3, highNet, lowNet);
    }

    void destinationNet(final long highNet, final long lowNet) {
        Ipv6Header.putDestinationNet(l3, highNet, lowNet);
    }

    /** The number that the receiver expects next. */
    void sequence(final int sequence) {
        RawMemory.putInt(l4 + TcpHeader.SEQUENCE_OFFSET, Integer.reverseBytes(sequence));
    }

    /** For a receiver that has yet to hear a number: the one behind what it has sent itself. */
    void acknowledgement(final int acknowledgement) {
        RawMemory.putInt(
                l4 + TcpHeader.ACKNOWLEDGEMENT_OFFSET, Integer.reverseBytes(acknowledgement));
        RawMemory.putByte(l4 + TcpHeader.FLAGS_OFFSET, (byte) (TcpHeader.RST | TcpHeader.ACK));
    }

    /** Ends it with its checksums and puts it into the send list. */
    void send() {
        final int checksumNet;
        if (isIpv6) {
            checksumNet =
                    InternetChecksum.transport6ChecksumNet(
                            l3, l4, TcpHeader.LENGTH, Ipv4Header.PROTOCOL_TCP);
        } else {
            Ipv4Header.putChecksumNet(l3, InternetChecksum.checksumNet(l3, Ipv4Header.LENGTH));
            checksumNet = InternetChecksum.transportChecksumNet(l3, l4, TcpHeader.LENGTH);
        }
        RawMemory.putShort(l4 + TcpHeader.CHECKSUM_OFFSET, (short) checksumNet);
        sendList.add(frame, Math.max(MIN_LENGTH, (int) (l4 - frame) + TcpHeader.LENGTH), hop);
    }
}
