package io.naru.dataplane.pipeline;

import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.packet.ArpHeader;
import io.naru.dataplane.packet.EthernetHeader;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.service.ForwardingTable;

/**
 * Answers who asks for the MAC of a VIP or a local address (RFC 826), in the frame of the request.
 *
 * <p>Also sees that another machine claims a VIP (RFC 5227 2.4), which nobody else would notice
 * before clients complain.
 */
final class ArpStage {
    private static final int ARP_OTHER = Verdict.drop(DropReason.ARP_OTHER);
    private static final int VIP_CONFLICT = Verdict.drop(DropReason.VIP_CONFLICT);

    private final long[] macsNet;
    private ForwardingTable table = ForwardingTable.EMPTY;
    private long replies;

    ArpStage(final long[] macsNet) {
        this.macsNet = macsNet;
    }

    void adopt(final ForwardingTable table) {
        this.table = table;
    }

    long replies() {
        return replies;
    }

    /** Turns a request into its reply; the verdict. */
    int answer(final PacketBurst burst, final int i, final long frame, final long l3) {
        final int ingress = burst.ingress[i];
        final long ourMac = macsNet[ingress];
        final long senderMac = ArpHeader.senderMacNet(l3);
        final int senderIp = ArpHeader.senderIpNet(l3);
        final int targetIp = ArpHeader.targetIpNet(l3);
        if (isOurs(senderIp) && !Sources.isOneOf(macsNet, senderMac)) {
            return VIP_CONFLICT;
        }

        if (ArpHeader.operationNet(l3) != ArpHeader.OPERATION_REQUEST_NET
                || !isOurs(targetIp)
                || senderMac != EthernetHeader.sourceMacNet(frame)
                || (senderMac & 1) != 0) {
            return ARP_OTHER;
        }

        ArpHeader.putOperationNet(l3, ArpHeader.OPERATION_REPLY_NET);
        ArpHeader.putTarget(l3, senderMac, senderIp);
        ArpHeader.putSender(l3, ourMac, targetIp);
        EthernetHeader.putMacsNet(frame, senderMac, ourMac);
        burst.hop[i] = Hop.of(senderMac, ingress);
        replies++;
        return Verdict.TX;
    }

    private boolean isOurs(final int ipNet) {
        return table.isVip(ipNet) != 0 || table.locals().idOf(ipNet) != ForwardingTable.NONE;
    }
}
