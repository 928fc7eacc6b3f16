package io.naru.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.neighbour.FixedNeighbourhood;
import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.neighbour.LocalAddress;
import io.naru.dataplane.pipeline.Frame;
import io.naru.dataplane.protocol.DataPlaneClient;
import io.naru.dataplane.protocol.DesiredState;
import io.naru.dataplane.protocol.DropStats;
import io.naru.dataplane.protocol.EventListener;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.PacketAnswer;
import io.naru.dataplane.protocol.PacketQuery;
import io.naru.dataplane.protocol.ServiceTrial;
import io.naru.linux.memory.HugePages;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.CachedNanoClock;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A whole data plane in memory, driven by hand: a client's side, a servers' side with stations
 * 10.2.0.1 to .9 and 2001:db8:2::1 to ::9, two workers, and a clock that only the test moves. In
 * topology {@code routed} the box itself is 10.2.0.254 and 2001:db8:2::fe there.
 */
final class LivePlane implements AutoCloseable {
    static final int CLIENT = 0;
    static final int SERVER = 1;
    static final int WORKERS = 2;
    static final String FRONT = "02:00:00:00:00:01";
    static final String BACK = "02:00:00:00:00:02";
    static final String ROUTER = "02:00:00:00:00:99";

    /** A client on the servers' side. */
    static final String NEIGHBOUR = "02:00:00:00:00:98";

    private static final int NONE = 0;
    private static final int STATIONS = 9;
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(5);

    final CachedNanoClock clock = new CachedNanoClock();
    final List<String> refusals = new ArrayList<>();
    final List<ServiceTrial> trials = new ArrayList<>();
    final DataPlane dataPlane;
    final DataPlaneClient client;
    private final MemoryEdge edge;
    private final List<Long> answered = new ArrayList<>();
    private final Random random;
    private PacketAnswer explained;

    LivePlane(final Path runDirectory, final Random random) {
        this(runDirectory, random, Topology.ROUTED);
    }

    /**
     * A bridge has to {@link #hear} of the stations before it knows where they are.
     *
     * @param random all that is left to chance comes from there.
     */
    LivePlane(final Path runDirectory, final Random random, final Topology topology) {
        this.random = random;
        clock.update(TimeUnit.DAYS.toNanos(1));
        edge = new MemoryEdge(WORKERS, 256, 2_048, Frame.macNet(FRONT), Frame.macNet(BACK));
        dataPlane =
                DataPlane.launch(
                        new DataPlaneContext()
                                .runDirectory(runDirectory)
                                .topology(topology)
                                .edge(edge)
                                .neighbourhood(neighbours(topology))
                                .secrets(random::nextLong)
                                .drivenByHand(true)
                                .nanoClock(clock)
                                .epochClock(() -> TimeUnit.NANOSECONDS.toMillis(clock.nanoTime()))
                                .flowCapacity(4_096)
                                .hugePages(HugePages.OFF)
                                .warmUpBursts(0));
        client = DataPlaneClient.open(runDirectory, new Events());
        cycle();
    }

    private static FixedNeighbourhood neighbours(final Topology topology) {
        final boolean isBridge = topology == Topology.BRIDGE;
        final FixedNeighbourhood neighbours = new FixedNeighbourhood();
        for (int i = 1; i <= STATIONS; i++) {
            final int where = isBridge ? Hop.BRIDGED : SERVER;
            neighbours.host(IpAddress.parse("10.2.0." + i), where, Frame.macNet(mac(i)));
            neighbours.host(IpAddress.parse("2001:db8:2::" + i), where, Frame.macNet(mac(i)));
        }
        if (!isBridge) {
            neighbours.locals(
                    Set.of(
                            new LocalAddress(IpAddress.parse("10.2.0.254"), 24, SERVER),
                            new LocalAddress(IpAddress.parse("2001:db8:2::fe"), 64, SERVER)));
        }

        return neighbours;
    }

    private final class Events implements EventListener {
        @Override
        public void onCommandDone(final long id, final long epoch) {
            answered.add(id);
        }

        @Override
        public void onCommandFailed(final long id, final String text) {
            answered.add(id);
            refusals.add(text);
        }

        @Override
        public void onTriedService(final long id, final ServiceTrial trial) {
            trials.add(trial);
        }

        @Override
        public void onExplained(final long id, final PacketAnswer answer) {
            answered.add(id);
            explained = answer;
        }

        @Override
        public void onTriedEnd(final long id) {
            answered.add(id);
        }
    }

    /** The MAC of a station. */
    static String mac(final int station) {
        return "02:00:00:00:02:0" + station;
    }

    void apply(final DesiredState state) {
        final long id = client.send(state, TIMEOUT_NS);
        awaitAnswer(id);
        assertEquals(List.of(), refusals);
    }

    /** What a state would do; it is not applied. */
    List<ServiceTrial> tryOut(final DesiredState state) {
        trials.clear();
        final long id = client.commands().nextCorrelationId();
        assertTrue(
                client.commands()
                        .beginConfig(
                                id,
                                state.revision(),
                                state.services().size(),
                                state.pools().size(),
                                state.backends().size(),
                                state.localAddresses().size()));
        state.pools().forEach(pool -> client.commands().putPool(id, pool));
        state.backends().forEach(backend -> client.commands().putBackend(id, backend));
        state.localAddresses().forEach(local -> client.commands().putLocalAddress(id, local));
        state.services().forEach(service -> client.commands().putService(id, service));
        assertTrue(client.commands().tryConfig(id));
        awaitAnswer(id);
        return List.copyOf(trials);
    }

    /** What would become of a packet. */
    PacketAnswer explain(final PacketQuery query) {
        final long id = client.commands().nextCorrelationId();
        assertTrue(client.commands().explain(id, query));
        awaitAnswer(id);
        return explained;
    }

    /** Packets dropped so far, by code of the reason. */
    long[] drops() {
        return client.stats().drops().stream().mapToLong(DropStats::packets).toArray();
    }

    void awaitAnswer(final long id) {
        for (int i = 0; i < 1_000 && !answered.contains(id); i++) {
            cycle();
        }
        assertTrue(answered.contains(id), "no answer");
    }

    void cycle() {
        for (int i = 0; i < 6; i++) {
            dataPlane.doWork();
        }
        client.poll(Integer.MAX_VALUE);
    }

    /** Sends a frame from the client's side; returns what left to the servers. */
    List<byte[]> send(final byte[] frame) {
        return send(CLIENT, frame);
    }

    /** Sends a frame from one side; returns what left to the servers, wherever they are. */
    List<byte[]> send(final int interfaceIndex, final byte[] frame) {
        collect();
        inject(interfaceIndex, frame);
        cycle();
        return collect();
    }

    /** A station says something that is for nobody, behind one side of a bridge. */
    void hear(final int station, final int interfaceIndex) {
        inject(
                interfaceIndex,
                Frame.udp("10.2.0." + station + ":9", "10.2.0.99:9")
                        .macs(mac(station), "02:00:00:00:00:77")
                        .bytes());
        cycle();
    }

    private void inject(final int interfaceIndex, final byte[] frame) {
        assertTrue(
                edge.wire(random.nextInt(WORKERS), interfaceIndex)
                        .inject(new UnsafeBuffer(frame), 0, frame.length));
    }

    private List<byte[]> collect() {
        final List<byte[]> sent = collect(CLIENT);
        sent.addAll(collect(SERVER));
        sent.removeIf(each -> station(each) == NONE);
        return sent;
    }

    private List<byte[]> collect(final int interfaceIndex) {
        final List<byte[]> sent = new ArrayList<>();
        for (int worker = 0; worker < WORKERS; worker++) {
            edge.wire(worker, interfaceIndex)
                    .collect(
                            (packet, length) -> {
                                final byte[] bytes = new byte[length];
                                packet.getBytes(0, bytes);
                                sent.add(bytes);
                            },
                            Integer.MAX_VALUE);
        }

        return sent;
    }

    /** The station that a frame is for, or 0 if it is for somebody else. */
    static int station(final byte[] frame) {
        final String mac = HexFormat.ofDelimiter(":").formatHex(frame, 0, 6);
        for (int i = 1; i <= STATIONS; i++) {
            if (mac(i).equals(mac)) {
                return i;
            }
        }

        return NONE;
    }

    @Override
    public void close() {
        client.close();
        dataPlane.close();
    }
}
