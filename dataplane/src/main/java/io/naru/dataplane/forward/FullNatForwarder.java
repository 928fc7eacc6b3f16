package io.naru.dataplane.forward;

import static io.naru.dataplane.packet.RawMemory.getLong;
import static io.naru.dataplane.packet.RawMemory.getShort;
import static io.naru.dataplane.packet.RawMemory.putShort;

import io.naru.dataplane.flow.FlowAddresses;
import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowTable;
import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.packet.EthernetHeader;
import io.naru.dataplane.packet.InternetChecksum;
import io.naru.dataplane.packet.Ipv4Header;
import io.naru.dataplane.packet.TransportHeader;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.service.LocalAddresses;

/**
 * {@code full-nat} over IPv4: both addresses and both ports change, so that the backend answers us
 * wherever it is.
 *
 * <pre>
 *   to the backend    client ──► VIP:port          becomes    local:port ──► backend:port
 *   to the client     backend:port ──► local:port  becomes    VIP:port ──► client
 * </pre>
 *
 * <p>Also the way of those {@code nat} flows whose backend would answer its client directly; their
 * local address is the VIP.
 */
public final class FullNatForwarder implements Forwarder {
    private static final int TTL_DELTA = 0xfffe;

    private final long[] macsNet;
    private final int hopCost;
    private final FlowTable flows;
    private LocalAddresses locals = LocalAddresses.NONE;

    /** Keeps the compiler from dropping the loads that only serve to fetch a line. */
    @SuppressWarnings("UnusedVariable")
    private long touched;

    /**
     * @param macsNet our MAC by interface index.
     * @param hopCost what is taken from a packet's time to live: 1 for a router, else 0.
     * @param flows whose entries the burst's are.
     */
    public FullNatForwarder(final long[] macsNet, final int hopCost, final FlowTable flows) {
        this.macsNet = macsNet.clone();
        this.hopCost = hopCost;
        this.flows = flows;
    }

    public void adopt(final ForwardingTable table) {
        locals = table.locals();
    }

    @Override
    public void forward(final PacketBurst burst, final int[] selection, final int count) {
        final boolean isToBackend = burst.direction[selection[0]] == FlowEntry.TO_BACKEND;
        if (isToBackend) {
            touched += touchAddresses(burst, selection, count);
        }

        for (int k = 0; k < count; k++) {
            final int i = selection[k];
            final long entry = burst.entry[i];
            final long addresses = flows.addresses(entry);
            final long frame = burst.address[i];
            final long l3 = frame + burst.l3Offset[i];
            final long hop = burst.hop[i];

            EthernetHeader.putMacsNet(frame, hop, macsNet[Hop.interfaceIndex(hop)]);
            if (isToBackend) {
                Ipv4Header.putSourceNet(l3, locals.ipNet(FlowAddresses.localId(addresses)));
                Ipv4Header.putDestinationNet(l3, FlowAddresses.backendIpv4(addresses));
            } else {
                Ipv4Header.putSourceNet(l3, FlowEntry.vipNet(entry));
                Ipv4Header.putDestinationNet(l3, FlowEntry.clientIpNet(entry));
            }
            changeHeader(l3, FlowEntry.ipDelta(entry, burst.direction[i]));
            if (burst.l4Offset[i] != 0) {
                rewriteTransport(
                        frame + burst.l4Offset[i],
                        entry,
                        addresses,
                        isToBackend,
                        burst.protocol[i]);
            }
        }
    }

    /** Fetches the second lines of the flows all at once; one by one, each would be waited for. */
    private long touchAddresses(final PacketBurst burst, final int[] selection, final int count) {
        long sum = 0;
        for (int k = 0; k < count; k++) {
            sum += getLong(flows.addresses(burst.entry[selection[k]]));
        }

        return sum;
    }

    private void changeHeader(final long l3, final int ipDelta) {
        Ipv4Header.putTtl(l3, Ipv4Header.ttl(l3) - hopCost);
        final int delta = ipDelta + TTL_DELTA * hopCost;
        Ipv4Header.putChecksumNet(
                l3,
                InternetChecksum.update(
                        Ipv4Header.checksumNet(l3), (delta & 0xffff) + (delta >>> 16)));
    }

    /** Sets both ports and the checksum of a TCP or UDP header, of either family. */
    static void rewriteTransport(
            final long l4,
            final long entry,
            final long addresses,
            final boolean isToBackend,
            final int protocol) {
        if (isToBackend) {
            TransportHeader.putSourcePortNet(l4, FlowAddresses.localPortNet(addresses));
            TransportHeader.putDestinationPortNet(l4, FlowAddresses.backendPortNet(addresses));
        } else {
            TransportHeader.putSourcePortNet(l4, FlowEntry.vipPortNet(entry));
            TransportHeader.putDestinationPortNet(l4, FlowEntry.clientPortNet(entry));
        }

        final int direction = isToBackend ? FlowEntry.TO_BACKEND : FlowEntry.TO_CLIENT;
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
