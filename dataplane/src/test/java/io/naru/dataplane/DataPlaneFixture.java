package io.naru.dataplane;

import static io.naru.dataplane.pipeline.Frame.SYN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.neighbour.FixedNeighbourhood;
import io.naru.dataplane.pipeline.Frame;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.DataPlaneClient;
import io.naru.dataplane.protocol.DesiredState;
import io.naru.dataplane.protocol.EventListener;
import io.naru.dataplane.protocol.FlowFilter;
import io.naru.dataplane.protocol.FlowInfo;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.linux.memory.HugePages;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.agrona.concurrent.CachedNanoClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** A whole data plane in this process, on memory ports, told what to do through its cnc file. */
abstract class DataPlaneFixture {
    static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(5);
    static final String VIP = "192.0.2.10:80";
    static final String FRONT = "02:00:00:00:00:01";
    static final String BACK = "02:00:00:00:00:02";
    static final String ROUTER = "02:00:00:00:00:99";
    static final String[] BACKENDS = {"10.2.0.1:8080", "10.2.0.2:8080", "10.2.0.3:8080"};
    static final int CLIENT = 0;
    static final int SERVER = 1;

    @TempDir Path runDirectory;

    final CachedNanoClock clock = new CachedNanoClock();
    final Answers answers = new Answers();
    MemoryEdge edge;
    DataPlane dataPlane;
    DataPlaneClient client;

    @AfterEach
    void close() {
        if (client != null) {
            client.close();
        }
        if (dataPlane != null) {
            dataPlane.close();
        }
    }

    void launch(final int workers) {
        launch(workers, 1_024);
    }

    void launch(final int workers, final int flowCapacity) {
        clock.update(TimeUnit.DAYS.toNanos(1));
        edge = edge(workers);
        dataPlane = DataPlane.launch(context(edge, flowCapacity).neighbourhood(neighbours()));
        client = DataPlaneClient.open(runDirectory, answers);
    }

    DataPlaneContext context(final MemoryEdge memoryEdge, final int flowCapacity) {
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

    static MemoryEdge edge(final int workers) {
        return new MemoryEdge(workers, 256, 2_048, Frame.macNet(FRONT), Frame.macNet(BACK));
    }

    static FixedNeighbourhood neighbours() {
        final FixedNeighbourhood neighbours = new FixedNeighbourhood();
        for (int i = 0; i < BACKENDS.length; i++) {
            neighbours.host(
                    IpAddress.parse(BACKENDS[i].substring(0, BACKENDS[i].indexOf(':'))),
                    SERVER,
                    Frame.macNet(mac(i)));
        }

        return neighbours;
    }

    static String mac(final int backend) {
        return "02:00:00:00:02:0" + (1 + backend);
    }

    static DesiredState desired(final long revision, final BackendState... states) {
        final List<BackendSpec> backends = new ArrayList<>();
        for (int i = 0; i < states.length; i++) {
            backends.add(backend(i, states[i]));
        }

        return new DesiredState(
                revision,
                List.of("web"),
                backends,
                List.of(ConductorFixture.service("web", "192.0.2.10", 80, "web")));
    }

    static BackendSpec backend(final int i, final BackendState state) {
        return new BackendSpec(
                "web",
                "s" + (1 + i),
                IpAddress.parse(BACKENDS[i].substring(0, BACKENDS[i].indexOf(':'))),
                8_080,
                100,
                state);
    }

    void apply(final long revision, final BackendState... states) {
        send(desired(revision, states));
    }

    void send(final DesiredState state) {
        final long correlationId = client.send(state, TIMEOUT_NS);
        cycle();
        assertTrue(answers.done.containsKey(correlationId), () -> "" + answers.failed);
    }

    /** Until everybody has done what there is to do now. */
    void cycle() {
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

    Map<Integer, String> open(final int flows) {
        return open(flows, 10_000 + (int) client.stats().service(0).flowsOpened());
    }

    /** Opens flows from consecutive ports; the MACs of the backends that they went to by port. */
    Map<Integer, String> open(final int flows, final int firstPort) {
        final Map<Integer, String> macs = new TreeMap<>();
        for (int port = firstPort; port < firstPort + flows; port++) {
            macs.put(port, send(port, SYN));
        }

        return macs;
    }

    /** Sends a packet of a flow; the MAC of the backend that it goes to. */
    String send(final int clientPort, final int flags) {
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

    static byte[] fromClient(final String from, final int flags) {
        return Frame.tcp(from, VIP, flags).macs(ROUTER, FRONT).bytes();
    }

    void inject(final byte[] frame) {
        inject(CLIENT, frame);
    }

    void inject(final int interfaceIndex, final byte[] frame) {
        assertTrue(edge.wire(0, interfaceIndex).inject(new UnsafeBuffer(frame), 0, frame.length));
    }

    List<byte[]> collect(final int interfaceIndex) {
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

    List<FlowInfo> query(final FlowFilter filter) {
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

    void await(final String what, final BooleanSupplier condition) {
        final long deadlineNs = System.nanoTime() + TIMEOUT_NS;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadlineNs, () -> "waited in vain for " + what);
            client.poll(1_000);
            Thread.onSpinWait();
        }
    }

    static final class Answers implements EventListener {
        final Map<Long, Long> done = new HashMap<>();
        final Map<Long, String> failed = new HashMap<>();
        final List<FlowInfo> flows = new ArrayList<>();
        int ended;
        long matched;
        boolean isStopping;
        boolean lost;
        final List<String> failures = new ArrayList<>();

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
