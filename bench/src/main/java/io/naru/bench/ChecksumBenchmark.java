package io.naru.bench;

import io.naru.dataplane.packet.Bounds;
import io.naru.dataplane.packet.InternetChecksum;
import io.naru.dataplane.packet.Ipv4Header;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.packet.TransportHeader;
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
 * What the two checksums of a rewritten packet cost: kept up by the flow's deltas, which is the
 * same whatever the packet's length, or summed again (the baseline).
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xmx512m", "-Dagrona.disable.bounds.checks=true"})
public class ChecksumBenchmark {
    private static final int PACKETS = 64;
    private static final int SLOT = 2_048;

    /** Of the packet from its IPv4 header on. */
    @Param({"50", "1500"})
    private int length;

    private MappedRegion region;
    private int ipDelta;
    private int l4Delta;

    @Setup(Level.Trial)
    public void setup() {
        region = MappedRegion.anonymous(PACKETS * SLOT, HugePages.OFF);
        Bounds.add(region.address(), region.lengthBytes());
        for (int i = 0; i < PACKETS; i++) {
            final long l3 = region.address() + (long) i * SLOT;
            for (int offset = 0; offset < length; offset++) {
                RawMemory.putByte(l3 + offset, (byte) (31 * i + 7 * offset));
            }
            RawMemory.putByte(l3 + Ipv4Header.PROTOCOL_OFFSET, (byte) ((i & 1) == 0 ? 6 : 17));
        }

        ipDelta = InternetChecksum.delta(0x0a02_00c0, 0x0100_020a);
        l4Delta = InternetChecksum.combine(ipDelta, InternetChecksum.delta16(0x5000, 0x901f));
    }

    @TearDown(Level.Trial)
    public void tearDown() {
        Bounds.remove(region.address());
        region.close();
    }

    @Benchmark
    @OperationsPerInvocation(PACKETS)
    public void update() {
        for (int i = 0; i < PACKETS; i++) {
            final long l3 = region.address() + (long) i * SLOT;
            final int protocol = Ipv4Header.protocol(l3);
            final long at = l3 + Ipv4Header.LENGTH + TransportHeader.checksumOffset(protocol);
            Ipv4Header.putChecksumNet(
                    l3, InternetChecksum.update(Ipv4Header.checksumNet(l3), ipDelta));
            final int checksumNet = RawMemory.getShort(at) & 0xffff;
            RawMemory.putShort(
                    at, (short) InternetChecksum.updateTransport(checksumNet, l4Delta, protocol));
        }
    }

    @Benchmark
    @OperationsPerInvocation(PACKETS)
    public void sumAgain() {
        for (int i = 0; i < PACKETS; i++) {
            final long l3 = region.address() + (long) i * SLOT;
            final long l4 = l3 + Ipv4Header.LENGTH;
            final int protocol = Ipv4Header.protocol(l3);
            final long at = l4 + TransportHeader.checksumOffset(protocol);
            Ipv4Header.putChecksumNet(l3, 0);
            Ipv4Header.putChecksumNet(l3, InternetChecksum.checksumNet(l3, Ipv4Header.LENGTH));
            RawMemory.putShort(at, (short) 0);
            RawMemory.putShort(
                    at,
                    (short)
                            InternetChecksum.transportChecksumNet(
                                    l3, l4, length - Ipv4Header.LENGTH));
        }
    }
}
