package io.naru.dataplane;

import io.naru.dataplane.flow.FlowExpiry;
import io.naru.dataplane.flow.FlowHash;
import io.naru.dataplane.flow.FlowTable;
import io.naru.dataplane.neighbour.HopTable;
import io.naru.dataplane.pipeline.FlowAccounts;
import io.naru.dataplane.pipeline.Handover;
import io.naru.dataplane.pipeline.Pipeline;
import io.naru.dataplane.pipeline.PipelineSettings;
import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.PacketPort;
import io.naru.dataplane.port.memory.MemoryFrames;
import io.naru.dataplane.port.memory.MemoryPort;
import io.naru.dataplane.schedule.Scheduler;
import io.naru.dataplane.schedule.Schedulers;
import io.naru.dataplane.schedule.StableHash;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.status.WorkerStats;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.agrona.concurrent.CachedNanoClock;
import org.agrona.concurrent.UnsafeBuffer;

/** Workers on memory ports, driven by hand and by a clock that stands still. */
final class WorkerRig implements AutoCloseable {
    static final int FRAME_SIZE = 2048;
    static final int FRAMES_PER_WORKER = 256;
    static final int RING_SIZE = 64;

    final CachedNanoClock clock = new CachedNanoClock();
    final HopTable hops = new HopTable(64);
    final FlowHash flowHash = new FlowHash(3, 5);
    final List<Worker> workers = new ArrayList<>();
    final List<WorkerStats> stats = new ArrayList<>();
    final List<WorkerProxy> inboxes = new ArrayList<>();
    final List<ConductorProxy> outboxes = new ArrayList<>();
    final List<MemoryPort[]> ports = new ArrayList<>();
    final List<FlowTable> flows = new ArrayList<>();
    final List<Pipeline> pipelines = new ArrayList<>();
    final Handover[] handovers;
    final MemoryFrames frames;

    private final int flowCapacity;
    private final int[] vlans;
    private final Watch watch;
    private final boolean isRouter;
    private final PipelineSettings.Bridge bridge;
    private final List<FlowMemory> memories = new ArrayList<>();

    WorkerRig(final int workerCount, final int handoverCapacity, final long... macsNet) {
        this(workerCount, handoverCapacity, 4096, macsNet);
    }

    /** Stands between the workers and their frames and ports. */
    interface Watch {
        Watch NONE =
                new Watch() {
                    @Override
                    public FrameStack share(final MemoryFrames frames, final int count) {
                        return frames.share(count);
                    }

                    @Override
                    public PacketPort watched(final MemoryPort port) {
                        return port;
                    }
                };

        FrameStack share(MemoryFrames frames, int count);

        PacketPort watched(MemoryPort port);
    }

    WorkerRig(
            final int workerCount,
            final int handoverCapacity,
            final int flowCapacity,
            final long... macsNet) {
        this(workerCount, handoverCapacity, flowCapacity, Watch.NONE, macsNet);
    }

    WorkerRig(
            final int workerCount,
            final int handoverCapacity,
            final int flowCapacity,
            final Watch watch,
            final long... macsNet) {
        this(workerCount, handoverCapacity, flowCapacity, watch, true, macsNet);
    }

    WorkerRig(
            final int workerCount,
            final int handoverCapacity,
            final int flowCapacity,
            final Watch watch,
            final boolean isRouter,
            final long... macsNet) {
        this(workerCount, handoverCapacity, flowCapacity, watch, isRouter, null, macsNet);
    }

    /**
     * @param bridge what the workers share if they are those of a bridge, else null.
     */
    WorkerRig(
            final int workerCount,
            final int handoverCapacity,
            final int flowCapacity,
            final Watch watch,
            final boolean isRouter,
            final PipelineSettings.Bridge bridge,
            final long... macsNet) {
        this(
                workerCount,
                handoverCapacity,
                flowCapacity,
                watch,
                isRouter,
                bridge,
                new int[macsNet.length],
                macsNet);
    }

    /**
     * @param vlans by interface; 0 of frames without a tag. What is injected and collected has
     *     none.
     */
    WorkerRig(
            final int workerCount,
            final int handoverCapacity,
            final int flowCapacity,
            final Watch watch,
            final boolean isRouter,
            final PipelineSettings.Bridge bridge,
            final int[] vlans,
            final long... macsNet) {
        this.watch = watch;
        this.vlans = vlans.clone();
        this.isRouter = isRouter;
        this.bridge = bridge;
        this.flowCapacity = flowCapacity;
        clock.update(1_000_000_000_000L);
        frames = new MemoryFrames(workerCount * FRAMES_PER_WORKER, FRAME_SIZE);
        handovers =
                workerCount == 1
                        ? new Handover[] {Handover.none()}
                        : Handover.mesh(workerCount, handoverCapacity);
        for (int id = 0; id < workerCount; id++) {
            workers.add(worker(id, workerCount, macsNet));
        }
    }

    private Worker worker(final int id, final int workerCount, final long[] macsNet) {
        final WorkerStats workerStats = WorkerStats.inMemory();
        final FrameStack stack = watch.share(frames, FRAMES_PER_WORKER);
        final MemoryPort[] workerPorts = new MemoryPort[macsNet.length];
        for (int i = 0; i < macsNet.length; i++) {
            workerPorts[i] = new MemoryPort(i, macsNet[i], vlans[i], stack, FRAME_SIZE, RING_SIZE);
        }

        final int capacity = flowCapacity;
        final FlowMemory memory = new FlowMemory(capacity);
        memories.add(memory);
        final FlowAccounts accounts = new FlowAccounts(workerStats);
        final FlowTable table = memory.flowTable(flowHash, id, workerCount, accounts);
        final Pipeline pipeline =
                new Pipeline(
                        new PipelineSettings(id, workerCount, isRouter, true, 64).in(bridge),
                        macsNet,
                        table,
                        accounts,
                        flowHash,
                        new StableHash(StableHash.DEFAULT_SEED),
                        hops,
                        memory.localPorts(id, workerCount, 40_000, 40_063, 17),
                        workerStats);
        stats.add(workerStats);
        ports.add(workerPorts);
        flows.add(table);
        pipelines.add(pipeline);
        inboxes.add(new WorkerProxy());
        outboxes.add(new ConductorProxy(id));
        return new Worker(
                new WorkerContext()
                        .clock(clock)
                        .ports(
                                Arrays.stream(workerPorts)
                                        .map(watch::watched)
                                        .toArray(PacketPort[]::new))
                        .frames(stack)
                        .handover(handovers[id])
                        .flows(table)
                        .pipeline(pipeline)
                        .stats(workerStats)
                        .inbox(inboxes.get(id))
                        .conductor(outboxes.get(id))
                        .conclude());
    }

    void adopt(final ForwardingTable table) {
        final Scheduler[][] byService = new Scheduler[table.serviceIdLimit()][];
        for (int id = 0; id < byService.length; id++) {
            if (table.service(id) != null) {
                byService[id] =
                        Schedulers.create(
                                table.algorithm(id),
                                table.candidates(id),
                                backendId -> 0,
                                workers.size());
            }
        }
        for (int worker = 0; worker < workers.size(); worker++) {
            final Scheduler[] own = new Scheduler[byService.length];
            for (int id = 0; id < own.length; id++) {
                own[id] = byService[id] == null ? null : byService[id][worker];
            }
            inboxes.get(worker).snapshot(new WorkerSnapshot(table, own, FlowExpiry.DEFAULT));
        }
    }

    boolean inject(final int worker, final int interfaceIndex, final byte[] frame) {
        final int vlan = vlans[interfaceIndex];
        return injectAsIs(worker, interfaceIndex, vlan == 0 ? frame : tagged(frame, vlan));
    }

    /** The frame, whatever the VLAN of the interface. */
    boolean injectAsIs(final int worker, final int interfaceIndex, final byte[] frame) {
        return ports.get(worker)[interfaceIndex]
                .wire()
                .inject(new UnsafeBuffer(frame), 0, frame.length);
    }

    /** A frame with a tag of priority 5; one that is too short for a tag as it is. */
    static byte[] tagged(final byte[] frame, final int vlan) {
        if (frame.length < 12) {
            return frame;
        }

        final ByteBuffer out = ByteBuffer.allocate(frame.length + 4);
        out.put(frame, 0, 12).putShort((short) 0x8100).putShort((short) (5 << 13 | vlan));
        return out.put(frame, 12, frame.length - 12).array();
    }

    /** A frame without the tag that it must have. */
    static byte[] untagged(final byte[] frame, final int vlan) {
        final ByteBuffer in = ByteBuffer.wrap(frame);
        if (in.getShort(12) != (short) 0x8100 || in.getShort(14) != vlan) {
            throw new AssertionError(
                    "not tagged with " + vlan + ": " + HexFormat.of().formatHex(frame));
        }

        return ByteBuffer.allocate(frame.length - 4)
                .put(frame, 0, 12)
                .put(frame, 16, frame.length - 16)
                .array();
    }

    /** Lets every worker do one duty cycle, in turn. */
    void cycle() {
        clock.advance(1_000);
        for (int i = 0; i < workers.size(); i++) {
            workers.get(i).doWork();
        }
    }

    /** What a worker has sent by an interface. */
    List<byte[]> collect(final int worker, final int interfaceIndex) {
        final List<byte[]> sent = new ArrayList<>();
        ports.get(worker)[interfaceIndex]
                .wire()
                .collect(
                        (packet, length) -> {
                            final byte[] bytes = new byte[length];
                            packet.getBytes(0, bytes);
                            final int vlan = vlans[interfaceIndex];
                            sent.add(vlan == 0 ? bytes : untagged(bytes, vlan));
                        },
                        Integer.MAX_VALUE);
        sent.removeIf(WorkerRig::isAnnouncement);
        return sent;
    }

    /** Whether a frame tells of an address of ours, which a test of something else is not about. */
    static boolean isAnnouncement(final byte[] frame) {
        return frame[0] == (byte) 0xff && frame[12] == 0x08 && frame[13] == 0x06;
    }

    /** All frames that are somewhere. */
    long framesAnywhere() {
        long count = 0;
        for (int id = 0; id < workers.size(); id++) {
            count += workers.get(id).framesHeld() + handovers[id].framesOnTheWay();
        }
        return count;
    }

    @Override
    public void close() {
        frames.close();
        memories.forEach(FlowMemory::close);
    }
}
