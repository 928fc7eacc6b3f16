package io.naru.bench;

import io.naru.dataplane.packet.Bounds;
import io.naru.dataplane.packet.EthernetHeader;
import io.naru.dataplane.packet.Ipv4Header;
import io.naru.dataplane.packet.PacketKind;
import io.naru.dataplane.packet.PacketParser;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.packet.TcpHeader;
import io.naru.dataplane.packet.UdpHeader;
import io.naru.dataplane.port.PacketBurst;
import io.naru.linux.memory.HugePages;
import io.naru.linux.memory.MappedRegion;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
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
 * What parsing costs per packet; all frames are written anew before each round, outside the timing.
 *
 * <p>The baseline {@code withBranches} asks the same questions one after the other, through an
 * Agrona buffer, and branches where TCP and UDP differ.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xmx512m", "-Dagrona.disable.bounds.checks=true"})
public class PacketParserBenchmark {
    private static final int FRAME_SIZE = 2_048;
    private static final int HEADROOM = 256;
    private static final int ROUND = 16_384;

    /** In circulation: 4,096 fit into the second-level cache, 16,384 do not. */
    @Param({"4096", "16384"})
    private int frames;

    /** Half and half at random, or one of the two. */
    @Param({"mixed", "tcp"})
    private String traffic;

    private final PacketBurst burst = new PacketBurst();
    private final UnsafeBuffer buffer = new UnsafeBuffer(0, 0);
    private MappedRegion region;
    private long random = 42;

    @Setup(Level.Trial)
    public void setup() {
        region = MappedRegion.anonymous((long) frames * FRAME_SIZE, HugePages.AUTO);
        Bounds.add(region.address(), region.lengthBytes());
    }

    @TearDown(Level.Trial)
    public void tearDown() {
        Bounds.remove(region.address());
        region.close();
    }

    @Setup(Level.Invocation)
    public void writeFrames() {
        for (int i = 0; i < frames; i++) {
            random += 0x9e37_79b9_7f4a_7c15L;
            final long mixed = (random ^ (random >>> 31)) * 0x94d0_49bb_1331_11ebL;
            write(frame(i), traffic.equals("tcp") || mixed < 0, mixed);
        }
    }

    @Benchmark
    @OperationsPerInvocation(ROUND)
    public long parse() {
        long sum = 0;
        for (int first = 0; first < ROUND; first += PacketBurst.CAPACITY) {
            receive(first);
            PacketParser.parse(burst);
            sum += burst.keyA[0];
        }

        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(ROUND)
    public long withBranches() {
        long sum = 0;
        for (int first = 0; first < ROUND; first += PacketBurst.CAPACITY) {
            receive(first);
            for (int i = 0; i < PacketBurst.CAPACITY; i++) {
                burst.kind[i] = parseWithBranches(i);
            }
            sum += burst.keyA[0];
        }

        return sum;
    }

    private int parseWithBranches(final int i) {
        final int length = burst.length[i];
        buffer.wrap(burst.address[i], length);
        if (length < 34 || buffer.getShort(12, ByteOrder.BIG_ENDIAN) != 0x0800) {
            return PacketKind.UNSUPPORTED_ETHER_TYPE;
        }
        if (buffer.getByte(14) != 0x45) {
            return PacketKind.BAD_HEADER;
        }
        if ((buffer.getShort(20, ByteOrder.BIG_ENDIAN) & 0x3fff) != 0) {
            return PacketKind.FRAGMENT;
        }

        final int totalLength = buffer.getShort(16, ByteOrder.BIG_ENDIAN) & 0xffff;
        final int protocol = buffer.getByte(23);
        if (totalLength > length - 14) {
            return PacketKind.BAD_LENGTH;
        }
        if (protocol == Ipv4Header.PROTOCOL_TCP) {
            final int headerLength = (buffer.getByte(46) & 0xf0) >>> 2;
            if (totalLength < 40 || headerLength < 20 || headerLength > totalLength - 20) {
                return PacketKind.BAD_LENGTH;
            }
            burst.tcpFlags[i] = buffer.getByte(47) & 0xff;
            burst.payloadLength[i] = totalLength - 20 - headerLength;
        } else if (protocol == Ipv4Header.PROTOCOL_UDP) {
            final int udpLength = buffer.getShort(38, ByteOrder.BIG_ENDIAN) & 0xffff;
            if (totalLength < 28 || udpLength < 8 || udpLength > totalLength - 20) {
                return PacketKind.BAD_LENGTH;
            }
            burst.tcpFlags[i] = 0;
            burst.payloadLength[i] = totalLength - 28;
        } else {
            return PacketKind.UNSUPPORTED_PROTOCOL;
        }

        burst.l3Offset[i] = 14;
        burst.l4Offset[i] = 34;
        burst.protocol[i] = protocol;
        burst.keyA[i] = buffer.getLong(26);
        burst.keyB[i] = (buffer.getInt(34) & 0xffff_ffffL) | ((long) protocol << 32);
        return PacketKind.TRANSPORT;
    }

    private void receive(final int first) {
        burst.count = PacketBurst.CAPACITY;
        for (int i = 0; i < PacketBurst.CAPACITY; i++) {
            burst.address[i] = frame((first + i) & (frames - 1));
            burst.length[i] = 64 + (i & 63);
        }
    }

    private long frame(final int i) {
        return region.address() + (long) i * FRAME_SIZE + HEADROOM;
    }

    private static void write(final long address, final boolean isTcp, final long mixed) {
        final int l4Length = 30;
        final long l3 = address + EthernetHeader.LENGTH;
        final long l4 = l3 + Ipv4Header.LENGTH;
        EthernetHeader.putEtherTypeNet(address, EthernetHeader.ETHER_TYPE_IPV4_NET);
        RawMemory.putLong(l3, 0x45);
        RawMemory.putLong(l3 + 8, 64);
        Ipv4Header.putTotalLength(l3, Ipv4Header.LENGTH + l4Length);
        RawMemory.putByte(
                l3 + Ipv4Header.PROTOCOL_OFFSET,
                (byte) (isTcp ? Ipv4Header.PROTOCOL_TCP : Ipv4Header.PROTOCOL_UDP));
        Ipv4Header.putSourceNet(l3, (int) mixed);
        Ipv4Header.putDestinationNet(l3, 0x0a02_00c0);
        RawMemory.putInt(l4, (int) (mixed >>> 32));
        RawMemory.putByte(l4 + TcpHeader.DATA_OFFSET_OFFSET, (byte) 0x50);
        RawMemory.putShort(l4 + UdpHeader.LENGTH_OFFSET, Short.reverseBytes((short) l4Length));
    }
}
