package io.naru.bench;

import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowState;
import io.naru.dataplane.packet.Ipv4Header;
import io.naru.dataplane.packet.TcpHeader;
import io.naru.dataplane.pipeline.Verdict;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.protocol.ServiceOptions;
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
    private static final int TCP_PORT_NET = 0x5000; // 80
    private static final int UDP_PORT_NET = 0x3500; // 53

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

    private PipelineRig rig;
    private PacketBurst burst;
    private boolean isIpv6;
    private byte[] backendByFlow;
    private char[] sourcePortNetByFlow; // of what its backend gets
    private byte[] localByFlow; // of full-nat
    private long random = 42;
    private long nowNs = PipelineRig.START_NS;

    @Setup(Level.Trial)
    public void setup() {
        isIpv6 = "ipv6".equals(family);
        rig = new PipelineRig(mode, isIpv6, flows, ServiceOptions.DEFAULT);
        burst = rig.burst;
        openFlows();
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
            rig.pipeline.process(burst, nowNs);
            for (int i = 0; i < burst.count; i++) {
                if (burst.verdict[i] != Verdict.TX) {
                    throw new IllegalStateException("flow " + (flow + i) + " was not opened");
                }
                backendByFlow[flow + i] = (byte) FlowEntry.backendId(burst.entry[i]);
                sourcePortNetByFlow[flow + i] =
                        (char) FrameWriter.sourcePortNet(burst.address[i], isIpv6);
                localByFlow[flow + i] =
                        (byte)
                                (FrameWriter.sourceHost(burst.address[i], isIpv6)
                                        - PipelineRig.LOCAL_HOST);
            }
        }

        rig.table.visit(
                0,
                rig.table.bucketCount(),
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
        for (int i = 0; i < PipelineRig.FRAME_COUNT; i++) {
            final long drawn = next();
            final int flow = (int) (((drawn >>> 32) * flows) >>> 32);
            final long address = rig.frame(i);
            if (isBoth && (drawn & 1) != 0) {
                writeToClient(address, flow);
            } else {
                writeToBackend(address, flow, TcpHeader.ACK);
            }
        }
        nowNs += TimeUnit.MILLISECONDS.toNanos(1);
    }

    @Benchmark
    @OperationsPerInvocation(PipelineRig.FRAME_COUNT)
    public int process() {
        int sent = 0;
        for (int first = 0; first < PipelineRig.FRAME_COUNT; first += PacketBurst.CAPACITY) {
            burst.count = PacketBurst.CAPACITY;
            for (int i = 0; i < PacketBurst.CAPACITY; i++) {
                take(i, first + i);
            }

            rig.pipeline.process(burst, nowNs);
            for (int i = 0; i < PacketBurst.CAPACITY; i++) {
                sent += burst.verdict[i];
            }
        }

        if (sent != PipelineRig.FRAME_COUNT * Verdict.TX) {
            throw new IllegalStateException("not everything was sent");
        }

        return sent;
    }

    @TearDown(Level.Trial)
    public void close() {
        rig.close();
    }

    private void take(final int i, final int frame) {
        rig.take(i, frame);
    }

    // -- frames -----------------------------------------------------------------------------------

    private void writeToBackend(final long address, final int flow, final int tcpFlags) {
        final int port = isTcp(flow) ? TCP_PORT_NET : UDP_PORT_NET;
        FrameWriter.write(
                address,
                isIpv6,
                isTcp(flow),
                clientHost(flow),
                PipelineRig.VIP_HOST,
                clientPortNet(flow) | (port << 16),
                tcpFlags);
    }

    private void writeToClient(final long address, final int flow) {
        final int portNet = Short.reverseBytes((short) 8_080) & 0xffff;
        FrameWriter.write(
                address,
                isIpv6,
                isTcp(flow),
                PipelineRig.BACKEND_HOST + backendByFlow[flow],
                "nat".equals(mode) ? clientHost(flow) : PipelineRig.LOCAL_HOST + localByFlow[flow],
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
}
