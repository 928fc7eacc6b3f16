package io.naru.dataplane.flow;

import static io.naru.dataplane.flow.FlowEntry.TO_BACKEND;
import static io.naru.dataplane.flow.FlowEntry.TO_CLIENT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.naru.dataplane.packet.Bounds;
import io.naru.dataplane.packet.NativeMemory;
import io.naru.dataplane.port.PacketBurst;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.agrona.UnsafeApi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the table promises, one promise a test; FlowTableModelTest has the rest. */
class FlowTableTest {
    private static final int CAPACITY = 20_000;
    private static final int NOW = 1000;

    private final Random random = new Random(42);
    private final FlowHash hash = new FlowHash(random.nextLong(), random.nextLong());
    private final NativeMemory memory =
            new NativeMemory(FlowTableDescriptor.regionLength(CAPACITY));
    private final SilentListener listener = new SilentListener();
    private final FlowTable table = table(memory, CAPACITY, listener);
    private final PacketBurst burst = new PacketBurst();

    @AfterEach
    void tearDown() {
        memory.close();
    }

    // -- both directions --------------------------------------------------------------------------

    @Test
    void shouldFindAFlowFromEitherSide() {
        final FlowKey key = FlowKey.random(random);
        final long entry = insert(key, FlowState.SYN_SENT);

        assertEquals(entry, find(key, TO_BACKEND));
        assertEquals(entry, find(key, TO_CLIENT));
        assertEquals(NOW, FlowEntry.createdTicks(entry));
        assertEquals(key.vip(), FlowEntry.vipNet(entry));
        assertEquals(key.vipPort(), FlowEntry.vipPortNet(entry));
        assertEquals(key.backendPort(), FlowEntry.backendPortNet(entry));
        assertEquals(key.protocol(), FlowEntry.protocol(entry));
    }

    @Test
    void shouldRefuseAFlowWhoseRepliesCouldNotBeTold() {
        final FlowKey first = FlowKey.random(random);
        final FlowKey otherVip = withVip(first, first.vip() + 1);
        insert(first, FlowState.ESTABLISHED);

        assertEquals(FlowTable.CONFLICT, insert(otherVip, FlowState.SYN_SENT));
        assertEquals(1, table.conflicts());
        assertEquals(1, table.size());
    }

    @Test
    void shouldTakeTheReplyTupleOverFromAFlowThatIsOver() {
        final FlowKey first = FlowKey.random(random);
        final FlowKey otherVip = withVip(first, first.vip() + 1);
        insert(first, FlowState.TIME_WAIT);

        final long entry = insert(otherVip, FlowState.SYN_SENT);

        assertEquals(entry, find(first, TO_CLIENT));
        assertEquals(FlowTable.NONE, find(first, TO_BACKEND));
        assertEquals(1, table.evicted());
    }

    @Test
    void shouldKeepAnyNumberOfVipsOfOneClientApartWhereRepliesDoNotPassUs() {
        final FlowKey first = new FlowKey(1, 2, 3, 4, 6, 0, 0);
        final long entry = insert(first, FlowState.ONE_WAY_SYN);
        final long other = insert(withVip(first, 5), FlowState.ONE_WAY_SYN);

        assertTrue(entry > 0 && other > 0);
        assertNotEquals(entry, other);
        assertEquals(entry, find(first, TO_BACKEND));
        assertEquals(other, find(withVip(first, 5), TO_BACKEND));
    }

    @Test
    void shouldFindAFlowThatAPacketBeforeItInTheBurstHasOpened() {
        final FlowKey key = FlowKey.random(random);
        fillBurst(key, TO_BACKEND, key, TO_BACKEND);
        table.lookup(burst, NOW);
        assertEquals(FlowTable.NONE, burst.entry[0]);
        assertEquals(FlowTable.NONE, burst.entry[1]);

        final long entry = insert(key, FlowState.UDP_UNANSWERED);

        assertEquals(
                entry, table.find(burst.hash[1], burst.keyA[1], burst.keyB[1], burst.direction[1]));
        assertThrows(AssertionError.class, () -> insert(key, FlowState.UDP_UNANSWERED));
    }

    // -- full -------------------------------------------------------------------------------------

    @Test
    void shouldRefuseAndCountWhenAllFlowsAreEstablished() {
        final List<FlowKey> keys = fill(CAPACITY, FlowState.ESTABLISHED);

        for (int i = 0; i < 1000; i++) {
            assertEquals(FlowTable.NONE, insert(FlowKey.random(random), FlowState.SYN_SENT));
        }

        assertEquals(1000, table.refused());
        assertEquals(0, table.evicted());
        assertEquals(CAPACITY, table.size());
        for (final FlowKey key : keys) {
            assertTrue(find(key, TO_BACKEND) > 0);
        }
    }

    @Test
    void shouldHaveRoomAgainForEachFlowThatGoes() {
        final List<FlowKey> keys = fill(CAPACITY, FlowState.ESTABLISHED);

        for (int i = 0; i < 1000; i++) {
            table.remove(find(keys.get(i), TO_CLIENT));
            assertTrue(insert(FlowKey.random(random), FlowState.ESTABLISHED) > 0);
        }

        assertEquals(CAPACITY, table.size());
        assertEquals(0, table.refused());
    }

    @Test
    void shouldEndOnlyFlowsThatAreOverOrNotYetOpenToMakeRoom() {
        fill(CAPACITY / 2, FlowState.ESTABLISHED);
        fill(CAPACITY - CAPACITY / 2, FlowState.TIME_WAIT);

        int taken = 0;
        for (int i = 0; i < 1000; i++) {
            taken += insert(FlowKey.random(random), FlowState.ESTABLISHED) > 0 ? 1 : 0;
        }

        assertTrue(taken > 990, "found room for " + taken);
        assertEquals(taken, listener.evicted);
        assertEquals(CAPACITY / 2 + taken, count(FlowState.ESTABLISHED));
    }

    @Test
    void shouldKeepEstablishedFlowsInASynFloodAndLetHandshakesThrough() {
        final List<FlowKey> established = fill(CAPACITY / 2, FlowState.ESTABLISHED);
        fill(CAPACITY / 2, FlowState.SYN_SENT);
        int completed = 0;

        for (int i = 0; i < 200; i++) {
            final FlowKey honest = FlowKey.random(random);
            insert(honest, FlowState.SYN_SENT);
            for (int j = 0; j < CAPACITY / 40; j++) { // the flood until the backend has answered
                insert(FlowKey.random(random), FlowState.SYN_SENT);
            }

            final long entry = find(honest, TO_CLIENT);
            if (entry != FlowTable.NONE) {
                completed++;
                table.remove(entry);
            }
        }

        for (final FlowKey key : established) {
            assertTrue(find(key, TO_BACKEND) > 0, "an established flow was lost");
        }
        assertEquals(CAPACITY / 2, count(FlowState.ESTABLISHED));
        assertTrue(completed > 180, completed + " of 200 handshakes completed");
    }

    @Test
    void shouldBoundTheFlowsOfOneClientEndpointAndLeaveRoomForOthers() {
        int taken = 0;
        for (int i = 0; i < 5000; i++) {
            final FlowKey key = new FlowKey(7, 7, i, 80, 6, 0, 0);
            taken += insert(key, FlowState.ESTABLISHED) > 0 ? 1 : 0;
        }

        assertEquals(FlowTable.PROBE_LIMIT * FlowTableDescriptor.SLOTS_PER_BUCKET, taken);
        assertEquals(5000 - taken, table.refused());
        for (int i = 0; i < CAPACITY / 2; i++) {
            assertTrue(insert(FlowKey.random(random), FlowState.ESTABLISHED) > 0);
        }
    }

    // -- expiry -----------------------------------------------------------------------------------

    @Test
    void shouldNotFindAFlowThatHasExpired() {
        final FlowKey key = FlowKey.random(random);
        insert(key, FlowState.UDP_UNANSWERED);
        final int timeoutTicks = ticks(FlowTimeouts.DEFAULT.udpUnansweredNs());
        fillBurst(key, TO_BACKEND, key, TO_CLIENT);

        table.lookup(burst, NOW + timeoutTicks);
        assertTrue(burst.entry[0] > 0 && burst.entry[1] > 0);

        table.lookup(burst, NOW + timeoutTicks + 2);
        assertEquals(FlowTable.NONE, burst.entry[0]);
        assertEquals(FlowTable.NONE, burst.entry[1]);
        assertEquals(1, listener.expired, "once, though two packets found it");
        assertEquals(0, table.size());
    }

    @Test
    void shouldApplyNewTimeoutsToFlowsThatExist() {
        final FlowKey key = FlowKey.random(random);
        insert(key, FlowState.ESTABLISHED);
        fillBurst(key, TO_BACKEND, key, TO_CLIENT);
        final FlowTimeouts seconds =
                new FlowTimeouts(1 << 30, 1 << 30, 1 << 30, 1 << 30, 1 << 30, 1 << 30);

        table.expiry(new FlowExpiry(new FlowTimeouts[] {seconds}));
        table.lookup(burst, NOW + ticks(2L << 30));

        assertEquals(FlowTable.NONE, burst.entry[0]);
    }

    // -- memory -----------------------------------------------------------------------------------

    @Test
    void shouldSayInTheRegionWhatARestartedProcessMustKnow() {
        final long region = memory.address();

        assertEquals(FlowTableDescriptor.MAGIC, FlowTableDescriptor.magic(region));
        assertEquals(FlowTableDescriptor.VERSION, FlowTableDescriptor.version(region));
        assertEquals(CAPACITY, FlowTableDescriptor.capacity(region));
        assertEquals(FlowTableDescriptor.lines(CAPACITY), FlowTableDescriptor.lineCount(region));
        assertEquals(FlowEntry.LENGTH, FlowTableDescriptor.entryLength(region));
        assertEquals(3, FlowTableDescriptor.worker(region));
        assertEquals(5, FlowTableDescriptor.workers(region));
        assertEquals(hash.seed0(), FlowTableDescriptor.seed0(region));
        assertEquals(hash.seed1(), FlowTableDescriptor.seed1(region));
    }

    @Test
    void shouldBeLaidOutAsTheDiagramSays() {
        assertEquals(16, FlowTableDescriptor.BUCKET_LENGTH);
        assertEquals(
                FlowTableDescriptor.BUCKET_LENGTH,
                (FlowTableDescriptor.SLOTS_PER_BUCKET + 1) * Short.BYTES);
        assertEquals(64, FlowTableDescriptor.LINE_LENGTH);
        assertEquals(
                FlowTableDescriptor.BUCKETS_OFFSET,
                FlowTableDescriptor.NONE_ENTRY_OFFSET + FlowEntry.LENGTH);
        assertEquals(
                FlowTableDescriptor.NONE_ENTRY_OFFSET, FlowTableDescriptor.SEED_1_OFFSET + 8 + 16);
        for (final int capacity : new int[] {1, 100, 1 << 20, 10_000_000, 1 << 30}) {
            final long lines = FlowTableDescriptor.lines(capacity);
            assertEquals(
                    128 + lines * 64 + (lines * 28 + 65) * 64,
                    FlowTableDescriptor.regionLength(capacity));
            assertTrue(lines * 28 * 3 / 4 >= capacity, "load cap at " + capacity);
        }
        assertEquals(88.5, FlowTableDescriptor.regionLength(10_000_000) / 1e7, 0.3);
    }

    @Test
    void shouldSayWhatIsWrongWithItsMemory() {
        final String tooSmall =
                assertThrows(
                                IllegalArgumentException.class,
                                () -> table(memory, CAPACITY * 2, listener))
                        .getMessage();
        assertEquals(
                "a flow table of capacity 40000 needs %d bytes, the region has %d"
                        .formatted(FlowTableDescriptor.regionLength(2 * CAPACITY), memory.length()),
                tooSmall);

        final IllegalArgumentException unaligned =
                assertThrows(
                        IllegalArgumentException.class,
                        () ->
                                new FlowTable(
                                        memory.address() + 8,
                                        memory.length(),
                                        1000,
                                        hash,
                                        0,
                                        1,
                                        listener));
        assertTrue(unaligned.getMessage().startsWith("region must be aligned to 64: 0x"));

        assertEquals(
                "capacity must be 1 to 1073741824: 0",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> FlowTableDescriptor.regionLength(0))
                        .getMessage());
    }

    @Test
    void shouldReachPlacesBeyondTwoGigabytes() {
        final int capacity = 40_000_000;
        final long length = FlowTableDescriptor.regionLength(capacity);
        assertTrue(length > 1L << 31);
        long allocation = 0;
        try {
            allocation = UnsafeApi.allocateMemory(length + 64);
        } catch (final OutOfMemoryError e) {
            assumeTrue(false, "no address space for " + length + " bytes");
        }

        final long region = (allocation + 63) & -64L;
        Bounds.add(region, length);
        try {
            final FlowTable large = new FlowTable(region, length, capacity, hash, 0, 1, listener);
            final List<FlowKey> keys = new ArrayList<>();
            long highest = 0;
            for (int i = 0; i < 2000; i++) {
                final FlowKey key = FlowKey.random(random);
                keys.add(key);
                final long entry =
                        FlowTableModelTest.insert(large, key, hash, FlowState.SYN_SENT, NOW);
                highest = Math.max(highest, entry);
            }

            assertTrue(highest - region > 3L << 30, "spread over all of the region");
            for (final FlowKey key : keys) {
                final long entry =
                        large.find(
                                key.hash(hash),
                                key.keyA(TO_CLIENT),
                                key.keyB(TO_CLIENT),
                                TO_CLIENT);
                assertEquals(key.vip(), FlowEntry.vipNet(entry));
                large.remove(entry);
            }
            assertEquals(0, large.size());
        } finally {
            Bounds.remove(region);
            UnsafeApi.freeMemory(allocation);
        }
    }

    // -- parts ------------------------------------------------------------------------------------

    private FlowTable table(
            final NativeMemory memory, final int capacity, final FlowListener listener) {
        return new FlowTable(memory.address(), memory.length(), capacity, hash, 3, 5, listener);
    }

    private List<FlowKey> fill(final int count, final int state) {
        final List<FlowKey> keys = new ArrayList<>();
        while (keys.size() < count) {
            final FlowKey key = FlowKey.random(random);
            assertTrue(insert(key, state) > 0);
            keys.add(key);
        }

        return keys;
    }

    private long insert(final FlowKey key, final int state) {
        return FlowTableModelTest.insert(table, key, hash, state, NOW);
    }

    private long find(final FlowKey key, final int direction) {
        return table.find(key.hash(hash), key.keyA(direction), key.keyB(direction), direction);
    }

    private int count(final int state) {
        final int[] count = {0};
        table.visit(
                0,
                table.bucketCount(),
                entry -> count[0] += FlowEntry.state(entry) == state ? 1 : 0);
        return count[0];
    }

    private void fillBurst(
            final FlowKey first,
            final int firstDirection,
            final FlowKey second,
            final int secondDirection) {
        burst.count = 2;
        burst.keyA[0] = first.keyA(firstDirection);
        burst.keyB[0] = first.keyB(firstDirection);
        burst.direction[0] = firstDirection;
        burst.keyA[1] = second.keyA(secondDirection);
        burst.keyB[1] = second.keyB(secondDirection);
        burst.direction[1] = secondDirection;
        hash.hash(burst);
    }

    private static FlowKey withVip(final FlowKey key, final int vip) {
        return new FlowKey(
                key.clientIp(),
                key.clientPort(),
                vip,
                key.vipPort(),
                key.protocol(),
                key.backendIp(),
                key.backendPort());
    }

    private static int ticks(final long ns) {
        return (int) (ns >> FlowEntry.TICK_SHIFT);
    }
}
