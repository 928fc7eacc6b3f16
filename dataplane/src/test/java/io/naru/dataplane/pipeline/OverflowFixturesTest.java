package io.naru.dataplane.pipeline;

import static io.naru.dataplane.pipeline.Frame.ACK;
import static io.naru.dataplane.pipeline.Frame.PSH;
import static io.naru.dataplane.pipeline.Frame.SYN;
import static io.naru.dataplane.pipeline.Rig.BACKEND_SIDE;
import static io.naru.dataplane.pipeline.Rig.BACKEND_SIDE_MAC;
import static io.naru.dataplane.pipeline.Rig.CLIENT_SIDE;
import static io.naru.dataplane.pipeline.Rig.CLIENT_SIDE_MAC;
import static io.naru.dataplane.service.Specs.backend;
import static io.naru.dataplane.service.Specs.service;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.service.ForwardingTableBuilder;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What happens when the flow table has no room. */
class OverflowFixturesTest {
    private static final int CAPACITY = 16;
    private static final String VIP = "192.0.2.10:80";
    private static final String ROUTER = "02:00:00:00:00:99";
    private static final String CLIENT = "198.51.100.7:999";

    private final Rig rig = new Rig(CAPACITY, true);

    @BeforeEach
    void setUp() {
        for (int i = 1; i <= 4; i++) {
            rig.hop(i, mac(i), BACKEND_SIDE);
        }
    }

    @AfterEach
    void close() {
        rig.close();
    }

    private static ForwardingTableBuilder table(final Algorithm algorithm) {
        final ForwardingTableBuilder builder = ForwardingTable.builder(1);
        for (int i = 1; i <= 4; i++) {
            builder.backend(i, backend("s" + i, server(i), 100, BackendState.UP), i);
        }
        return builder.service(
                0, service("web", VIP, Protocol.TCP, Mode.NAT, algorithm), 1, 2, 3, 4);
    }

    /** Established flows until there is no room: those are never put out for others. */
    private void fill() {
        for (int i = 0; rig.flows.size() < CAPACITY; i++) {
            final String client = "198.51.100.8:" + (2000 + i);
            final byte[] syn = fromClient(client, SYN);
            final int backend = backendOf(rig.send(CLIENT_SIDE, syn).out);
            rig.send(BACKEND_SIDE, fromBackend(client, backend, SYN | ACK));
            rig.send(CLIENT_SIDE, fromClient(client, ACK));
            assertTrue(i < 10 * CAPACITY, "cannot fill the table");
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("a connection that finds no room works all the same, at one backend")
    void connectionWithoutRoom(final Algorithm algorithm) {
        rig.adopt(table(algorithm));
        fill();

        final Rig.Outcome syn = rig.send(CLIENT_SIDE, fromClient(CLIENT, SYN));
        final int backend = backendOf(syn.out);
        syn.assertSent(BACKEND_SIDE, toBackend(backend, SYN));
        rig.send(BACKEND_SIDE, fromBackend(CLIENT, backend, SYN | ACK))
                .assertSent(CLIENT_SIDE, toClient(SYN | ACK));
        rig.send(CLIENT_SIDE, fromClient(CLIENT, ACK))
                .assertSent(BACKEND_SIDE, toBackend(backend, ACK));
        rig.send(BACKEND_SIDE, fromBackend(CLIENT, backend, PSH | ACK))
                .assertSent(CLIENT_SIDE, toClient(PSH | ACK));
        assertEquals(CAPACITY, rig.flows.size());
        assertEquals(4, rig.pipeline.loosePackets());
    }

    @Test
    @DisplayName("connections without room are spread over the backends")
    void spread() {
        rig.adopt(table(Algorithm.RR));
        fill();
        final Set<Integer> backends = new HashSet<>();
        for (int port = 3000; port < 3100; port++) {
            backends.add(
                    backendOf(rig.send(CLIENT_SIDE, fromClient("198.51.100.9:" + port, SYN)).out));
        }
        assertEquals(Set.of(1, 2, 3, 4), backends);
    }

    @Test
    @DisplayName("a late answer of the backend that it had before it was opened anew is no-flow")
    void openedAnew() {
        rig.adopt(table(Algorithm.RR));
        fill();
        final int before = backendOf(rig.send(CLIENT_SIDE, fromClient(CLIENT, SYN)).out);
        rig.flows.visit(0, rig.flows.bucketCount(), rig.flows::remove);
        final ForwardingTableBuilder down = ForwardingTable.builder(2);
        for (int id = 1; id <= 4; id++) {
            final BackendState state = id == before ? BackendState.DOWN : BackendState.UP;
            down.backend(id, backend("s" + id, server(id), 100, state), id);
        }
        rig.adopt(
                down.service(
                        0, service("web", VIP, Protocol.TCP, Mode.NAT, Algorithm.RR), 1, 2, 3, 4));
        final int after = backendOf(rig.send(CLIENT_SIDE, fromClient(CLIENT, SYN)).out);
        assertEquals(1, rig.flows.size());
        rig.adopt(table(Algorithm.RR));

        rig.send(BACKEND_SIDE, fromBackend(CLIENT, before, SYN | ACK))
                .assertDropped(DropReason.NO_FLOW);

        rig.send(BACKEND_SIDE, fromBackend(CLIENT, after, SYN | ACK))
                .assertSent(CLIENT_SIDE, toClient(SYN | ACK));
        assertEquals(1, rig.flows.size());
    }

    @Test
    @DisplayName(
            "it keeps its backend when the pool changes, and enters the table when there is room")
    void movesIntoTable() {
        rig.adopt(table(Algorithm.MAGLEV));
        fill();
        final int backend = backendOf(rig.send(CLIENT_SIDE, fromClient(CLIENT, SYN)).out);
        rig.adopt(table(Algorithm.RR));
        rig.flows.visit(0, rig.flows.bucketCount(), rig.flows::remove);

        rig.send(CLIENT_SIDE, fromClient(CLIENT, ACK))
                .assertSent(BACKEND_SIDE, toBackend(backend, ACK));
        assertEquals(1, rig.flows.size());
        rig.send(BACKEND_SIDE, fromBackend(CLIENT, backend, SYN | ACK))
                .assertSent(CLIENT_SIDE, toClient(SYN | ACK));
        assertEquals(1, rig.pipeline.loosePackets(), "only the SYN had no room");
    }

    @Test
    @DisplayName("a backend with the id of one that was removed gets nothing of its connections")
    void reusedBackendId() {
        rig.adopt(table(Algorithm.MAGLEV));
        fill();
        final int backend = backendOf(rig.send(CLIENT_SIDE, fromClient(CLIENT, SYN)).out);
        final ForwardingTableBuilder without = ForwardingTable.builder(2);
        final int[] left = IntStream.rangeClosed(1, 4).filter(id -> id != backend).toArray();
        for (final int id : left) {
            without.backend(id, backend("s" + id, server(id), 100, BackendState.UP), id);
        }
        rig.adopt(
                without.service(
                        0, service("web", VIP, Protocol.TCP, Mode.NAT, Algorithm.MAGLEV), left));
        rig.adopt(table(Algorithm.MAGLEV));
        rig.flows.visit(0, rig.flows.bucketCount(), rig.flows::remove);

        rig.send(CLIENT_SIDE, fromClient(CLIENT, ACK)).assertDropped(DropReason.NO_FLOW);
        rig.send(BACKEND_SIDE, fromBackend(CLIENT, backend, ACK)).assertDropped(DropReason.NO_FLOW);
    }

    @Test
    @DisplayName(
            "the middle of a connection that nobody remembers goes by the hash while it is full")
    void middleOfConnection() {
        rig.adopt(table(Algorithm.RR));
        fill();
        final Rig.Outcome first = rig.send(CLIENT_SIDE, fromClient(CLIENT, ACK));
        first.assertSent(BACKEND_SIDE, toBackend(backendOf(first.out), ACK));
        final Rig.Outcome second = rig.send(CLIENT_SIDE, fromClient(CLIENT, PSH | ACK));
        second.assertSent(BACKEND_SIDE, toBackend(backendOf(first.out), PSH | ACK));
    }

    @Test
    @DisplayName("a reply that nobody remembers is dropped as no-flow, full or not")
    void unknownReply() {
        rig.adopt(table(Algorithm.RR));
        fill();
        rig.send(CLIENT_SIDE, fromClient("198.51.100.9:1", SYN));
        rig.send(BACKEND_SIDE, fromBackend(CLIENT, 1, ACK)).assertDropped(DropReason.NO_FLOW);
    }

    @Test
    @DisplayName("two flows that want the same place in one burst are both forwarded right")
    void samePlaceInOneBurst() {
        final PipelineSettings tiny = new PipelineSettings(0, 1, true, true, 1);
        try (Rig small = new Rig(1, tiny, new io.naru.dataplane.flow.FlowHash(1, 2))) {
            for (int i = 1; i <= 4; i++) {
                small.hop(i, mac(i), BACKEND_SIDE);
            }
            small.adopt(table(Algorithm.SH));
            small.send(CLIENT_SIDE, fromClient("198.51.100.1:1", SYN));
            small.send(
                    BACKEND_SIDE,
                    fromBackend(
                            "198.51.100.1:1",
                            backendOf(
                                    small.send(CLIENT_SIDE, fromClient("198.51.100.1:1", SYN)).out),
                            SYN | ACK));
            small.send(CLIENT_SIDE, fromClient("198.51.100.1:1", ACK));
            final byte[][] frames = new byte[20][];
            for (int i = 0; i < frames.length; i++) {
                frames[i] = fromClient("198.51.100." + (20 + i) + ":7", SYN);
            }
            int i = 0;
            for (final Rig.Outcome outcome : small.sendAll(CLIENT_SIDE, frames)) {
                final int backend = backendOf(outcome.out);
                outcome.assertSent(
                        BACKEND_SIDE,
                        Frame.tcp("198.51.100." + (20 + i++) + ":7", server(backend), SYN)
                                .macs(BACKEND_SIDE_MAC, mac(backend))
                                .ttl(63));
            }
            assertEquals(20, small.pipeline.loosePackets());
        }
    }

    private static byte[] fromClient(final String client, final int flags) {
        return Frame.tcp(client, VIP, flags).macs(ROUTER, CLIENT_SIDE_MAC).bytes();
    }

    private static byte[] fromBackend(final String client, final int backend, final int flags) {
        return Frame.tcp(server(backend), client, flags)
                .macs(mac(backend), BACKEND_SIDE_MAC)
                .bytes();
    }

    private static Frame toBackend(final int backend, final int flags) {
        return Frame.tcp(CLIENT, server(backend), flags)
                .macs(BACKEND_SIDE_MAC, mac(backend))
                .ttl(63);
    }

    private static Frame toClient(final int flags) {
        return Frame.tcp(VIP, CLIENT, flags).macs(CLIENT_SIDE_MAC, ROUTER).ttl(63);
    }

    private static int backendOf(final byte[] out) {
        assertArrayEquals(new byte[] {10, 2, 0}, Arrays.copyOfRange(out, 30, 33));
        return out[33];
    }

    private static String server(final int i) {
        return "10.2.0." + i + ":8080";
    }

    private static String mac(final int i) {
        return "02:00:00:00:02:0" + i;
    }
}
