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
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.StatsLine;
import io.naru.dataplane.service.ForwardingTable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is taken for a backend's time to answer. */
class ResponseTimeFixturesTest {
    private static final String ROUTER = "02:00:00:00:00:99";
    private static final String MAC1 = "02:00:00:00:02:01";
    private static final long MILLISECOND_NS = 1_000_000;

    private final Rig rig = new Rig();
    private String client;
    private String vip;
    private String server;
    private String source;
    private boolean isTcp;

    @AfterEach
    void close() {
        rig.close();
    }

    private void serve(
            final Algorithm algorithm, final Mode mode, final boolean isIpv6, final boolean tcp) {
        client = isIpv6 ? "[2001:db8:1::7]:4321" : "198.51.100.7:4321";
        vip = isIpv6 ? "[2001:db8::10]:80" : "192.0.2.10:80";
        server = isIpv6 ? "[2001:db8:2::1]:8080" : "10.2.0.1:8080";
        isTcp = tcp;
        rig.hop(1, MAC1, BACKEND_SIDE);
        rig.adopt(
                ForwardingTable.builder(1)
                        .localAddress(0, IpAddress.parse("10.2.0.99"), false)
                        .localAddress(1, IpAddress.parse("2001:db8:2::99"), false)
                        .backend(1, backend("s1", server), 1)
                        .service(
                                0,
                                service(
                                        "web",
                                        vip,
                                        tcp ? Protocol.TCP : Protocol.UDP,
                                        mode,
                                        algorithm),
                                1));
        source = client;
        final byte[] first = fromClient(SYN, 0);
        final int l4 = isIpv6 ? 54 : 34;
        final int port = (first[l4] & 0xff) << 8 | (first[l4 + 1] & 0xff);
        if (mode == Mode.FULL_NAT) {
            source = (isIpv6 ? "[2001:db8:2::99]:" : "10.2.0.99:") + port;
        }
        if (tcp) {
            advanceMs(3);
            fromBackend(SYN | ACK, 0);
            advanceMs(3);
            fromClient(ACK, 0);
        }
    }

    private byte[] fromClient(final int flags, final int payload) {
        return sent(CLIENT_SIDE, frame(client, vip, flags, payload).macs(ROUTER, CLIENT_SIDE_MAC));
    }

    private byte[] fromBackend(final int flags, final int payload) {
        return sent(
                BACKEND_SIDE, frame(server, source, flags, payload).macs(MAC1, BACKEND_SIDE_MAC));
    }

    private Frame frame(final String from, final String to, final int flags, final int payload) {
        return (isTcp ? Frame.tcp(from, to, flags) : Frame.udp(from, to)).payload(payload);
    }

    private byte[] sent(final int ingress, final Frame frame) {
        final Rig.Outcome outcome = rig.send(ingress, frame.bytes());
        assertTrue(outcome.isSent(), () -> "dropped: " + outcome.reason());
        return outcome.out;
    }

    private void advanceMs(final long ms) {
        rig.nowNs += ms * MILLISECOND_NS;
    }

    private double responseMs() {
        return rig.backend(1, StatsLine.RESPONSE_TIME_OFFSET) / (double) MILLISECOND_NS;
    }

    @ParameterizedTest
    @CsvSource({
        "NAT, false, true",
        "NAT, true, true",
        "FULL_NAT, false, true",
        "FULL_NAT, true, true",
        "NAT, false, false",
        "FULL_NAT, true, false"
    })
    @DisplayName("from the question's first packet to the answer's first, in either family")
    void measured(final Mode mode, final boolean isIpv6, final boolean tcp) {
        serve(Algorithm.LRT, mode, isIpv6, tcp);
        assertEquals(0, responseMs(), "a handshake is no answer");

        fromClient(PSH | ACK, 100);
        advanceMs(2);
        fromClient(PSH | ACK, 100); // a long question
        advanceMs(6);
        fromBackend(ACK, 0); // which does not answer it
        advanceMs(8);
        fromBackend(PSH | ACK, 200);
        advanceMs(50);
        fromBackend(PSH | ACK, 200); // a long answer

        assertEquals(tcp ? 16 : 8, responseMs(), tcp ? 0 : 8);
    }

    @Test
    @DisplayName("it is smoothed over some eight answers")
    void smoothed() {
        serve(Algorithm.LRT, Mode.NAT, false, true);
        for (final int ms : new int[] {16, 32}) {
            fromClient(PSH | ACK, 100);
            advanceMs(ms);
            fromBackend(PSH | ACK, 200);
        }

        assertEquals(16 + (32 - 16) / 8.0, responseMs());
    }

    @Test
    @DisplayName("an answer that never comes is given up, and the next question measured")
    void givenUp() {
        serve(Algorithm.LRT, Mode.NAT, false, true);
        fromClient(PSH | ACK, 100);
        advanceMs(11_000);
        fromClient(PSH | ACK, 100);
        advanceMs(4);
        fromBackend(PSH | ACK, 200);

        assertEquals(4, responseMs());
    }

    @Test
    @DisplayName("services that do not ask for it are not measured")
    void notAskedFor() {
        serve(Algorithm.LC, Mode.NAT, false, true);
        fromClient(PSH | ACK, 100);
        advanceMs(4);
        fromBackend(PSH | ACK, 200);

        assertEquals(0, responseMs());
    }
}
