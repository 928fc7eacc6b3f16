package io.naru.bench;

import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowExpiry;
import io.naru.dataplane.flow.FlowHash;
import io.naru.dataplane.flow.FlowListener;
import io.naru.dataplane.flow.FlowState;
import io.naru.dataplane.flow.FlowSweeper;
import io.naru.dataplane.flow.FlowTable;
import io.naru.dataplane.flow.FlowTableDescriptor;
import io.naru.dataplane.flow.FlowTimeouts;
import io.naru.dataplane.packet.Bounds;
import io.naru.dataplane.port.PacketBurst;
import io.naru.linux.memory.HugePages;
import io.naru.linux.memory.MappedRegion;
import java.util.concurrent.TimeUnit;
import org.agrona.collections.Long2LongHashMap;
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
 * What a packet costs in the flow table, hash included: found, not found, and not found and then
 * entered; with a million flows and more the table is nearly at its load cap.
 *
 * <p>Each round of 16,384 packets is drawn anew, uniformly and outside the timing: else the same
 * 16,384 lines of memory would be hit again and again, and sit in the cache. {@code …OneByOne} is
 * the same table without the stages over a burst; {@code …InMap} is Agrona's open-addressing map
 * from a 64-bit hash to an index, which does not even compare the key.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xmx1g", "-Dagrona.disable.bounds.checks=true"})
public class FlowTableBenchmark {
    private static final int ROUND = 16_384;
    private static final int SWEPT_BUCKETS = 2_048;
    private static final int TCP = 6;
    private static final int VIP_NET = 0x0a02_00c0;
    private static final int VIP_PORT_NET = 0x5000;
    private static final int BACKEND_PORT_NET = 0x901f;

    /** In the table. */
    @Param({"1000", "1000000", "10000000"})
    private int flows;

    private final FlowHash hash = new FlowHash(11, 13);
    private final PacketBurst burst = new PacketBurst();
    private final int[] drawn = new int[ROUND];
    private final long[] opened = new long[ROUND];
    private MappedRegion region;
    private FlowTable table;
    private FlowSweeper sweeper;
    private long random = 42;
    private int now;
    private int fresh;
    private int sweptTicks;

    @Setup(Level.Trial)
    public void setup() {
        final long length = FlowTableDescriptor.regionLength(flows + ROUND);
        region = MappedRegion.anonymous(length, HugePages.AUTO);
        Bounds.add(region.address(), length);
        table =
                new FlowTable(
                        region.address(), length, flows + ROUND, hash, 0, 1, new NoListener());
        for (int flow = 0; flow < flows; flow++) {
            insert(flow);
        }

        // Nothing expires however far the sweeps advance the clock.
        final long monthNs = FlowTimeouts.MAX_NS;
        table.expiry(
                new FlowExpiry(
                        new FlowTimeouts[] {
                            new FlowTimeouts(monthNs, monthNs, monthNs, monthNs, monthNs, monthNs)
                        }));
        fresh = flows;
        sweeper = new FlowSweeper(table, now);
        for (int i = 0; i < ROUND; i++) {
            opened[i] = FlowTable.NONE;
        }
    }

    @TearDown(Level.Trial)
    public void tearDown() {
        Bounds.remove(region.address());
        region.close();
    }

    /** Draws the flows of a round, and takes out those that the last round opened. */
    @Setup(Level.Invocation)
    public void draw() {
        for (int i = 0; i < ROUND; i++) {
            random += 0x9e37_79b9_7f4a_7c15L;
            final long mixed = (random ^ (random >>> 31)) * 0x94d0_49bb_1331_11ebL;
            drawn[i] = (int) (((mixed >>> 32) * flows) >>> 32);
            if (opened[i] != FlowTable.NONE) {
                table.remove(opened[i]);
                opened[i] = FlowTable.NONE;
            }
        }
    }

    @Benchmark
    @OperationsPerInvocation(ROUND)
    public long hit() {
        long found = 0;
        for (int first = 0; first < ROUND; first += PacketBurst.CAPACITY) {
            fillBurst(first, 0);
            table.lookup(burst, now);
            found += burst.entry[0];
        }

        return found;
    }

    @Benchmark
    @OperationsPerInvocation(ROUND)
    public long hitOneByOne() {
        long found = 0;
        for (int first = 0; first < ROUND; first += PacketBurst.CAPACITY) {
            fillBurst(first, 0);
            for (int i = 0; i < PacketBurst.CAPACITY; i++) {
                burst.entry[i] =
                        table.find(burst.hash[i], burst.keyA[i], burst.keyB[i], burst.direction[i]);
            }
            found += burst.entry[0];
        }

        return found;
    }

    @Benchmark
    @OperationsPerInvocation(ROUND)
    public long hitInMap(final SimpleMap simple) {
        long found = 0;
        for (int first = 0; first < ROUND; first += PacketBurst.CAPACITY) {
            fillBurst(first, 0);
            for (int i = 0; i < PacketBurst.CAPACITY; i++) {
                burst.entry[i] = simple.map.get(burst.hash[i]);
            }
            found += burst.entry[0];
        }

        return found;
    }

    /** Packets of flows that were never seen: a flood. */
    @Benchmark
    @OperationsPerInvocation(ROUND)
    public long miss() {
        long found = 0;
        for (int first = 0; first < ROUND; first += PacketBurst.CAPACITY) {
            fillBurst(first, flows);
            table.lookup(burst, now);
            found += burst.entry[0];
        }

        return found;
    }

    @Benchmark
    @OperationsPerInvocation(ROUND)
    public long missOneByOne() {
        long found = 0;
        for (int first = 0; first < ROUND; first += PacketBurst.CAPACITY) {
            fillBurst(first, flows);
            for (int i = 0; i < PacketBurst.CAPACITY; i++) {
                burst.entry[i] =
                        table.find(burst.hash[i], burst.keyA[i], burst.keyB[i], burst.direction[i]);
            }
            found += burst.entry[0];
        }

        return found;
    }

    /** New flows: looked up, not found, entered. */
    @Benchmark
    @OperationsPerInvocation(ROUND)
    public long insert() {
        for (int first = 0; first < ROUND; first += PacketBurst.CAPACITY) {
            for (int i = 0; i < PacketBurst.CAPACITY; i++) {
                setKey(i, fresh++);
            }
            burst.count = PacketBurst.CAPACITY;
            hash.hash(burst);
            table.lookup(burst, now);
            for (int i = 0; i < PacketBurst.CAPACITY; i++) {
                opened[first + i] =
                        table.insert(
                                burst.hash[i],
                                burst.keyA[i],
                                burst.keyB[i],
                                backendIpNet(i),
                                BACKEND_PORT_NET,
                                FlowState.SYN_SENT,
                                now);
            }
        }

        return table.size();
    }

    /** One bucket of a sweep that finds nothing expired; a bucket has five flows on average. */
    @Benchmark
    @OperationsPerInvocation(SWEPT_BUCKETS)
    public int sweep() {
        sweptTicks +=
                1 + (int) ((long) FlowSweeper.PERIOD_TICKS * SWEPT_BUCKETS / table.bucketCount());
        int swept = 0;
        while (swept < SWEPT_BUCKETS) { // twice where the table ends in between
            swept += sweeper.sweep(sweptTicks, SWEPT_BUCKETS - swept);
        }

        return swept;
    }

    private void fillBurst(final int first, final int offset) {
        for (int i = 0; i < PacketBurst.CAPACITY; i++) {
            setKey(i, drawn[first + i] + offset);
        }

        burst.count = PacketBurst.CAPACITY;
        hash.hash(burst);
    }

    /** The client of a flow by its number: a different endpoint for each of 2^32. */
    private void setKey(final int i, final int flow) {
        final int clientIp = flow * 0x9e37_79b1;
        burst.keyA[i] = (clientIp & 0xffff_ffffL) | ((long) VIP_NET << 32);
        burst.keyB[i] = (flow & 0xffffL) | ((long) VIP_PORT_NET << 16) | ((long) TCP << 32);
        burst.direction[i] = FlowEntry.TO_BACKEND;
    }

    private void insert(final int flow) {
        setKey(0, flow);
        table.insert(
                hash.hash(burst.keyA[0], burst.keyB[0], FlowEntry.TO_BACKEND),
                burst.keyA[0],
                burst.keyB[0],
                backendIpNet(flow),
                BACKEND_PORT_NET,
                FlowState.ESTABLISHED,
                now);
    }

    private static int backendIpNet(final int flow) {
        return 0x0000_020a | ((flow & 0xf) << 24);
    }

    /** The baseline: from the hash to the number of the flow. */
    @State(Scope.Thread)
    public static class SimpleMap {
        private Long2LongHashMap map;

        @Setup(Level.Trial)
        public void setup(final FlowTableBenchmark benchmark) {
            map = new Long2LongHashMap(benchmark.flows, 0.75f, -1);
            for (int flow = 0; flow < benchmark.flows; flow++) {
                benchmark.setKey(0, flow);
                map.put(
                        benchmark.hash.hash(
                                benchmark.burst.keyA[0],
                                benchmark.burst.keyB[0],
                                FlowEntry.TO_BACKEND),
                        flow);
            }
        }
    }

    private static final class NoListener implements FlowListener {
        @Override
        public void onFlowExpired(final long entry) {}

        @Override
        public void onFlowEvicted(final long entry) {}
    }
}
