package io.naru.dataplane.pipeline;

import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.neighbour.HopTable;
import io.naru.dataplane.packet.Ipv4Header;
import io.naru.dataplane.packet.Ipv6Header;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.packet.TcpHeader;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.OversizeRule;
import io.naru.dataplane.protocol.ServiceOptions;
import io.naru.dataplane.service.ForwardingTable;

/**
 * Looks at packets that may be too long for their way, and at the SYNs that decide how long those
 * to come will be.
 *
 * <pre>
 *   fits                          goes on
 *   IPv6, or don't fragment       its sender is told what fits (RFC 1191, 8201)
 *   IPv6 of 1,280 bytes at most   in a tunnel: the packet around it is cut (RFC 2473)
 *   may be fragmented             as the service says: marked for {@link Fragmenter}, or dropped
 *   SYN                           its MSS is lowered to what fits
 * </pre>
 *
 * <p>What fits is the MTU of the way less the headers of the tunnel. Most packets are shorter than
 * anything that any way could take, and are not looked at.
 */
final class PathMtuStage {
    private static final int TOO_BIG = Verdict.drop(DropReason.TOO_BIG);

    /** The longest Ethernet header, and outer IPv6 with all of GRE. */
    private static final int MAX_OVERHEAD = 18 + 40 + 12;

    /** What every link of IPv6 takes (RFC 8200 §5). */
    private static final int MIN_MTU_6 = 1_280;

    private static final int DONT_FRAGMENT_NET = 0x0040;
    private static final int GRE = Mode.DSR_GRE.code();
    private static final int IPIP = Mode.DSR_IPIP.code();
    private static final int NAT = Mode.NAT.code();
    private static final int FULL_NAT = Mode.FULL_NAT.code();

    private final HopTable hops;
    private final IcmpErrorReply reply;
    private final Fragmenter fragmenter;
    private ForwardingTable table = ForwardingTable.EMPTY;

    PathMtuStage(final HopTable hops, final IcmpErrorReply reply, final Fragmenter fragmenter) {
        this.hops = hops;
        this.reply = reply;
        this.fragmenter = fragmenter;
    }

    void adopt(final ForwardingTable table) {
        this.table = table;
    }

    void check(final PacketBurst burst, final long nowNs) {
        final int alwaysFits = hops.smallestMtu() - MAX_OVERHEAD;
        final int count = burst.count;
        for (int i = 0; i < count; i++) {
            final boolean isSyn = (burst.tcpFlags[i] & TcpHeader.SYN) != 0;
            if (burst.verdict[i] == Verdict.UNDECIDED && (burst.length[i] > alwaysFits || isSyn)) {
                burst.verdict[i] = look(burst, i, isSyn, nowNs);
            }
        }
    }

    private int look(final PacketBurst burst, final int i, final boolean isSyn, final long nowNs) {
        final long entry = burst.entry[i];
        final int mode = FlowEntry.mode(entry);
        final int overhead = overhead(burst, i, entry, mode);
        final int room = mtu(burst, i, entry) - overhead;
        if (isSyn) {
            clamp(burst, i, entry, mode, room);
        }

        final long l3 = burst.address[i] + burst.l3Offset[i];
        final boolean isIpv6 = FlowEntry.isIpv6(entry);
        final int length =
                isIpv6
                        ? Ipv6Header.LENGTH + Ipv6Header.payloadLength(l3)
                        : Ipv4Header.totalLength(l3);
        if (length <= room) {
            return Verdict.UNDECIDED;
        }

        final boolean isFixed =
                isIpv6
                        || (RawMemory.getShort(l3 + Ipv4Header.FRAGMENT_OFFSET) & DONT_FRAGMENT_NET)
                                != 0;
        if (isIpv6 && overhead > 0 && length <= MIN_MTU_6) {
            return cutAround(burst, i, entry, length + overhead, room + overhead);
        }

        if (isFixed) {
            return reply.tooBig(burst, i, room, nowNs);
        }

        final OversizeRule rule = table.options(FlowEntry.serviceId(entry)).oversize();
        if (rule == OversizeRule.DROP) {
            return TOO_BIG;
        }

        final boolean isOuter =
                rule == OversizeRule.OUTER
                        && overhead > 0
                        && !table.isBackendIpv6(FlowEntry.backendId(entry));
        return isOuter
                ? fragmenter.mark(
                        i, burst.l3Offset[i], length + overhead, Ipv4Header.LENGTH, room + overhead)
                : fragmenter.mark(
                        i, burst.l3Offset[i] + overhead, length, Ipv4Header.headerLength(l3), room);
    }

    /**
     * Of IPv6 every link takes 1,280 bytes, and no sender sends less for being told so: the packet
     * around such a one is cut, and put together at the tunnel's end (RFC 2473 §7.1).
     */
    private int cutAround(
            final PacketBurst burst,
            final int i,
            final long entry,
            final int outerLength,
            final int mtu) {
        return table.isBackendIpv6(FlowEntry.backendId(entry))
                ? fragmenter.mark6(i, burst.l3Offset[i], outerLength, mtu)
                : fragmenter.mark(i, burst.l3Offset[i], outerLength, Ipv4Header.LENGTH, mtu);
    }

    /** What the tunnel adds to a packet of the flow. */
    private int overhead(final PacketBurst burst, final int i, final long entry, final int mode) {
        if ((mode != GRE && mode != IPIP) || burst.direction[i] != FlowEntry.TO_BACKEND) {
            return 0;
        }

        return table.tunnels()
                .overhead(
                        FlowEntry.serviceId(entry),
                        mode == GRE,
                        table.isBackendIpv6(FlowEntry.backendId(entry)));
    }

    private int mtu(final PacketBurst burst, final int i, final long entry) {
        final int ofInterface = hops.interfaceMtu(Hop.interfaceIndex(burst.hop[i]));
        if (burst.direction[i] == FlowEntry.TO_CLIENT) {
            return ofInterface;
        }

        return mtuToBackend(entry, ofInterface);
    }

    /** What the backend's way takes, or its interface if that is not known or less. */
    private int mtuToBackend(final long entry, final int ofInterface) {
        final int hopId = table.anyHopId(FlowEntry.backendId(entry));
        final int ofHop = hopId < 0 ? 0 : hops.mtu(hopId);
        return ofHop == 0 ? ofInterface : Math.min(ofHop, ofInterface);
    }

    /**
     * Lowers the MSS of a SYN to what the service says or, where both directions pass us, to what
     * fits both ways.
     */
    private void clamp(
            final PacketBurst burst,
            final int i,
            final long entry,
            final int mode,
            final int room) {
        final int option = table.options(FlowEntry.serviceId(entry)).mssClamp();
        if (option == ServiceOptions.MSS_OFF || burst.l4Offset[i] == 0) {
            return;
        }

        final long l4 = burst.address[i] + burst.l4Offset[i];
        if (option != ServiceOptions.MSS_AUTO) {
            MssOption.lower(l4, option);
        } else if (mode == NAT || mode == FULL_NAT) {
            final int hopId = table.anyHopId(FlowEntry.backendId(entry));
            final int toClient = hops.interfaceMtu(Hop.interfaceIndex(FlowEntry.clientHop(entry)));
            final int toBackend =
                    hopId < 0
                            ? room
                            : mtuToBackend(
                                    entry, hops.interfaceMtu(portToBackend(burst, i, hopId)));
            final int smallest = Math.min(room, Math.min(toClient, toBackend));
            final int header = FlowEntry.isIpv6(entry) ? Ipv6Header.LENGTH : Ipv4Header.LENGTH;
            MssOption.lower(l4, smallest - header - TcpHeader.LENGTH);
        }
    }

    /** Of a bridge: where this packet goes to, or if it is an answer where it came from. */
    private int portToBackend(final PacketBurst burst, final int i, final int hopId) {
        final int index = Hop.interfaceIndex(hops.hop(hopId));
        if (index != Hop.BRIDGED) {
            return index;
        }

        return burst.direction[i] == FlowEntry.TO_BACKEND
                ? Hop.interfaceIndex(burst.hop[i])
                : burst.ingress[i];
    }
}
