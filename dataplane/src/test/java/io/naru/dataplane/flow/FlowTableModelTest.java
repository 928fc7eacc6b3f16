package io.naru.dataplane.flow;

import static io.naru.dataplane.flow.FlowEntry.TO_BACKEND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.packet.NativeMemory;
import io.naru.dataplane.port.PacketBurst;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The flow table against its slow twin, under everything that can happen to it, at random. */
class FlowTableModelTest {
    private static final int STEPS = 60_000;

    private static final FlowTimeouts TIMEOUTS =
            new FlowTimeouts(
                    TimeUnit.SECONDS.toNanos(4),
                    TimeUnit.SECONDS.toNanos(124),
                    TimeUnit.SECONDS.toNanos(8),
                    TimeUnit.SECONDS.toNanos(1),
                    TimeUnit.SECONDS.toNanos(30),
                    TimeUnit.SECONDS.toNanos(2));

    private final PacketBurst burst = new PacketBurst();

    /**
     * @param clients client endpoints: few of them make many flows of one hash.
     * @param ticksPerStep few keep the table full, many let it run dry.
     */
    @ParameterizedTest(name = "capacity {0}, {1} client endpoints, {2} ticks a step")
    @CsvSource({
        "1,       1000, 1",
        "60,      1000, 1",
        "168,     5000, 0",
        "168,     5000, 3",
        "168,     20,   0",
        "500,     90000, 1",
        "500,     40,   2",
        "2000,    90000, 0",
        "2000,    3000, 1",
    })
    void shouldDoAsTheModelDoes(final int capacity, final int clients, final int ticksPerStep) {
        final long seed = System.nanoTime();
        final String message = "seed " + seed;
        final Random random = new Random(seed);
        final FlowHash hash = new FlowHash(random.nextLong(), random.nextLong());
        try (NativeMemory memory = new NativeMemory(FlowTableDescriptor.regionLength(capacity))) {
            final FlowTableModel model = new FlowTableModel(memory.address(), hash, TIMEOUTS);
            final FlowTable table =
                    new FlowTable(memory.address(), memory.length(), capacity, hash, 0, 1, model);
            table.expiry(new FlowExpiry(new FlowTimeouts[] {TIMEOUTS}));
            model.now = random.nextInt();
            final FlowSweeper sweeper = new FlowSweeper(table, model.now);
            int full = 0;

            for (int step = 0; step < STEPS; step++) {
                model.now += ticksPerStep == 0 ? 0 : random.nextInt(2 * ticksPerStep);
                switch (random.nextInt(8)) {
                    case 0, 1, 2 -> full += insert(table, model, hash, random, clients, message);
                    case 3, 4 -> lookup(table, model, hash, random, clients, message);
                    case 5 -> changeState(model, random);
                    case 6 -> sweeper.sweep(model.now, 1 + random.nextInt(16));
                    default -> {
                        if (random.nextInt(4) == 0) {
                            remove(table, model, random);
                        }
                    }
                }

                assertEquals(model.size(), table.size(), message);
                if (step % 2000 == 0) {
                    model.assertRegionIsSound(message);
                }
            }

            model.assertRegionIsSound(message);
            assertEquals(model.expiries, table.expired(), message);
            assertEquals(model.evictions, table.evicted(), message);
            assertEquals(full, table.refused(), message);
            assertVisitSeesEachFlowOnce(table, model, message);
        }
    }

    @Test
    void shouldFindRoomForAllUpToTheLoadCap() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        final int capacity = 1 << 17;
        final FlowHash hash = new FlowHash(random.nextLong(), random.nextLong());
        try (NativeMemory memory = new NativeMemory(FlowTableDescriptor.regionLength(capacity))) {
            final FlowTable table =
                    new FlowTable(
                            memory.address(),
                            memory.length(),
                            capacity,
                            hash,
                            0,
                            1,
                            new SilentListener());
            for (int i = 0; i < capacity; i++) {
                final FlowKey key = FlowKey.random(random);
                final long entry = insert(table, key, hash, FlowState.ESTABLISHED, 0);

                assertTrue(entry > 0, "flow " + i + ", seed " + seed);
            }

            final FlowKey oneMore = FlowKey.random(random);
            assertEquals(FlowTable.NONE, insert(table, oneMore, hash, FlowState.SYN_SENT, 0));
            assertEquals(capacity, table.size());
        }
    }

    private static int insert(
            final FlowTable table,
            final FlowTableModel model,
            final FlowHash hash,
            final Random random,
            final int clients,
            final String message) {
        final FlowKey key = anyKey(random, clients);
        final boolean exists = model.get(key) != null || sameTuple(table, key, hash);
        if (exists) {
            return 0;
        }

        final int state = 1 + random.nextInt(FlowState.COUNT - 1);
        final long expected = model.expectInsert(key, table.capacity());
        final long entry = insert(table, key, hash, state, model.now);

        assertEquals(expected, entry, message);
        if (entry > 0) {
            model.inserted(key, entry, state);
            FlowEntry.service(entry, 0, 0);
        }

        return entry == FlowTable.NONE ? 1 : 0;
    }

    private void lookup(
            final FlowTable table,
            final FlowTableModel model,
            final FlowHash hash,
            final Random random,
            final int clients,
            final String message) {
        final FlowKey[] keys = new FlowKey[PacketBurst.CAPACITY];
        burst.count = 1 + random.nextInt(PacketBurst.CAPACITY);
        for (int i = 0; i < burst.count; i++) {
            final FlowTableModel.Flow known = random.nextInt(4) == 0 ? null : model.random(random);
            keys[i] = known == null ? anyKey(random, clients) : known.key;
            burst.direction[i] = keys[i].backendIp() == 0 ? TO_BACKEND : random.nextInt(2);
            burst.keyA[i] = keys[i].keyA(burst.direction[i]);
            burst.keyB[i] = keys[i].keyB(burst.direction[i]);
        }
        final long[] expected = new long[burst.count];
        for (int i = 0; i < burst.count; i++) {
            expected[i] = expectedEntry(model, keys[i], burst.direction[i]);
        }
        hash.hash(burst);

        table.lookup(burst, model.now);

        for (int i = 0; i < burst.count; i++) {
            assertEquals(keys[i].hash(hash), burst.hash[i], message);
            assertEquals(expected[i], burst.entry[i], message);
            if (expected[i] != FlowTable.NONE && random.nextInt(8) == 0) {
                final FlowTableModel.Flow flow = model.get(keys[i]);
                if (flow != null && flow.entry == expected[i]) {
                    FlowEntry.count(flow.entry, burst.direction[i], 60, model.now);
                    flow.lastSeen = model.now;
                }
            }
        }
    }

    /** By tuple alone, as another key may have the same addresses and another backend. */
    private static long expectedEntry(
            final FlowTableModel model, final FlowKey key, final int direction) {
        final FlowTableModel.Flow flow = model.find(key, direction);
        return flow == null || model.isExpired(flow) ? FlowTable.NONE : flow.entry;
    }

    private static void changeState(final FlowTableModel model, final Random random) {
        final FlowTableModel.Flow flow = model.random(random);
        if (flow != null) {
            flow.state = 1 + random.nextInt(FlowState.COUNT - 1);
            FlowEntry.state(flow.entry, flow.state);
        }
    }

    private static void remove(
            final FlowTable table, final FlowTableModel model, final Random random) {
        final FlowTableModel.Flow flow = model.random(random);
        if (flow != null) {
            table.remove(flow.entry);
            model.removed(flow);
        }
    }

    private static void assertVisitSeesEachFlowOnce(
            final FlowTable table, final FlowTableModel model, final String message) {
        final Set<Long> seen = new HashSet<>();
        for (int next = 0; next < table.bucketCount(); ) {
            next = table.visit(next, 3, entry -> assertTrue(seen.add(entry), message));
        }
        assertEquals(model.size(), seen.size(), message);
    }

    private static boolean sameTuple(
            final FlowTable table, final FlowKey key, final FlowHash hash) {
        return table.find(key.hash(hash), key.keyA(TO_BACKEND), key.keyB(TO_BACKEND), TO_BACKEND)
                != FlowTable.NONE;
    }

    private static FlowKey anyKey(final Random random, final int clients) {
        final int client = random.nextInt(clients);
        final boolean isOneWay = random.nextInt(4) == 0;
        return new FlowKey(
                client,
                client & 0xffff,
                random.nextInt(3),
                random.nextInt(clients < 100 ? 50 : 3),
                client % 2 == 0 ? 6 : 17,
                isOneWay ? 0 : 1 + random.nextInt(clients < 100 ? 50 : 3),
                isOneWay ? 0 : 80);
    }

    static long insert(
            final FlowTable table,
            final FlowKey key,
            final FlowHash hash,
            final int state,
            final int now) {
        return table.insert(
                key.hash(hash),
                key.keyA(TO_BACKEND),
                key.keyB(TO_BACKEND),
                key.backendIp(),
                key.backendPort(),
                state,
                now);
    }
}
