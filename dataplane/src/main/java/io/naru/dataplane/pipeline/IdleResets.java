package io.naru.dataplane.pipeline;

import static io.naru.dataplane.packet.RawMemory.getLong;
import static io.naru.dataplane.packet.RawMemory.putByte;
import static io.naru.dataplane.packet.RawMemory.putInt;
import static io.naru.dataplane.packet.RawMemory.putShort;

import io.naru.dataplane.flow.FlowAddresses;
import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowState;
import io.naru.dataplane.flow.FlowTable;
import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.neighbour.HopTable;
import io.naru.dataplane.packet.EthernetHeader;
import io.naru.dataplane.packet.InternetChecksum;
import io.naru.dataplane.packet.Ipv4Header;
import io.naru.dataplane.packet.Ipv6Header;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.packet.TcpHeader;
import io.naru.dataplane.packet.TransportHeader;
import io.naru.dataplane.port.SendList;
import io.naru.dataplane.protocol.Limits;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.service.ForwardingTable;
import java.util.Arrays;

/**
 * Tells both ends of a connection that it is over, where it was idle for too long or has lost its
 * backend and the service asks for that: each gets an RST from the other, so that it does not find
 * out by a timeout.
 *
 * <p>An RST is believed only if it has the very number that its receiver expects next (RFC 5961
 * §3.2), see {@link TcpSequences}. If the last packet was lost the receiver answers with a
 * challenge, and nothing happens. Only modes in which both directions pass us can do this. Used by
 * one worker.
 */
final class IdleResets {
    private static final int WORTH_A_RESET =
            (1 << FlowState.ESTABLISHED)
                    | (1 << FlowState.FIN_CLIENT)
                    | (1 << FlowState.FIN_BACKEND);

    /** The same where the end is not one that the service would have come to by itself. */
    private static final int WORTH_A_RESET_NOW = WORTH_A_RESET | (1 << FlowState.SYN_ANSWERED);

    private static final int MODES = (1 << Mode.NAT.code()) | (1 << Mode.FULL_NAT.code());
    private static final int FULL_NAT = Mode.FULL_NAT.code();
    private static final int TTL = 64;
    private static final int DONT_FRAGMENT_NET = 0x0040;
    private static final int DATA_OFFSET = TcpHeader.LENGTH << 2;

    /** Ethernet's least; the longest of ours is 74 bytes. */
    private static final int MIN_LENGTH = 60;

    private static final int MAX_LENGTH =
            EthernetHeader.LENGTH + Ipv6Header.LENGTH + TcpHeader.LENGTH;

    private final long[] macsNet;
    private final FlowTable flows;
    private final HopTable hops;
    private final boolean[] asks = new boolean[Limits.MAX_SERVICES];
    private boolean isUsed;
    private ForwardingTable table = ForwardingTable.EMPTY;
    private SendList sendList = SendList.NONE;
    private BridgeStage bridge;
    private long nowNs;
    private long sent;

    IdleResets(final long[] macsNet, final FlowTable flows, final HopTable hops) {
        this.macsNet = macsNet.clone();
        this.flows = flows;
        this.hops = hops;
    }

    void adopt(final ForwardingTable table) {
        this.table = table;
        Arrays.fill(asks, false);
        isUsed = false;
        for (int id = 0; id < table.serviceIdLimit(); id++) {
            asks[id] = table.options(id).resetsIdle();
            isUsed |= asks[id];
        }
    }

    void sendList(final SendList list) {
        sendList = list;
    }

    /** In topology bridge: who knows where stations are, of whom some are only known to it. */
    void bridge(final BridgeStage bridge) {
        this.bridge = bridge;
    }

    /** The time of this duty cycle; only a bridge asks for it. */
    void now(final long nowNs) {
        this.nowNs = nowNs;
    }

    /** RSTs that were sent. */
    long sent() {
        return sent;
    }

    /** A flow is about to go as it was idle for too long. */
    void onFlowExpired(final long entry) {
        if (isUsed
                && asks[FlowEntry.serviceId(entry)]
                && ((WORTH_A_RESET >>> FlowEntry.state(entry)) & 1) != 0
                && ((MODES >>> FlowEntry.mode(entry)) & 1) != 0) {
            sendToBackend(entry);
            send(entry, FlowEntry.TO_CLIENT, FlowEntry.clientHop(entry));
        }
    }

    /** Tells both ends of an open connection, as far as they can be told, that it is over. */
    void reset(final long entry) {
        if (((WORTH_A_RESET_NOW >>> FlowEntry.state(entry)) & 1) != 0
                && ((MODES >>> FlowEntry.mode(entry)) & 1) != 0) {
            sendToBackend(entry);
            send(entry, FlowEntry.TO_CLIENT, FlowEntry.clientHop(entry));
        }
    }

    /** The same of the backend's end alone. */
    void resetBackend(final long entry) {
        if (((WORTH_A_RESET_NOW >>> FlowEntry.state(entry)) & 1) != 0
                && ((MODES >>> FlowEntry.mode(entry)) & 1) != 0) {
            sendToBackend(entry);
        }
    }

    private void sendToBackend(final long entry) {
        final int hopId = table.anyHopId(FlowEntry.backendId(entry));
        if (hopId >= 0) {
            final long hop = hops.hop(hopId);
            send(entry, FlowEntry.TO_BACKEND, bridge == null ? hop : bridge.resolve(hop, nowNs));
        }
    }

    private void send(final long entry, final int direction, final long hop) {
        final int sequence = FlowEntry.nextSequence(entry, direction);
        if (sequence == TcpSequences.UNKNOWN
                || !Hop.isResolved(hop)
                || Hop.interfaceIndex(hop) >= macsNet.length) {
            return;
        }

        final long frame = sendList.newFrame();
        if (frame == 0) {
            return;
        }

        final boolean isIpv6 = FlowEntry.isIpv6(entry);
        final long l3 = frame + EthernetHeader.LENGTH;
        final int headerLength = isIpv6 ? Ipv6Header.LENGTH : Ipv4Header.LENGTH;
        final long l4 = l3 + headerLength;
        RawMemory.fill(frame, MAX_LENGTH, (byte) 0);
        EthernetHeader.putMacsNet(frame, hop, macsNet[Hop.interfaceIndex(hop)]);
        putInt(l4 + TcpHeader.SEQUENCE_OFFSET, Integer.reverseBytes(sequence));
        putByte(l4 + TcpHeader.DATA_OFFSET_OFFSET, (byte) DATA_OFFSET);
        putByte(l4 + TcpHeader.FLAGS_OFFSET, (byte) TcpHeader.RST);
        putPorts(l4, entry, direction);
        final int checksum =
                isIpv6 ? put6(l3, l4, entry, direction) : put4(l3, l4, entry, direction);
        putShort(l4 + TcpHeader.CHECKSUM_OFFSET, (short) checksum);
        sendList.add(
                frame,
                Math.max(MIN_LENGTH, EthernetHeader.LENGTH + headerLength + TcpHeader.LENGTH),
                hop);
        sent++;
    }

    private void putPorts(final long l4, final long entry, final int direction) {
        final long addresses = flows.addresses(entry);
        final boolean isFullNat = FlowEntry.mode(entry) == FULL_NAT;
        if (direction == FlowEntry.TO_CLIENT) {
            TransportHeader.putSourcePortNet(l4, FlowEntry.vipPortNet(entry));
            TransportHeader.putDestinationPortNet(l4, FlowEntry.clientPortNet(entry));
        } else if (isFullNat) {
            TransportHeader.putSourcePortNet(l4, FlowAddresses.localPortNet(addresses));
            TransportHeader.putDestinationPortNet(l4, FlowAddresses.backendPortNet(addresses));
        } else {
            TransportHeader.putSourcePortNet(l4, FlowEntry.clientPortNet(entry));
            TransportHeader.putDestinationPortNet(l4, FlowEntry.backendPortNet(entry));
        }
    }

    private int put4(final long l3, final long l4, final long entry, final int direction) {
        final long addresses = flows.addresses(entry);
        final boolean isFullNat = FlowEntry.mode(entry) == FULL_NAT;
        putShort(l3 - Short.BYTES, (short) EthernetHeader.ETHER_TYPE_IPV4_NET);
        putByte(l3, (byte) Ipv4Header.VERSION_AND_IHL_PLAIN);
        Ipv4Header.putTotalLength(l3, Ipv4Header.LENGTH + TcpHeader.LENGTH);
        putShort(l3 + Ipv4Header.FRAGMENT_OFFSET, (short) DONT_FRAGMENT_NET);
        Ipv4Header.putTtl(l3, TTL);
        putByte(l3 + Ipv4Header.PROTOCOL_OFFSET, (byte) Ipv4Header.PROTOCOL_TCP);
        if (direction == FlowEntry.TO_CLIENT) {
            Ipv4Header.putSourceNet(l3, FlowEntry.vipNet(entry));
            Ipv4Header.putDestinationNet(l3, FlowEntry.clientIpNet(entry));
        } else if (isFullNat) {
            Ipv4Header.putSourceNet(l3, table.localIpNet(FlowAddresses.localId(addresses)));
            Ipv4Header.putDestinationNet(l3, FlowAddresses.backendIpv4(addresses));
        } else {
            Ipv4Header.putSourceNet(l3, FlowEntry.clientIpNet(entry));
            Ipv4Header.putDestinationNet(l3, FlowEntry.backendIpNet(entry));
        }

        Ipv4Header.putChecksumNet(l3, InternetChecksum.checksumNet(l3, Ipv4Header.LENGTH));
        return InternetChecksum.transportChecksumNet(l3, l4, TcpHeader.LENGTH);
    }

    private int put6(final long l3, final long l4, final long entry, final int direction) {
        final long addresses = flows.addresses(entry);
        final long client = addresses + FlowAddresses.CLIENT_OFFSET;
        final long vip = addresses + FlowAddresses.VIP_OFFSET;
        final long backend = addresses + FlowAddresses.BACKEND_OFFSET;
        putShort(l3 - Short.BYTES, (short) EthernetHeader.ETHER_TYPE_IPV6_NET);
        Ipv6Header.putFirstWord(l3, 6 << 28);
        Ipv6Header.putPayloadLength(l3, TcpHeader.LENGTH);
        Ipv6Header.putNextHeader(l3, Ipv4Header.PROTOCOL_TCP);
        Ipv6Header.putHopLimit(l3, TTL);
        if (direction == FlowEntry.TO_CLIENT) {
            Ipv6Header.putSourceNet(l3, getLong(vip), getLong(vip + Long.BYTES));
            Ipv6Header.putDestinationNet(l3, getLong(client), getLong(client + Long.BYTES));
        } else {
            Ipv6Header.putDestinationNet(l3, getLong(backend), getLong(backend + Long.BYTES));
            if (FlowEntry.mode(entry) == FULL_NAT) {
                final int localId = FlowAddresses.localId(addresses);
                Ipv6Header.putSourceNet(
                        l3, table.localHighNet(localId), table.localLowNet(localId));
            } else {
                Ipv6Header.putSourceNet(l3, getLong(client), getLong(client + Long.BYTES));
            }
        }

        return InternetChecksum.transport6ChecksumNet(
                l3, l4, TcpHeader.LENGTH, Ipv4Header.PROTOCOL_TCP);
    }
}
