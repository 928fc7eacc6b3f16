package io.naru.bench;

import io.naru.dataplane.FlowMemory;
import io.naru.dataplane.flow.FlowExpiry;
import io.naru.dataplane.flow.FlowHash;
import io.naru.dataplane.flow.FlowTable;
import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.neighbour.HopTable;
import io.naru.dataplane.packet.Bounds;
import io.naru.dataplane.pipeline.FlowAccounts;
import io.naru.dataplane.pipeline.Pipeline;
import io.naru.dataplane.pipeline.PipelineSettings;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.ServiceOptions;
import io.naru.dataplane.protocol.ServiceSpec;
import io.naru.dataplane.schedule.Scheduler;
import io.naru.dataplane.schedule.Schedulers;
import io.naru.dataplane.schedule.StableHash;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.service.ForwardingTableBuilder;
import io.naru.dataplane.status.WorkerStats;
import io.naru.linux.memory.HugePages;
import io.naru.linux.memory.MappedRegion;

/**
 * One worker's pipeline with a service of TCP and one of UDP on a VIP, 16 backends that share flows
 * in turn, and memory for frames; no port, no kernel.
 */
final class PipelineRig implements AutoCloseable {
    static final int FRAME_COUNT = 16_384;
    static final long START_NS = 1_000_000_000_000L;

    // Hosts, whose number is an IPv4 address or the end of an IPv6 one.
    static final int VIP_HOST = 0xc000_020a;
    static final int BACKEND_HOST = 0x0a02_0001;
    static final int LOCAL_HOST = 0x0a02_0064;
    private static final int OWN_HOST = 0x0a02_00fe;

    private static final int FRAME_SIZE = 2_048;
    private static final int HEADROOM = 256;
    private static final int BACKENDS = 16;

    /** Enough for a million flows of full-nat, whose two protocols have ports of their own. */
    private static final int LOCAL_ADDRESSES = 16;

    final PacketBurst burst = new PacketBurst();
    final FlowTable table;
    final Pipeline pipeline;

    private final boolean isIpv6;
    private final MappedRegion frames;
    private final FlowMemory memory;

    /**
     * @param capacity flows at most.
     */
    PipelineRig(
            final String mode,
            final boolean isIpv6,
            final int capacity,
            final ServiceOptions options) {
        this.isIpv6 = isIpv6;
        frames = MappedRegion.anonymous((long) FRAME_COUNT * FRAME_SIZE, HugePages.AUTO);
        Bounds.add(frames.address(), frames.lengthBytes());
        memory = new FlowMemory(capacity, HugePages.AUTO);
        final WorkerStats stats = WorkerStats.inMemory();
        final FlowAccounts accounts = new FlowAccounts(stats);
        final FlowHash hash = new FlowHash(11, 13);
        final HopTable hops = new HopTable(BACKENDS);
        for (int i = 0; i < BACKENDS; i++) {
            hops.hop(i, Hop.of(0x0002_0000_0002L | ((long) i << 40), 1));
        }

        table = memory.flowTable(hash, 0, 1, accounts);
        pipeline =
                new Pipeline(
                        PipelineSettings.ofSingleWorker(true)
                                .sharing(PipelineSettings.Shared.ofProcess()),
                        new long[] {FrameWriter.OUR_MAC, FrameWriter.OUR_MAC},
                        table,
                        accounts,
                        hash,
                        new StableHash(StableHash.DEFAULT_SEED),
                        hops,
                        memory.localPorts(0, 1, 1_024, 65_535, 17),
                        stats);
        adopt(Mode.ofLabel(mode), options);
    }

    private void adopt(final Mode mode, final ServiceOptions options) {
        final boolean keepsPort = mode != Mode.NAT && mode != Mode.FULL_NAT;
        final ForwardingTableBuilder builder = ForwardingTable.builder(1);
        final int[] ids = new int[BACKENDS];
        for (int i = 0; i < BACKENDS; i++) {
            final IpAddress address = FrameWriter.address(isIpv6, BACKEND_HOST + i);
            final int port = keepsPort ? 0 : 8_080;
            ids[i] = i;
            builder.backend(
                    i, new BackendSpec("pool", "s" + i, address, port, 1, BackendState.UP), i);
        }
        for (int i = 0; i < LOCAL_ADDRESSES; i++) {
            builder.localAddress(i, FrameWriter.address(isIpv6, LOCAL_HOST + i), false);
        }
        builder.interfaceAddress(1, FrameWriter.address(isIpv6, OWN_HOST)); // the tunnels' source
        builder.service(0, service("web", Protocol.TCP, 80, mode).with(options), ids);
        builder.service(1, service("dns", Protocol.UDP, 53, mode).with(options), ids);
        final ForwardingTable snapshot = builder.build();
        final Scheduler[] schedulers = new Scheduler[2];
        for (int id = 0; id < 2; id++) {
            schedulers[id] =
                    Schedulers.create(Algorithm.RR, snapshot.candidates(id), backend -> 0, 1)[0];
        }
        pipeline.adopt(snapshot, schedulers, FlowExpiry.DEFAULT);
    }

    private ServiceSpec service(
            final String name, final Protocol protocol, final int port, final Mode mode) {
        return new ServiceSpec(
                name,
                FrameWriter.address(isIpv6, VIP_HOST),
                protocol,
                port,
                port,
                mode,
                Algorithm.RR,
                "pool",
                ServiceSpec.Timeouts.DEFAULT);
    }

    /** Where frame {@code i} of {@link #FRAME_COUNT} is. */
    long frame(final int i) {
        return frames.address() + (long) i * FRAME_SIZE + HEADROOM;
    }

    /** Puts a frame into place {@code i} of the burst, as received. */
    void take(final int i, final int frame) {
        burst.address[i] = frame(frame);
        burst.length[i] = (isIpv6 ? 84 : 64) + (frame & 63);
        burst.ingress[i] = 0;
    }

    @Override
    public void close() {
        Bounds.remove(frames.address());
        frames.close();
        memory.close();
    }
}
