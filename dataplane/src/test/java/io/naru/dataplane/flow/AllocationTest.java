package io.naru.dataplane.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import io.naru.dataplane.AssertionsOff;
import io.naru.dataplane.packet.InternetChecksum;
import io.naru.dataplane.packet.NativeMemory;
import io.naru.dataplane.packet.PacketParser;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.packet.TestFrames;
import io.naru.dataplane.port.PacketBurst;
import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;

/** What the packet path does with packets and flows allocates nothing, whatever comes of it. */
class AllocationTest {
    @Test
    void shouldAllocateNothing() throws Exception {
        final Map<String, Long> bytes = AssertionsOff.call(Measurement.class);

        assertEquals(11, bytes.size());
        bytes.forEach((what, allocated) -> assertEquals(0, allocated, what + ": bytes allocated"));
    }

    /** Does each thing many times, and all of it twice. */
    public static final class Measurement implements Callable<Map<String, Long>> {
        private static final int CAPACITY = 4000;

        private static final int ROUNDS = CAPACITY;

        private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        private final Random random = new Random(42);
        private final FlowHash hash = new FlowHash(random.nextLong(), random.nextLong());
        private final FlowKey[] keys = new FlowKey[CAPACITY];
        private final PacketBurst burst = new PacketBurst();
        private final Map<String, Long> bytes = new TreeMap<>();
        private final CountingListener listener = new CountingListener();

        private FlowTable table;
        private FlowSweeper sweeper;
        private long frames;
        private int next;
        private int now;
        private long checksums;
        private long inserted;

        @Override
        public Map<String, Long> call() {
            for (int i = 0; i < CAPACITY; i++) {
                keys[i] = FlowKey.random(random);
            }

            measureOnce(); // the JVM loads and links on the way
            bytes.clear();
            measureOnce();
            return bytes;
        }

        private void measureOnce() {
            try (NativeMemory memory =
                            new NativeMemory(FlowTableDescriptor.regionLength(CAPACITY));
                    NativeMemory packets = new NativeMemory(PacketBurst.CAPACITY * 2048L)) {
                frames = packets.address();
                table =
                        new FlowTable(
                                memory.address(), memory.length(), CAPACITY, hash, 0, 1, listener);
                sweeper = new FlowSweeper(table, now);
                next = 0;
                measureAll();
            }
        }

        private void measureAll() {
            measure("parse", this::parse);
            measure("parse of refused packets", this::parseRefused);
            measure("checksum", this::checksum);
            measure("lookup that misses", this::lookup);
            measure("insert", () -> insert(nextKey(), FlowState.SYN_SENT));
            measure("lookup that hits", this::lookup);
            check(table.size() == CAPACITY && burst.entry[0] > 0);
            measure("count and state", this::count);
            measure("insert that evicts", this::insertNew);
            establishAll();
            measure("insert into a full table", this::insertNew);
            measure("query", this::query);
            measure("sweep that expires", this::sweep);
            check(checksums != 0 && inserted != 0 && listener.bytes > 0);
            check(table.evicted() > 0 && table.refused() > 0 && table.expired() > 0);
        }

        private static void check(final boolean hasHappened) {
            if (!hasHappened) {
                throw new IllegalStateException("what was to be measured did not happen");
            }
        }

        private void measure(final String what, final Runnable action) {
            final long before = threads.getCurrentThreadAllocatedBytes();
            for (int round = 0; round < ROUNDS; round++) {
                action.run();
            }
            final long allocated = threads.getCurrentThreadAllocatedBytes() - before;
            bytes.merge(what, allocated, Long::sum);
        }

        private void parse() {
            place(TCP, 0);
            place(UDP, 1);
            burst.count = 2;
            PacketParser.parse(burst);
        }

        private void parseRefused() {
            place(FRAGMENT, 0);
            place(SHORT, 1);
            burst.count = 2;
            PacketParser.parse(burst);
        }

        private void checksum() {
            place(TCP, 0);
            checksums += InternetChecksum.checksumNet(burst.address[0] + 14, 20);
            checksums += InternetChecksum.updateTransport(7, InternetChecksum.delta(1, 2), 17);
        }

        private void lookup() {
            burst.count = PacketBurst.CAPACITY;
            for (int i = 0; i < burst.count; i++) {
                final FlowKey key = nextKey();
                burst.direction[i] = i & 1;
                burst.keyA[i] = key.keyA(i & 1);
                burst.keyB[i] = key.keyB(i & 1);
            }
            hash.hash(burst);
            table.lookup(burst, now);
        }

        private void insertNew() {
            final int client = random.nextInt();
            inserted +=
                    table.insert(
                            hash.hash(client, client, 6),
                            client & 0xffff_ffffL,
                            (client & 0xffffL) | (6L << 32),
                            1,
                            1,
                            FlowState.ESTABLISHED,
                            now);
        }

        private void insert(final FlowKey key, final int state) {
            inserted +=
                    table.insert(
                            key.hash(hash),
                            key.keyA(FlowEntry.TO_BACKEND),
                            key.keyB(FlowEntry.TO_BACKEND),
                            key.backendIp(),
                            key.backendPort(),
                            state,
                            now);
        }

        private void count() {
            table.visit(0, 1, listener);
        }

        private void query() {
            next = table.visit(next % table.bucketCount(), 64, listener);
        }

        private void sweep() {
            now += 1000;
            sweeper.sweep(now, 64);
        }

        private void establishAll() {
            table.visit(
                    0, table.bucketCount(), entry -> FlowEntry.state(entry, FlowState.ESTABLISHED));
        }

        private FlowKey nextKey() {
            next = (next + 1) % CAPACITY;
            return keys[next];
        }

        private void place(final byte[] frame, final int i) {
            burst.address[i] = frames + i * 2048L;
            burst.length[i] = frame.length;
            for (int j = 0; j < frame.length; j++) {
                RawMemory.putByte(burst.address[i] + j, frame[j]);
            }
        }

        private static final byte[] TCP =
                TestFrames.tcp("192.0.2.1", 1, "192.0.2.2", 2, 0x10, new byte[9]);
        private static final byte[] UDP =
                TestFrames.udp("192.0.2.1", 1, "192.0.2.2", 2, new byte[9]);
        private static final byte[] FRAGMENT = TestFrames.with(UDP, 20, "2000");
        private static final byte[] SHORT = {1, 2, 3};
    }

    /** Reads and writes what it is shown. */
    static final class CountingListener implements FlowListener, FlowVisitor {
        private long bytes;

        @Override
        public void onFlowExpired(final long entry) {
            bytes += FlowEntry.bytes(entry, FlowEntry.TO_CLIENT);
        }

        @Override
        public void onFlowEvicted(final long entry) {
            bytes += FlowEntry.bytes(entry, FlowEntry.TO_BACKEND);
        }

        @Override
        public void onFlow(final long entry) {
            FlowEntry.count(entry, FlowEntry.TO_CLIENT, 60, 0);
            FlowEntry.state(
                    entry, FlowState.next(FlowEntry.state(entry), FlowEntry.TO_BACKEND, 0x10));
            bytes++;
        }
    }
}
