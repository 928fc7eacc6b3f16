package io.naru.dataplane.pipeline;

import static io.naru.dataplane.packet.RawMemory.getLong;

import io.naru.dataplane.flow.FlowAddresses;
import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowState;
import io.naru.dataplane.flow.FlowTable;
import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.neighbour.HopTable;
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

    private final ResetWriter writer;
    private final FlowTable flows;
    private final HopTable hops;
    private final boolean[] asks = new boolean[Limits.MAX_SERVICES];
    private boolean isUsed;
    private ForwardingTable table = ForwardingTable.EMPTY;
    private BridgeStage bridge;
    private long nowNs;

    IdleResets(final ResetWriter writer, final FlowTable flows, final HopTable hops) {
        this.writer = writer;
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

    /** In topology bridge: who knows where stations are, of whom some are only known to it. */
    void bridge(final BridgeStage bridge) {
        this.bridge = bridge;
    }

    /** The time of this duty cycle; only a bridge asks for it. */
    void now(final long nowNs) {
        this.nowNs = nowNs;
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
        final boolean isIpv6 = FlowEntry.isIpv6(entry);
        if (sequence == TcpSequences.UNKNOWN
                || !Hop.isResolved(hop)
                || !writer.begin(hop, isIpv6)) {
            return;
        }

        writer.sequence(sequence);
        putPorts(entry, direction);
        if (isIpv6) {
            putIpv6(entry, direction);
        } else {
            putIpv4(entry, direction);
        }
        writer.send();
    }

    private void putPorts(final long entry, final int direction) {
        final long addresses = flows.addresses(entry);
        if (direction == FlowEntry.TO_CLIENT) {
            writer.portsNet(FlowEntry.vipPortNet(entry), FlowEntry.clientPortNet(entry));
        } else if (FlowEntry.mode(entry) == FULL_NAT) {
            writer.portsNet(
                    FlowAddresses.localPortNet(addresses), FlowAddresses.backendPortNet(addresses));
        } else {
            writer.portsNet(FlowEntry.clientPortNet(entry), FlowEntry.backendPortNet(entry));
        }
    }

    private void putIpv4(final long entry, final int direction) {
        final long addresses = flows.addresses(entry);
        if (direction == FlowEntry.TO_CLIENT) {
            writer.sourceNet(FlowEntry.vipNet(entry));
            writer.destinationNet(FlowEntry.clientIpNet(entry));
        } else if (FlowEntry.mode(entry) == FULL_NAT) {
            writer.sourceNet(table.locals().ipNet(FlowAddresses.localId(addresses)));
            writer.destinationNet(FlowAddresses.backendIpv4(addresses));
        } else {
            writer.sourceNet(FlowEntry.clientIpNet(entry));
            writer.destinationNet(FlowEntry.backendIpNet(entry));
        }
    }

    private void putIpv6(final long entry, final int direction) {
        final long addresses = flows.addresses(entry);
        final long client = addresses + FlowAddresses.CLIENT_OFFSET;
        final long vip = addresses + FlowAddresses.VIP_OFFSET;
        final long backend = addresses + FlowAddresses.BACKEND_OFFSET;
        if (direction == FlowEntry.TO_CLIENT) {
            writer.sourceNet(getLong(vip), getLong(vip + Long.BYTES));
            writer.destinationNet(getLong(client), getLong(client + Long.BYTES));
        } else {
            writer.destinationNet(getLong(backend), getLong(backend + Long.BYTES));
            if (FlowEntry.mode(entry) == FULL_NAT) {
                final int localId = FlowAddresses.localId(addresses);
                writer.sourceNet(table.locals().highNet(localId), table.locals().lowNet(localId));
            } else {
                writer.sourceNet(getLong(client), getLong(client + Long.BYTES));
            }
        }
    }
}
