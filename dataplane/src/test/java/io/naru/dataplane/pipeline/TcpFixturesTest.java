package io.naru.dataplane.pipeline;

import static io.naru.dataplane.pipeline.Frame.ACK;
import static io.naru.dataplane.pipeline.Frame.FIN;
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
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.OversizeRule;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.ServiceOptions;
import io.naru.dataplane.protocol.ServiceSpec;
import io.naru.dataplane.protocol.TunnelSpec;
import io.naru.dataplane.service.ForwardingTable;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** TCP from its first SYN to its end; and which RSTs end it: those that only an end can send. */
class TcpFixturesTest {
    private static final String ROUTER = "02:00:00:00:00:99";
    private static final String MAC1 = "02:00:00:00:02:01";
    private static final int CLIENT_NEXT = 0xffff_fff0 + 1 + 32; // it wraps
    private static final int BACKEND_NEXT = 5_001 + 100;

    private final Rig rig = new Rig();
    private String client;
    private String vip;
    private String server;
    private byte[] lastOut;
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
        adopt(mode, service("web", vip, Protocol.TCP, mode));
        final byte[] syn = fromClient(SYN, 0xffff_fff0, 0);
        source = mode == Mode.FULL_NAT ? sourceOf(syn, isIpv6) : client;
        if (!mode.isDsr()) {
            fromBackend(SYN | ACK, 5_000, 0);
        }
        fromClient(PSH | ACK, 0xffff_fff1, 32);
        if (!mode.isDsr()) {
            fromBackend(PSH | ACK, 5_001, 100);
        }
        assertState(mode.isDsr() ? FlowState.ONE_WAY_ESTABLISHED : FlowState.ESTABLISHED);
    }

    private void adopt(final Mode mode, final ServiceSpec service) {
        final String address = mode.isDsr() ? server.replace(":8080", ":0") : server;
        rig.adopt(
                ForwardingTable.builder(1)
                        .localAddress(0, IpAddress.parse("10.2.0.99"), false)
                        .localAddress(1, IpAddress.parse("2001:db8:2::99"), false)
                        .interfaceAddress(BACKEND_SIDE, IpAddress.parse("10.2.0.254"))
                        .interfaceAddress(BACKEND_SIDE, IpAddress.parse("2001:db8:2::fe"))
                        .backend(1, backend("s1", address), 1)
                        .service(0, service, 1));
    }

    private static String sourceOf(final byte[] out, final boolean isIpv6) {
        final int l4 = isIpv6 ? 54 : 34;
        final int port = (out[l4] & 0xff) << 8 | (out[l4 + 1] & 0xff);
        return (isIpv6 ? "[2001:db8:2::99]:" : "10.2.0.99:") + port;
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
        lastOut = outcome.out;
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

    @ParameterizedTest
    @CsvSource({"NAT, false", "NAT, true", "FULL_NAT, false", "FULL_NAT, true", "DSR_L2, false"})
    @DisplayName("a stranger's data does not move what is expected to where its RST is")
    void dataOfStranger(final Mode mode, final boolean isIpv6) {
        connect(mode, isIpv6);
        final int state = mode.isDsr() ? FlowState.ONE_WAY_ESTABLISHED : FlowState.ESTABLISHED;

        fromClient(PSH | ACK, CLIENT_NEXT + (1 << 29), 10);
        fromClient(RST, CLIENT_NEXT + (1 << 29) + 10, 0);
        assertState(state);

        fromClient(RST, CLIENT_NEXT, 0);
        assertState(mode.isDsr() ? FlowState.ONE_WAY_CLOSING : FlowState.RESET);
    }

    @Test
    @DisplayName("after a gap of more than a window the number comes along with what is sent again")
    void gap() {
        connect(Mode.NAT, false);
        final int behindGap = CLIENT_NEXT + TcpSequences.RST_WINDOW + 1_000;

        fromClient(PSH | ACK, behindGap, 1_000); // what was in front of it was lost before us
        for (int sequence = CLIENT_NEXT; behindGap - sequence > 0; sequence += 1_460) {
            fromClient(PSH | ACK, sequence, 1_460);
        }
        fromClient(RST, behindGap + 1_000, 0);

        assertState(FlowState.RESET);
    }

    @Test
    @DisplayName(
            "a stranger's SYN in the handshake does not make the client's own RST a stranger's")
    void synInHandshake() {
        connect(Mode.NAT, false);
        client = "198.51.100.8:4321";
        source = client;
        fromClient(SYN, 9_000, 0);
        fromClient(SYN, 0x7000_0000, 0);
        fromBackend(SYN | ACK, 5_000, 0);
        fromClient(ACK, 9_001, 0);

        fromClient(RST, 9_001, 0);

        assertEquals(0, rig.pipeline.disbelievedResets());
    }

    @ParameterizedTest
    @CsvSource({"NAT, false", "NAT, true", "FULL_NAT, false", "FULL_NAT, true"})
    @DisplayName("both ends close at the same time: the flow is over with the last ACK")
    void simultaneousClose(final Mode mode, final boolean isIpv6) {
        connect(mode, isIpv6);

        fromClient(FIN | ACK, CLIENT_NEXT, 0);
        assertState(FlowState.FIN_CLIENT);
        fromBackend(FIN | ACK, BACKEND_NEXT, 0);
        assertState(FlowState.CLOSING);
        fromBackend(ACK, BACKEND_NEXT + 1, 0);
        assertState(FlowState.TIME_WAIT);
        fromClient(ACK, CLIENT_NEXT + 1, 0);
        assertState(FlowState.TIME_WAIT);
    }

    @ParameterizedTest
    @CsvSource({"NAT, false", "NAT, true", "FULL_NAT, false", "FULL_NAT, true"})
    @DisplayName("half closed: the other end goes on sending, and its data goes on")
    void halfClosed(final Mode mode, final boolean isIpv6) {
        connect(mode, isIpv6);

        fromClient(FIN | ACK, CLIENT_NEXT, 0);
        for (int n = 0; n < 20; n++) {
            fromBackend(PSH | ACK, BACKEND_NEXT + n * 1_000, 1_000);
            rig.advance(60);
            fromClient(ACK, CLIENT_NEXT + 1, 0);
            assertState(FlowState.FIN_CLIENT);
        }
        fromBackend(FIN | ACK, BACKEND_NEXT + 20_000, 0);
        assertState(FlowState.CLOSING);
        fromClient(ACK, CLIENT_NEXT + 1, 0);

        assertState(FlowState.TIME_WAIT);
    }

    @ParameterizedTest
    @CsvSource({"NAT, false", "NAT, true", "FULL_NAT, false", "FULL_NAT, true"})
    @DisplayName("both ends open at the same time (RFC 9293 3.5): one flow, established")
    void simultaneousOpen(final Mode mode, final boolean isIpv6) {
        connect(mode, isIpv6);
        fromBackend(RST, BACKEND_NEXT, 0);
        assertState(FlowState.CLOSED);

        fromClient(SYN, 20_000, 0);
        source = mode == Mode.FULL_NAT ? sourceOf(lastOut, isIpv6) : client;
        fromBackend(SYN, 30_000, 0);
        assertState(FlowState.SYN_SENT);
        fromClient(SYN | ACK, 20_000, 0);
        fromBackend(SYN | ACK, 30_000, 0);
        assertState(FlowState.SYN_ANSWERED);
        fromClient(ACK, 20_001, 0);

        assertState(FlowState.ESTABLISHED);
    }

    @ParameterizedTest
    @CsvSource({
        "NAT, false",
        "NAT, true",
        "FULL_NAT, false",
        "FULL_NAT, true",
        "DSR_L2, true",
        "DSR_GRE, false"
    })
    @DisplayName("a keep-alive, one byte behind what is expected, keeps the flow and its number")
    void keepAlive(final Mode mode, final boolean isIpv6) {
        connect(mode, isIpv6);
        for (int hours = 0; hours < 5; hours++) {
            rig.advance(7_200);
            fromClient(ACK, CLIENT_NEXT - 1, 0);
            if (!mode.isDsr()) {
                fromBackend(ACK, BACKEND_NEXT, 0);
            }
        }
        fromClient(ACK, CLIENT_NEXT - 1, 1); // with a byte of garbage (RFC 9293 3.8.4)

        fromClient(RST, CLIENT_NEXT, 0);

        assertState(mode.isDsr() ? FlowState.ONE_WAY_CLOSING : FlowState.RESET);
        assertEquals(0, rig.pipeline.disbelievedResets());
    }

    @ParameterizedTest
    @CsvSource({
        "NAT, false",
        "NAT, true",
        "FULL_NAT, false",
        "FULL_NAT, true",
        "DSR_L2, false",
        "DSR_GRE, true"
    })
    @DisplayName("a SYN on a live tuple goes to its backend and changes nothing")
    void synOnLiveTuple(final Mode mode, final boolean isIpv6) {
        connect(mode, isIpv6);

        fromClient(SYN, 0x4000_0000, 0); // is answered with a challenge if it is a stranger's
        assertState(mode.isDsr() ? FlowState.ONE_WAY_ESTABLISHED : FlowState.ESTABLISHED);
        fromClient(RST, CLIENT_NEXT, 0); // and that with an RST if the client has forgotten it
        fromClient(SYN, 0x4000_0000, 0);

        assertState(mode.isDsr() ? FlowState.ONE_WAY_SYN : FlowState.RESET);
        if (!mode.isDsr()) {
            fromBackend(SYN | ACK, 7_000, 0);
            fromClient(ACK, 0x4000_0001, 0);
            assertState(FlowState.ESTABLISHED);
        }
    }

    @ParameterizedTest
    @CsvSource({"NAT, false", "NAT, true", "FULL_NAT, false", "FULL_NAT, true"})
    @DisplayName("a SYN where the old connection waits out its time opens a new one (RFC 6191)")
    void synInTimeWait(final Mode mode, final boolean isIpv6) {
        connect(mode, isIpv6);
        fromClient(FIN | ACK, CLIENT_NEXT, 0);
        fromBackend(FIN | ACK, BACKEND_NEXT, 0);
        fromClient(ACK, CLIENT_NEXT + 1, 0);
        assertState(FlowState.TIME_WAIT);

        fromClient(SYN, 0x1234_5678, 0);
        source = mode == Mode.FULL_NAT ? sourceOf(lastOut, isIpv6) : client;
        assertState(FlowState.SYN_SENT);
        fromBackend(SYN | ACK, 7_000, 0);
        fromClient(ACK, 0x1234_5679, 0);

        assertState(FlowState.ESTABLISHED);
    }

    @ParameterizedTest
    @CsvSource({
        "NAT, false",
        "NAT, true",
        "DSR_L2, false",
        "DSR_L2, true",
        "DSR_GRE, false",
        "DSR_GRE, true",
        "DSR_IPIP, false",
        "DSR_IPIP, true"
    })
    @DisplayName("the middle of a connection opens a flow where the service adopts: no RST, no SYN")
    void adoption(final Mode mode, final boolean isIpv6) {
        connect(mode, isIpv6);
        adopting(mode, true);
        client = isIpv6 ? "[2001:db8:1::8]:4321" : "198.51.100.8:4321";
        source = client;
        for (final int flags : new int[] {RST, RST | ACK, SYN | ACK}) {
            rig.send(CLIENT_SIDE, segment(client, vip, flags)).assertDropped(DropReason.NO_FLOW);
        }

        fromClient(PSH | ACK, 1_000_000, 100);
        if (!mode.isDsr()) {
            fromBackend(PSH | ACK, 2_000_000, 100);
        }

        assertEquals(2, rig.flows.size());
        fromClient(FIN | ACK, 1_000_100, 0);
        fromClient(RST, 0x7000_0000, 0);
        assertEquals(1, rig.pipeline.disbelievedResets(), "its numbers are known");
    }

    @ParameterizedTest
    @CsvSource({"NAT, false, false", "NAT, true, false", "FULL_NAT, false, true"})
    @DisplayName("a service that does not adopt, and full-nat, whose port nobody knows: no-flow")
    void noAdoption(final Mode mode, final boolean isIpv6, final boolean adopts) {
        connect(mode, isIpv6);
        adopting(mode, adopts);
        client = isIpv6 ? "[2001:db8:1::8]:4321" : "198.51.100.8:4321";

        rig.send(CLIENT_SIDE, segment(client, vip, ACK)).assertDropped(DropReason.NO_FLOW);
    }

    private static byte[] segment(final String from, final String to, final int flags) {
        return Frame.tcp(from, to, flags).macs(ROUTER, CLIENT_SIDE_MAC).bytes();
    }

    private void adopting(final Mode mode, final boolean adopts) {
        final ServiceOptions options =
                new ServiceOptions(
                        adopts,
                        false,
                        false,
                        ServiceOptions.MSS_AUTO,
                        OversizeRule.INNER,
                        TunnelSpec.DEFAULT);
        adopt(mode, service("web", vip, Protocol.TCP, mode).with(options));
    }

    @ParameterizedTest
    @EnumSource(
            value = Mode.class,
            names = {"NAT", "FULL_NAT", "DSR_L2", "DSR_GRE", "DSR_IPIP"})
    @DisplayName("nobody answers in the backend's place: an entry without a backend's address too")
    void answerOfStranger(final Mode mode) {
        connect(mode, false);
        final Frame answer =
                Frame.tcp("0.0.0.0:0", client, RST | ACK)
                        .macs(ROUTER, CLIENT_SIDE_MAC)
                        .payload(100);

        for (final byte[] frame :
                List.of(
                        answer.bytes(),
                        answer.fragment(0x2000).bytes(),
                        answer.fragment(0).options(new byte[] {1, 1, 1, 1}).bytes())) {
            rig.send(CLIENT_SIDE, frame).assertDropped(DropReason.BAD_SOURCE);
        }
        rig.send(
                        CLIENT_SIDE,
                        Frame.tcp("[::]:0", "[2001:db8:1::7]:4321", RST)
                                .macs(ROUTER, CLIENT_SIDE_MAC)
                                .bytes())
                .assertDropped(DropReason.NOT_OURS);
    }
}
