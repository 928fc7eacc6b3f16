package io.naru.dataplane;

import static io.naru.dataplane.pipeline.Frame.ACK;
import static io.naru.dataplane.pipeline.Frame.PSH;
import static io.naru.dataplane.pipeline.Frame.RST;
import static io.naru.dataplane.pipeline.Frame.SYN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.neighbour.FixedNeighbourhood;
import io.naru.dataplane.pipeline.Frame;
import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.BackendInfo;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.DataPlaneClient;
import io.naru.dataplane.protocol.DesiredState;
import io.naru.dataplane.protocol.EventListener;
import io.naru.dataplane.protocol.FlowLimits;
import io.naru.dataplane.protocol.FlowRule;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Persistence;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.Selection;
import io.naru.dataplane.protocol.ServiceOptions;
import io.naru.dataplane.protocol.ServiceSpec;
import io.naru.linux.memory.HugePages;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.agrona.concurrent.CachedNanoClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A life of a data plane out of one seed: connections, configurations, states that flip, commands
 * that make no sense, clients that die, and time that jumps. After each step the promises hold:
 *
 * <ul>
 *   <li>a packet of a live flow goes to the backend that the flow began with;
 *   <li>a flow whose backend is lost by its service's rule, or off, ends with an RST to both ends,
 *       and no other does;
 *   <li>a new flow goes to a backend that is up; where clients are remembered, to the one that the
 *       client has, if that is up or drained;
 *   <li>no frame is lost (each worker checks that after every duty cycle).
 * </ul>
 */
class DataPlaneSimulationTest {
    private static final int STEPS = 2_000;
    private static final int BACKENDS = 6;
    private static final int WORKERS = 2;
    private static final int CLIENT = 0;
    private static final int SERVER = 1;
    private static final String VIP = "192.0.2.10:80";
    private static final String FRONT = "02:00:00:00:00:01";
    private static final String BACK = "02:00:00:00:00:02";
    private static final String ROUTER = "02:00:00:00:00:99";
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(5);

    /** Short enough that no established flow is idle for 124 minutes. */
    private static final long LONGEST_JUMP_NS = TimeUnit.SECONDS.toNanos(3);

    @TempDir Path runDirectory;

    /** What a backend is to be; the model that the data plane is compared with. */
    private static final class Backend {
        private BackendState state = BackendState.DOWN;
        private int weight;
        private boolean isConfigured;

        boolean takesNewFlows() {
            return isConfigured && state == BackendState.UP && weight > 0;
        }

        boolean keepsClients() {
            return isConfigured && (state == BackendState.UP || state == BackendState.DRAIN);
        }
    }

    private record Flow(int clientPort, int backend) {}

    private final CachedNanoClock clock = new CachedNanoClock();
    private final Backend[] backends = new Backend[BACKENDS];
    private final List<Flow> flows = new ArrayList<>();
    private final List<Long> answered = new ArrayList<>();
    private final List<List<byte[]>> sent = List.of(new ArrayList<>(), new ArrayList<>());
    private FlowRule onDown = FlowRule.RESET;
    private FlowRule onRemove = FlowRule.KEEP;
    private boolean isSticky;

    /** By its id, which another backend may have by now; all packets are of this one client. */
    private int backendOfClient = -1;

    private Random random;
    private MemoryEdge edge;
    private DataPlane dataPlane;
    private DataPlaneClient client;
    private int nextPort = 1_024;
    private int opened;
    private String life = "";

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 0})
    void shouldKeepItsPromises(final long fixedSeed) {
        final long seed = fixedSeed == 0 ? System.nanoTime() : fixedSeed;
        random = new Random(seed);
        start();
        try {
            for (int step = 0; step < STEPS; step++) {
                life = "seed " + seed + ", step " + step;
                step();
            }

            assertTrue(opened > STEPS / 10, life);
        } finally {
            client.close();
            dataPlane.close();
        }
    }

    private void start() {
        clock.update(TimeUnit.DAYS.toNanos(1));
        edge = new MemoryEdge(WORKERS, 256, 2_048, Frame.macNet(FRONT), Frame.macNet(BACK));
        final FixedNeighbourhood neighbours = new FixedNeighbourhood();
        for (int i = 0; i < BACKENDS; i++) {
            backends[i] = new Backend();
            neighbours.host(address(i), SERVER, Frame.macNet(mac(i)));
        }
        dataPlane =
                DataPlane.launch(
                        new DataPlaneContext()
                                .runDirectory(runDirectory)
                                .edge(edge)
                                .neighbourhood(neighbours)
                                .drivenByHand(true)
                                .nanoClock(clock)
                                .epochClock(() -> TimeUnit.NANOSECONDS.toMillis(clock.nanoTime()))
                                .flowCapacity(4_096)
                                .hugePages(HugePages.OFF)
                                .warmUpBursts(0));
        open();
    }

    private void open() {
        client =
                DataPlaneClient.open(
                        runDirectory,
                        new EventListener() {
                            @Override
                            public void onCommandDone(final long id, final long epoch) {
                                answered.add(id);
                            }

                            @Override
                            public void onCommandFailed(final long id, final String text) {
                                answered.add(-id);
                            }
                        });
    }

    private void step() {
        final int dice = random.nextInt(100);
        if (dice < 30) {
            openFlow();
        } else if (dice < 75) {
            continueFlow();
        } else if (dice < 85) {
            setBackend();
        } else if (dice < 92) {
            configure();
        } else if (dice < 95) {
            commandWhatMakesNoSense();
        } else if (dice < 97) {
            client.close();
            open();
        } else {
            clock.advance((long) (random.nextDouble() * LONGEST_JUMP_NS));
            cycle();
        }
    }

    // -- packets ----------------------------------------------------------------------------------

    private void openFlow() {
        final int port = nextPort++;
        final int known = isSticky ? numberOf(backendOfClient) : -1;
        final boolean isKept = known >= 0 && backends[known].keepsClients();
        final int backend = backendOf(send(port, SYN));
        if (backend < 0) {
            assertTrue(!isKept, () -> life + ": refused the client of " + known);
            for (final Backend each : backends) {
                assertTrue(!each.takesNewFlows(), () -> life + ": refused with a backend up");
            }
            return;
        }

        if (isKept) {
            assertEquals(known, backend, () -> life + ": the client's backend");
        } else {
            assertTrue(
                    backends[backend].takesNewFlows(),
                    () -> life + ": opened to backend " + backend);
        }
        if (isSticky && !isKept) {
            backendOfClient = idOf(backend);
        }
        inject(
                SERVER,
                Frame.tcp(endpoint(backend), client(port), SYN | ACK)
                        .macs(mac(backend), BACK)
                        .bytes());
        cycle();
        final List<byte[]> replies = collect(CLIENT);
        assertEquals(1, replies.size(), life);
        assertEquals(ROUTER, destinationMac(replies.get(0)), life);
        assertEquals(backend, backendOf(send(port, ACK)), life);
        flows.add(new Flow(port, backend));
        opened++;
    }

    private int idOf(final int backend) {
        return client.directory().backends().stream()
                .filter(info -> info.spec().name().equals("s" + backend))
                .findFirst()
                .orElseThrow()
                .id();
    }

    /** The backend that has an id by now, or -1. */
    private int numberOf(final int id) {
        return client.directory().backends().stream()
                .filter(info -> info.id() == id)
                .mapToInt(info -> info.spec().name().charAt(1) - '0')
                .findFirst()
                .orElse(-1);
    }

    private void continueFlow() {
        if (flows.isEmpty()) {
            return;
        }

        final Flow flow = flows.get(random.nextInt(flows.size()));
        assertEquals(
                flow.backend,
                backendOf(send(flow.clientPort, ACK | PSH)),
                () -> life + ": " + flow);
    }

    /** Whether the flows of a backend end. */
    private boolean isLost(final Backend backend) {
        if (backend.state == BackendState.OFF) {
            return true;
        }

        final boolean isLostAsRemoved = !backend.isConfigured && onRemove != FlowRule.KEEP;
        return backend.state == BackendState.DOWN
                ? onDown != FlowRule.KEEP || isLostAsRemoved
                : isLostAsRemoved;
    }

    /** Exactly the flows of lost backends end, and both ends hear of it. */
    private void endLostFlows() {
        for (int i = 0; i < 4; i++) {
            cycle();
        }

        final Set<Integer> expected = new TreeSet<>();
        for (final Flow flow : flows) {
            if (isLost(backends[flow.backend])) {
                expected.add(flow.clientPort);
            }
        }
        assertEquals(expected, portsOfResets(collect(CLIENT), 36), () -> life + ": clients");
        assertEquals(expected, portsOfResets(collect(SERVER), 34), () -> life + ": backends");
        flows.removeIf(flow -> isLost(backends[flow.backend]));
    }

    private Set<Integer> portsOfResets(final List<byte[]> frames, final int portOffset) {
        final Set<Integer> ports = new TreeSet<>();
        for (final byte[] frame : frames) {
            assertEquals(RST, (int) frame[47], life);
            assertTrue(
                    ports.add(((frame[portOffset] & 0xff) << 8) | (frame[portOffset + 1] & 0xff)),
                    () -> life + ": told twice");
        }

        return ports;
    }

    private List<byte[]> send(final int clientPort, final int flags) {
        inject(CLIENT, Frame.tcp(client(clientPort), VIP, flags).macs(ROUTER, FRONT).bytes());
        cycle();
        return collect(SERVER);
    }

    /** The backend that the one packet went to, or -1 if none was sent. */
    private int backendOf(final List<byte[]> sent) {
        if (sent.isEmpty()) {
            return -1;
        }

        assertEquals(1, sent.size(), life);
        for (int i = 0; i < BACKENDS; i++) {
            if (mac(i).equals(destinationMac(sent.get(0)))) {
                return i;
            }
        }

        throw new AssertionError(life + ": sent to " + destinationMac(sent.get(0)));
    }

    // -- commands ---------------------------------------------------------------------------------

    private void setBackend() {
        final int i = random.nextInt(BACKENDS);
        final BackendState state = anyState();
        final int weight = random.nextInt(4) - 1;
        final long id = client.commands().nextCorrelationId();
        assertTrue(client.commands().setBackend(id, "web", "s" + i, weight, -1, state));
        cycle();

        if (!backends[i].isConfigured) {
            assertTrue(answered.contains(-id), () -> life + ": there is no backend " + i);
            return;
        }

        assertTrue(answered.contains(id), life);
        backends[i].state = state == BackendState.KEEP ? backends[i].state : state;
        backends[i].weight = weight < 0 ? backends[i].weight : weight;
        endLostFlows();
    }

    private BackendState anyState() {
        return BackendState.ofCode(random.nextInt(BackendState.values().length));
    }

    private void configure() {
        final List<Integer> order = new ArrayList<>();
        for (int i = 0; i < BACKENDS; i++) {
            order.add(i);
        }
        Collections.shuffle(order, random);

        final boolean[] isWanted = new boolean[BACKENDS];
        final List<BackendSpec> specs = new ArrayList<>();
        for (final int i : order) {
            isWanted[i] = random.nextInt(4) > 0;
            if (isWanted[i]) {
                final BackendState state = random.nextBoolean() ? BackendState.UP : anyState();
                specs.add(
                        new BackendSpec(
                                "web", "s" + i, address(i), 8_080, random.nextInt(4), state));
            }
        }

        final Set<String> retired =
                client.directory().backends().stream()
                        .filter(BackendInfo::retired)
                        .map(info -> info.spec().name())
                        .collect(Collectors.toSet());
        final Algorithm algorithm = Algorithm.ofCode(random.nextInt(Algorithm.values().length));
        final FlowRule[] rules = {anyRule(), anyRule()};
        isSticky = random.nextBoolean();
        final Persistence persistence =
                isSticky ? new Persistence(3_600, 32, 128, Persistence.ALONE) : Persistence.NONE;
        final long id = client.send(desired(specs, algorithm, persistence, rules), TIMEOUT_NS);
        onDown = rules[0];
        onRemove = rules[1];
        cycle();
        assertTrue(answered.contains(id), life);
        for (int i = 0; i < BACKENDS; i++) {
            if (!isWanted[i] && backends[i].isConfigured && backends[i].state == BackendState.UP) {
                backends[i].state = BackendState.DRAIN; // it keeps its flows
            }
            if (isWanted[i] && !backends[i].isConfigured && !retired.contains("s" + i)) {
                backends[i].state = BackendState.DOWN; // what KEEP means for a new one
            }
            backends[i].isConfigured = isWanted[i];
        }
        for (final BackendSpec spec : specs) {
            final Backend backend = backends[spec.name().charAt(1) - '0'];
            backend.weight = spec.weight();
            backend.state = spec.state() == BackendState.KEEP ? backend.state : spec.state();
        }
        endLostFlows();
        checkDirectory();
    }

    private FlowRule anyRule() {
        return FlowRule.ofCode(random.nextInt(FlowRule.values().length));
    }

    private static DesiredState desired(
            final List<BackendSpec> specs,
            final Algorithm algorithm,
            final Persistence persistence,
            final FlowRule... rules) {
        return new DesiredState(
                1,
                List.of("web"),
                specs,
                List.of(
                        new ServiceSpec(
                                        "web",
                                        IpAddress.parse("192.0.2.10"),
                                        Protocol.TCP,
                                        80,
                                        80,
                                        Mode.NAT,
                                        algorithm,
                                        "web",
                                        ServiceSpec.Timeouts.DEFAULT)
                                .with(
                                        ServiceOptions.DEFAULT.with(
                                                Selection.DEFAULT,
                                                rules[0],
                                                rules[1],
                                                FlowLimits.DEFAULT,
                                                persistence))));
    }

    private void checkDirectory() {
        for (final BackendInfo info : client.directory().backends()) {
            final Backend backend = backends[info.spec().name().charAt(1) - '0'];
            assertEquals(!backend.isConfigured, info.retired(), () -> life + ": " + info);
            assertEquals(backend.state, info.spec().state(), () -> life + ": " + info);
        }
    }

    private void commandWhatMakesNoSense() {
        final long id = client.commands().nextCorrelationId();
        switch (random.nextInt(4)) {
            case 0 -> assertTrue(client.commands().commitConfig(id));
            case 1 -> assertTrue(client.commands().beginConfig(id, 1, 5, 5, 5, 5));
            case 2 -> assertTrue(client.commands().setAlgorithm(id, "mail", Algorithm.LC));
            default -> {
                assertTrue(client.commands().beginConfig(id, 1, 0, 1, 0, 0));
                assertTrue(client.commands().putPool(id, "web"));
                assertTrue(client.commands().putPool(id, "web"));
                assertTrue(client.commands().commitConfig(id));
            }
        }
        cycle();
    }

    // -- the rest of the world --------------------------------------------------------------------

    private void cycle() {
        for (int i = 0; i < 6; i++) {
            clock.advance(10_000);
            dataPlane.doWork();
            for (int side = 0; side < sent.size(); side++) {
                gather(side);
            }
        }
        client.poll(Integer.MAX_VALUE);
    }

    private void inject(final int interfaceIndex, final byte[] frame) {
        final int worker = random.nextInt(WORKERS); // the queue that the NIC would choose
        assertTrue(
                edge.wire(worker, interfaceIndex).inject(new UnsafeBuffer(frame), 0, frame.length),
                life);
    }

    private void gather(final int interfaceIndex) {
        for (int worker = 0; worker < WORKERS; worker++) {
            edge.wire(worker, interfaceIndex)
                    .collect(
                            (packet, length) -> {
                                final byte[] bytes = new byte[length];
                                packet.getBytes(0, bytes);
                                sent.get(interfaceIndex).add(bytes);
                            },
                            Integer.MAX_VALUE);
        }
    }

    /** What has been sent since the last time. */
    private List<byte[]> collect(final int interfaceIndex) {
        gather(interfaceIndex);
        final List<byte[]> frames = new ArrayList<>(sent.get(interfaceIndex));
        sent.get(interfaceIndex).clear();
        frames.removeIf(WorkerRig::isAnnouncement);
        return frames;
    }

    private static String destinationMac(final byte[] frame) {
        return HexFormat.ofDelimiter(":").formatHex(frame, 0, 6);
    }

    private static String client(final int port) {
        return "198.51.100.7:" + port;
    }

    private static IpAddress address(final int backend) {
        return IpAddress.parse("10.2.0." + (1 + backend));
    }

    private static String endpoint(final int backend) {
        return "10.2.0." + (1 + backend) + ":8080";
    }

    private static String mac(final int backend) {
        return "02:00:00:00:02:0" + (1 + backend);
    }
}
