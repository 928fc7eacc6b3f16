package io.naru.dataplane.pipeline;

import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.packet.EthernetHeader;
import io.naru.dataplane.packet.IcmpHeader;
import io.naru.dataplane.packet.InternetChecksum;
import io.naru.dataplane.packet.Ipv4Header;
import io.naru.dataplane.packet.Ipv6Header;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.service.ForwardingTable;

/**
 * Answers the ping of a VIP (RFC 1122 3.2.2.6), in the frame of the request, back to the MAC that
 * it came from.
 *
 * <p>Identification, DSCP and the don't-fragment bit stay as they are; the time to live starts
 * anew. One reply of the same size per request, so nothing is amplified.
 */
final class EchoStage {
    private static final int NOT_OURS = Verdict.drop(DropReason.NOT_OURS);
    private static final int ICMP_OTHER = Verdict.drop(DropReason.ICMP_OTHER);
    private static final int ECHO_OFF = Verdict.drop(DropReason.ECHO_OFF);
    private static final int BAD_SOURCE = Verdict.drop(DropReason.BAD_SOURCE);
    private static final int LAND = Verdict.drop(DropReason.LAND);
    private static final int BAD_CHECKSUM = Verdict.drop(DropReason.BAD_ICMP_CHECKSUM);

    /** Time to live of a packet that begins its way here: what Linux uses. */
    private static final int TTL = 64;

    /** Type 8 becomes type 0, in the byte that is the low one of a 16-bit word as loaded. */
    private static final int TYPE_DELTA =
            InternetChecksum.delta16(IcmpHeader.TYPE_ECHO_REQUEST, IcmpHeader.TYPE_ECHO_REPLY);

    private static final int TYPE_DELTA_6 =
            InternetChecksum.delta16(IcmpHeader.TYPE_ECHO_REQUEST_6, IcmpHeader.TYPE_ECHO_REPLY_6);

    private final long[] macsNet;
    private final boolean answers;
    private ForwardingTable table = ForwardingTable.EMPTY;
    private long replies;

    EchoStage(final long[] macsNet, final boolean answers) {
        this.macsNet = macsNet;
        this.answers = answers;
    }

    void adopt(final ForwardingTable table) {
        this.table = table;
    }

    long replies() {
        return replies;
    }

    /** Turns a request into its reply; the verdict. */
    int answer(final PacketBurst burst, final int i, final long frame, final long l3) {
        final long l4 = frame + burst.l4Offset[i];
        final int headerLength = Ipv4Header.headerLength(l3);
        final int vip = Ipv4Header.destinationNet(l3);
        final int source = Ipv4Header.sourceNet(l3);
        if (table.isVip(vip) == 0) {
            return NOT_OURS;
        }

        if (IcmpHeader.type(l4) != IcmpHeader.TYPE_ECHO_REQUEST || IcmpHeader.code(l4) != 0) {
            return ICMP_OTHER;
        }

        if (!answers) {
            return ECHO_OFF;
        }

        if (!Sources.isClient(source) || table.isVip(source) != 0) {
            return source == vip ? LAND : BAD_SOURCE;
        }

        final int length = Ipv4Header.totalLength(l3) - headerLength;
        if (InternetChecksum.checksumNet(l4, length) != 0) {
            return BAD_CHECKSUM;
        }

        IcmpHeader.putType(l4, IcmpHeader.TYPE_ECHO_REPLY);
        final int checksum = InternetChecksum.update(IcmpHeader.checksumNet(l4), TYPE_DELTA);
        // of nothing but zeros the sum is +0, and only -0 makes it what the receiver expects
        IcmpHeader.putChecksumNet(l4, checksum == 0 ? 0xffff : checksum);
        Ipv4Header.putSourceNet(l3, vip);
        Ipv4Header.putDestinationNet(l3, source);
        Ipv4Header.putTtl(l3, TTL);
        Ipv4Header.putChecksumNet(l3, 0);
        Ipv4Header.putChecksumNet(l3, InternetChecksum.checksumNet(l3, headerLength));
        return sendBack(burst, i, frame);
    }

    /** The same for ICMPv6 (RFC 4443 §4.2); a packet with extension headers is not answered. */
    int answer6(final PacketBurst burst, final int i, final long frame, final long l3) {
        final long l4 = frame + burst.l4Offset[i];
        final long vipHigh = Ipv6Header.destinationHighNet(l3);
        final long vipLow = Ipv6Header.destinationLowNet(l3);
        final long sourceHigh = Ipv6Header.sourceHighNet(l3);
        final long sourceLow = Ipv6Header.sourceLowNet(l3);
        if (!table.isVip6(vipHigh, vipLow)) {
            return NOT_OURS;
        }

        if (IcmpHeader.type(l4) != IcmpHeader.TYPE_ECHO_REQUEST_6
                || IcmpHeader.code(l4) != 0
                || burst.l4Offset[i] - burst.l3Offset[i] != Ipv6Header.LENGTH) {
            return ICMP_OTHER;
        }

        if (!answers) {
            return ECHO_OFF;
        }

        if (!Sources.isNeighbour6(sourceHigh) || table.isVip6(sourceHigh, sourceLow)) {
            return sourceHigh == vipHigh && sourceLow == vipLow ? LAND : BAD_SOURCE;
        }

        final int length = Ipv6Header.payloadLength(l3);
        if (InternetChecksum.transport6ChecksumNet(l3, l4, length, Ipv6Header.NEXT_ICMPV6) != 0) {
            return BAD_CHECKSUM;
        }

        IcmpHeader.putType(l4, IcmpHeader.TYPE_ECHO_REPLY_6);
        IcmpHeader.putChecksumNet(
                l4, InternetChecksum.update(IcmpHeader.checksumNet(l4), TYPE_DELTA_6));
        Ipv6Header.putSourceNet(l3, vipHigh, vipLow);
        Ipv6Header.putDestinationNet(l3, sourceHigh, sourceLow);
        Ipv6Header.putHopLimit(l3, TTL);
        return sendBack(burst, i, frame);
    }

    private int sendBack(final PacketBurst burst, final int i, final long frame) {
        final int ingress = burst.ingress[i];
        final long senderMac = EthernetHeader.sourceMacNet(frame);
        EthernetHeader.putMacsNet(frame, senderMac, macsNet[ingress]);
        burst.hop[i] = Hop.of(senderMac, ingress);
        replies++;
        return Verdict.TX;
    }
}
