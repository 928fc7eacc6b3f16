package io.naru.bench;

import io.naru.dataplane.FlowMemory;
import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowExpiry;
import io.naru.dataplane.flow.FlowHash;
import io.naru.dataplane.flow.FlowState;
import io.naru.dataplane.flow.FlowTable;
import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.neighbour.HopTable;
import io.naru.dataplane.packet.Bounds;
import io.naru.dataplane.packet.Ipv4Header;
import io.naru.dataplane.packet.TcpHeader;
import io.naru.dataplane.pipeline.FlowAccounts;
import io.naru.dataplane.pipeline.Pipeline;
import io.naru.dataplane.pipeline.PipelineSettings;
import io.naru.dataplane.pipeline.Verdict;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.ServiceSpec;
import io.naru.dataplane.schedule.Scheduler;
import io.naru.dataplane.schedule.Schedulers;
import io.naru.dataplane.schedule.StableHash;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.status.WorkerStats;
import io.naru.linux.memory.HugePages;
import io.naru.linux.memory.MappedRegion;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the whole pipeline costs per packet, from a received burst to the verdicts: no port, no
 * kernel.
 *
 * <p>Half of the packets are TCP, half UDP, in frames of 64 to 127 bytes, 20 more of IPv6, each of
 * a flow drawn uniformly. Before each round all 16,384 frames are written anew with freshly drawn
 * flows, outside the timing: else the same 16,384 flows would be hit again and again, and sit in
 * the cache. With {@code both} every second packet (drawn, too) comes back from the backend.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xmx512m", "-Dagrona.disable.bounds.checks=true"})
public class PipelineBenchmark {
    private static final int FRAME_COUNT = 16_384;
    private static final int FRAME_SIZE = 2_048;
    private static final int HEADROOM = 256;
    private static final int BACKENDS = 16;

    /** Enough for a million flows of full-nat, whose two protocols have ports of their own. */
    private static final int LOCAL_ADDRESSES = 16;

    // Hosts, whose number is an IPv4 address or the end of an IPv6 one.
    private static final int VIP_HOST = 0xc000_020a;
    private static final int BACKEND_HOST = 0x0a02_0001;
    private static final int LOCAL_HOST = 0x0a02_0064;
    private static final int OWN_HOST = 0x0a02_00fe;

    private static final int TCP_PORT_NET = 0x5000; // 80
    private static final int UDP_PORT_NET = 0x3500; // 53
    private static final long START_NS = 1_000_000_000_000L;

    /** How frames are rewritten. */
    @Param({"nat", "dsr-l2", "full-nat", "dsr-gre", "dsr-ipip"})
    private String mode;

    @Param({"ipv4", "ipv6"})
    private String family;

    /** In the table and hit. */
    @Param({"1000", "1000000", "10000000"})
    private int flows;

    /** {@code both}: replies come back through us, but in DSR. */
    @Param({"to-backend", "both"})
    private String traffic;

    private final PacketBurst burst = new PacketBurst();
    private MappedRegion frames;
    private FlowMemory memory;
    private FlowTable table;
    private Pipeline pipeline;
    private boolean isIpv6;
    private byte[] backendByFlow;
    private char[] sourcePortNetByFlow; // of what its backend gets
    private byte[] localByFlow; // of full-nat
    private long random = 42;
    private long nowNs = START_NS;

    @Setup(Level.Trial)
    public void setup() {
        isIpv6 = "ipv6".equals(family);
        frames = announced(MappedRegion.anonymous((long) FRAME_COUNT * FRAME_SIZE, HugePages.AUTO));
        memory = new FlowMemory(flows, HugePages.AUTO);
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
                        PipelineSettings.ofSingleWorker(true),
                        new long[] {FrameWriter.OUR_MAC, FrameWriter.OUR_MAC},
                        table,
                        accounts,
                        hash,
                        new StableHash(StableHash.DEFAULT_SEED),
                        hops,
                        memory.localPorts(0, 1, 1_024, 65_535, 17),
                        stats);
        adopt();
        openFlows();
    }

    private void adopt() {
        final io.naru.dataplane.protocol.Mode serviceMode =
                io.naru.dataplane.protocol.Mode.ofLabel(mode);
        final boolean keepsPort =
                serviceMode != io.naru.dataplane.protocol.Mode.NAT
                        && serviceMode != io.naru.dataplane.protocol.Mode.FULL_NAT;
        final ForwardingTable.Builder builder = ForwardingTable.builder(1);
        final int[] ids = new int[BACKENDS];
        for (int i = 0; i < BACKENDS; i++) {
            ids[i] = i;
            builder.backend(
                    i,
                    new BackendSpec(
                            "pool",
                            "s" + i,
                            FrameWriter.address(isIpv6, BACKEND_HOST + i),
                            keepsPort ? 0 : 8_080,
                            1,
                            BackendState.UP),
                    i);
        }
        for (int i = 0; i < LOCAL_ADDRESSES; i++) {
            builder.localAddress(i, FrameWriter.address(isIpv6, LOCAL_HOST + i), false);
        }
        builder.interfaceAddress(1, FrameWriter.address(isIpv6, OWN_HOST)); // the tunnels' source
        builder.service(0, service("web", Protocol.TCP, 80, serviceMode), ids);
        builder.service(1, service("dns", Protocol.UDP, 53, serviceMode), ids);
        final ForwardingTable snapshot = builder.build();
        final Scheduler[] schedulers = new Scheduler[2];
        for (int id = 0; id < 2; id++) {
            schedulers[id] =
                    Schedulers.create(Algorithm.RR, snapshot.candidates(id), backend -> 0, 1)[0];
        }
        pipeline.adopt(snapshot, schedulers, FlowExpiry.DEFAULT);
    }

    private ServiceSpec service(
            final String name,
            final Protocol protocol,
            final int port,
            final io.naru.dataplane.protocol.Mode mode) {
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

    /** Opens every flow by its first packet, then says that all are established. */
    private void openFlows() {
        backendByFlow = new byte[flows];
        sourcePortNetByFlow = new char[flows];
        localByFlow = new byte[flows];
        for (int flow = 0; flow < flows; flow += burst.count) {
            burst.count = Math.min(PacketBurst.CAPACITY, flows - flow);
            for (int i = 0; i < burst.count; i++) {
                take(i, i);
                writeToBackend(burst.address[i], flow + i, TcpHeader.SYN);
            }
            pipeline.process(burst, nowNs);
            for (int i = 0; i < burst.count; i++) {
                if (burst.verdict[i] != Verdict.TX) {
                    throw new IllegalStateException("flow " + (flow + i) + " was not opened");
                }
                backendByFlow[flow + i] = (byte) FlowEntry.backendId(burst.entry[i]);
                sourcePortNetByFlow[flow + i] =
                        (char) FrameWriter.sourcePortNet(burst.address[i], isIpv6);
                localByFlow[flow + i] =
                        (byte) (FrameWriter.sourceHost(burst.address[i], isIpv6) - LOCAL_HOST);
            }
        }

        table.visit(
                0,
                table.bucketCount(),
                entry ->
                        FlowEntry.state(
                                entry,
                                (FlowEntry.protocol(entry) & 0x7f) == Ipv4Header.PROTOCOL_TCP
                                        ? FlowState.ESTABLISHED
                                        : FlowState.UDP_ESTABLISHED));
    }

    @Setup(Level.Invocation)
    public void drawFrames() {
        final boolean isBoth = "both".equals(traffic) && !mode.startsWith("dsr");
        for (int i = 0; i < FRAME_COUNT; i++) {
            final long drawn = next();
            final int flow = (int) (((drawn >>> 32) * flows) >>> 32);
            final long address = frames.address() + (long) i * FRAME_SIZE + HEADROOM;
            if (isBoth && (drawn & 1) != 0) {
                writeToClient(address, flow);
            } else {
                writeToBackend(address, flow, TcpHeader.ACK);
            }
        }
        nowNs += TimeUnit.MILLISECONDS.toNanos(1);
    }

    @Benchmark
    @OperationsPerInvocation(FRAME_COUNT)
    public int process() {
        int sent = 0;
        for (int first = 0; first < FRAME_COUNT; first += PacketBurst.CAPACITY) {
            burst.count = PacketBurst.CAPACITY;
            for (int i = 0; i < PacketBurst.CAPACITY; i++) {
                take(i, first + i);
            }

            pipeline.process(burst, nowNs);
            for (int i = 0; i < PacketBurst.CAPACITY; i++) {
                sent += burst.verdict[i];
            }
        }

        if (sent != FRAME_COUNT * Verdict.TX) {
            throw new IllegalStateException("not everything was sent");
        }

        return sent;
    }

    @TearDown(Level.Trial)
    public void close() {
        Bounds.remove(frames.address());
        frames.close();
        memory.close();
    }

    private void take(final int i, final int frame) {
        burst.address[i] = frames.address() + (long) frame * FRAME_SIZE + HEADROOM;
        burst.length[i] = (isIpv6 ? 84 : 64) + (frame & 63);
        burst.ingress[i] = 0;
    }

    // -- frames -----------------------------------------------------------------------------------

    private void writeToBackend(final long address, final int flow, final int tcpFlags) {
        final int port = isTcp(flow) ? TCP_PORT_NET : UDP_PORT_NET;
        FrameWriter.write(
                address,
                isIpv6,
                isTcp(flow),
                clientHost(flow),
                VIP_HOST,
                clientPortNet(flow) | (port << 16),
                tcpFlags);
    }

    private void writeToClient(final long address, final int flow) {
        final int portNet = Short.reverseBytes((short) 8_080) & 0xffff;
        FrameWriter.write(
                address,
                isIpv6,
                isTcp(flow),
                BACKEND_HOST + backendByFlow[flow],
                "nat".equals(mode) ? clientHost(flow) : LOCAL_HOST + localByFlow[flow],
                portNet | (sourcePortNetByFlow[flow] << 16),
                TcpHeader.ACK);
    }

    private static boolean isTcp(final int flow) {
        return (flow & 1) == 0;
    }

    private static int clientHost(final int flow) {
        return 0x1400_0000 + (flow >>> 3);
    }

    private static int clientPortNet(final int flow) {
        return Short.reverseBytes((short) (1_024 + (flow & 7))) & 0xffff;
    }

    private long next() {
        random ^= random << 13;
        random ^= random >>> 7;
        random ^= random << 17;
        return random;
    }

    private static MappedRegion announced(final MappedRegion region) {
        Bounds.add(region.address(), region.lengthBytes());
        return region;
    }
}
