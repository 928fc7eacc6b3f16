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
import io.naru.dataplane.packet.Ipv6Header;
import io.naru.dataplane.packet.TransportHeader;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.service.LocalAddresses;

/**
 * {@code nat} and {@code full-nat} over IPv6: as {@link NatForwarder} and {@link FullNatForwarder},
 * with addresses from the flow's second line and no checksum in the IP header.
 */
public final class NatForwarder6 implements Forwarder {
    private static final int FULL_NAT = Mode.FULL_NAT.code();

    private final long[] macsNet;
    private final int hopCost;
    private final FlowTable flows;
    private LocalAddresses locals = LocalAddresses.NONE;

    /**
     * @param macsNet our MAC by interface index.
     * @param hopCost what is taken from a packet's hop limit: 1 for a router, else 0.
     * @param flows whose entries the burst's are.
     */
    public NatForwarder6(final long[] macsNet, final int hopCost, final FlowTable flows) {
        this.macsNet = macsNet.clone();
        this.hopCost = hopCost;
        this.flows = flows;
    }

    public void adopt(final ForwardingTable table) {
        locals = table.locals();
    }

    @Override
    public void forward(final PacketBurst burst, final int[] selection, final int count) {
        final long first = burst.entry[selection[0]];
        final boolean isFullNat = FlowEntry.mode(first) == FULL_NAT;
        final boolean isToBackend = burst.direction[selection[0]] == FlowEntry.TO_BACKEND;
        for (int k = 0; k < count; k++) {
            final int i = selection[k];
            final long entry = burst.entry[i];
            final long addresses = flows.addresses(entry);
            final long frame = burst.address[i];
            final long l3 = frame + burst.l3Offset[i];
            final long hop = burst.hop[i];

            EthernetHeader.putMacsNet(frame, hop, macsNet[Hop.interfaceIndex(hop)]);
            rewriteNetwork(l3, addresses, isToBackend, isFullNat);
            if (burst.l4Offset[i] == 0) {
                continue;
            }

            final long l4 = frame + burst.l4Offset[i];
            if (isFullNat) {
                FullNatForwarder.rewriteTransport(
                        l4, entry, addresses, isToBackend, burst.protocol[i]);
            } else {
                rewriteTransport(l4, entry, isToBackend, burst.protocol[i]);
            }
        }
    }

    private void rewriteNetwork(
            final long l3,
            final long addresses,
            final boolean isToBackend,
            final boolean isFullNat) {
        if (isToBackend) {
            final long backend = addresses + FlowAddresses.BACKEND_OFFSET;
            Ipv6Header.putDestinationNet(l3, getLong(backend), getLong(backend + Long.BYTES));
            if (isFullNat) {
                final int localId = FlowAddresses.localId(addresses);
                Ipv6Header.putSourceNet(l3, locals.highNet(localId), locals.lowNet(localId));
            }
        } else {
            final long vip = addresses + FlowAddresses.VIP_OFFSET;
            Ipv6Header.putSourceNet(l3, getLong(vip), getLong(vip + Long.BYTES));
            if (isFullNat) {
                Ipv6Header.putDestinationNet(l3, getLong(addresses), getLong(addresses + 8));
            }
        }

        Ipv6Header.putHopLimit(l3, Ipv6Header.hopLimit(l3) - hopCost);
    }

    private static void rewriteTransport(
            final long l4, final long entry, final boolean isToBackend, final int protocol) {
        if (isToBackend) {
            TransportHeader.putDestinationPortNet(l4, FlowEntry.backendPortNet(entry));
        } else {
            TransportHeader.putSourcePortNet(l4, FlowEntry.vipPortNet(entry));
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
