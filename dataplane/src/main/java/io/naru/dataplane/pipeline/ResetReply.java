package io.naru.dataplane.pipeline;

import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.packet.EthernetHeader;
import io.naru.dataplane.packet.Ipv4Header;
import io.naru.dataplane.packet.Ipv6Header;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.packet.TcpHeader;
import io.naru.dataplane.packet.TransportHeader;
import io.naru.dataplane.port.PacketBurst;

/**
 * Answers a TCP packet of a client with the RST that the server would send if it did not know the
 * connection (RFC 9293 §3.10.7.1), in a frame of its own.
 *
 * <p>The packet itself tells the number that the client will believe: no flow has to be known. Goes
 * back by the way that the packet came. Used by one worker; allocates nothing.
 */
final class ResetReply {
    private final ResetWriter writer;

    ResetReply(final ResetWriter writer) {
        this.writer = writer;
    }

    /** Resets the sender of a packet; nothing if it is no TCP, an RST, or of no known place. */
    void answer(final PacketBurst burst, final int i) {
        final int flags = burst.tcpFlags[i];
        if (burst.protocol[i] != Ipv4Header.PROTOCOL_TCP
                || burst.l4Offset[i] == 0
                || (flags & TcpHeader.RST) != 0
                || burst.l3Offset[i] != EthernetHeader.LENGTH) {
            return;
        }

        final boolean isIpv6 = ((burst.keyB[i] >>> Integer.SIZE) & FlowEntry.FAMILY_6) != 0;
        final long from = burst.address[i];
        if (!writer.begin(Hop.of(EthernetHeader.sourceMacNet(from), burst.ingress[i]), isIpv6)) {
            return;
        }

        putAddresses(from + burst.l3Offset[i], isIpv6);
        putTcp(from + burst.l4Offset[i], flags, TcpSequences.length(burst, i));
        writer.send();
    }

    private void putAddresses(final long from, final boolean isIpv6) {
        if (isIpv6) {
            writer.sourceNet(
                    Ipv6Header.destinationHighNet(from), Ipv6Header.destinationLowNet(from));
            writer.destinationNet(Ipv6Header.sourceHighNet(from), Ipv6Header.sourceLowNet(from));
        } else {
            writer.sourceNet(Ipv4Header.destinationNet(from));
            writer.destinationNet(Ipv4Header.sourceNet(from));
        }
    }

    private void putTcp(final long from, final int flags, final int sequenceLength) {
        final int portsNet = TransportHeader.portsNet(from); // the source in the low half
        writer.portsNet(portsNet >>> Short.SIZE, portsNet & 0xffff);
        if ((flags & TcpHeader.ACK) != 0) {
            final int expectedNet = RawMemory.getInt(from + TcpHeader.ACKNOWLEDGEMENT_OFFSET);
            writer.sequence(Integer.reverseBytes(expectedNet));
        } else {
            writer.acknowledgement(TcpHeader.sequence(from) + sequenceLength);
        }
    }
}
