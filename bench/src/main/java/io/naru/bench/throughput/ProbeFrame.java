package io.naru.bench.throughput;

import io.naru.dataplane.packet.EthernetHeader;
import io.naru.dataplane.packet.InternetChecksum;
import io.naru.dataplane.packet.Ipv4Header;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.packet.TransportHeader;
import io.naru.dataplane.packet.UdpHeader;

/**
 * The frame that the generator sends and the sink checks: the smallest Ethernet frame (60 bytes
 * without FCS) with a UDP datagram that carries the time it was sent.
 *
 * <pre>
 *    0  Ethernet | 14  IPv4 | 34  UDP | 42  sent, ns (8) | 50  flow (4) | 54  zero (6)
 * </pre>
 */
final class ProbeFrame {
    static final int LENGTH = 60;
    private static final int L3 = EthernetHeader.LENGTH;
    private static final int L4 = L3 + Ipv4Header.LENGTH;
    private static final int UDP_LENGTH = LENGTH - L4;
    private static final int SENT_OFFSET = L4 + UdpHeader.LENGTH;
    private static final int FLOW_OFFSET = SENT_OFFSET + Long.BYTES;
    private static final int TTL = 64;

    private ProbeFrame() {}

    /** Writes a whole frame of flow {@code flow}; clients are {@code firstClient}, and up. */
    static void write(
            final long frame,
            final long destinationMacNet,
            final long sourceMacNet,
            final int firstClient,
            final int vip,
            final int port,
            final int flow,
            final long sentNs) {
        RawMemory.fill(frame, LENGTH, (byte) 0);
        EthernetHeader.putMacsNet(frame, destinationMacNet, sourceMacNet);
        EthernetHeader.putEtherTypeNet(frame, EthernetHeader.ETHER_TYPE_IPV4_NET);

        final long l3 = frame + L3;
        RawMemory.putByte(l3, (byte) Ipv4Header.VERSION_AND_IHL_PLAIN);
        Ipv4Header.putTotalLength(l3, LENGTH - L3);
        Ipv4Header.putTtl(l3, TTL);
        RawMemory.putByte(l3 + Ipv4Header.PROTOCOL_OFFSET, (byte) Ipv4Header.PROTOCOL_UDP);
        Ipv4Header.putDestinationNet(l3, Integer.reverseBytes(vip));

        final long l4 = frame + L4;
        TransportHeader.putDestinationPortNet(l4, Short.reverseBytes((short) port) & 0xffff);
        RawMemory.putShort(l4 + UdpHeader.LENGTH_OFFSET, Short.reverseBytes((short) UDP_LENGTH));
        RawMemory.putLong(frame + SENT_OFFSET, sentNs);
        RawMemory.putInt(frame + FLOW_OFFSET, flow);
        Ipv4Header.putSourceNet(l3, Integer.reverseBytes(firstClient + (flow >>> 14)));
        TransportHeader.putSourcePortNet(
                l4, Short.reverseBytes((short) (1024 + (flow & 0x3fff))) & 0xffff);

        Ipv4Header.putChecksumNet(l3, InternetChecksum.checksumNet(l3, Ipv4Header.LENGTH));
        final int checksum = InternetChecksum.transportChecksumNet(l3, l4, UDP_LENGTH);
        RawMemory.putShort(
                l4 + UdpHeader.CHECKSUM_OFFSET, (short) (checksum == 0 ? 0xffff : checksum));
    }

    /** Whether a frame is one of ours, whole, and with right checksums. */
    static boolean isIntact(final long frame, final int length) {
        final long l3 = frame + L3;
        return length == LENGTH
                && EthernetHeader.etherTypeNet(frame) == EthernetHeader.ETHER_TYPE_IPV4_NET
                && InternetChecksum.checksumNet(l3, Ipv4Header.LENGTH) == 0
                && InternetChecksum.transportChecksumNet(l3, frame + L4, UDP_LENGTH) == 0;
    }

    static int destination(final long frame) {
        return Integer.reverseBytes(Ipv4Header.destinationNet(frame + L3));
    }

    static int destinationPort(final long frame) {
        return TransportHeader.portsNet(frame + L4) >>> 16 == 0
                ? 0
                : Short.toUnsignedInt(
                        Short.reverseBytes((short) (TransportHeader.portsNet(frame + L4) >>> 16)));
    }

    static long sentNs(final long frame) {
        return RawMemory.getLong(frame + SENT_OFFSET);
    }
}
