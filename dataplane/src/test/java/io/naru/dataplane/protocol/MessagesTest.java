package io.naru.dataplane.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MessagesTest {
    @TempDir Path runDirectory;

    private final List<String> seen = new ArrayList<>();
    private CncFile cncFile;
    private CommandAdapter adapter;

    @BeforeEach
    void before() {
        cncFile = CncFile.create(runDirectory, 1, System::currentTimeMillis);
        adapter = new CommandAdapter(cncFile, new RecordingCommands());
    }

    @AfterEach
    void after() {
        cncFile.close();
    }

    @Test
    void shouldTakeEveryCommandAsItWasSent() {
        final CommandProxy proxy = new CommandProxy(cncFile);
        final BackendSpec backend =
                new BackendSpec(
                        "웹",
                        "s1",
                        IpAddress.parse("10.2.0.1"),
                        8080,
                        100,
                        30,
                        200,
                        10_000,
                        500,
                        BackendState.KEEP);
        final ServiceSpec service =
                CncFileTest.service("web", "2001:db8::10")
                        .with(
                                new ServiceOptions(
                                        true,
                                        false,
                                        true,
                                        1_400,
                                        OversizeRule.OUTER,
                                        new TunnelSpec(
                                                IpAddress.parse("10.9.0.0"),
                                                16,
                                                IpAddress.parse("2001:db8:9::"),
                                                64,
                                                0xffff_ffffL,
                                                true,
                                                false),
                                        new Selection(true, Selection.LARGE),
                                        FlowRule.MOVE,
                                        FlowRule.RESET,
                                        new FlowLimits(100_000, 10_000, AtLimit.RESET),
                                        new Persistence(600, 24, 56, 7)));
        final FlowFilter filter =
                new FlowFilter(
                        "web",
                        "web",
                        "s1",
                        "established",
                        IpAddress.parse("198.51.100.0"),
                        24,
                        40123,
                        300,
                        50);

        assertTrue(proxy.beginConfig(1, 7, 1, 2, 3, 1));
        assertTrue(proxy.putPool(1, "web"));
        assertTrue(proxy.putBackend(1, backend));
        assertTrue(proxy.putLocalAddress(1, IpAddress.parse("2001:db8::5")));
        assertTrue(proxy.putService(1, service));
        assertTrue(proxy.commitConfig(1));
        assertTrue(proxy.setBackend(2, "web", "s1", -1, 25, BackendState.DRAIN));
        assertTrue(proxy.setAlgorithm(3, "web", Algorithm.LC));
        assertTrue(proxy.queryFlows(4, filter));
        assertTrue(proxy.ping(5, 4711));
        assertTrue(proxy.setResponseTime(6, "web", "s1", 1_250_000));

        assertEquals(11, adapter.poll(100, 0));
        assertEquals(
                List.of(
                        "1 begin 7 1 2 3 1",
                        "1 pool web",
                        "1 " + backend,
                        "1 local address 2001:db8::5",
                        "1 " + service,
                        "1 commit",
                        "2 set web/s1 -1 25 DRAIN",
                        "3 web LC",
                        "4 " + filter,
                        "5 ping 4711",
                        "6 took web/s1 1250000"),
                seen);
    }

    @Test
    void shouldRefuseNameThatIsTooLongBeforeAnythingIsSent() {
        final CommandProxy proxy = new CommandProxy(cncFile);

        assertThrows(IllegalArgumentException.class, () -> proxy.putPool(1, "n".repeat(64)));
        assertTrue(proxy.putPool(1, "n".repeat(63)));

        assertEquals(1, adapter.poll(100, 0));
        assertEquals(List.of("1 pool " + "n".repeat(63)), seen);
    }

    @Test
    void shouldSayWhichValueOfCommandIsWrong() {
        final CommandProxy proxy = new CommandProxy(cncFile);

        assertTrue(proxy.beginConfig(1, 7, Limits.MAX_SERVICES + 1, 0, 0, 0));
        assertTrue(proxy.putPool(1, "bad\nname"));
        assertTrue(
                proxy.putBackend(
                        1, new BackendSpec("p", "b", IpAddress.NONE, 70_000, 1, BackendState.UP)));
        assertTrue(proxy.setBackend(1, "p", "b", 65_536, -1, BackendState.UP));
        assertTrue(
                proxy.queryFlows(
                        1, new FlowFilter("", "", "", "", IpAddress.ipv4(1), 33, 0, 0, 0)));

        adapter.poll(100, 0);
        assertEquals(
                List.of(
                        "1 garbled BEGIN_CONFIG: at most 4096 services are possible, not 4097",
                        "1 garbled PUT_POOL: the pool has no valid name",
                        "1 garbled PUT_BACKEND: backend p/b: port must be 0 to 65535, not 70000",
                        "1 garbled SET_BACKEND: backend p/b: weight must be 0 to 65535, not 65536",
                        "1 garbled QUERY_FLOWS: the prefix must be 0 to 32 bits, not 33"),
                seen);
    }

    @Test
    void shouldRefuseHostileMessagesAndUnderstandTheNextOne() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        final ManyToOneRingBuffer ring = new ManyToOneRingBuffer(cncFile.commandRingBuffer());
        final CommandProxy proxy = new CommandProxy(cncFile);
        for (int i = 0; i < 20_000; i++) {
            final int typeId =
                    random.nextInt(4) == 0 ? 1 + random.nextInt(1 << 20) : 1 + random.nextInt(10);
            final int exact = CommandDescriptor.length(typeId);
            final byte[] bytes =
                    new byte[exact >= 0 && random.nextBoolean() ? exact : random.nextInt(300)];
            random.nextBytes(bytes);
            assertTrue(ring.write(typeId, new UnsafeBuffer(bytes), 0, bytes.length));
            assertTrue(proxy.ping(i, 1));

            seen.clear();
            adapter.poll(10, 0);
            adapter.poll(10, 0); // the first one stops at the end of the ring
            assertEquals(2, seen.size(), () -> "seed " + seed);
            assertEquals(i + " ping 1", seen.get(1), "seed " + seed);
        }
    }

    @Test
    void shouldEmptyRingWhoseRecordsAreDamaged() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        final CommandProxy proxy = new CommandProxy(cncFile);
        final ManyToOneRingBuffer ring = new ManyToOneRingBuffer(cncFile.commandRingBuffer());
        for (int i = 0; i < 2_000; i++) {
            assertTrue(proxy.ping(1, 1), "seed " + seed);
            final int index = (int) (ring.consumerPosition() & (ring.capacity() - 1));
            ring.buffer().putLong(index, random.nextLong());

            long nowNs = 0;
            for (int poll = 0; poll < 10; poll++) {
                adapter.poll(10, nowNs += 2_000_000_000L);
            }
            seen.clear();
            assertTrue(proxy.ping(2, 2), "seed " + seed);
            adapter.poll(10, nowNs);
            assertTrue(seen.contains("2 ping 2"), () -> "seed " + seed + ": " + seen);
        }
    }

    @Test
    void shouldStepOverRecordOfClientThatDiedWhileWriting() {
        final CommandProxy proxy = new CommandProxy(cncFile);
        final ManyToOneRingBuffer ring = new ManyToOneRingBuffer(cncFile.commandRingBuffer());
        assertTrue(ring.tryClaim(CommandDescriptor.PING, CommandDescriptor.PING_LENGTH) > 0);
        assertTrue(proxy.ping(2, 2));

        assertEquals(0, adapter.poll(10, 0));
        assertEquals(0, adapter.poll(10, 1_000_000_000L));
        assertEquals(0, adapter.poll(10, 1_000_000_001L));
        adapter.poll(10, 1_000_000_002L);

        assertEquals(List.of("2 ping 2"), seen);
    }

    @Test
    void shouldSayWhenRingIsFull() {
        final CommandProxy proxy = new CommandProxy(cncFile);
        int sent = 0;
        while (proxy.putPool(1, "web")) {
            sent++;
        }

        assertTrue(
                sent * 80
                        > (CncFileDescriptor.COMMAND_RING_LENGTH
                                        - RingBufferDescriptor.TRAILER_LENGTH)
                                * 9
                                / 10);
        assertEquals(sent, adapter.poll(Integer.MAX_VALUE, 0));
        assertTrue(proxy.putPool(1, "web"));
    }

    @Test
    void shouldTakeEveryEventAsItWasSent() {
        final List<String> events = new ArrayList<>();
        final EventProxy proxy = new EventProxy(cncFile);
        proxy.commandDone(1, 1); // before the client came: not for it
        final EventAdapter client = new EventAdapter(cncFile, new RecordingEvents(events));
        final FlowInfo flow =
                new FlowInfo(
                        1,
                        2,
                        3,
                        Protocol.UDP,
                        IpAddress.parse("198.51.100.7"),
                        40123,
                        IpAddress.parse("192.0.2.10"),
                        53,
                        IpAddress.parse("10.2.0.1"),
                        5353,
                        "established",
                        4,
                        5,
                        6,
                        7,
                        8);

        proxy.commandDone(2, 5);
        proxy.commandFailed(3, "서비스 'x' has no pool");
        proxy.commandFailed(4, "é".repeat(Limits.MAX_TEXT_BYTES));
        proxy.flow(5, flow);
        proxy.flowsEnd(5, 92_004, 1_000);
        proxy.hop(IpAddress.parse("10.2.0.1"), 1L << 63, "");
        proxy.hop(IpAddress.parse("10.2.0.1"), 0, "there is no route to 10.2.0.1");
        proxy.started(42);
        proxy.stopping(42);
        proxy.workerFailed(1, "java.lang.IllegalStateException: broken");

        assertEquals(10, client.poll(100));
        assertEquals(0, client.poll(100));
        assertEquals(
                List.of(
                        "2 done 5",
                        "3 failed 서비스 'x' has no pool",
                        "4 failed " + "é".repeat(Limits.MAX_TEXT_BYTES / 2),
                        "5 " + flow,
                        "5 end 92004 1000",
                        "hop 10.2.0.1 -9223372036854775808 ",
                        "hop 10.2.0.1 0 there is no route to 10.2.0.1",
                        "started 42",
                        "stopping 42",
                        "worker 1 java.lang.IllegalStateException: broken"),
                events);
    }

    @Test
    void shouldTellSlowClientThatItMissedEvents() {
        final List<String> events = new ArrayList<>();
        final EventProxy proxy = new EventProxy(cncFile);
        final EventAdapter client = new EventAdapter(cncFile, new RecordingEvents(events));

        for (int i = 0; i < 100_000; i++) {
            proxy.commandDone(i, 1);
        }
        client.poll(Integer.MAX_VALUE);

        assertEquals("lost", events.get(0));
        assertEquals("99999 done 1", events.get(events.size() - 1));
        assertFalse(events.subList(1, events.size()).contains("lost"));
    }

    @Test
    void shouldHoldWholeAnswerOfLargestQuery() {
        final List<String> events = new ArrayList<>();
        final EventProxy proxy = new EventProxy(cncFile);
        final EventAdapter client = new EventAdapter(cncFile, new RecordingEvents(events));
        final FlowInfo flow =
                new FlowInfo(
                        0,
                        0,
                        0,
                        Protocol.TCP,
                        IpAddress.NONE,
                        0,
                        IpAddress.NONE,
                        0,
                        IpAddress.NONE,
                        0,
                        "",
                        0,
                        0,
                        0,
                        0,
                        0);

        for (int i = 0; i < 5 * Limits.MAX_FLOWS_SHOWN; i++) {
            proxy.flow(1, flow);
        }
        client.poll(Integer.MAX_VALUE);

        assertEquals(5 * Limits.MAX_FLOWS_SHOWN, events.size());
        assertFalse(events.contains("lost"));
    }

    private final class RecordingCommands implements CommandListener {
        @Override
        public void onBeginConfig(
                final long correlationId,
                final long revision,
                final int services,
                final int pools,
                final int backends,
                final int localAddresses) {
            seen.add(
                    correlationId
                            + " begin "
                            + revision
                            + " "
                            + services
                            + " "
                            + pools
                            + " "
                            + backends
                            + " "
                            + localAddresses);
        }

        @Override
        public void onPutLocalAddress(final long correlationId, final IpAddress address) {
            seen.add(correlationId + " local address " + address);
        }

        @Override
        public void onPutPool(final long correlationId, final String name) {
            seen.add(correlationId + " pool " + name);
        }

        @Override
        public void onPutBackend(final long correlationId, final BackendSpec backend) {
            seen.add(correlationId + " " + backend);
        }

        @Override
        public void onPutService(final long correlationId, final ServiceSpec service) {
            seen.add(correlationId + " " + service);
        }

        @Override
        public void onCommitConfig(final long correlationId) {
            seen.add(correlationId + " commit");
        }

        @Override
        public void onSetBackend(
                final long correlationId,
                final String pool,
                final String name,
                final int weight,
                final int share,
                final BackendState state) {
            seen.add(
                    "%d set %s/%s %d %d %s"
                            .formatted(correlationId, pool, name, weight, share, state));
        }

        @Override
        public void onSetResponseTime(
                final long correlationId,
                final String pool,
                final String name,
                final long responseTimeNs) {
            seen.add("%d took %s/%s %d".formatted(correlationId, pool, name, responseTimeNs));
        }

        @Override
        public void onSetAlgorithm(
                final long correlationId, final String service, final Algorithm algorithm) {
            seen.add(correlationId + " " + service + " " + algorithm);
        }

        @Override
        public void onQueryFlows(final long correlationId, final FlowFilter filter) {
            seen.add(correlationId + " " + filter);
        }

        @Override
        public void onPing(final long correlationId, final long clientPid) {
            seen.add(correlationId + " ping " + clientPid);
        }

        @Override
        public void onGarbled(final long correlationId, final String text) {
            seen.add(correlationId + " garbled " + text);
        }
    }

    private record RecordingEvents(List<String> events) implements EventListener {
        @Override
        public void onCommandDone(final long correlationId, final long epoch) {
            events.add(correlationId + " done " + epoch);
        }

        @Override
        public void onCommandFailed(final long correlationId, final String text) {
            events.add(correlationId + " failed " + text);
        }

        @Override
        public void onFlow(final long correlationId, final FlowInfo flow) {
            events.add(correlationId + " " + flow);
        }

        @Override
        public void onFlowsEnd(final long correlationId, final long matched, final int shown) {
            events.add(correlationId + " end " + matched + " " + shown);
        }

        @Override
        public void onHop(final IpAddress address, final long hop, final String reason) {
            events.add("hop " + address + " " + hop + " " + reason);
        }

        @Override
        public void onStarted(final long pid) {
            events.add("started " + pid);
        }

        @Override
        public void onStopping(final long pid) {
            events.add("stopping " + pid);
        }

        @Override
        public void onWorkerFailed(final int workerId, final String text) {
            events.add("worker " + workerId + " " + text);
        }

        @Override
        public void onEventsLost() {
            events.add("lost");
        }
    }
}
