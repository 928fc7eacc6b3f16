package io.naru.dataplane.pipeline;

import static io.naru.dataplane.pipeline.Frame.ACK;
import static io.naru.dataplane.pipeline.Frame.PSH;
import static io.naru.dataplane.pipeline.Frame.RST;
import static io.naru.dataplane.pipeline.Frame.SYN;
import static io.naru.dataplane.pipeline.Rig.BACKEND_SIDE;
import static io.naru.dataplane.pipeline.Rig.BACKEND_SIDE_MAC;
import static io.naru.dataplane.pipeline.Rig.CLIENT_SIDE;
import static io.naru.dataplane.pipeline.Rig.CLIENT_SIDE_MAC;
import static io.naru.dataplane.service.Specs.backend;
import static io.naru.dataplane.service.Specs.service;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowState;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.service.ForwardingTable;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which RSTs end a flow: those with a sequence number that only an end of it knows. */
class TcpResetFixturesTest {
    private static final String ROUTER = "02:00:00:00:00:99";
    private static final String MAC1 = "02:00:00:00:02:01";
    private static final int CLIENT_NEXT = 0xffff_fff0 + 1 + 32; // it wraps
    private static final int BACKEND_NEXT = 5_001 + 100;

    private final Rig rig = new Rig();
    private String client;
    private String vip;
    private String server;
    private String source; // of the client as the backend sees it

    @BeforeEach
    void setUp() {
        rig.hop(1, MAC1, BACKEND_SIDE);
    }

    @AfterEach
    void close() {
        rig.close();
    }

    /** A connection on which each end has sent something. */
    private void connect(final Mode mode, final boolean isIpv6) {
        client = isIpv6 ? "[2001:db8:1::7]:4321" : "198.51.100.7:4321";
        vip = isIpv6 ? "[2001:db8::10]:80" : "192.0.2.10:80";
        server = isIpv6 ? "[2001:db8:2::1]:8080" : "10.2.0.1:8080";
        rig.adopt(
                ForwardingTable.builder(1)
                        .localAddress(0, IpAddress.parse("10.2.0.99"), false)
                        .localAddress(1, IpAddress.parse("2001:db8:2::99"), false)
                        .interfaceAddress(BACKEND_SIDE, IpAddress.parse("10.2.0.254"))
                        .interfaceAddress(BACKEND_SIDE, IpAddress.parse("2001:db8:2::fe"))
                        .backend(
                                1,
                                backend(
                                        "s1",
                                        mode.isDsr() ? server.replace(":8080", ":0") : server),
                                1)
                        .service(0, service("web", vip, Protocol.TCP, mode), 1));
        final byte[] syn = fromClient(SYN, 0xffff_fff0, 0);
        final int l4 = isIpv6 ? 54 : 34;
        final int port = (syn[l4] & 0xff) << 8 | (syn[l4 + 1] & 0xff);
        source =
                mode == Mode.FULL_NAT
                        ? (isIpv6 ? "[2001:db8:2::99]:" : "10.2.0.99:") + port
                        : client;
        if (!mode.isDsr()) {
            fromBackend(SYN | ACK, 5_000, 0);
        }
        fromClient(PSH | ACK, 0xffff_fff1, 32);
        if (!mode.isDsr()) {
            fromBackend(PSH | ACK, 5_001, 100);
        }
        assertState(mode.isDsr() ? FlowState.ONE_WAY_ESTABLISHED : FlowState.ESTABLISHED);
    }

    private byte[] fromClient(final int flags, final int sequence, final int payload) {
        return sent(CLIENT_SIDE, client, vip, flags, sequence, payload);
    }

    private byte[] fromBackend(final int flags, final int sequence, final int payload) {
        return sent(BACKEND_SIDE, server, source, flags, sequence, payload);
    }

    private byte[] sent(
            final int ingress,
            final String from,
            final String to,
            final int flags,
            final int sequence,
            final int payload) {
        final Frame frame = Frame.tcp(from, to, flags).numbers(sequence, 0);
        frame.macs(
                ingress == CLIENT_SIDE ? ROUTER : MAC1,
                ingress == CLIENT_SIDE ? CLIENT_SIDE_MAC : BACKEND_SIDE_MAC);
        final Rig.Outcome outcome = rig.send(ingress, frame.payload(payload).bytes());
        assertTrue(outcome.isSent(), () -> "dropped: " + outcome.reason());
        return outcome.out;
    }

    private void assertState(final int expected) {
        final List<String> states = new ArrayList<>();
        rig.flows.visit(
                0,
                rig.flows.bucketCount(),
                entry -> states.add(FlowState.name(FlowEntry.state(entry))));
        assertEquals(List.of(FlowState.name(expected)), states);
    }

    @ParameterizedTest
    @CsvSource({"NAT, false", "NAT, true", "FULL_NAT, false", "FULL_NAT, true"})
    @DisplayName("an RST that is off by more than a window is sent on and believed by nobody here")
    void outOfWindow(final Mode mode, final boolean isIpv6) {
        connect(mode, isIpv6);
        for (final int off : new int[] {TcpSequences.RST_WINDOW + 1, 1 << 30, Integer.MIN_VALUE}) {
            fromClient(RST, CLIENT_NEXT + off, 0);
            fromClient(RST | ACK, CLIENT_NEXT - off, 0);
            fromBackend(RST, BACKEND_NEXT + off, 0);
            fromBackend(RST | ACK, BACKEND_NEXT - off, 0);
            assertState(FlowState.ESTABLISHED);
        }
        assertEquals(12, rig.pipeline.disbelievedResets());
    }

    @ParameterizedTest
    @CsvSource({
        "NAT, false, 0",
        "NAT, true, 1000000",
        "FULL_NAT, false, -1000000",
        "FULL_NAT, true, 0"
    })
    @DisplayName("an RST within the window ends the flow: at once the backend's")
    void inWindow(final Mode mode, final boolean isIpv6, final int off) {
        connect(mode, isIpv6);

        fromClient(RST, CLIENT_NEXT + off, 0);
        assertState(FlowState.RESET);
        fromBackend(RST, BACKEND_NEXT + off, 0);
        assertState(FlowState.CLOSED);

        assertEquals(0, rig.pipeline.disbelievedResets());
    }

    @ParameterizedTest
    @CsvSource({
        "DSR_L2, false",
        "DSR_L2, true",
        "DSR_GRE, false",
        "DSR_GRE, true",
        "DSR_IPIP, true"
    })
    @DisplayName("in DSR the client's numbers are known")
    void oneWay(final Mode mode, final boolean isIpv6) {
        connect(mode, isIpv6);

        fromClient(RST, CLIENT_NEXT + (1 << 28), 0);
        assertState(FlowState.ONE_WAY_ESTABLISHED);

        fromClient(RST, CLIENT_NEXT, 0);
        assertState(FlowState.ONE_WAY_CLOSING);
    }

    @Test
    @DisplayName("a SYN that is answered with an RST: the refusing end has no number yet")
    void refused() {
        connect(Mode.NAT, false);
        client = "198.51.100.8:4321";
        source = client;
        fromClient(SYN, 9_000, 0);

        fromBackend(RST | ACK, 0, 0);

        final List<Integer> states = new ArrayList<>();
        rig.flows.visit(0, rig.flows.bucketCount(), entry -> states.add(FlowEntry.state(entry)));
        states.sort(null);
        assertEquals(List.of(FlowState.ESTABLISHED, FlowState.CLOSED), states);
    }

    @Test
    @DisplayName("a stranger's SYN does not move what is expected")
    void synOfStranger() {
        connect(Mode.NAT, false);

        fromClient(SYN, CLIENT_NEXT + (1 << 29), 0);
        fromClient(RST, CLIENT_NEXT + (1 << 29) + 1, 0);
        assertState(FlowState.ESTABLISHED);

        fromClient(RST, CLIENT_NEXT, 0);
        assertState(FlowState.RESET);
    }

    @Test
    @DisplayName("after a reset the numbers begin anew with a SYN")
    void anew() {
        connect(Mode.NAT, false);
        fromClient(RST, CLIENT_NEXT, 0);

        fromClient(SYN, 77_000, 0);
        fromBackend(SYN | ACK, 0x8000_0000, 0);
        fromClient(ACK, 77_001, 0);
        assertState(FlowState.ESTABLISHED);

        fromBackend(RST, BACKEND_NEXT, 0);
        assertState(FlowState.ESTABLISHED);
        fromBackend(RST, 0x8000_0001, 0);
        assertState(FlowState.CLOSED);
    }
}
