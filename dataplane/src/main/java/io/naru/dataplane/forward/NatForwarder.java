package io.naru.dataplane.forward;

import static io.naru.dataplane.flow.FlowEntry.BACKEND_IP_OFFSET;
import static io.naru.dataplane.flow.FlowEntry.BACKEND_PORT_OFFSET;
import static io.naru.dataplane.flow.FlowEntry.VIP_OFFSET;
import static io.naru.dataplane.flow.FlowEntry.VIP_PORT_OFFSET;
import static io.naru.dataplane.packet.RawMemory.getInt;
import static io.naru.dataplane.packet.RawMemory.getShort;
import static io.naru.dataplane.packet.RawMemory.putInt;
import static io.naru.dataplane.packet.RawMemory.putShort;

import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.packet.EthernetHeader;
import io.naru.dataplane.packet.InternetChecksum;
import io.naru.dataplane.packet.Ipv4Header;
import io.naru.dataplane.packet.TransportHeader;
import io.naru.dataplane.port.PacketBurst;

/**
 * {@code nat}: a packet to the VIP gets the backend's address and port as its destination, a packet
 * back gets the VIP's as its source.
 *
 * <pre>
 *   to the backend    client ──► VIP:port       becomes    client ──► backend:port
 *   to the client     backend:port ──► client   becomes    VIP:port ──► client
 * </pre>
 *
 * <p>The two directions are one code: what differs is where a field is, and the layout of {@link
 * FlowEntry} makes that a matter of arithmetic. Packets of both directions come mixed, and a branch
 * would be mispredicted on every second one. Checksums change by the deltas of the flow (RFC 1624).
 */
public final class NatForwarder implements Forwarder {
    /**
     * What a TTL that is one less adds to the sum of the header: minus one, in the byte that is the
     * low one of a 16-bit word as loaded.
     */
    private static final int TTL_DELTA = 0xfffe;

    private final long[] macsNet;
    private final int hopCost;

    /**
     * @param macsNet our MAC by interface index.
     * @param hopCost what is taken from a packet's time to live: 1 for a router (RFC 1812 5.3.1),
     *     else 0.
     */
    public NatForwarder(final long[] macsNet, final int hopCost) {
        this.macsNet = macsNet.clone();
        this.hopCost = hopCost;
    }

    @Override
    public void forward(final PacketBurst burst, final int[] selection, final int count) {
        final long[] macsNet = this.macsNet;
        final int hopCost = this.hopCost;
        final int ttlDelta = TTL_DELTA * hopCost;
        for (int k = 0; k < count; k++) {
            final int i = selection[k];
            final long entry = burst.entry[i];
            final int direction = burst.direction[i];
            final long frame = burst.address[i];
            final long l3 = frame + burst.l3Offset[i];
            final int l4Offset = burst.l4Offset[i];
            final long hop = burst.hop[i];

            EthernetHeader.putMacsNet(frame, hop, macsNet[Hop.interfaceIndex(hop)]);
            rewriteNetwork(l3, entry, direction, hopCost, ttlDelta);
            if (l4Offset != 0) { // only the first fragment of a packet has a transport header
                rewriteTransport(frame + l4Offset, entry, direction, burst.protocol[i]);
            }
        }
    }

    private static void rewriteNetwork(
            final long l3,
            final long entry,
            final int direction,
            final int hopCost,
            final int ttlDelta) {
        final int ip = getInt(entry + BACKEND_IP_OFFSET + (long) direction * VIP_OFFSET);
        putInt(l3 + Ipv4Header.DESTINATION_OFFSET - (long) direction * Integer.BYTES, ip);
        Ipv4Header.putTtl(l3, Ipv4Header.ttl(l3) - hopCost);
        final int delta = FlowEntry.ipDelta(entry, direction) + ttlDelta;
        Ipv4Header.putChecksumNet(
                l3,
                InternetChecksum.update(
                        Ipv4Header.checksumNet(l3), (delta & 0xffff) + (delta >>> 16)));
    }

    private static void rewriteTransport(
            final long l4, final long entry, final int direction, final int protocol) {
        final short port =
                getShort(
                        entry
                                + BACKEND_PORT_OFFSET
                                + (long) direction * (VIP_PORT_OFFSET - BACKEND_PORT_OFFSET));
        putShort(
                l4 + TransportHeader.DESTINATION_PORT_OFFSET - (long) direction * Short.BYTES,
                port);
        final long checksum = l4 + TransportHeader.checksumOffset(protocol);
        putShort(
                checksum,
                (short)
                        InternetChecksum.updateTransport(
                                getShort(checksum) & 0xffff,
                                FlowEntry.l4Delta(entry, direction),
                                protocol));
    }
}
