package io.naru.bench;

import io.naru.dataplane.packet.TcpHeader;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.protocol.AtLimit;
import io.naru.dataplane.protocol.FlowLimits;
import io.naru.dataplane.protocol.FlowRule;
import io.naru.dataplane.protocol.Persistence;
import io.naru.dataplane.protocol.Selection;
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
 * What the whole pipeline costs per packet when each opens a flow: a SYN flood of clients that were
 * never seen before, 16 million a second by the clock that the pipeline sees, into a table that is
 * full of their like.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xmx512m", "-Dagrona.disable.bounds.checks=true"})
public class OpeningBenchmark {
    private static final int CAPACITY = 1_000_000;
    private static final int PORTS_NET = 0x5000_0004; // 1024 to 80
    private static final int NEVER_REACHED = 1 << 30;

    @Param({"nat", "dsr-l2"})
    private String mode;

    @Param({"ipv4", "ipv6"})
    private String family;

    /** What the service asks for beside a backend. */
    @Param({"nothing", "limits", "persistence"})
    private String with;

    private PipelineRig rig;
    private int client;
    private long nowNs = PipelineRig.START_NS;

    @Setup(Level.Trial)
    public void setup() {
        rig = new PipelineRig(mode, isIpv6(), CAPACITY, options());
        for (int opened = 0; opened < 2 * CAPACITY; opened += PipelineRig.FRAME_COUNT) {
            drawFrames();
            open();
        }
    }

    private boolean isIpv6() {
        return "ipv6".equals(family);
    }

    private ServiceOptions options() {
        final FlowLimits limits = new FlowLimits(NEVER_REACHED, NEVER_REACHED, AtLimit.NEXT);
        final Persistence persistence = new Persistence(300, 32, 128, Persistence.ALONE);
        return ServiceOptions.DEFAULT.with(
                Selection.DEFAULT,
                FlowRule.RESET,
                FlowRule.KEEP,
                "limits".equals(with) ? limits : FlowLimits.DEFAULT,
                "persistence".equals(with) ? persistence : Persistence.NONE);
    }

    @Setup(Level.Invocation)
    public void drawFrames() {
        for (int i = 0; i < PipelineRig.FRAME_COUNT; i++) {
            FrameWriter.write(
                    rig.frame(i),
                    isIpv6(),
                    true,
                    0x1400_0000 + (client++ & 0x3ff_ffff),
                    PipelineRig.VIP_HOST,
                    PORTS_NET,
                    TcpHeader.SYN);
        }
        nowNs += TimeUnit.MILLISECONDS.toNanos(1);
    }

    @Benchmark
    @OperationsPerInvocation(PipelineRig.FRAME_COUNT)
    public int open() {
        final PacketBurst burst = rig.burst;
        int verdicts = 0;
        for (int first = 0; first < PipelineRig.FRAME_COUNT; first += PacketBurst.CAPACITY) {
            burst.count = PacketBurst.CAPACITY;
            for (int i = 0; i < PacketBurst.CAPACITY; i++) {
                rig.take(i, first + i);
            }

            rig.pipeline.process(burst, nowNs);
            for (int i = 0; i < PacketBurst.CAPACITY; i++) {
                verdicts += burst.verdict[i];
            }
        }

        return verdicts;
    }

    @TearDown(Level.Trial)
    public void close() {
        rig.close();
    }
}
