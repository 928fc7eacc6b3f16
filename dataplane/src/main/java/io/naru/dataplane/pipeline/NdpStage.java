package io.naru.dataplane.pipeline;

import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.packet.EthernetHeader;
import io.naru.dataplane.packet.IcmpHeader;
import io.naru.dataplane.packet.InternetChecksum;
import io.naru.dataplane.packet.Ipv6Header;
import io.naru.dataplane.packet.NdpMessage;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.service.ForwardingTable;

/**
 * Answers who solicits the MAC of a VIP or a local address (RFC 4861 §7.2.4), in the frame of the
 * solicitation; and sees that another machine advertises one as its own.
 */
final class NdpStage {
    private static final int NDP_OTHER = Verdict.drop(DropReason.NDP_OTHER);
    private static final int VIP_CONFLICT = Verdict.drop(DropReason.VIP_CONFLICT);
    private static final int BAD_CHECKSUM = Verdict.drop(DropReason.BAD_ICMP_CHECKSUM);
    private static final int BAD_HEADER = Verdict.drop(DropReason.BAD_HEADER);
    private static final int BAD_LENGTH = Verdict.drop(DropReason.BAD_LENGTH);

    private final long[] macsNet;
    private ForwardingTable table = ForwardingTable.EMPTY;
    private long replies;

    NdpStage(final long[] macsNet) {
        this.macsNet = macsNet;
    }

    void adopt(final ForwardingTable table) {
        this.table = table;
    }

    long replies() {
        return replies;
    }

    /** Turns a solicitation into its answer; the verdict. The packet is ICMPv6. */
    int answer(final PacketBurst burst, final int i, final long frame, final long l3) {
        final long l4 = frame + burst.l4Offset[i];
        final int length =
                Ipv6Header.LENGTH
                        + Ipv6Header.payloadLength(l3)
                        - (burst.l4Offset[i] - burst.l3Offset[i]);
        if (length < NdpMessage.OPTIONS_OFFSET) {
            return BAD_LENGTH;
        }

        // RFC 4861 §7.1: from a neighbour, and of code 0
        if (Ipv6Header.hopLimit(l3) != NdpMessage.HOP_LIMIT || IcmpHeader.code(l4) != 0) {
            return BAD_HEADER;
        }

        if (InternetChecksum.transport6ChecksumNet(l3, l4, length, Ipv6Header.NEXT_ICMPV6) != 0) {
            return BAD_CHECKSUM;
        }

        final long targetHigh = NdpMessage.targetHighNet(l4);
        final long targetLow = NdpMessage.targetLowNet(l4);
        final boolean isOurs =
                table.isVip6(targetHigh, targetLow)
                        || table.locals().idOf6(targetHigh, targetLow) != ForwardingTable.NONE;
        if (!isOurs) {
            return NDP_OTHER;
        }

        return IcmpHeader.type(l4) == NdpMessage.TYPE_SOLICITATION
                ? answerSolicitation(burst, i, frame, l3, l4, length)
                : seeAdvertisement(burst, i, l4, length);
    }

    private int seeAdvertisement(
            final PacketBurst burst, final int i, final long l4, final int length) {
        final long mac = NdpMessage.macNet(l4, length, NdpMessage.OPTION_TARGET_MAC);
        if (mac < 0) {
            return BAD_HEADER;
        }

        final long sender = mac == 0 ? EthernetHeader.sourceMacNet(burst.address[i]) : mac;
        return Sources.isOneOf(macsNet, sender) ? NDP_OTHER : VIP_CONFLICT;
    }

    private int answerSolicitation(
            final PacketBurst burst,
            final int i,
            final long frame,
            final long l3,
            final long l4,
            final int length) {
        final long sourceHigh = Ipv6Header.sourceHighNet(l3);
        final long sourceLow = Ipv6Header.sourceLowNet(l3);
        final long senderMac = EthernetHeader.sourceMacNet(frame);
        final long statedMac = NdpMessage.macNet(l4, length, NdpMessage.OPTION_SOURCE_MAC);
        // Whoever has no address yet asks whether it may take this one (RFC 4862 §5.4.3).
        final boolean isProbe = (sourceHigh | sourceLow) == 0;
        if (statedMac < 0
                || (senderMac & 1) != 0
                || (isProbe && statedMac != 0)
                || (!isProbe && !Sources.isNeighbour6(sourceHigh))
                || (statedMac != 0 && statedMac != senderMac)
                || burst.l4Offset[i] - burst.l3Offset[i] != Ipv6Header.LENGTH) {
            return BAD_HEADER;
        }

        final int needed = burst.l4Offset[i] + NdpMessage.LENGTH_WITH_MAC;
        final int ingress = burst.ingress[i];
        final long ourMac = macsNet[ingress];
        final long targetHigh = NdpMessage.targetHighNet(l4);
        final long targetLow = NdpMessage.targetLowNet(l4);
        NdpMessage.putAdvertisement(
                l4,
                NdpMessage.FLAG_OVERRIDE | (isProbe ? 0 : NdpMessage.FLAG_SOLICITED),
                targetHigh,
                targetLow,
                ourMac);
        Ipv6Header.putSourceNet(l3, targetHigh, targetLow);
        Ipv6Header.putDestinationNet(
                l3,
                isProbe ? NdpMessage.ALL_NODES_HIGH_NET : sourceHigh,
                isProbe ? NdpMessage.ALL_NODES_LOW_NET : sourceLow);
        Ipv6Header.putPayloadLength(l3, NdpMessage.LENGTH_WITH_MAC);
        RawMemory.putShort(l4 + IcmpHeader.CHECKSUM_OFFSET, (short) 0);
        IcmpHeader.putChecksumNet(
                l4,
                InternetChecksum.transport6ChecksumNet(
                        l3, l4, NdpMessage.LENGTH_WITH_MAC, Ipv6Header.NEXT_ICMPV6));

        final long receiverMac = isProbe ? NdpMessage.ALL_NODES_MAC_NET : senderMac;
        EthernetHeader.putMacsNet(frame, receiverMac, ourMac);
        burst.length[i] = needed;
        burst.hop[i] = Hop.of(receiverMac, ingress);
        replies++;
        return Verdict.TX;
    }
}
