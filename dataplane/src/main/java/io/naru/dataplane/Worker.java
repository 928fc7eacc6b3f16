package io.naru.dataplane;

import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowSweeper;
import io.naru.dataplane.flow.FlowTable;
import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.packet.EthernetHeader;
import io.naru.dataplane.packet.VlanHeader;
import io.naru.dataplane.pipeline.Handover;
import io.naru.dataplane.pipeline.Pipeline;
import io.naru.dataplane.pipeline.Verdict;
import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.port.PacketPort;
import io.naru.dataplane.port.SendList;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.WorkerCounter;
import io.naru.dataplane.status.DutyCycleTracker;
import io.naru.dataplane.status.WorkerStats;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.NanoClock;

/**
 * Moves packets: from its ports through the pipeline to its ports, and frames that another worker
 * owns the flow of to that worker.
 *
 * <p>Shares nothing with other workers but the rings of {@link Handover}. Everything that it does
 * in a duty cycle is bounded, so its ports are never left alone for long. Allocates nothing. Every
 * frame is in one place at any time; {@link #framesMissing} adds them up.
 */
final class Worker implements Agent, WorkerListener {
    private static final int MESSAGE_LIMIT = 4;

    /** Some ten microseconds; a table of a million flows is swept in some thousand cycles. */
    private static final int SWEEP_LIMIT_BUCKETS = 256;

    private static final int TX_FULL = DropReason.TX_FULL.code();
    private static final int NO_PORT = DropReason.NO_PORT.code();
    private static final int OTHER_VLAN = DropReason.OTHER_VLAN.code();
    private static final int HANDOVER_FULL = DropReason.HANDOVER_FULL.code();

    private final String roleName;
    private final NanoClock clock;
    private final PacketPort[] ports;
    private final PacketPort[] egressPorts; // by interface
    private final int[] tagsNet; // by interface; 0 if frames have none
    private final FrameStack frames;
    private final Handover handover;
    private final int workers;
    private final FlowTable flows;
    private final Pipeline pipeline;
    private final WorkerStats stats;
    private final WorkerProxy inbox;
    private final ConductorProxy conductor;
    private final FlowSweeper sweeper;
    private final FlowSearch search;
    private final DutyCycleTracker dutyCycles;
    private final PacketBurst burst = new PacketBurst();
    private final SendList sendList;
    private final long framesAtStart;

    private long epoch;
    private boolean hasToAcknowledge;

    /**
     * @param context concluded.
     */
    Worker(final WorkerContext context) {
        clock = context.clock();
        ports = context.ports();
        egressPorts = egressPorts(ports);
        tagsNet = tagsNet(egressPorts);
        frames = context.frames();
        handover = context.handover();
        workers = handover.workers();
        flows = context.flows();
        pipeline = context.pipeline();
        stats = context.stats();
        inbox = context.inbox();
        conductor = context.conductor();
        roleName = "naru-wrk-" + stats.workerId();
        sweeper = new FlowSweeper(flows, FlowEntry.ticks(clock.nanoTime()));
        search = new FlowSearch(flows, conductor);
        dutyCycles = new DutyCycleTracker(stats);
        sendList = new SendList(frames);
        pipeline.sendList(sendList);
        pipeline.pathMtuListener(conductor::pathMtu);
        framesAtStart = framesHeld();
        stats.set(WorkerCounter.FLOW_CAPACITY, flows.capacity());
    }

    /** A worker may serve several queues of an interface; it sends by the first of them. */
    private static PacketPort[] egressPorts(final PacketPort... ports) {
        int interfaces = 0;
        for (final PacketPort port : ports) {
            interfaces = Math.max(interfaces, port.interfaceIndex() + 1);
        }

        final PacketPort[] byInterface = new PacketPort[interfaces];
        for (int i = ports.length - 1; i >= 0; i--) {
            byInterface[ports[i].interfaceIndex()] = ports[i];
        }

        return byInterface;
    }

    private static int[] tagsNet(final PacketPort... byInterface) {
        final int[] tags = new int[byInterface.length];
        for (int i = 0; i < tags.length; i++) {
            if (byInterface[i] != null && byInterface[i].vlan() != 0) {
                tags[i] = VlanHeader.tagNet(byInterface[i].vlan());
            }
        }

        return tags;
    }

    @Override
    public int doWork() {
        final long nowNs = clock.nanoTime();
        final int nowTicks = FlowEntry.ticks(nowNs);
        dutyCycles.onStart(nowNs);

        int workCount = adopt();
        workCount += receive(nowNs);
        workCount += takeOver(nowNs);
        workCount += pipeline.forgetFragments(nowNs, frames);
        workCount += sweeper.sweep(nowTicks, SWEEP_LIMIT_BUCKETS);
        workCount += pipeline.makeOwn(nowNs);
        sendOwn();
        handOver();
        workCount += flush();
        workCount += search.doWork(nowTicks);
        if (workCount > 0) {
            publishCounters();
        }

        dutyCycles.onEnd(workCount);
        assert framesMissing() == 0 : framesMissing() + " frames are missing";
        return workCount;
    }

    @Override
    public String roleName() {
        return roleName;
    }

    /** Drops nothing: what the ports have sent is sent. */
    @Override
    public void onClose() {
        flush();
    }

    // -- the steps of a duty cycle ----------------------------------------------------------------

    private int adopt() {
        final int count = inbox.poll(this, MESSAGE_LIMIT);
        if (hasToAcknowledge) {
            hasToAcknowledge = !conductor.adopted(epoch);
        }

        return count;
    }

    private int receive(final long nowNs) {
        int packets = 0;
        for (final PacketPort port : ports) {
            if (port.receive(burst) > 0) {
                packets += burst.count;
                countReceived();
                takeOffTags(tagsNet[port.interfaceIndex()]);
                process(nowNs);
            }
        }

        return packets;
    }

    private int takeOver(final long nowNs) {
        int packets = 0;
        for (int worker = 0; worker < workers; worker++) {
            if (handover.receive(worker, burst, frames) > 0) {
                packets += burst.count;
                process(nowNs);
            }
        }

        return packets;
    }

    private void handOver() {
        if (workers > 0) {
            handover.giveBack(frames);
            handover.publish();
        }
    }

    private int flush() {
        int workCount = 0;
        for (final PacketPort port : ports) {
            workCount += port.flush();
        }

        return workCount;
    }

    private void publishCounters() {
        stats.set(WorkerCounter.FLOW_ENTRIES, flows.size());
        stats.set(WorkerCounter.FLOW_TABLE_FULL, flows.refused());
        stats.set(WorkerCounter.FLOWS_EXPIRED, flows.expired());
        stats.set(WorkerCounter.FLOWS_EVICTED, flows.evicted());
        stats.set(WorkerCounter.HANDOVERS_OUT, handover.handedOut());
        stats.set(WorkerCounter.HANDOVERS_IN, handover.takenIn());
        stats.set(WorkerCounter.ARP_REPLIES, pipeline.arpReplies());
        stats.set(WorkerCounter.RSTS_DISBELIEVED, pipeline.disbelievedResets());
        stats.set(WorkerCounter.ANNOUNCEMENTS, pipeline.announcements());
        stats.set(WorkerCounter.ECHO_REPLIES, pipeline.echoReplies());
        stats.set(WorkerCounter.FLOWS_ORPHANED, pipeline.orphansEnded());
        if (stats.workerId() == 0) {
            stats.set(WorkerCounter.CLIENTS_EVICTED, pipeline.clientsEvicted());
        }
    }

    // -- a burst ----------------------------------------------------------------------------------

    private void countReceived() {
        long bytes = 0;
        for (int i = 0; i < burst.count; i++) {
            bytes += burst.length[i];
        }

        stats.add(WorkerCounter.RX_PACKETS, burst.count);
        stats.add(WorkerCounter.RX_BYTES, bytes);
    }

    /** Inside there are no tags; a frame of another VLAN is dropped, though the filter keeps it. */
    private void takeOffTags(final int tagNet) {
        if (tagNet == 0) {
            return;
        }

        int kept = 0;
        for (int i = 0; i < burst.count; i++) {
            final long address = burst.address[i];
            final int length = burst.length[i];
            if (length < EthernetHeader.LENGTH + VlanHeader.LENGTH
                    || !VlanHeader.hasTag(address, tagNet)) {
                drop(address, OTHER_VLAN);
                continue;
            }

            burst.address[kept] = VlanHeader.remove(address);
            burst.length[kept] = length - VlanHeader.LENGTH;
            burst.ingress[kept++] = burst.ingress[i];
        }

        burst.count = kept;
    }

    private void process(final long nowNs) {
        pipeline.process(burst, nowNs);
        execute();
        while (pipeline.takeReadyFragments(burst) > 0) {
            pipeline.process(burst, nowNs);
            execute();
        }
    }

    /** Does with each frame of the burst what its verdict says; then the burst has none. */
    private void execute() {
        final int count = burst.count;
        long sentPackets = 0;
        long sentBytes = 0;
        for (int i = 0; i < count; i++) {
            final int verdict = burst.verdict[i];
            if (verdict == Verdict.TX) {
                if (transmit(i)) {
                    sentPackets++;
                    sentBytes += burst.length[i];
                }
            } else if (verdict == Verdict.HANDOVER) {
                handOver(i);
            } else if (verdict != Verdict.HELD) {
                drop(i, Verdict.reasonCode(verdict));
            }
        }

        burst.count = 0;
        stats.add(WorkerCounter.TX_PACKETS, sentPackets);
        stats.add(WorkerCounter.TX_BYTES, sentBytes);
        sendOwn();
    }

    /** Sends what the pipeline made itself. */
    private void sendOwn() {
        final int count = sendList.count();
        for (int i = 0; i < count; i++) {
            if (transmit(sendList.address(i), sendList.length(i), sendList.hop(i))) {
                stats.add(WorkerCounter.TX_PACKETS, 1);
                stats.add(WorkerCounter.TX_BYTES, sendList.length(i));
            }
        }

        sendList.clear();
    }

    private boolean transmit(final int i) {
        return transmit(burst.address[i], burst.length[i], burst.hop[i]);
    }

    private boolean transmit(final long address, final int length, final long hop) {
        final int egress = Hop.interfaceIndex(hop);
        final PacketPort port = egress < egressPorts.length ? egressPorts[egress] : null;
        if (port == null) {
            drop(address, NO_PORT);
            return false;
        }

        final int tagNet = tagsNet[egress];
        return tagNet == 0
                ? transmit(address, length, port)
                : transmitTagged(address, length, tagNet, port);
    }

    private boolean transmitTagged(
            final long address, final int length, final int tagNet, final PacketPort port) {
        final long tagged = VlanHeader.insert(address, tagNet);
        final boolean isSent = transmit(tagged, length + VlanHeader.LENGTH, port);
        if (isSent) {
            stats.add(WorkerCounter.TX_BYTES, VlanHeader.LENGTH); // the rest is counted as ever
        }

        return isSent;
    }

    private boolean transmit(final long address, final int length, final PacketPort port) {
        return port.transmit(address, length) || transmitWhenFull(address, length, port);
    }

    /** A flush may make room: if it does not, the interface is slower than the traffic. */
    private boolean transmitWhenFull(final long address, final int length, final PacketPort port) {
        stats.add(WorkerCounter.TX_RING_FULL, 1);
        port.flush();
        if (!port.transmit(address, length)) {
            drop(address, TX_FULL);
            return false;
        }

        return true;
    }

    private void handOver(final int i) {
        if (!handover.offer(
                burst.owner[i],
                burst.address[i],
                burst.length[i],
                burst.ingress[i],
                burst.fragmentKeyB[i])) {
            drop(i, HANDOVER_FULL);
        }
    }

    private void drop(final int i, final int reasonCode) {
        drop(burst.address[i], reasonCode);
    }

    private void drop(final long address, final int reasonCode) {
        stats.drop(reasonCode, 1);
        frames.push(address);
    }

    // -- from the conductor -----------------------------------------------------------------------

    @Override
    public void onSnapshot(final WorkerSnapshot snapshot) {
        pipeline.adopt(snapshot.table(), snapshot.schedulers(), snapshot.expiry());
        epoch = snapshot.table().epoch();
        stats.set(WorkerCounter.EPOCH, epoch);
        hasToAcknowledge = true;
    }

    @Override
    public void onQuery(final FlowQuery query) {
        if (query.inquiry() != null) {
            pipeline.explain(query.inquiry().ofWorker(stats.workerId()), clock.nanoTime());
        }
        search.start(query);
    }

    // -- frames -----------------------------------------------------------------------------------

    /** Frames that this worker has, between two duty cycles. */
    long framesHeld() {
        long held = (long) frames.size() + pipeline.framesHeld();
        for (final PacketPort port : ports) {
            held += port.framesHeld();
        }

        return held;
    }

    /**
     * Frames that are nowhere, or, if negative, in two places: 0 unless there is a bug. Between two
     * duty cycles; on the worker's thread.
     */
    long framesMissing() {
        return framesAtStart + handover.framesGained() - framesHeld();
    }
}
