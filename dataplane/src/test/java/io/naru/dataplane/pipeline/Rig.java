package io.naru.dataplane.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.FlowMemory;
import io.naru.dataplane.flow.FlowExpiry;
import io.naru.dataplane.flow.FlowHash;
import io.naru.dataplane.flow.FlowTable;
import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.neighbour.HopTable;
import io.naru.dataplane.packet.Bounds;
import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.port.memory.MemoryFrames;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.StatsLine;
import io.naru.dataplane.schedule.BackendLoad;
import io.naru.dataplane.schedule.Scheduler;
import io.naru.dataplane.schedule.Schedulers;
import io.naru.dataplane.schedule.StableHash;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.service.ForwardingTableBuilder;
import io.naru.dataplane.status.WorkerStats;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;

/** A pipeline with everything around it but ports: frames in, outcomes out. */
final class Rig implements AutoCloseable {
    static final String CLIENT_SIDE_MAC = "02:00:00:00:00:01";
    static final String BACKEND_SIDE_MAC = "02:00:00:00:00:02";
    static final int CLIENT_SIDE = 0;
    static final int BACKEND_SIDE = 1;
    static final int FIRST_LOCAL_PORT = 40_000;
    static final int LAST_LOCAL_PORT = 40_063;
    static final long SECOND_NS = 1_000_000_000L;

    private static final int FRAME_SIZE = 2048;
    private static final int HEADROOM = 256;
    private static final int FRAMES = 1024;

    final PacketBurst burst = new PacketBurst();
    final HopTable hops = new HopTable(1024);
    final WorkerStats stats = WorkerStats.inMemory();
    final FlowTable flows;
    final Pipeline pipeline;
    long nowNs = 1_000 * SECOND_NS;

    private final MemoryFrames frames = new MemoryFrames(FRAMES, FRAME_SIZE);
    private final FrameStack free = frames.share(FRAMES);
    private boolean isNarrow;
    private final UnsafeBuffer view = new UnsafeBuffer(0, 0);
    private final FlowMemory flowMemory;
    private final BackendLoad load = id -> (int) WorkerStats.flowsActive(stats.backend(id));

    Rig() {
        this(1024, true);
    }

    Rig(final int flowCapacity, final boolean isRouter) {
        this(flowCapacity, PipelineSettings.ofSingleWorker(isRouter), new FlowHash(11, 13));
    }

    Rig(final int flowCapacity, final PipelineSettings settings, final FlowHash flowHash) {
        flowMemory = new FlowMemory(flowCapacity);
        final FlowAccounts accounts = new FlowAccounts(stats);
        flows =
                flowMemory.flowTable(
                        flowHash, settings.workerId(), settings.workerCount(), accounts);
        pipeline =
                new Pipeline(
                        settings,
                        new long[] {Frame.macNet(CLIENT_SIDE_MAC), Frame.macNet(BACKEND_SIDE_MAC)},
                        flows,
                        accounts,
                        flowHash,
                        new StableHash(StableHash.DEFAULT_SEED),
                        hops,
                        flowMemory.localPorts(
                                settings.workerId(),
                                settings.workerCount(),
                                FIRST_LOCAL_PORT,
                                LAST_LOCAL_PORT,
                                17),
                        stats);
    }

    Rig adopt(final ForwardingTableBuilder builder) {
        final ForwardingTable table = builder.build();
        final Scheduler[] schedulers = new Scheduler[table.serviceIdLimit()];
        for (int id = 0; id < schedulers.length; id++) {
            if (table.service(id) != null) {
                schedulers[id] =
                        Schedulers.create(
                                table.algorithm(id),
                                table.selection(id),
                                table.candidates(id),
                                load,
                                1)[0];
            }
        }
        pipeline.adopt(table, schedulers, FlowExpiry.DEFAULT);
        return this;
    }

    Rig hop(final int hopId, final String mac, final int interfaceIndex) {
        hops.hop(hopId, Hop.of(Frame.macNet(mac), interfaceIndex));
        return this;
    }

    /** From now on only a packet and the headroom in front of it may be touched in a frame. */
    Rig narrowBounds() {
        Bounds.remove(frames.address());
        isNarrow = true;
        return this;
    }

    /** One frame in a burst of its own. */
    Outcome send(final int ingress, final byte[] frame) {
        return sendAll(ingress, frame).get(0);
    }

    /** Frames in one burst. */
    List<Outcome> sendAll(final int ingress, final byte[]... in) {
        final int[] ingresses = new int[in.length];
        Arrays.fill(ingresses, ingress);
        return sendAll(ingresses, in);
    }

    /** Frames in one burst, each by its own interface. */
    List<Outcome> sendAll(final int[] ingresses, final byte[]... in) {
        burst.count = in.length;
        for (int i = 0; i < in.length; i++) {
            assertTrue(in[i].length <= FRAME_SIZE - HEADROOM, "too long for a frame");
            burst.address[i] = free.pop() + HEADROOM;
            burst.length[i] = in[i].length;
            burst.ingress[i] = ingresses[i];
            view.wrap(burst.address[i], in[i].length);
            view.putBytes(0, in[i]);
            if (isNarrow) {
                Bounds.add(burst.address[i] - HEADROOM, HEADROOM + in[i].length);
            }
        }

        return process(in);
    }

    /** Fragments that had been held and now go on. */
    List<Outcome> ready() {
        final List<Outcome> outcomes = new ArrayList<>();
        while (pipeline.takeReadyFragments(burst) > 0) {
            final byte[][] in = new byte[burst.count][];
            Arrays.setAll(in, i -> bytes(burst.address[i], burst.length[i]));
            if (isNarrow) {
                for (int i = 0; i < burst.count; i++) {
                    Bounds.add(burst.address[i] - HEADROOM, HEADROOM + burst.length[i]);
                }
            }
            outcomes.addAll(process(in));
        }
        return outcomes;
    }

    /** Lets the pipeline give up what it holds in vain. */
    Rig forget() {
        pipeline.forgetFragments(nowNs, free);
        assertEquals(FRAMES, free.size() + pipeline.framesHeld(), "frames");
        return this;
    }

    private List<Outcome> process(final byte[]... in) {
        final long[] regions =
                Arrays.stream(burst.address, 0, in.length).map(a -> a - HEADROOM).toArray();
        pipeline.process(burst, nowNs);
        if (isNarrow) {
            Arrays.stream(regions).forEach(Bounds::remove);
        }

        final List<Outcome> outcomes = new ArrayList<>();
        for (int i = 0; i < in.length; i++) {
            final byte[] out = bytes(burst.address[i], burst.length[i]);
            outcomes.add(new Outcome(burst.verdict[i], burst.owner[i], burst.hop[i], in[i], out));
            if (burst.verdict[i] != Verdict.HELD) {
                free.push(burst.address[i]);
            }
        }
        return outcomes;
    }

    private byte[] bytes(final long address, final int length) {
        final byte[] bytes = new byte[length];
        view.wrap(address, length);
        view.getBytes(0, bytes);
        return bytes;
    }

    void advance(final long seconds) {
        nowNs += seconds * SECOND_NS;
    }

    long service(final int serviceId, final int statsOffset) {
        return io.naru.dataplane.packet.RawMemory.getLong(stats.service(serviceId) + statsOffset);
    }

    long backend(final int backendId, final int statsOffset) {
        return io.naru.dataplane.packet.RawMemory.getLong(stats.backend(backendId) + statsOffset);
    }

    long flowsActive(final int backendId) {
        return backend(backendId, StatsLine.FLOWS_ACTIVE_OFFSET);
    }

    @Override
    public void close() {
        frames.close();
        flowMemory.close();
    }

    /** What became of a frame. */
    static final class Outcome {
        final int verdict;
        final int owner;
        final byte[] out;
        final long hop;
        private final byte[] in;

        Outcome(
                final int verdict,
                final int owner,
                final long hop,
                final byte[] in,
                final byte[] out) {
            this.verdict = verdict;
            this.owner = owner;
            this.hop = hop;
            this.in = in;
            this.out = out;
        }

        boolean isSent() {
            return verdict == Verdict.TX;
        }

        DropReason reason() {
            return Verdict.isDrop(verdict) ? DropReason.ofCode(Verdict.reasonCode(verdict)) : null;
        }

        boolean isUnchanged() {
            return Arrays.equals(in, out);
        }

        int egress() {
            return Hop.interfaceIndex(hop);
        }

        /** It was sent, whatever became of it. */
        byte[] assertTx() {
            assertTrue(isSent(), () -> "not sent: " + (reason() == null ? verdict : reason()));
            return out;
        }

        /** It was sent by this interface and has exactly these bytes. */
        byte[] assertSent(final int egress, final Frame expected) {
            return assertSent(egress, expected.bytes());
        }

        byte[] assertSent(final int egress, final byte[] expected) {
            assertTrue(isSent(), () -> "not sent: " + (reason() == null ? verdict : reason()));
            assertEquals(hex(expected), hex(out));
            assertEquals(egress, egress());
            assertNull(Checksums.problem(out));
            return out;
        }

        /** It was dropped for this reason, and not a byte of it was changed. */
        void assertDropped(final DropReason expected) {
            assertEquals(expected, reason(), () -> "verdict " + verdict);
            assertEquals(hex(in), hex(out), "a dropped packet is not changed");
        }

        private static String hex(final byte[] bytes) {
            final StringBuilder text = new StringBuilder();
            for (int i = 0; i < bytes.length; i++) {
                text.append(i % 16 == 0 ? "\n" : " ").append("%02x".formatted(bytes[i]));
            }
            return text.toString();
        }
    }
}
