package io.naru.dataplane.replay;

import io.naru.dataplane.DataPlaneContext;
import io.naru.dataplane.FlowMemory;
import io.naru.dataplane.Inventory;
import io.naru.dataplane.SchedulerCache;
import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowHash;
import io.naru.dataplane.flow.FlowSweeper;
import io.naru.dataplane.flow.FlowTable;
import io.naru.dataplane.flow.LocalPorts;
import io.naru.dataplane.neighbour.HopTable;
import io.naru.dataplane.packet.PacketKind;
import io.naru.dataplane.packet.PacketParser;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.pipeline.FlowAccounts;
import io.naru.dataplane.pipeline.Pipeline;
import io.naru.dataplane.pipeline.PipelineSettings;
import io.naru.dataplane.pipeline.Verdict;
import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.port.memory.MemoryFrames;
import io.naru.dataplane.port.pcap.PcapFilePort;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.DesiredState;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.ServiceSpec;
import io.naru.dataplane.protocol.StatsLine;
import io.naru.dataplane.replay.ReplayReport.BackendLine;
import io.naru.dataplane.replay.ReplayReport.Counts;
import io.naru.dataplane.replay.ReplayReport.Outcome;
import io.naru.dataplane.replay.ReplayReport.ServiceLine;
import io.naru.dataplane.replay.ReplayReport.Verb;
import io.naru.dataplane.schedule.Scheduler;
import io.naru.dataplane.schedule.StableHash;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.status.WorkerStats;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The packet path of a single worker over a capture: everything that a data plane has but threads,
 * interfaces and a conductor.
 *
 * <p>The clock is the capture's, so timeouts are what they would have been; nothing depends on the
 * machine or the moment, and the same capture gives the same packets, bit for bit. Used once.
 */
final class ReplayPath {
    static final long DEFAULT_SEED = StableHash.DEFAULT_SEED;

    private static final int FLOW_CAPACITY = 262_144;
    private static final int FRAMES = 1_024;
    private static final int FRAME_SIZE_BYTES = 2_048;

    /** Of the first packet: away from zero, as a clock of the machine would be. */
    private static final long START_NS = 1L << 40;

    private static final int LOCAL_PORT_FIRST = DataPlaneContext.LOCAL_PORT_FIRST_DEFAULT;
    private static final int LOCAL_PORT_LAST = DataPlaneContext.LOCAL_PORT_LAST_DEFAULT;

    private final boolean isRouter;
    private final boolean answersEcho;
    private final long seed;
    private final List<IpAddress> hopAddresses = new ArrayList<>();
    private final WorkerStats stats = WorkerStats.inMemory();
    private final ForwardingTable table;
    private final Inventory inventory;
    private final ReplayReport report = new ReplayReport();

    /**
     * @param seed of the hashes of {@code sh} and {@code maglev}.
     * @throws IllegalArgumentException if the services cannot be served; the text says why.
     */
    ReplayPath(
            final DesiredState state,
            final boolean isRouter,
            final boolean answersEcho,
            final long seed) {
        this.isRouter = isRouter;
        this.answersEcho = answersEcho;
        this.seed = seed;
        inventory = Inventory.EMPTY.serving(state);
        table = inventory.table(1, this::hopIdOf, Set.of());
    }

    /**
     * @param output where to write what is sent, or null.
     * @throws IOException a sentence about what is wrong with which file.
     */
    ReplayReport replay(final Path input, final Path output) throws IOException {
        try (FlowMemory memory = new FlowMemory(FLOW_CAPACITY);
                MemoryFrames frames = new MemoryFrames(FRAMES, FRAME_SIZE_BYTES)) {
            final FrameStack free = frames.share(FRAMES);
            final Surroundings surroundings = Surroundings.of(input, table, free, FRAME_SIZE_BYTES);
            final FlowHash flowHash = new FlowHash(seed, ~seed); // no secret: there is no attacker
            final FlowAccounts accounts = new FlowAccounts(stats);
            final FlowTable flows = memory.flowTable(flowHash, 0, 1, accounts);
            final LocalPorts localPorts =
                    memory.localPorts(0, 1, LOCAL_PORT_FIRST, LOCAL_PORT_LAST, seed);
            final Pipeline pipeline = pipeline(surroundings, flows, accounts, flowHash, localPorts);

            try (PcapFilePort port =
                    PcapFilePort.open(
                            input, output, 0, surroundings.macsNet()[0], free, FRAME_SIZE_BYTES)) {
                run(port, pipeline, flows, surroundings, free);
            }
        }

        reportCounts();
        return report;
    }

    private void run(
            final PcapFilePort port,
            final Pipeline pipeline,
            final FlowTable flows,
            final Surroundings surroundings,
            final FrameStack free) {
        final PacketBurst burst = new PacketBurst();
        final String[] labels = new String[PacketBurst.CAPACITY];
        final long firstNs = port.timeNs();
        final FlowSweeper sweeper = new FlowSweeper(flows, FlowEntry.ticks(START_NS));
        long nowNs = START_NS;
        while (!port.isAtEnd()) {
            port.receive(burst);
            // a capture of several interfaces may be a little out of order; time is not
            nowNs = Math.max(nowNs, port.timeNs() - firstNs + START_NS);
            sweeper.sweep(FlowEntry.ticks(nowNs), flows.bucketCount());

            PacketParser.parse(burst);
            for (int i = 0; i < burst.count; i++) {
                labels[i] = PacketLabel.of(burst, i);
                burst.ingress[i] = surroundings.ingress(burst.address[i]);
            }

            pipeline.process(burst, nowNs);
            for (int i = 0; i < burst.count; i++) {
                finish(burst, i, labels[i], port, free);
            }
            goOnWithFragments(burst, pipeline, port, nowNs, free);
            pipeline.forgetFragments(nowNs, free);
            port.flush();
        }

        while (pipeline.framesHeld() > 0) { // nothing more will come
            pipeline.forgetFragments(Long.MAX_VALUE, free);
        }

        reportFragmentsGivenUp();
        report.capture(port.tooLong(), nowNs - START_NS);
    }

    /** Those that had to wait for the first one of their packet, if it has come. */
    private void goOnWithFragments(
            final PacketBurst burst,
            final Pipeline pipeline,
            final PcapFilePort port,
            final long nowNs,
            final FrameStack free) {
        while (pipeline.takeReadyFragments(burst) > 0) {
            pipeline.process(burst, nowNs);
            for (int i = 0; i < burst.count; i++) {
                finish(burst, i, PacketLabel.FRAGMENT, port, free);
            }
        }
    }

    /** The pipeline counts them by itself, as it does those whose sender it tells. */
    private void reportFragmentsGivenUp() {
        for (final DropReason reason : DropReason.values()) {
            if (reason == DropReason.TTL_EXPIRED || reason == DropReason.TOO_BIG) {
                continue; // reported when the sender was told
            }

            for (long count = stats.dropped(reason); count > 0; count--) {
                report.packet(
                        new Outcome(
                                PacketLabel.FRAGMENT,
                                Verb.DROPPED,
                                reason.label(),
                                reason.sentence()));
            }
        }
    }

    private void finish(
            final PacketBurst burst,
            final int index,
            final String label,
            final PcapFilePort port,
            final FrameStack free) {
        final int verdict = burst.verdict[index];
        if (verdict == Verdict.HELD) {
            return;
        }

        report.packet(outcome(burst, index, label));
        if (verdict == Verdict.TX) {
            port.transmit(burst.address[index], burst.length[index]); // a burst always fits
        } else {
            free.push(burst.address[index]);
        }
    }

    private static Outcome outcome(final PacketBurst burst, final int index, final String label) {
        final int verdict = burst.verdict[index];
        if (Verdict.isDrop(verdict)) {
            final DropReason reason = DropReason.ofCode(Verdict.reasonCode(verdict));
            return new Outcome(label, Verb.DROPPED, reason.label(), reason.sentence());
        }
        if (PacketLabel.isIcmpError(label)) {
            return new Outcome(label, Verb.SENT, "about a packet of a flow", "");
        }
        if (!isOfFlow(burst, index)) {
            return new Outcome(label, Verb.ANSWERED, "for the VIP", "");
        }

        return new Outcome(
                label,
                Verb.SENT,
                burst.direction[index] == FlowEntry.TO_BACKEND ? "to a backend" : "to the client",
                "");
    }

    /** Whether a packet that is sent is one of a flow, and not the answer to one. */
    private static boolean isOfFlow(final PacketBurst burst, final int index) {
        final int kind = burst.kind[index];
        final boolean isTransport =
                kind == PacketKind.TRANSPORT
                        || kind == PacketKind.TRANSPORT_WITH_OPTIONS
                        || kind == PacketKind.TRANSPORT_6;
        // an answer has lost its transport header, a fragment knows whose it is
        return burst.hash[index] != 0
                || (isTransport && (burst.l4Offset[index] != 0 || burst.fragmentKeyB[index] != 0));
    }

    private Pipeline pipeline(
            final Surroundings surroundings,
            final FlowTable flows,
            final FlowAccounts accounts,
            final FlowHash flowHash,
            final LocalPorts localPorts) {
        final HopTable hops = new HopTable(Math.max(1, hopAddresses.size()));
        for (int id = 0; id < hopAddresses.size(); id++) {
            hops.hop(id, surroundings.hop(hopAddresses.get(id)));
        }

        final PipelineSettings settings =
                new PipelineSettings(
                        0, 1, isRouter, answersEcho, PipelineSettings.DEFAULT_OVERFLOW_CAPACITY);
        final Pipeline pipeline =
                new Pipeline(
                        settings,
                        surroundings.macsNet(),
                        flows,
                        accounts,
                        flowHash,
                        new StableHash(seed),
                        hops,
                        localPorts,
                        stats);
        final Scheduler[] schedulers =
                new SchedulerCache(1, id -> (int) WorkerStats.flowsActive(stats.backend(id)))
                        .schedulers(table)[0];
        pipeline.adopt(table, schedulers, inventory.expiry());

        return pipeline;
    }

    private int hopIdOf(final IpAddress address) {
        if (!hopAddresses.contains(address)) {
            hopAddresses.add(address);
        }

        return hopAddresses.indexOf(address);
    }

    private void reportCounts() {
        for (int id = 0; id < table.serviceIdLimit(); id++) {
            final ServiceSpec service = table.service(id);
            if (service != null) {
                report.service(
                        new ServiceLine(
                                service.name(),
                                endpoint(service),
                                service.pool(),
                                counts(stats.service(id))));
            }
        }
        for (int id = 0; id < table.backendIdLimit(); id++) {
            final BackendSpec backend = table.backend(id);
            if (backend != null) {
                report.backend(
                        new BackendLine(
                                backend.pool(),
                                backend.name(),
                                endpoint(backend),
                                counts(stats.backend(id))));
            }
        }
    }

    private static String endpoint(final ServiceSpec service) {
        final String ports =
                service.portFirst() == service.portLast()
                        ? String.valueOf(service.portFirst())
                        : service.portFirst() + "-" + service.portLast();

        return "%s:%s/%s".formatted(service.vip(), ports, service.protocol().label());
    }

    private static String endpoint(final BackendSpec backend) {
        return backend.port() == 0
                ? backend.address().toString()
                : backend.address() + ":" + backend.port();
    }

    private static Counts counts(final long line) {
        return new Counts(
                RawMemory.getLong(line + StatsLine.FLOWS_OPENED_OFFSET),
                RawMemory.getLong(line + StatsLine.PACKETS_TO_BACKEND_OFFSET),
                RawMemory.getLong(line + StatsLine.BYTES_TO_BACKEND_OFFSET),
                RawMemory.getLong(line + StatsLine.PACKETS_TO_CLIENT_OFFSET),
                RawMemory.getLong(line + StatsLine.BYTES_TO_CLIENT_OFFSET));
    }
}
