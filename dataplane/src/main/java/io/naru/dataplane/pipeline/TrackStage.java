package io.naru.dataplane.pipeline;

import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowState;
import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.packet.EthernetHeader;
import io.naru.dataplane.packet.Ipv4Header;
import io.naru.dataplane.packet.TcpHeader;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.status.WorkerStats;

/**
 * Notes each packet that will be sent on in its flow: state, last seen, bytes, what TCP expects
 * next, and the way back to the client; and counts it for its service and backend.
 */
final class TrackStage {
    private static final int RST_SHIFT = Integer.numberOfTrailingZeros(TcpHeader.RST);

    private final WorkerStats stats;
    private final ResponseTimes responseTimes;
    private long disbelievedResets;

    TrackStage(final WorkerStats stats, final ResponseTimes responseTimes) {
        this.stats = stats;
        this.responseTimes = responseTimes;
    }

    /** RSTs that changed no state, as no end of the connection would have sent them so. */
    long disbelievedResets() {
        return disbelievedResets;
    }

    void track(final PacketBurst burst, final long nowNs) {
        final WorkerStats stats = this.stats;
        final int nowTicks = FlowEntry.ticks(nowNs);
        final boolean hasResponseTimes = responseTimes.isUsed();
        final int count = burst.count;
        for (int i = 0; i < count; i++) {
            if (burst.verdict[i] != Verdict.UNDECIDED) {
                continue;
            }

            final long entry = burst.entry[i];
            final int direction = burst.direction[i];
            final int length = burst.length[i];
            final int state = FlowEntry.state(entry);
            int flags = burst.tcpFlags[i];
            if (burst.protocol[i] == Ipv4Header.PROTOCOL_TCP) {
                final int believed = TcpSequences.track(burst, i, entry, state);
                disbelievedResets += (flags ^ believed) >>> RST_SHIFT & 1;
                flags = believed;
            }
            final int next = FlowState.next(state, direction, flags);
            if (next == FlowState.CLOSED) {
                countRefusal(entry, state, direction);
            }
            FlowEntry.state(entry, next);
            FlowEntry.count(entry, direction, length, nowTicks);
            keepWayBack(entry, direction, burst.address[i], burst.ingress[i]);
            WorkerStats.count(stats.service(FlowEntry.serviceId(entry)), direction, 1, length);
            WorkerStats.count(stats.backend(FlowEntry.backendId(entry)), direction, 1, length);
            if (hasResponseTimes) {
                responseTimes.note(burst, i, entry, nowNs);
            }
        }
    }

    /** An RST in answer to a SYN: nobody listens there, or not for one more. */
    private void countRefusal(final long entry, final int state, final int direction) {
        if (state == FlowState.SYN_SENT && direction == FlowEntry.TO_CLIENT) {
            WorkerStats.openingRefused(stats.service(FlowEntry.serviceId(entry)));
            WorkerStats.openingRefused(stats.backend(FlowEntry.backendId(entry)));
        }
    }

    /**
     * Where a packet from the client came from is where replies go; other packets change it not.
     */
    static void keepWayBack(
            final long entry, final int direction, final long frame, final int ingress) {
        final long known = FlowEntry.clientHop(entry);
        final long latest = Hop.of(EthernetHeader.sourceMacNet(frame), ingress);
        FlowEntry.clientHop(entry, latest ^ ((latest ^ known) & -(long) direction));
    }
}
