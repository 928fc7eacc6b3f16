package io.naru.dataplane.pipeline;

import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.neighbour.MacTable;
import io.naru.dataplane.packet.ArpHeader;
import io.naru.dataplane.packet.EthernetHeader;
import io.naru.dataplane.packet.IcmpHeader;
import io.naru.dataplane.packet.Ipv4Header;
import io.naru.dataplane.packet.Ipv6Header;
import io.naru.dataplane.packet.NdpMessage;
import io.naru.dataplane.packet.PacketKind;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.port.SendList;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.service.LocalAddresses;

/**
 * The bridge of topology {@code bridge}: learns stations, sends on untouched what is nobody's
 * service, floods what it does not know, and lets the rest of the pipeline have what is.
 *
 * <pre>
 *   to a VIP, about a VIP, or from a backend of a nat service
 *                      as if it had been sent to us: the other stages decide. If they find that it
 *                      is not ours (a backend's own traffic), it goes on as it came
 *   anything else      to the port of its station; to all other ports if that is not known, or if
 *                      it is for a group
 * </pre>
 *
 * <p>Once a second a frame is sent from each port that only we send. One that comes back by another
 * port says that two ports are on one segment: that port is closed, and tried again ten seconds
 * after the last such frame. Used by one worker; the table of stations is shared.
 */
final class BridgeStage {
    private static final int SAME_SEGMENT = Verdict.drop(DropReason.SAME_SEGMENT);
    private static final int BRIDGE_LOOP = Verdict.drop(DropReason.BRIDGE_LOOP);
    private static final int NOT_OURS = Verdict.drop(DropReason.NOT_OURS);

    /**
     * Why the other stages do not want a packet that is then nobody's but its receiver's: it is of
     * no flow, or they could not see of which. A backend's own pings may be large, and what is
     * wrong with a packet that is not ours is between its sender and its receiver.
     */
    private static final long NOT_FOR_US =
            bit(DropReason.NOT_OURS)
                    | bit(DropReason.NO_FLOW)
                    | bit(DropReason.BAD_SOURCE)
                    | bit(DropReason.BAD_IP_CHECKSUM)
                    | bit(DropReason.BAD_ICMP_CHECKSUM)
                    | bit(DropReason.ICMP_NO_FLOW)
                    | bit(DropReason.ICMP_OTHER)
                    | bit(DropReason.ICMP_TUNNEL)
                    | bit(DropReason.FRAGMENT)
                    | bit(DropReason.BAD_FRAGMENT)
                    | bit(DropReason.FRAGMENT_OVERLAP)
                    | bit(DropReason.FRAGMENT_DUPLICATE)
                    | bit(DropReason.TOO_MANY_FRAGMENTS);

    private static final long GROUP_BIT = 1;

    /** IEEE 802 local experimental EtherType 1, as loaded. */
    private static final int PROBE_TYPE_NET = 0xb588;

    /** A group that nobody else is in. */
    private static final long PROBE_MAC_NET = 0x0000_6172_7503L;

    private static final int PROBE_LENGTH = 60;
    private static final long PROBE_INTERVAL_NS = 1_000_000_000L;
    private static final long CLOSED_NS = 10_000_000_000L;

    private final long[] macsNet;
    private final MacTable stations;
    private final long nonce;
    private final boolean isProber;
    private final long[] closedUntilNs;
    private final boolean[] isClosed;
    private final long[] originalMac = new long[PacketBurst.CAPACITY];
    private final boolean[] isCandidate = new boolean[PacketBurst.CAPACITY];

    private ForwardingTable table = ForwardingTable.EMPTY;
    private LocalAddresses locals = LocalAddresses.NONE;
    private SendList sendList = SendList.NONE;
    private long probeDueNs;
    private long flooded;

    /**
     * @param macsNet our MAC by port.
     * @param nonce the same for all workers of the process, and of no other one.
     * @param isProber whether this worker sends the frames that find loops.
     */
    BridgeStage(
            final long[] macsNet,
            final MacTable stations,
            final long nonce,
            final boolean isProber) {
        this.macsNet = macsNet.clone();
        this.stations = stations;
        this.nonce = nonce;
        this.isProber = isProber;
        closedUntilNs = new long[macsNet.length];
        isClosed = new boolean[macsNet.length];
    }

    void adopt(final ForwardingTable table) {
        this.table = table;
        locals = table.locals();
    }

    void sendList(final SendList list) {
        this.sendList = list;
    }

    /** Frames of which copies went to several ports. */
    long flooded() {
        return flooded;
    }

    /** Ports that are closed, as a bit each: two of them are on one segment. */
    long closedPorts() {
        long closed = 0;
        for (int port = 0; port < isClosed.length; port++) {
            closed |= isClosed[port] ? 1L << port : 0;
        }

        return closed;
    }

    /** Where a packet to a station goes, if a hop leaves that to the bridge. */
    long resolve(final long hop, final long nowNs) {
        if (Hop.interfaceIndex(hop) != Hop.BRIDGED || !Hop.isResolved(hop)) {
            return hop;
        }

        final int port = stations.port(Hop.macNet(hop), nowNs);
        return port == MacTable.UNKNOWN ? Hop.UNRESOLVED : Hop.of(Hop.macNet(hop), port);
    }

    // -- before the other stages ------------------------------------------------------------------

    /** Gives frames that are nobody's service their verdict, and the kind BRIDGED. */
    void take(final PacketBurst burst, final long nowNs) {
        final int count = burst.count;
        for (int i = 0; i < count; i++) {
            final long frame = burst.address[i];
            isCandidate[i] = false;
            if (burst.length[i] < EthernetHeader.LENGTH) {
                continue; // the parser has refused it
            }

            final int ingress = burst.ingress[i];
            final long source = EthernetHeader.sourceMacNet(frame);
            if (isProbe(frame, burst.length[i])) {
                close(ingress, frame, nowNs);
                pass(burst, i, BRIDGE_LOOP);
            } else if (isClosed(ingress, nowNs)) {
                pass(burst, i, BRIDGE_LOOP);
            } else {
                if ((source & GROUP_BIT) == 0) {
                    stations.learn(source, ingress, nowNs);
                }
                if (isForService(burst, i, frame) && !isForItsReceiver(burst, i, frame, nowNs)) {
                    isCandidate[i] = true;
                    originalMac[i] = EthernetHeader.destinationMacNet(frame);
                    putDestination(frame, macsNet[ingress]);
                } else {
                    pass(burst, i, forward(burst, i, frame, nowNs));
                }
            }
        }
    }

    private static void pass(final PacketBurst burst, final int i, final int verdict) {
        burst.kind[i] = PacketKind.BRIDGED;
        burst.verdict[i] = verdict;
    }

    private boolean isForService(final PacketBurst burst, final int i, final long frame) {
        if (burst.l3Offset[i] != EthernetHeader.LENGTH) {
            return false; // of a VLAN, and services are not
        }

        final long l3 = frame + EthernetHeader.LENGTH;
        return switch (burst.kind[i]) {
            case PacketKind.TRANSPORT, PacketKind.TRANSPORT_WITH_OPTIONS ->
                    isOurs(Ipv4Header.destinationNet(l3)) || isFromNatBackend(burst, i, l3);
            case PacketKind.FRAGMENT ->
                    isOurs(Ipv4Header.destinationNet(l3))
                            || table.isNatAddress(Ipv4Header.sourceNet(l3));
            case PacketKind.ICMP ->
                    isOurs(Ipv4Header.destinationNet(l3))
                            || IcmpErrorStage.isError(
                                    IcmpHeader.type(frame + burst.l4Offset[i]), false);
            case PacketKind.ARP ->
                    isOurs(ArpHeader.targetIpNet(l3)) || isOurs(ArpHeader.senderIpNet(l3));
            case PacketKind.TRANSPORT_6 ->
                    isOurs6(l3 + Ipv6Header.DESTINATION_OFFSET) || isFromNatBackend6(burst, i, l3);
            case PacketKind.FRAGMENT_6 ->
                    isOurs6(l3 + Ipv6Header.DESTINATION_OFFSET)
                            || table.isNatAddress6(
                                    Ipv6Header.sourceHighNet(l3), Ipv6Header.sourceLowNet(l3));
            case PacketKind.ICMP_6 -> isOurIcmp6(burst, i, frame, l3);
            default -> false;
        };
    }

    /**
     * Whether a packet to a VIP is for the station that it is sent to: one of our own checks, or
     * from a balancer beside us. Only servers of {@code dsr-l2} have the VIP too; whoever asks for
     * the MAC of a VIP is told ours. A check may go to a port that no service has; so does an
     * answer to the VIP in place of a client, by way of a gateway, and that is ours.
     */
    private boolean isForItsReceiver(
            final PacketBurst burst, final int i, final long frame, final long nowNs) {
        final long destination = EthernetHeader.destinationMacNet(frame);
        if (Sources.isOneOf(macsNet, destination) || !isAboutItsReceiver(burst, i, frame)) {
            return false;
        }

        final int port = stations.port(destination, nowNs);
        return port != MacTable.UNKNOWN && port != burst.ingress[i];
    }

    private boolean isAboutItsReceiver(final PacketBurst burst, final int i, final long frame) {
        final long l3 = frame + burst.l3Offset[i];
        final int portNet = (int) burst.keyB[i] >>> Short.SIZE;
        return switch (burst.kind[i]) {
            case PacketKind.TRANSPORT, PacketKind.TRANSPORT_WITH_OPTIONS -> {
                final int vip = Ipv4Header.destinationNet(l3);
                yield table.isVip(vip) != 0
                        && isOfServers(table.serviceOf(vip, burst.protocol[i], portNet))
                        && !isFromNatBackend(burst, i, l3);
            }
            case PacketKind.TRANSPORT_6 -> {
                final long high = Ipv6Header.destinationHighNet(l3);
                final long low = Ipv6Header.destinationLowNet(l3);
                yield table.isVip6(high, low)
                        && isOfServers(table.serviceOf6(high, low, burst.protocol[i], portNet))
                        && !isFromNatBackend6(burst, i, l3);
            }
            case PacketKind.ICMP ->
                    IcmpHeader.type(frame + burst.l4Offset[i]) == IcmpHeader.TYPE_ECHO_REQUEST;
            case PacketKind.ICMP_6 ->
                    IcmpHeader.type(frame + burst.l4Offset[i]) == IcmpHeader.TYPE_ECHO_REQUEST_6;
            default -> false;
        };
    }

    private boolean isOfServers(final int serviceId) {
        return serviceId == ForwardingTable.NONE || table.mode(serviceId) == Mode.DSR_L2;
    }

    private boolean isFromNatBackend(final PacketBurst burst, final int i, final long l3) {
        return table.isNatBackend(
                Ipv4Header.sourceNet(l3), burst.protocol[i], (int) burst.keyB[i] & 0xffff);
    }

    private boolean isFromNatBackend6(final PacketBurst burst, final int i, final long l3) {
        return table.isNatBackend6(
                Ipv6Header.sourceHighNet(l3),
                Ipv6Header.sourceLowNet(l3),
                burst.protocol[i],
                (int) burst.keyB[i] & 0xffff);
    }

    private boolean isOurIcmp6(
            final PacketBurst burst, final int i, final long frame, final long l3) {
        final long l4 = frame + burst.l4Offset[i];
        final int type = IcmpHeader.type(l4);
        if (type == NdpMessage.TYPE_SOLICITATION || type == NdpMessage.TYPE_ADVERTISEMENT) {
            final long end = l3 + Ipv6Header.LENGTH + Ipv6Header.payloadLength(l3);
            return l4 + NdpMessage.OPTIONS_OFFSET <= end && isOurs6(l4 + NdpMessage.TARGET_OFFSET);
        }

        return isOurs6(l3 + Ipv6Header.DESTINATION_OFFSET) || IcmpErrorStage.isError(type, true);
    }

    private boolean isOurs(final int ipNet) {
        return table.isVip(ipNet) != 0 || locals.idOf(ipNet) != ForwardingTable.NONE;
    }

    private boolean isOurs6(final long address) {
        final long high = RawMemory.getLong(address);
        final long low = RawMemory.getLong(address + Long.BYTES);
        return table.isVip6(high, low) || locals.idOf6(high, low) != ForwardingTable.NONE;
    }

    // -- after the other stages -------------------------------------------------------------------

    /** Sends on what was taken for a service's and is not; gives others their address back. */
    void giveBack(final PacketBurst burst, final long nowNs) {
        final int count = burst.count;
        for (int i = 0; i < count; i++) {
            if (!isCandidate[i] || burst.verdict[i] == Verdict.TX) {
                continue;
            }

            putDestination(burst.address[i], originalMac[i]);
            if (isNotForUs(burst.verdict[i]) && !isToVip(burst, i)) {
                burst.verdict[i] = forward(burst, i, burst.address[i], nowNs);
            }
        }
    }

    private static boolean isNotForUs(final int verdict) {
        return Verdict.isDrop(verdict) && (NOT_FOR_US >>> Verdict.reasonCode(verdict) & 1) != 0;
    }

    private static long bit(final DropReason reason) {
        return 1L << reason.code();
    }

    /** What is sent to a VIP is ours, if only to be dropped. */
    private boolean isToVip(final PacketBurst burst, final int i) {
        final long l3 = burst.address[i] + burst.l3Offset[i];
        return Ipv6Header.version(l3) == 6
                ? isOurs6(l3 + Ipv6Header.DESTINATION_OFFSET)
                : isOurs(Ipv4Header.destinationNet(l3));
    }

    private static void putDestination(final long frame, final long macNet) {
        RawMemory.putInt(frame, (int) macNet);
        RawMemory.putShort(frame + Integer.BYTES, (short) (macNet >>> Integer.SIZE));
    }

    // -- as a bridge ------------------------------------------------------------------------------

    private int forward(final PacketBurst burst, final int i, final long frame, final long nowNs) {
        final long destination = EthernetHeader.destinationMacNet(frame);
        final int ingress = burst.ingress[i];
        if (destination == macsNet[ingress]) {
            return NOT_OURS;
        }

        final int port =
                (destination & GROUP_BIT) == 0
                        ? stations.port(destination, nowNs)
                        : MacTable.UNKNOWN;
        if (port == ingress || (port >= 0 && isClosed(port, nowNs))) {
            return SAME_SEGMENT;
        }
        if (port != MacTable.UNKNOWN) {
            burst.hop[i] = Hop.of(destination, port);
            return Verdict.TX;
        }

        return flood(burst, i, frame, destination, nowNs);
    }

    /** The frame itself goes to the first other port, copies to the rest. */
    private int flood(
            final PacketBurst burst,
            final int i,
            final long frame,
            final long destination,
            final long nowNs) {
        final int ingress = burst.ingress[i];
        int own = MacTable.UNKNOWN;
        for (int port = 0; port < macsNet.length; port++) {
            if (port == ingress || isClosed(port, nowNs)) {
                continue;
            }
            if (own == MacTable.UNKNOWN) {
                own = port;
                continue;
            }

            final long copy = sendList.newFrame();
            if (copy != 0) {
                RawMemory.copy(frame, copy, burst.length[i]);
                sendList.add(copy, burst.length[i], Hop.of(destination, port));
                flooded++;
            }
        }

        if (own == MacTable.UNKNOWN) {
            return SAME_SEGMENT;
        }

        burst.hop[i] = Hop.of(destination, own);
        return Verdict.TX;
    }

    // -- loops ------------------------------------------------------------------------------------

    /** Sends the frames that find loops, when it is time; how many. */
    int probe(final long nowNs) {
        if (!isProber || probeDueNs - nowNs > 0) {
            return 0;
        }

        probeDueNs = nowNs + PROBE_INTERVAL_NS;
        int sent = 0;
        for (int port = 0; port < macsNet.length; port++) {
            final long frame = sendList.newFrame();
            if (frame != 0) {
                RawMemory.fill(frame, PROBE_LENGTH, (byte) 0);
                EthernetHeader.putMacsNet(frame, PROBE_MAC_NET, macsNet[port]);
                EthernetHeader.putEtherTypeNet(frame, PROBE_TYPE_NET);
                RawMemory.putLong(frame + 16, nonce);
                RawMemory.putByte(frame + 24, (byte) port);
                sendList.add(frame, PROBE_LENGTH, Hop.of(PROBE_MAC_NET, port));
                sent++;
            }
        }

        return sent;
    }

    private boolean isProbe(final long frame, final int length) {
        return length >= 25
                && EthernetHeader.etherTypeNet(frame) == PROBE_TYPE_NET
                && RawMemory.getLong(frame + 16) == nonce;
    }

    /** Of two ports on one segment the one with the greater number is closed. */
    private void close(final int ingress, final long frame, final long nowNs) {
        final int port = Math.max(ingress, RawMemory.getByte(frame + 24));
        if (port < isClosed.length) {
            isClosed[port] = true;
            closedUntilNs[port] = nowNs + CLOSED_NS;
        }
    }

    private boolean isClosed(final int port, final long nowNs) {
        if (isClosed[port] && closedUntilNs[port] - nowNs <= 0) {
            isClosed[port] = false;
        }

        return isClosed[port];
    }
}
