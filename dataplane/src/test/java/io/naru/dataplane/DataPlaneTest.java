package io.naru.dataplane;

import static io.naru.dataplane.pipeline.Frame.ACK;
import static io.naru.dataplane.pipeline.Frame.PSH;
import static io.naru.dataplane.pipeline.Frame.SYN;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.neighbour.FixedNeighbourhood;
import io.naru.dataplane.pipeline.Frame;
import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.port.PacketPort;
import io.naru.dataplane.port.TrafficFilter;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.CncFileException;
import io.naru.dataplane.protocol.DataPlaneClient;
import io.naru.dataplane.protocol.DesiredState;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.EventListener;
import io.naru.dataplane.protocol.FlowFilter;
import io.naru.dataplane.protocol.FlowInfo;
import io.naru.dataplane.protocol.InterfaceInfo;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Limits;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.Stats;
import io.naru.dataplane.protocol.WorkerCounter;
import io.naru.linux.memory.HugePages;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.CachedNanoClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A whole data plane in this process, on memory ports, told what to do through its cnc file. */
class DataPlaneTest {
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(5);
    private static final String VIP = "192.0.2.10:80";
    private static final String FRONT = "02:00:00:00:00:01";
    private static final String BACK = "02:00:00:00:00:02";
    private static final String ROUTER = "02:00:00:00:00:99";
    private static final String[] BACKENDS = {"10.2.0.1:8080", "10.2.0.2:8080", "10.2.0.3:8080"};
    private static final int CLIENT = 0;
    private static final int SERVER = 1;

    @TempDir Path runDirectory;

    private final CachedNanoClock clock = new CachedNanoClock();
    private final Answers answers = new Answers();
    private MemoryEdge edge;
    private DataPlane dataPlane;
    private DataPlaneClient client;

    @AfterEach
    void close() {
        if (client != null) {
            client.close();
        }
        if (dataPlane != null) {
            dataPlane.close();
        }
    }

    @Test
    void shouldForwardWhatItIsTold() {
        launch(1);
        apply(1, BackendState.UP);

        inject(fromClient("198.51.100.7:4321", SYN));
        cycle();

        assertArrayEquals(
                Frame.tcp("198.51.100.7:4321", BACKENDS[0], SYN).macs(BACK, mac(0)).ttl(63).bytes(),
                collect(SERVER).get(0));

        inject(
                SERVER,
                Frame.tcp(BACKENDS[0], "198.51.100.7:4321", SYN | ACK).macs(mac(0), BACK).bytes());
        cycle();

        assertArrayEquals(
                Frame.tcp(VIP, "198.51.100.7:4321", SYN | ACK).macs(FRONT, ROUTER).ttl(63).bytes(),
                collect(CLIENT).get(0));
        assertEquals(new Stats(1, 60, 1, 60, 1, 1, 0), client.stats().service(0));
        assertEquals(new Stats(1, 60, 1, 60, 1, 1, 0), client.stats().backend(0));
        assertEquals(2, client.stats().counter(WorkerCounter.RX_PACKETS));
        assertEquals(
                2 + client.stats().counter(WorkerCounter.ANNOUNCEMENTS),
                client.stats().counter(WorkerCounter.TX_PACKETS));
    }

    @Test
    void shouldGiveNewFlowsOfBackendThatIsDownToOthers() {
        launch(1);
        apply(1, BackendState.UP, BackendState.UP);
        open(10);
        assertEquals(5, client.stats().backend(0).flowsActive());

        assertTrue(client.commands().setBackend(100, "web", "s1", -1, -1, BackendState.DOWN));
        cycle();
        assertEquals(2L, answers.done.get(100L));
        open(10);

        assertEquals(5, client.stats().backend(0).flowsOpened());
        assertEquals(15, client.stats().backend(1).flowsOpened());
    }

    @Test
    void shouldKeepFlowsOfBackendThatIsTakenOutOfConfiguration() {
        launch(1);
        apply(1, BackendState.UP, BackendState.UP);
        final Map<Integer, String> before = open(10);

        send(
                new DesiredState(
                        2,
                        List.of("web"),
                        List.of(backend(1, BackendState.UP)),
                        List.of(ConductorTest.service("web", "192.0.2.10", 80, "web"))));
        final Map<Integer, String> after = new TreeMap<>();
        before.keySet().forEach(port -> after.put(port, send(port, ACK | PSH)));

        assertEquals(before, after);
        assertTrue(client.directory().backend(0).retired());
        assertEquals(10, open(10, 30_000).size());
        assertEquals(15, client.stats().backend(1).flowsOpened());
    }

    @Test
    void shouldChangeNothingWhenItsClientDies() {
        launch(1);
        apply(1, BackendState.UP, BackendState.UP);
        final Map<Integer, String> before = open(10);

        client.close();
        client = null;
        for (int i = 0; i < 100; i++) {
            clock.advance(TimeUnit.SECONDS.toNanos(1));
            cycle();
        }
        client = DataPlaneClient.open(runDirectory, answers);

        before.forEach((port, macs) -> assertEquals(macs, send(port, ACK)));
        final long correlationId =
                client.send(desired(9, BackendState.KEEP, BackendState.KEEP), TIMEOUT_NS);
        cycle();
        assertEquals(1L, answers.done.get(correlationId), "the same state is no new epoch");
        before.forEach((port, macs) -> assertEquals(macs, send(port, ACK)));
    }

    @Test
    void shouldAnswerQueriesForFlows() {
        launch(2);
        apply(1, BackendState.UP, BackendState.UP);
        open(20);

        final List<FlowInfo> all = query(FlowFilter.ALL);
        assertEquals(20, all.size());
        assertEquals(20, answers.matched);

        final FlowInfo one = query(clientPort(10_003)).get(0);
        assertEquals(IpAddress.parse("198.51.100.7"), one.client());
        assertEquals(10_003, one.clientPort());
        assertEquals(IpAddress.parse("192.0.2.10"), one.vip());
        assertEquals(80, one.vipPort());
        assertEquals(Protocol.TCP, one.protocol());
        assertEquals(8_080, one.backendPort());
        assertEquals("syn-sent", one.state());
        assertEquals(0, one.serviceId());
        assertEquals(client.directory().backend(one.backendId()).spec().address(), one.backend());
        assertEquals(60, one.bytesToBackend());
        assertEquals(240, TimeUnit.MILLISECONDS.toSeconds(one.expiresInMs()));

        final int ofFirst =
                query(new FlowFilter("", "web", "s1", "", IpAddress.NONE, 0, 0, 0, 100)).size();
        final int ofSecond =
                query(new FlowFilter("", "", "s2", "", IpAddress.NONE, 0, 0, 0, 100)).size();
        assertEquals(20, ofFirst + ofSecond);
        assertEquals(20, query(network("198.51.100.0", 24)).size());
        assertEquals(20, query(network("0.0.0.0", 0)).size());
        assertEquals(0, query(network("198.51.101.0", 24)).size());
        assertEquals(0, query(state("established")).size());
        assertEquals(20, query(state("syn-sent")).size());

        assertEquals(
                7, query(new FlowFilter("web", "", "", "", IpAddress.NONE, 0, 0, 0, 7)).size());
        assertEquals(20, answers.matched);
        assertEquals(0, query(new FlowFilter("", "", "", "", IpAddress.NONE, 0, 0, 60, 9)).size());
        clock.advance(TimeUnit.SECONDS.toNanos(61));
        assertEquals(9, query(new FlowFilter("", "", "", "", IpAddress.NONE, 0, 0, 60, 9)).size());
    }

    @Test
    void shouldRefuseQueryForWhatIsNotThere() {
        launch(1);
        apply(1, BackendState.UP);

        assertTrue(
                client.commands()
                        .queryFlows(
                                50,
                                new FlowFilter("mail", "", "", "", IpAddress.NONE, 0, 0, 0, 1)));
        assertTrue(client.commands().queryFlows(51, state("asleep")));
        cycle();

        assertEquals("there is no service mail", answers.failed.get(50L));
        assertTrue(
                answers.failed
                        .get(51L)
                        .startsWith("there is no state asleep of a flow, but syn-sent,"));
    }

    @Test
    void shouldRefuseQueriesWhenTooManyWait() {
        launch(1);
        apply(1, BackendState.UP);
        for (int i = 0; i <= FlowQueries.MAX_WAITING; i++) {
            assertTrue(client.commands().queryFlows(100 + i, FlowFilter.ALL));
        }
        cycle();

        assertEquals(
                "16 queries for flows are waiting already: try again",
                answers.failed.get(100L + FlowQueries.MAX_WAITING));
        for (int i = 0; i < 1_000 && answers.ended < FlowQueries.MAX_WAITING; i++) {
            cycle();
        }
        assertEquals(FlowQueries.MAX_WAITING, answers.ended);
    }

    @Test
    void shouldShowNoMoreFlowsThanAreAllowed() {
        launch(1, 8_192);
        apply(1, BackendState.UP);
        open(3 * Limits.MAX_FLOWS_SHOWN);

        assertEquals(Limits.MAX_FLOWS_SHOWN, query(FlowFilter.ALL).size());
        assertEquals(3 * Limits.MAX_FLOWS_SHOWN, answers.matched);
        assertFalse(answers.lost);
    }

    @Test
    void shouldForwardNothingBeforeItIsTold() {
        launch(1);

        inject(fromClient("198.51.100.7:4321", SYN));
        cycle();

        assertEquals(0, collect(SERVER).size());
        assertEquals(1, client.stats().drops().get(DropReason.NOT_OURS.code()).packets());
        assertEquals(0, client.cncFile().appliedEpoch());
    }

    @Test
    void shouldRunOnThreadsAndSayWhenItStops() throws InterruptedException {
        edge = edge(2);
        dataPlane =
                DataPlane.launch(
                        new DataPlaneContext()
                                .runDirectory(runDirectory)
                                .edge(edge)
                                .neighbourhood(neighbours())
                                .flowCapacity(1_024)
                                .hugePages(HugePages.OFF)
                                .warmUpBursts(50));
        client = DataPlaneClient.open(runDirectory, answers);
        assertTrue(client.isAlive(System.currentTimeMillis()));

        final long correlationId = client.send(desired(1, BackendState.UP), TIMEOUT_NS);
        await("the answer", () -> answers.done.containsKey(correlationId));
        inject(fromClient("198.51.100.7:4321", SYN));
        await("the packet", () -> client.stats().backend(0).packetsToBackend() == 1);
        final int flows = query(FlowFilter.ALL).size();

        dataPlane.close();
        client.poll(1_000);

        assertEquals(1, flows);
        assertTrue(answers.isStopping);
        assertFalse(client.isAlive(System.currentTimeMillis()));
        assertTrue(client.cncFile().stoppedEpochMs() > 0);
        assertEquals("stopped", client.directory().worker(0).state());
        assertEquals(1, client.stats().backend(0).packetsToBackend(), "still there to read");
    }

    @Test
    void shouldSayWhyAndEndWhenWorkerFails() throws InterruptedException {
        final BrokenEdge broken = new BrokenEdge(edge(1));
        dataPlane =
                DataPlane.launch(
                        new DataPlaneContext()
                                .runDirectory(runDirectory)
                                .edge(broken)
                                .neighbourhood(neighbours())
                                .flowCapacity(1_024)
                                .hugePages(HugePages.OFF)
                                .warmUpBursts(0));
        client = DataPlaneClient.open(runDirectory, answers);
        assertFalse(dataPlane.hasFailed());

        broken.isBroken = true;
        dataPlane.awaitFailure();
        client.poll(100);

        assertTrue(dataPlane.hasFailed());
        assertEquals(
                "worker 0 failed: java.lang.IllegalStateException: the ring is gone",
                client.cncFile().lastError());
        assertEquals(
                List.of("0 java.lang.IllegalStateException: the ring is gone"), answers.failures);
        assertEquals("failed", client.directory().worker(0).state());
        assertTrue(client.stats().errors().get(0).text().contains("BrokenEdge"));
    }

    @Test
    void shouldRefuseRunDirectoryOfLivingDataPlane() {
        launch(1);

        final CncFileException refusal =
                assertThrows(
                        CncFileException.class,
                        () ->
                                DataPlane.launch(
                                        context(edge(1), 1_024)
                                                .neighbourhood(new FixedNeighbourhood())));

        assertTrue(
                refusal.getMessage().contains("pid " + ProcessHandle.current().pid()),
                refusal.getMessage());
    }

    @Test
    void shouldStartAgainInTheSameRunDirectory() {
        launch(1);
        dataPlane.close();
        final DataPlaneClient old = client;

        launch(1);

        assertTrue(old.cncFile().isReplaced());
        old.close();
        apply(1, BackendState.UP);
        assertEquals(1, client.cncFile().appliedEpoch());
    }

    // -- the rest of the world --------------------------------------------------------------------

    private void launch(final int workers) {
        launch(workers, 1_024);
    }

    private void launch(final int workers, final int flowCapacity) {
        clock.update(TimeUnit.DAYS.toNanos(1));
        edge = edge(workers);
        dataPlane = DataPlane.launch(context(edge, flowCapacity).neighbourhood(neighbours()));
        client = DataPlaneClient.open(runDirectory, answers);
    }

    private DataPlaneContext context(final MemoryEdge memoryEdge, final int flowCapacity) {
        return new DataPlaneContext()
                .runDirectory(runDirectory)
                .edge(memoryEdge)
                .drivenByHand(true)
                .nanoClock(clock)
                .epochClock(() -> TimeUnit.NANOSECONDS.toMillis(clock.nanoTime()))
                .flowCapacity(flowCapacity)
                .hugePages(HugePages.OFF)
                .warmUpBursts(0);
    }

    private static MemoryEdge edge(final int workers) {
        return new MemoryEdge(workers, 256, 2_048, Frame.macNet(FRONT), Frame.macNet(BACK));
    }

    private static FixedNeighbourhood neighbours() {
        final FixedNeighbourhood neighbours = new FixedNeighbourhood();
        for (int i = 0; i < BACKENDS.length; i++) {
            neighbours.host(
                    IpAddress.parse(BACKENDS[i].substring(0, BACKENDS[i].indexOf(':'))),
                    SERVER,
                    Frame.macNet(mac(i)));
        }

        return neighbours;
    }

    private static String mac(final int backend) {
        return "02:00:00:00:02:0" + (1 + backend);
    }

    private static DesiredState desired(final long revision, final BackendState... states) {
        final List<BackendSpec> backends = new ArrayList<>();
        for (int i = 0; i < states.length; i++) {
            backends.add(backend(i, states[i]));
        }

        return new DesiredState(
                revision,
                List.of("web"),
                backends,
                List.of(ConductorTest.service("web", "192.0.2.10", 80, "web")));
    }

    private static BackendSpec backend(final int i, final BackendState state) {
        return new BackendSpec(
                "web",
                "s" + (1 + i),
                IpAddress.parse(BACKENDS[i].substring(0, BACKENDS[i].indexOf(':'))),
                8_080,
                100,
                state);
    }

    private void apply(final long revision, final BackendState... states) {
        send(desired(revision, states));
    }

    private void send(final DesiredState state) {
        final long correlationId = client.send(state, TIMEOUT_NS);
        cycle();
        assertTrue(answers.done.containsKey(correlationId), () -> "" + answers.failed);
    }

    /** Until everybody has done what there is to do now. */
    private void cycle() {
        for (int i = 0; i < 20; i++) {
            clock.advance(1_000);
            dataPlane.doWork();
        }
        client().poll(Integer.MAX_VALUE);
    }

    private DataPlaneClient client() {
        if (client == null) {
            client = DataPlaneClient.open(runDirectory, answers);
        }

        return client;
    }

    private Map<Integer, String> open(final int flows) {
        return open(flows, 10_000 + (int) client.stats().service(0).flowsOpened());
    }

    /** Opens flows from consecutive ports; the MACs of the backends that they went to by port. */
    private Map<Integer, String> open(final int flows, final int firstPort) {
        final Map<Integer, String> macs = new TreeMap<>();
        for (int port = firstPort; port < firstPort + flows; port++) {
            macs.put(port, send(port, SYN));
        }

        return macs;
    }

    /** Sends a packet of a flow; the MAC of the backend that it goes to. */
    private String send(final int clientPort, final int flags) {
        inject(fromClient("198.51.100.7:" + clientPort, flags));
        for (int i = 0; i < 4; i++) {
            clock.advance(1_000);
            dataPlane.doWork();
        }
        final List<byte[]> sent = collect(SERVER);
        assertEquals(1, sent.size(), () -> "packet of port " + clientPort);
        return destinationMac(sent.get(0));
    }

    private static String destinationMac(final byte[] frame) {
        return HexFormat.ofDelimiter(":").formatHex(frame, 0, 6);
    }

    private static byte[] fromClient(final String from, final int flags) {
        return Frame.tcp(from, VIP, flags).macs(ROUTER, FRONT).bytes();
    }

    private void inject(final byte[] frame) {
        inject(CLIENT, frame);
    }

    private void inject(final int interfaceIndex, final byte[] frame) {
        assertTrue(edge.wire(0, interfaceIndex).inject(new UnsafeBuffer(frame), 0, frame.length));
    }

    private List<byte[]> collect(final int interfaceIndex) {
        final List<byte[]> sent = new ArrayList<>();
        for (int worker = 0; worker < edge.workers(); worker++) {
            edge.wire(worker, interfaceIndex)
                    .collect(
                            (packet, length) -> {
                                final byte[] bytes = new byte[length];
                                packet.getBytes(0, bytes);
                                sent.add(bytes);
                            },
                            Integer.MAX_VALUE);
        }

        sent.removeIf(WorkerRig::isAnnouncement);
        return sent;
    }

    private List<FlowInfo> query(final FlowFilter filter) {
        answers.flows.clear();
        final int ended = answers.ended;
        assertTrue(client.commands().queryFlows(client.commands().nextCorrelationId(), filter));
        await(
                "the end of the flows",
                () -> {
                    if (dataPlane.isDrivenByHand()) {
                        cycle();
                    }
                    return answers.ended > ended;
                });
        return List.copyOf(answers.flows);
    }

    private static FlowFilter clientPort(final int port) {
        return new FlowFilter("", "", "", "", IpAddress.NONE, 0, port, 0, 1);
    }

    private static FlowFilter network(final String address, final int prefixBits) {
        return new FlowFilter("", "", "", "", IpAddress.parse(address), prefixBits, 0, 0, 100);
    }

    private static FlowFilter state(final String state) {
        return new FlowFilter("", "", "", state, IpAddress.NONE, 0, 0, 0, 100);
    }

    private void await(final String what, final java.util.function.BooleanSupplier condition) {
        final long deadlineNs = System.nanoTime() + TIMEOUT_NS;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadlineNs, () -> "waited in vain for " + what);
            client.poll(1_000);
            Thread.onSpinWait();
        }
    }

    /** An edge whose ports fail when they are told to. */
    private static final class BrokenEdge implements PacketEdge {
        private final MemoryEdge sound;
        private volatile boolean isBroken;

        BrokenEdge(final MemoryEdge sound) {
            this.sound = sound;
        }

        @Override
        public int workers() {
            return sound.workers();
        }

        @Override
        public List<PacketPort> ports(final int worker) {
            return sound.ports(worker).stream().map(this::breakable).toList();
        }

        private PacketPort breakable(final PacketPort port) {
            return new PacketPort() {
                @Override
                public int interfaceIndex() {
                    return port.interfaceIndex();
                }

                @Override
                public long macNet() {
                    return port.macNet();
                }

                @Override
                public int receive(final PacketBurst burst) {
                    if (isBroken) {
                        throw new IllegalStateException("the ring is gone");
                    }
                    return port.receive(burst);
                }

                @Override
                public boolean transmit(final long address, final int length) {
                    return port.transmit(address, length);
                }

                @Override
                public int flush() {
                    return port.flush();
                }

                @Override
                public int framesHeld() {
                    return port.framesHeld();
                }

                @Override
                public void close() {
                    port.close();
                }
            };
        }

        @Override
        public FrameStack frames(final int worker) {
            return sound.frames(worker);
        }

        @Override
        public TrafficFilter filter() {
            return sound.filter();
        }

        @Override
        public List<InterfaceInfo> interfaces() {
            return sound.interfaces();
        }

        @Override
        public void attach() {
            sound.attach();
        }

        @Override
        public void detach() {
            sound.detach();
        }

        @Override
        public void close() {
            sound.close();
        }
    }

    private static final class Answers implements EventListener {
        private final Map<Long, Long> done = new HashMap<>();
        private final Map<Long, String> failed = new HashMap<>();
        private final List<FlowInfo> flows = new ArrayList<>();
        private int ended;
        private long matched;
        private boolean isStopping;
        private boolean lost;
        private final List<String> failures = new ArrayList<>();

        @Override
        public void onWorkerFailed(final int workerId, final String text) {
            failures.add(workerId + " " + text);
        }

        @Override
        public void onCommandDone(final long correlationId, final long epoch) {
            done.put(correlationId, epoch);
        }

        @Override
        public void onCommandFailed(final long correlationId, final String text) {
            failed.put(correlationId, text);
        }

        @Override
        public void onFlow(final long correlationId, final FlowInfo flow) {
            flows.add(flow);
        }

        @Override
        public void onFlowsEnd(final long correlationId, final long count, final int shown) {
            ended++;
            matched = count;
            assertEquals(flows.size(), shown);
        }

        @Override
        public void onStopping(final long pid) {
            isStopping = true;
        }

        @Override
        public void onEventsLost() {
            lost = true;
        }
    }
}
