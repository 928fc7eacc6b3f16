package io.naru.dataplane.pipeline;

import static io.naru.dataplane.packet.RawMemory.getByte;

import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.neighbour.HopTable;
import io.naru.dataplane.packet.EthernetHeader;
import io.naru.dataplane.packet.Ipv4Header;
import io.naru.dataplane.packet.Ipv6Header;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.service.ForwardingTable;

/**
 * Says where each packet of a flow goes next, and drops those that can go nowhere.
 *
 * <p>To the backend: by the backend's hop, which the conductor keeps up. To the client: the way
 * that the client's latest packet came, so no route is looked up here and asymmetric routing in
 * front of us is followed by itself. Sets {@code hop}, and the verdict.
 */
final class RouteStage {
    private static final int UNRESOLVED = Verdict.drop(DropReason.NEXT_HOP_UNRESOLVED);
    private static final int NO_PORT = Verdict.drop(DropReason.NO_PORT);
    private static final int VLAN_TAG = Verdict.drop(DropReason.VLAN_TAG);

    private static final int NO_TUNNEL_SOURCE = Verdict.drop(DropReason.NO_TUNNEL_SOURCE);

    /** A bit for each mode in which a packet's time to live stays as it is. */
    private static final int NO_ROUTER_MODES = 1 << Mode.DSR_L2.code();

    private static final int TUNNEL_MODES =
            (1 << Mode.DSR_GRE.code()) | (1 << Mode.DSR_IPIP.code());

    private final HopTable hops;
    private final long[] macsNet;
    private final int hopCost;
    private final IcmpErrorReply reply;
    private final BridgeStage bridge; // or null
    private ForwardingTable table = ForwardingTable.EMPTY;

    RouteStage(
            final HopTable hops,
            final long[] macsNet,
            final int hopCost,
            final IcmpErrorReply reply,
            final BridgeStage bridge) {
        this.bridge = bridge;
        this.hops = hops;
        this.macsNet = macsNet;
        this.hopCost = hopCost;
        this.reply = reply;
    }

    void adopt(final ForwardingTable table) {
        this.table = table;
    }

    void route(final PacketBurst burst, final long nowNs) {
        final ForwardingTable table = this.table;
        final int interfaces = macsNet.length;
        final int count = burst.count;
        for (int i = 0; i < count; i++) {
            if (burst.verdict[i] != Verdict.UNDECIDED) {
                continue;
            }

            final long entry = burst.entry[i];
            final int hopId = table.hopId(FlowEntry.backendId(entry));
            final long toBackend = hops.hop(hopId & Integer.MAX_VALUE); // 0 of a backend gone
            final long toClient = FlowEntry.clientHop(entry);
            final long chosen = toBackend ^ ((toBackend ^ toClient) & -(long) burst.direction[i]);
            final long hop = bridge == null ? chosen : bridge.resolve(chosen, nowNs);
            burst.hop[i] = hop;

            final int mode = FlowEntry.mode(entry);
            final int cost = hopCost & ((NO_ROUTER_MODES >>> mode) ^ 1);
            final long l3 = burst.address[i] + burst.l3Offset[i];
            final boolean isLate =
                    cost != 0 && Byte.toUnsignedInt(getByte(l3 + ttlOffset(entry))) <= cost;
            final int egress = Hop.interfaceIndex(hop);
            final boolean changesVlan =
                    burst.l3Offset[i] != EthernetHeader.LENGTH && egress != burst.ingress[i];
            if (!Hop.isResolved(hop) || isLate || egress >= interfaces || changesVlan) {
                burst.verdict[i] =
                        isLate
                                ? reply.timeExceeded(burst, i, nowNs)
                                : reason(hop, egress >= interfaces);
            } else if (((TUNNEL_MODES >>> mode) & 1) != 0 && !hasSource(entry, egress)) {
                burst.verdict[i] = NO_TUNNEL_SOURCE;
            }
        }
    }

    private boolean hasSource(final long entry, final int egress) {
        return table.tunnels()
                .hasSource(
                        FlowEntry.serviceId(entry),
                        egress,
                        table.isBackendIpv6(FlowEntry.backendId(entry)));
    }

    private static int ttlOffset(final long entry) {
        return FlowEntry.isIpv6(entry) ? Ipv6Header.HOP_LIMIT_OFFSET : Ipv4Header.TTL_OFFSET;
    }

    private static int reason(final long hop, final boolean isElsewhere) {
        if (!Hop.isResolved(hop)) {
            return UNRESOLVED;
        }

        return isElsewhere ? NO_PORT : VLAN_TAG;
    }
}
