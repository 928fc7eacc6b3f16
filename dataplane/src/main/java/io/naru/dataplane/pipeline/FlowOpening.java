package io.naru.dataplane.pipeline;

import io.naru.dataplane.flow.FlowAddresses;
import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowHash;
import io.naru.dataplane.flow.FlowState;
import io.naru.dataplane.flow.FlowTable;
import io.naru.dataplane.flow.LocalPorts;
import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.neighbour.HopTable;
import io.naru.dataplane.packet.InternetChecksum;
import io.naru.dataplane.packet.Ipv4Header;
import io.naru.dataplane.packet.Ipv6Header;
import io.naru.dataplane.packet.TcpHeader;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.schedule.StableHash;
import io.naru.dataplane.service.ForwardingTable;

/**
 * What differs by family and mode when a flow is opened: how its packets are hashed, which local
 * port it gets, and what its entry holds.
 *
 * <p>IPv4 or IPv6 is asked for by the packet's {@code keyB}. Used by one worker.
 */
final class FlowOpening {
    private static final long FAMILY_6_IN_KEY = (long) FlowEntry.FAMILY_6 << Integer.SIZE;
    private static final int NAT = Mode.NAT.code();
    private static final int FULL_NAT = Mode.FULL_NAT.code();

    /** Local addresses that are asked for a port before a flow is refused. */
    private static final int PORT_ATTEMPTS = 4;

    private final FlowTable flows;
    private final FlowHash flowHash;
    private final StableHash stableHash;
    private final LocalPorts localPorts;
    private final HopTable hops;
    private final BridgeStage bridge; // or null
    private ForwardingTable table = ForwardingTable.EMPTY;

    // what takePort took
    private int localId;
    private int localPortNet;
    private int localProtocol;
    private int nextLocal;
    private long nowNs;

    FlowOpening(
            final FlowTable flows,
            final FlowHash flowHash,
            final StableHash stableHash,
            final LocalPorts localPorts,
            final HopTable hops,
            final BridgeStage bridge) {
        this.bridge = bridge;
        this.flows = flows;
        this.flowHash = flowHash;
        this.stableHash = stableHash;
        this.localPorts = localPorts;
        this.hops = hops;
    }

    /** The time of the burst that comes. */
    void now(final long burstNs) {
        nowNs = burstNs;
    }

    void adopt(final ForwardingTable table) {
        this.table = table;
    }

    // -- what a packet is -------------------------------------------------------------------------

    /** The service that a packet to a VIP is for, or NONE. */
    int serviceOf(final PacketBurst burst, final int i) {
        final int protocol = burst.protocol[i];
        if (isIpv6(burst, i)) {
            final long l3 = l3(burst, i);
            return table.serviceOf6(
                    Ipv6Header.destinationHighNet(l3),
                    Ipv6Header.destinationLowNet(l3),
                    protocol,
                    vipPortNet(burst, i));
        }

        return table.serviceOf(
                (int) (burst.keyA[i] >>> Integer.SIZE), protocol, vipPortNet(burst, i));
    }

    /** Whether a packet has its destination as its source too. */
    boolean isLand(final PacketBurst burst, final int i) {
        if (isIpv6(burst, i)) {
            final long l3 = l3(burst, i);
            return FlowAddresses.isSame(
                    l3 + Ipv6Header.SOURCE_OFFSET, l3 + Ipv6Header.DESTINATION_OFFSET);
        }

        return (int) burst.keyA[i] == (int) (burst.keyA[i] >>> Integer.SIZE);
    }

    /**
     * Whether the source of a packet can be a client: a single machine, and not one of our VIPs.
     */
    boolean isClient(final PacketBurst burst, final int i) {
        if (isIpv6(burst, i)) {
            final long l3 = l3(burst, i);
            final long high = Ipv6Header.sourceHighNet(l3);
            return Sources.isClient6(high) && !table.isVip6(high, Ipv6Header.sourceLowNet(l3));
        }

        final int ip = (int) burst.keyA[i];
        return Sources.isClient(ip) && table.isVip(ip) == 0;
    }

    /** Whether a packet that is to no VIP comes from a backend of a {@code nat} service. */
    boolean isFromNatBackend(final PacketBurst burst, final int i) {
        final int protocol = burst.protocol[i];
        final int sourcePort = (int) burst.keyB[i] & 0xffff;
        if (isIpv6(burst, i)) {
            final long l3 = l3(burst, i);
            return table.isNatBackend6(
                    Ipv6Header.sourceHighNet(l3),
                    Ipv6Header.sourceLowNet(l3),
                    protocol,
                    sourcePort);
        }

        return table.isNatBackend((int) burst.keyA[i], protocol, sourcePort);
    }

    /** Whether a packet to a local port comes from the backend of the flow that has the port. */
    boolean isFromBackend(final PacketBurst burst, final int i, final long entry) {
        final long l3 = l3(burst, i);
        final long addresses = flows.addresses(entry);
        final int sourcePort = burst.localSourcePort[i];
        if (sourcePort != FlowAddresses.backendPortNet(addresses)) {
            return false;
        }

        return FlowEntry.isIpv6(entry)
                ? FlowAddresses.isSame(
                        addresses + FlowAddresses.BACKEND_OFFSET, l3 + Ipv6Header.SOURCE_OFFSET)
                : FlowAddresses.backendIpv4(addresses) == Ipv4Header.sourceNet(l3);
    }

    /** The hash of a flow that is the same on every balancer. */
    long tupleHash(final PacketBurst burst, final int i) {
        final int clientPort = (int) burst.keyB[i] & 0xffff;
        if (isIpv6(burst, i)) {
            final long l3 = l3(burst, i);
            return stableHash.tuple(
                    StableHash.shortened(Ipv6Header.sourceHighNet(l3), Ipv6Header.sourceLowNet(l3)),
                    clientPort,
                    StableHash.shortened(
                            Ipv6Header.destinationHighNet(l3), Ipv6Header.destinationLowNet(l3)),
                    vipPortNet(burst, i),
                    burst.protocol[i]);
        }

        final long keyA = burst.keyA[i];
        return stableHash.tuple(
                (int) keyA,
                clientPort,
                (int) (keyA >>> Integer.SIZE),
                vipPortNet(burst, i),
                burst.protocol[i]);
    }

    /** The hash, the same on every balancer, of what the service's algorithm goes by. */
    long keyHash(final PacketBurst burst, final int i, final int serviceId) {
        return switch (table.algorithm(serviceId)) {
            case SH_PORT ->
                    StableHash.sourcePort(sourceHash(burst, i), (int) burst.keyB[i] & 0xffff);
            case DH -> destinationHash(burst, i);
            default -> sourceHash(burst, i);
        };
    }

    private long sourceHash(final PacketBurst burst, final int i) {
        if (isIpv6(burst, i)) {
            final long l3 = l3(burst, i);
            return stableHash.source(
                    StableHash.shortened(
                            Ipv6Header.sourceHighNet(l3), Ipv6Header.sourceLowNet(l3)));
        }

        return stableHash.source((int) burst.keyA[i]);
    }

    private long destinationHash(final PacketBurst burst, final int i) {
        if (isIpv6(burst, i)) {
            final long l3 = l3(burst, i);
            return stableHash.destination(
                    StableHash.shortened(
                            Ipv6Header.destinationHighNet(l3), Ipv6Header.destinationLowNet(l3)));
        }

        return stableHash.destination((int) (burst.keyA[i] >>> Integer.SIZE));
    }

    /** Whether the middle of a connection that nobody knows opens a flow. */
    boolean mayAdopt(final PacketBurst burst, final int i, final int serviceId) {
        return table.options(serviceId).adoptsFlows()
                && table.mode(serviceId) != Mode.FULL_NAT
                && burst.protocol[i] == Ipv4Header.PROTOCOL_TCP
                && burst.l4Offset[i] != 0 // a later fragment says nothing of its connection
                && (burst.tcpFlags[i] & (TcpHeader.RST | TcpHeader.SYN)) == 0;
    }

    // -- what its flow is -------------------------------------------------------------------------

    /**
     * The mode of a new flow: that of its service, but {@code full-nat} where a {@code nat} backend
     * would answer the client directly, being on one network with it.
     */
    int modeOf(final PacketBurst burst, final int i, final int serviceId, final int backendId) {
        final int mode = table.mode(serviceId).code();
        return mode == NAT && table.locals().hasVip() && isHairpin(burst, i, backendId)
                ? FULL_NAT
                : mode;
    }

    private boolean isHairpin(final PacketBurst burst, final int i, final int backendId) {
        final int hopId = table.hopId(backendId);
        final int ingress = burst.ingress[i];
        if (hopId < 0) {
            return false;
        }

        final long hop = hops.hop(hopId);
        if (bridge != null) {
            final long resolved = bridge.resolve(hop, nowNs);
            return Hop.isResolved(resolved) && Hop.interfaceIndex(resolved) == ingress;
        }
        if (Hop.interfaceIndex(hop) != ingress) {
            return false;
        }

        final long l3 = l3(burst, i);
        return isIpv6(burst, i)
                ? table.isOnLink6(
                        ingress, Ipv6Header.sourceHighNet(l3), Ipv6Header.sourceLowNet(l3))
                : table.isOnLink(ingress, (int) burst.keyA[i]);
    }

    int initialState(final PacketBurst burst, final int i, final int serviceId, final int mode) {
        final boolean isTcp = burst.protocol[i] == Ipv4Header.PROTOCOL_TCP;
        final boolean isOneWay = mode != NAT && mode != FULL_NAT;
        return !isTcp && table.options(serviceId).oneShot()
                ? FlowState.initialOneShot(isOneWay)
                : FlowState.initial(isTcp, isOneWay);
    }

    /** The state of a flow of whose beginning nothing is known. */
    int stateInTheMiddle(
            final PacketBurst burst, final int i, final int serviceId, final int mode) {
        if (burst.protocol[i] != Ipv4Header.PROTOCOL_TCP) {
            return initialState(burst, i, serviceId, mode);
        }

        return mode == NAT ? FlowState.ESTABLISHED : FlowState.ONE_WAY_ESTABLISHED;
    }

    /** What stands for the backend's address in replies that are found by the client; 0 if none. */
    int replyIp(final PacketBurst burst, final int i, final int backendId, final int mode) {
        if (mode != NAT) {
            return 0;
        }

        return isIpv6(burst, i)
                ? flowHash.digest(table.backendHighNet(backendId), table.backendLowNet(backendId))
                : table.backendIpNet(backendId);
    }

    int replyPort(final PacketBurst burst, final int i, final int backendId, final int mode) {
        return mode == NAT ? table.backendPortNet(backendId, vipPortNet(burst, i)) : 0;
    }

    /** Takes a local port for a flow; false if there is none. */
    boolean takePort(final PacketBurst burst, final int i, final int serviceId) {
        localProtocol = burst.protocol[i];
        if (table.mode(serviceId) == Mode.NAT) {
            localId = vipAsLocal(burst, i);
            localPortNet =
                    localId == ForwardingTable.NONE
                            ? LocalPorts.NONE
                            : localPorts.take(localId, localProtocol);
            return localPortNet != LocalPorts.NONE;
        }

        final int[] ids = table.locals().configuredIds(isIpv6(burst, i));
        final int attempts = Math.min(PORT_ATTEMPTS, ids.length);
        for (int attempt = 0; attempt < attempts; attempt++) {
            nextLocal = nextLocal + 1 < ids.length ? nextLocal + 1 : 0;
            localId = ids[nextLocal];
            localPortNet = localPorts.take(localId, localProtocol);
            if (localPortNet != LocalPorts.NONE) {
                return true;
            }
        }

        return false;
    }

    private int vipAsLocal(final PacketBurst burst, final int i) {
        final long l3 = l3(burst, i);
        return isIpv6(burst, i)
                ? table.locals()
                        .idOf6(Ipv6Header.destinationHighNet(l3), Ipv6Header.destinationLowNet(l3))
                : table.locals().idOf((int) (burst.keyA[i] >>> Integer.SIZE));
    }

    /** Gives the port back that was taken for a flow that did not come to be. */
    void givePortBack(final int mode) {
        if (mode == FULL_NAT) {
            localPorts.free(localId, localProtocol, localPortNet);
        }
    }

    /** Completes a new entry; a reply in the same burst must already find its way back. */
    void assign(
            final PacketBurst burst,
            final int i,
            final long entry,
            final int serviceId,
            final int backendId,
            final int mode) {
        FlowEntry.service(entry, serviceId, mode);
        FlowEntry.backendId(entry, backendId);
        TrackStage.keepWayBack(entry, FlowEntry.TO_BACKEND, burst.address[i], burst.ingress[i]);
        if (isIpv6(burst, i)) {
            assign6(burst, i, entry, backendId, mode);
        } else if (mode == NAT) {
            setDeltas(
                    entry,
                    InternetChecksum.delta(FlowEntry.vipNet(entry), FlowEntry.backendIpNet(entry)),
                    FlowEntry.backendPortNet(entry));
        } else if (mode == FULL_NAT) {
            assignFullNat(burst, i, entry, backendId);
        }
    }

    private void assignFullNat(
            final PacketBurst burst, final int i, final long entry, final int backendId) {
        final long addresses = flows.addresses(entry);
        final int backendIp = table.backendIpNet(backendId);
        final int backendPort = table.backendPortNet(backendId, vipPortNet(burst, i));
        FlowAddresses.putBackendIpv4(addresses, backendIp);
        FlowAddresses.putBackendPortNet(addresses, backendPort);
        FlowAddresses.putLocal(addresses, localId, localPortNet);
        localPorts.bind(localId, localProtocol, localPortNet, entry);
        final int localIp = table.locals().ipNet(localId);
        final int ipDelta =
                InternetChecksum.combine(
                        InternetChecksum.delta(FlowEntry.vipNet(entry), backendIp),
                        InternetChecksum.delta(FlowEntry.clientIpNet(entry), localIp));
        setDeltas(entry, ipDelta, backendPort);
        addSourcePort(entry);
    }

    private void assign6(
            final PacketBurst burst,
            final int i,
            final long entry,
            final int backendId,
            final int mode) {
        final long addresses = flows.addresses(entry);
        final long l3 = l3(burst, i);
        FlowAddresses.putClientAndVip(addresses, l3 + Ipv6Header.SOURCE_OFFSET);
        if (mode != NAT && mode != FULL_NAT) {
            return;
        }

        final long backendHigh = table.backendHighNet(backendId);
        final long backendLow = table.backendLowNet(backendId);
        final int backendPort = table.backendPortNet(backendId, vipPortNet(burst, i));
        FlowAddresses.putBackend(addresses, backendHigh, backendLow);
        FlowAddresses.putBackendPortNet(addresses, backendPort);
        int delta =
                InternetChecksum.delta16(
                        InternetChecksum.addressSum(
                                Ipv6Header.destinationHighNet(l3),
                                Ipv6Header.destinationLowNet(l3)),
                        InternetChecksum.addressSum(backendHigh, backendLow));
        if (mode == FULL_NAT) {
            FlowAddresses.putLocal(addresses, localId, localPortNet);
            localPorts.bind(localId, localProtocol, localPortNet, entry);
            delta =
                    InternetChecksum.combine(
                            delta,
                            InternetChecksum.delta16(
                                    InternetChecksum.addressSum(
                                            Ipv6Header.sourceHighNet(l3),
                                            Ipv6Header.sourceLowNet(l3)),
                                    InternetChecksum.addressSum(
                                            table.locals().highNet(localId),
                                            table.locals().lowNet(localId))));
        }

        setDeltas(entry, delta, backendPort);
        if (mode == FULL_NAT) {
            addSourcePort(entry);
        }
    }

    private static void setDeltas(final long entry, final int ipDelta, final int backendPortNet) {
        final int portDelta = InternetChecksum.delta16(FlowEntry.vipPortNet(entry), backendPortNet);
        FlowEntry.deltas(entry, ipDelta, InternetChecksum.combine(ipDelta, portDelta));
    }

    private void addSourcePort(final long entry) {
        final int ipDelta = FlowEntry.ipDelta(entry, FlowEntry.TO_BACKEND);
        final int portDelta =
                InternetChecksum.delta16(FlowEntry.clientPortNet(entry), localPortNet);
        FlowEntry.deltas(
                entry,
                ipDelta,
                InternetChecksum.combine(
                        FlowEntry.l4Delta(entry, FlowEntry.TO_BACKEND), portDelta));
    }

    private static boolean isIpv6(final PacketBurst burst, final int i) {
        return (burst.keyB[i] & FAMILY_6_IN_KEY) != 0;
    }

    private static int vipPortNet(final PacketBurst burst, final int i) {
        return (int) burst.keyB[i] >>> Short.SIZE;
    }

    private static long l3(final PacketBurst burst, final int i) {
        return burst.address[i] + burst.l3Offset[i];
    }
}
