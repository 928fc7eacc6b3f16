package io.naru.dataplane.pipeline;

import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowState;
import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.packet.EthernetHeader;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.status.WorkerStats;

/**
 * Notes each packet that will be sent on in its flow: state, last seen, bytes, what TCP expects
 * next, and the way back to the client; and counts it for its service and backend.
 */
final class TrackStage {
    private final WorkerStats stats;
    private final ResponseTimes responseTimes;
    private final TcpSequences sequences = new TcpSequences();

    TrackStage(final WorkerStats stats, final ResponseTimes responseTimes) {
        this.stats = stats;
        this.responseTimes = responseTimes;
    }

    /** RSTs that changed no state, as no end of the connection would have sent them so. */
    long disbelievedResets() {
        return sequences.disbelievedResets();
    }

    void track(final PacketBurst burst, final long nowNs) {
        // Locals, as what a field refers to would be loaded and checked anew for each packet.
        final WorkerStats stats = this.stats;
        final TcpSequences sequences = this.sequences;
        final int[] verdicts = burst.verdict;
        final long[] entries = burst.entry;
        final int[] directions = burst.direction;
        final long[] addresses = burst.address;
        final int[] lengths = burst.length;
        final int[] ingresses = burst.ingress;
        final int[] tcpFlags = burst.tcpFlags;
        final int[] l4Offsets = burst.l4Offset;
        final int[] payloadLengths = burst.payloadLength;
        final int nowTicks = FlowEntry.ticks(nowNs);
        final int count = burst.count;
        for (int i = 0; i < count; i++) {
            if (verdicts[i] != Verdict.UNDECIDED) {
                continue;
            }

            final long entry = entries[i];
            final int direction = directions[i];
            final long frame = addresses[i];
            final int length = lengths[i];
            final int state = FlowEntry.state(entry);
            final int flags =
                    sequences.track(
                            entry,
                            state,
                            direction,
                            frame + l4Offsets[i],
                            tcpFlags[i],
                            payloadLengths[i]);
            final int next = FlowState.next(state, direction, flags);
            if (next == FlowState.CLOSED) {
                countRefusal(entry, state, direction);
            }
            FlowEntry.state(entry, next);
            FlowEntry.count(entry, direction, length, nowTicks);
            keepWayBack(entry, direction, frame, ingresses[i]);
            WorkerStats.count(stats.service(FlowEntry.serviceId(entry)), direction, 1, length);
            WorkerStats.count(stats.backend(FlowEntry.backendId(entry)), direction, 1, length);
        }

        if (responseTimes.isUsed()) {
            noteResponseTimes(burst, nowNs);
        }
    }

    private void noteResponseTimes(final PacketBurst burst, final long nowNs) {
        for (int i = 0; i < burst.count; i++) {
            if (burst.verdict[i] == Verdict.UNDECIDED) {
                responseTimes.note(burst, i, burst.entry[i], nowNs);
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
