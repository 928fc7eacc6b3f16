package io.naru.dataplane.pipeline;

import static io.naru.dataplane.pipeline.Rig.BACKEND_SIDE;
import static io.naru.dataplane.pipeline.Rig.BACKEND_SIDE_MAC;
import static io.naru.dataplane.pipeline.Rig.CLIENT_SIDE;
import static io.naru.dataplane.pipeline.Rig.CLIENT_SIDE_MAC;
import static io.naru.dataplane.service.Specs.backend;
import static io.naru.dataplane.service.Specs.service;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.ServiceOptions;
import io.naru.dataplane.protocol.ServiceSpec;
import io.naru.dataplane.service.ForwardingTable;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** A UDP service whose flows are a question and its answer. */
class OneShotFixturesTest {
    private static final String CLIENT = "198.51.100.7:4321";
    private static final String DNS = "192.0.2.10:53";
    private static final String DSR = "192.0.2.11:53";
    private static final String ROUTER = "02:00:00:00:00:99";
    private static final String[] SERVERS = {"10.2.0.1:53", "10.2.0.2:53"};

    private final Rig rig = new Rig();

    @BeforeEach
    void setUp() {
        rig.hop(1, mac(1), BACKEND_SIDE).hop(2, mac(2), BACKEND_SIDE);
        rig.adopt(
                ForwardingTable.builder(1)
                        .backend(1, backend("d1", SERVERS[0]), 1)
                        .backend(2, backend("d2", SERVERS[1]), 2)
                        .service(0, oneShot(DNS, Mode.NAT), 1, 2)
                        .service(1, oneShot(DSR, Mode.DSR_L2), 1, 2));
    }

    @AfterEach
    void close() {
        rig.close();
    }

    private static ServiceSpec oneShot(final String vip, final Mode mode) {
        final ServiceOptions plain = ServiceOptions.DEFAULT;
        return service("dns" + vip, vip, Protocol.UDP, mode)
                .with(
                        new ServiceOptions(
                                false,
                                true,
                                false,
                                plain.mssClamp(),
                                plain.oversize(),
                                plain.tunnel()));
    }

    private static Frame query(final String vip) {
        return Frame.udp(CLIENT, vip).macs(ROUTER, CLIENT_SIDE_MAC).payload(30);
    }

    private static Frame answer(final int server) {
        return Frame.udp(SERVERS[server - 1], CLIENT)
                .macs(mac(server), BACKEND_SIDE_MAC)
                .payload(200);
    }

    private static String mac(final int server) {
        return "02:00:00:00:02:0" + server;
    }

    private int serverOf(final byte[] out) {
        return out[33];
    }

    @Test
    @DisplayName(
            "a second after its answer the flow is gone, and the next question is balanced anew")
    void answeredAndGone() {
        assertEquals(1, serverOf(rig.send(CLIENT_SIDE, query(DNS).bytes()).out));
        assertTrue(rig.send(BACKEND_SIDE, answer(1).bytes()).isSent());
        rig.advance(2);

        rig.send(BACKEND_SIDE, answer(1).bytes()).assertDropped(DropReason.NO_FLOW);
        assertEquals(0, rig.flows.size());
        assertEquals(0, rig.flowsActive(1));
        assertEquals(2, serverOf(rig.send(CLIENT_SIDE, query(DNS).bytes()).out));
    }

    @Test
    @DisplayName("an answer in fragments arrives whole")
    void answerInFragments() {
        rig.send(CLIENT_SIDE, query(DNS).bytes());

        final byte[] answer = answer(1).fragment(0).payload(4_000).bytes();
        for (final byte[] fragment : Fragments.of(answer, 1500)) {
            assertTrue(rig.send(BACKEND_SIDE, fragment).isSent());
        }
    }

    @Test
    @DisplayName("a question that is not answered is waited for as in any service")
    void slowAnswer() {
        rig.send(CLIENT_SIDE, query(DNS).bytes());
        rig.advance(100);

        assertTrue(rig.send(BACKEND_SIDE, answer(1).bytes()).isSent());
    }

    @Test
    @DisplayName("a second question in the same second goes to the same server, and is waited for")
    void secondQuestion() {
        rig.send(CLIENT_SIDE, query(DNS).bytes());
        rig.send(BACKEND_SIDE, answer(1).bytes());

        assertEquals(1, serverOf(rig.send(CLIENT_SIDE, query(DNS).bytes()).out));
        rig.advance(60);
        assertTrue(rig.send(BACKEND_SIDE, answer(1).bytes()).isSent());
    }

    @Test
    @DisplayName("where answers do not pass us the flow is gone a second after the question")
    void oneWay() {
        final byte[] query = query(DSR).fragment(0).payload(3_000).bytes();
        final List<byte[]> fragments = Fragments.of(query, 1500);
        final long first = hopOf(rig.send(CLIENT_SIDE, fragments.get(0)));
        for (final byte[] fragment : fragments.subList(1, 3)) {
            assertEquals(first, hopOf(rig.send(CLIENT_SIDE, fragment)), "all to one server");
        }
        assertEquals(1, rig.flows.size());
        rig.advance(2);

        assertTrue(rig.send(CLIENT_SIDE, query(DSR).bytes()).isSent());
        rig.flows.visit(
                0,
                rig.flows.bucketCount(),
                entry -> assertEquals(2, FlowEntry.backendId(entry), "the next server"));
    }

    private static long hopOf(final Rig.Outcome outcome) {
        assertTrue(outcome.isSent());
        return outcome.out[5];
    }
}
