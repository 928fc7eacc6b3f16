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

import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.StatsLine;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.service.ForwardingTableBuilder;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class NatFixturesTest {
    private static final String CLIENT = "198.51.100.7:4321";
    private static final String VIP = "192.0.2.10:80";
    private static final String DNS = "192.0.2.10:53";
    private static final String S1 = "10.2.0.1:8080";
    private static final String S2 = "10.2.0.2:8080";
    private static final String D1 = "10.2.0.1:5353";
    private static final String ROUTER = "02:00:00:00:00:99";
    private static final String MAC1 = "02:00:00:00:02:01";
    private static final String MAC2 = "02:00:00:00:02:02";

    private final Rig rig = new Rig();

    @BeforeEach
    void setUp() {
        rig.hop(1, MAC1, BACKEND_SIDE).hop(2, MAC2, BACKEND_SIDE);
        rig.adopt(table(BackendState.UP, BackendState.DOWN));
    }

    @AfterEach
    void close() {
        rig.close();
    }

    private static ForwardingTableBuilder table(final BackendState one, final BackendState two) {
        return table(one, two, Algorithm.RR);
    }

    private static ForwardingTableBuilder table(
            final BackendState one, final BackendState two, final Algorithm algorithm) {
        return ForwardingTable.builder(1)
                .backend(1, backend("s1", S1, 1, one), 1)
                .backend(2, backend("s2", S2, 1, two), 2)
                .backend(3, backend("d1", D1, 1, one), 1)
                .service(0, service("web", VIP, Protocol.TCP, Mode.NAT, algorithm), 1, 2)
                .service(1, service("dns", DNS, Protocol.UDP, Mode.NAT), 3);
    }

    private static Frame fromClient(final int flags) {
        return Frame.tcp(CLIENT, VIP, flags).macs(ROUTER, CLIENT_SIDE_MAC);
    }

    private static Frame fromBackend(final int flags) {
        return Frame.tcp(S1, CLIENT, flags).macs(MAC1, BACKEND_SIDE_MAC);
    }

    /** {@link #fromClient} as the first backend gets it. */
    private static Frame atBackend(final int flags) {
        return Frame.tcp(CLIENT, S1, flags).macs(BACKEND_SIDE_MAC, MAC1).ttl(63);
    }

    /** {@link #fromBackend} as the client's router gets it. */
    private static Frame atClient(final int flags) {
        return Frame.tcp(VIP, CLIENT, flags).macs(CLIENT_SIDE_MAC, ROUTER).ttl(63);
    }

    private void open() {
        rig.send(CLIENT_SIDE, fromClient(SYN).bytes());
        rig.send(BACKEND_SIDE, fromBackend(SYN | ACK).bytes());
        rig.send(CLIENT_SIDE, fromClient(ACK).bytes());
    }

    @Test
    @DisplayName("SYN to a nat service goes to a backend's address, port and MAC")
    void synGoesToBackend() {
        rig.send(CLIENT_SIDE, fromClient(SYN).bytes()).assertSent(BACKEND_SIDE, atBackend(SYN));

        assertEquals(1, rig.flows.size());
        assertEquals(1, rig.flowsActive(1));
        assertEquals(1, rig.service(0, StatsLine.FLOWS_OPENED_OFFSET));
        assertEquals(60, rig.backend(1, StatsLine.BYTES_TO_BACKEND_OFFSET));
    }

    @Test
    @DisplayName("the backend's answer goes to the client from the VIP, by the way the client came")
    void answerGoesToClient() {
        rig.send(CLIENT_SIDE, fromClient(SYN).bytes());

        rig.send(BACKEND_SIDE, fromBackend(SYN | ACK).bytes())
                .assertSent(CLIENT_SIDE, atClient(SYN | ACK));
        assertEquals(1, rig.backend(1, StatsLine.PACKETS_TO_CLIENT_OFFSET));
    }

    @Test
    @DisplayName("data of any length goes both ways with the right checksums")
    void dataGoesBothWays() {
        open();
        for (int length = 0; length < 1400; length += 37) {
            rig.send(CLIENT_SIDE, fromClient(PSH | ACK).payload(length).bytes())
                    .assertSent(BACKEND_SIDE, atBackend(PSH | ACK).payload(length));
            rig.send(BACKEND_SIDE, fromBackend(PSH | ACK).payload(length).bytes())
                    .assertSent(CLIENT_SIDE, atClient(PSH | ACK).payload(length));
        }
    }

    @Test
    @DisplayName("a handshake that arrives in one burst is one flow")
    void handshakeInOneBurst() {
        final List<Rig.Outcome> outcomes =
                rig.sendAll(
                        CLIENT_SIDE,
                        fromClient(SYN).bytes(),
                        fromClient(SYN).bytes(),
                        fromClient(ACK).bytes(),
                        fromClient(PSH | ACK).payload(10).bytes());

        outcomes.get(0).assertSent(BACKEND_SIDE, atBackend(SYN));
        outcomes.get(1).assertSent(BACKEND_SIDE, atBackend(SYN));
        outcomes.get(2).assertSent(BACKEND_SIDE, atBackend(ACK));
        outcomes.get(3).assertSent(BACKEND_SIDE, atBackend(PSH | ACK).payload(10));
        assertEquals(1, rig.flows.size());
        assertEquals(1, rig.flowsActive(1));
    }

    @Test
    @DisplayName("a reply that arrives in one burst with the SYN goes to the client")
    void replyInTheBurstOfTheSyn() {
        final List<Rig.Outcome> outcomes =
                rig.sendAll(
                        new int[] {CLIENT_SIDE, BACKEND_SIDE},
                        fromClient(SYN).bytes(),
                        fromBackend(SYN | ACK).bytes());
        outcomes.get(0).assertSent(BACKEND_SIDE, atBackend(SYN));
        outcomes.get(1).assertSent(CLIENT_SIDE, atClient(SYN | ACK));
    }

    @Test
    @DisplayName("replies follow the client when its packets come by another router")
    void repliesFollowTheClient() {
        open();
        final String otherRouter = "02:00:00:00:00:77";
        rig.send(CLIENT_SIDE, fromClient(ACK).macs(otherRouter, CLIENT_SIDE_MAC).bytes())
                .assertSent(BACKEND_SIDE, atBackend(ACK));

        rig.send(BACKEND_SIDE, fromBackend(ACK).bytes())
                .assertSent(CLIENT_SIDE, atClient(ACK).macs(CLIENT_SIDE_MAC, otherRouter));
    }

    @Test
    @DisplayName("a UDP datagram opens a flow, and its answer comes from the VIP")
    void udpGoesBothWays() {
        rig.send(
                        CLIENT_SIDE,
                        Frame.udp(CLIENT, DNS).macs(ROUTER, CLIENT_SIDE_MAC).payload(30).bytes())
                .assertSent(
                        BACKEND_SIDE,
                        Frame.udp(CLIENT, D1).macs(BACKEND_SIDE_MAC, MAC1).ttl(63).payload(30));
        rig.send(
                        BACKEND_SIDE,
                        Frame.udp(D1, CLIENT).macs(MAC1, BACKEND_SIDE_MAC).payload(99).bytes())
                .assertSent(
                        CLIENT_SIDE,
                        Frame.udp(DNS, CLIENT).macs(CLIENT_SIDE_MAC, ROUTER).ttl(63).payload(99));
    }

    @Test
    @DisplayName("a UDP datagram without a checksum stays without one")
    void udpWithoutChecksum() {
        rig.send(
                        CLIENT_SIDE,
                        Frame.udp(CLIENT, DNS)
                                .withoutUdpChecksum()
                                .macs(ROUTER, CLIENT_SIDE_MAC)
                                .payload(30)
                                .bytes())
                .assertSent(
                        BACKEND_SIDE,
                        Frame.udp(CLIENT, D1)
                                .withoutUdpChecksum()
                                .macs(BACKEND_SIDE_MAC, MAC1)
                                .ttl(63)
                                .payload(30));
    }

    @Test
    @DisplayName("a UDP checksum that becomes zero is sent as ffff")
    void udpChecksumThatBecomesZero() {
        int seen = 0;
        for (int i = 0; i < 0x10000; i++) {
            final byte[] payload = {(byte) (i >> 8), (byte) i};
            final byte[] out =
                    Frame.udp(CLIENT, D1)
                            .macs(BACKEND_SIDE_MAC, MAC1)
                            .ttl(63)
                            .payload(payload)
                            .bytes();
            if (out[40] == -1 && out[41] == -1) {
                seen++;
                rig.send(
                                CLIENT_SIDE,
                                Frame.udp(CLIENT, DNS)
                                        .macs(ROUTER, CLIENT_SIDE_MAC)
                                        .payload(payload)
                                        .bytes())
                        .assertSent(BACKEND_SIDE, out);
            }
        }
        assertEquals(1, seen);
    }

    @Test
    @DisplayName("what a packet carries besides addresses stays: DSCP, ECN, identification, flags")
    void otherFieldsStay() {
        rig.send(CLIENT_SIDE, fromClient(SYN).dscp(0xb9).identification(0xffff).fragment(0).bytes())
                .assertSent(
                        BACKEND_SIDE, atBackend(SYN).dscp(0xb9).identification(0xffff).fragment(0));
    }

    @Test
    @DisplayName("a packet whose time to live is 1 expires, one with 2 goes on with 1")
    void timeToLive() {
        rig.send(CLIENT_SIDE, fromClient(SYN).ttl(2).bytes())
                .assertSent(BACKEND_SIDE, atBackend(SYN).ttl(1));
        rig.send(CLIENT_SIDE, fromClient(SYN).ttl(1).bytes());
        rig.send(BACKEND_SIDE, fromBackend(SYN | ACK).ttl(0).bytes());
        assertEquals(2, rig.stats.dropped(DropReason.TTL_EXPIRED));
    }

    @Test
    @DisplayName("time to live stays as it is where the balancer is no router")
    void timeToLiveInOneArm() {
        try (Rig oneArm = new Rig(64, false)) {
            oneArm.hop(1, MAC1, CLIENT_SIDE).adopt(table(BackendState.UP, BackendState.DOWN));
            oneArm.send(CLIENT_SIDE, fromClient(SYN).ttl(1).bytes())
                    .assertSent(CLIENT_SIDE, atBackend(SYN).macs(CLIENT_SIDE_MAC, MAC1).ttl(1));
        }
    }

    @Test
    @DisplayName("a backend without a port gets the port that the client called")
    void backendKeepsPort() {
        rig.adopt(
                ForwardingTable.builder(2)
                        .backend(1, backend("s1", "10.2.0.1:0"), 1)
                        .service(
                                0,
                                service("r", "192.0.2.10:8000-8010", Protocol.TCP, Mode.NAT),
                                1));
        rig.send(
                        CLIENT_SIDE,
                        Frame.tcp(CLIENT, "192.0.2.10:8007", SYN)
                                .macs(ROUTER, CLIENT_SIDE_MAC)
                                .bytes())
                .assertSent(
                        BACKEND_SIDE,
                        Frame.tcp(CLIENT, "10.2.0.1:8007", SYN)
                                .macs(BACKEND_SIDE_MAC, MAC1)
                                .ttl(63));
        rig.send(
                        BACKEND_SIDE,
                        Frame.tcp("10.2.0.1:8007", CLIENT, SYN | ACK)
                                .macs(MAC1, BACKEND_SIDE_MAC)
                                .bytes())
                .assertSent(
                        CLIENT_SIDE,
                        Frame.tcp("192.0.2.10:8007", CLIENT, SYN | ACK)
                                .macs(CLIENT_SIDE_MAC, ROUTER)
                                .ttl(63));
    }

    @Test
    @DisplayName("a packet to a VIP's port that no service has is dropped as no-service")
    void noService() {
        rig.send(
                        CLIENT_SIDE,
                        Frame.tcp(CLIENT, "192.0.2.10:81", SYN)
                                .macs(ROUTER, CLIENT_SIDE_MAC)
                                .bytes())
                .assertDropped(DropReason.NO_SERVICE);
        rig.send(CLIENT_SIDE, Frame.udp(CLIENT, VIP).macs(ROUTER, CLIENT_SIDE_MAC).bytes())
                .assertDropped(DropReason.NO_SERVICE);
    }

    @Test
    @DisplayName("only a SYN opens a TCP flow: everything else without one is dropped as no-flow")
    void noFlow() {
        for (final int flags :
                new int[] {0, ACK, SYN | ACK, RST, FIN, FIN | ACK, SYN | FIN, SYN | RST}) {
            rig.send(CLIENT_SIDE, fromClient(flags).bytes()).assertDropped(DropReason.NO_FLOW);
        }
        rig.send(BACKEND_SIDE, fromBackend(SYN | ACK).bytes()).assertDropped(DropReason.NO_FLOW);
        assertEquals(0, rig.flows.size());
    }

    @Test
    @DisplayName("what is neither for a VIP nor from a backend is dropped as not-ours")
    void notOurs() {
        rig.send(
                        BACKEND_SIDE,
                        Frame.tcp("10.2.0.1:22", CLIENT, ACK).macs(MAC1, BACKEND_SIDE_MAC).bytes())
                .assertDropped(DropReason.NOT_OURS);
    }

    @Test
    @DisplayName("a new flow is dropped as no-backend when every backend is drained or down")
    void noBackend() {
        rig.adopt(table(BackendState.DRAIN, BackendState.DOWN));
        rig.send(CLIENT_SIDE, fromClient(SYN).bytes()).assertDropped(DropReason.NO_BACKEND);
        assertEquals(1, rig.service(0, StatsLine.FLOWS_REFUSED_OFFSET));
        assertEquals(0, rig.flows.size());
    }

    @Test
    @DisplayName("a flow stays with its backend when the backend is drained and the pool changes")
    void drainedBackendKeepsFlow() {
        open();
        rig.adopt(table(BackendState.DRAIN, BackendState.UP, Algorithm.MAGLEV));
        rig.send(CLIENT_SIDE, fromClient(PSH | ACK).payload(5).bytes())
                .assertSent(BACKEND_SIDE, atBackend(PSH | ACK).payload(5));
        rig.send(BACKEND_SIDE, fromBackend(FIN | ACK).bytes())
                .assertSent(CLIENT_SIDE, atClient(FIN | ACK));
    }

    @Test
    @DisplayName("a flow stays with its backend when the service has other backends now")
    void removedBackendKeepsFlow() {
        open();
        rig.adopt(
                ForwardingTable.builder(2)
                        .backend(1, backend("s1", S1, 1, BackendState.DRAIN), 1)
                        .backend(2, backend("s2", S2), 2)
                        .service(0, service("web", VIP, Protocol.TCP, Mode.NAT), 2));
        rig.send(CLIENT_SIDE, fromClient(ACK).bytes()).assertSent(BACKEND_SIDE, atBackend(ACK));
        rig.send(BACKEND_SIDE, fromBackend(ACK).bytes()).assertSent(CLIENT_SIDE, atClient(ACK));
    }

    @Test
    @DisplayName("a retransmitted SYN goes to the same backend though it is drained by now")
    void retransmittedSynStays() {
        rig.send(CLIENT_SIDE, fromClient(SYN).bytes());
        rig.adopt(table(BackendState.DRAIN, BackendState.UP));
        rig.send(CLIENT_SIDE, fromClient(SYN).bytes()).assertSent(BACKEND_SIDE, atBackend(SYN));
    }

    @Test
    @DisplayName(
            "packets to a backend that is down are dropped, its own last ones go to the client")
    void downBackendGetsNothing() {
        open();
        rig.adopt(table(BackendState.DOWN, BackendState.UP));
        rig.send(BACKEND_SIDE, fromBackend(RST).bytes()).assertSent(CLIENT_SIDE, atClient(RST));
        rig.send(CLIENT_SIDE, fromClient(ACK).bytes()).assertDropped(DropReason.BACKEND_DOWN);
    }

    @Test
    @DisplayName("a SYN of a flow whose backend is down goes to another backend")
    void synOfDownBackendIsRescheduled() {
        open();
        rig.adopt(table(BackendState.DOWN, BackendState.UP));
        rig.send(CLIENT_SIDE, fromClient(SYN).bytes())
                .assertSent(
                        BACKEND_SIDE,
                        Frame.tcp(CLIENT, S2, SYN).macs(BACKEND_SIDE_MAC, MAC2).ttl(63));
        assertEquals(0, rig.flowsActive(1));
        assertEquals(1, rig.flowsActive(2));
        assertEquals(1, rig.flows.size());
    }

    @Test
    @DisplayName("a SYN after both ends have closed opens a new flow, with a backend of its own")
    void synReusesClosedFlow() {
        open();
        rig.send(CLIENT_SIDE, fromClient(FIN | ACK).bytes());
        rig.send(BACKEND_SIDE, fromBackend(FIN | ACK).bytes());
        rig.send(CLIENT_SIDE, fromClient(ACK).bytes()).assertSent(BACKEND_SIDE, atBackend(ACK));
        rig.adopt(table(BackendState.DRAIN, BackendState.UP));

        rig.send(CLIENT_SIDE, fromClient(SYN).bytes())
                .assertSent(
                        BACKEND_SIDE,
                        Frame.tcp(CLIENT, S2, SYN).macs(BACKEND_SIDE_MAC, MAC2).ttl(63));
        assertEquals(1, rig.flows.size());
    }

    @Test
    @DisplayName("in one burst, what came before such a SYN still goes where the old flow went")
    void burstWithOldAndNewFlow() {
        open();
        rig.adopt(table(BackendState.DRAIN, BackendState.UP));
        final List<Rig.Outcome> outcomes =
                rig.sendAll(
                        CLIENT_SIDE,
                        fromClient(PSH | ACK).payload(3).bytes(),
                        fromClient(SYN).bytes(),
                        fromClient(ACK).bytes());
        outcomes.get(0).assertSent(BACKEND_SIDE, atBackend(PSH | ACK).payload(3));
        final Frame other = Frame.tcp(CLIENT, S2, SYN).macs(BACKEND_SIDE_MAC, MAC2).ttl(63);
        outcomes.get(1).assertSent(BACKEND_SIDE, other);
        outcomes.get(2)
                .assertSent(
                        BACKEND_SIDE,
                        Frame.tcp(CLIENT, S2, ACK).macs(BACKEND_SIDE_MAC, MAC2).ttl(63));
    }

    @Test
    @DisplayName("a SYN from a port whose connection the client forgot leaves a drained backend")
    void synOnDrainedBackendIsRescheduled() {
        open();
        rig.adopt(table(BackendState.DRAIN, BackendState.UP));
        rig.send(CLIENT_SIDE, fromClient(SYN).bytes())
                .assertSent(
                        BACKEND_SIDE,
                        Frame.tcp(CLIENT, S2, SYN).macs(BACKEND_SIDE_MAC, MAC2).ttl(63));
    }

    @Test
    @DisplayName("that SYN stays with the drained backend if there is no other")
    void synOnDrainedBackendStaysIfThereIsNoOther() {
        open();
        rig.adopt(table(BackendState.DRAIN, BackendState.DOWN));
        rig.send(CLIENT_SIDE, fromClient(SYN).bytes()).assertSent(BACKEND_SIDE, atBackend(SYN));
    }

    @Test
    @DisplayName("a datagram of a flow whose backend is down goes to another backend at once")
    void udpOfDownBackendIsRescheduled() {
        final byte[] datagram = Frame.udp(CLIENT, DNS).macs(ROUTER, CLIENT_SIDE_MAC).bytes();
        rig.send(CLIENT_SIDE, datagram);
        rig.adopt(
                ForwardingTable.builder(2)
                        .backend(3, backend("d1", D1, 1, BackendState.DOWN), 1)
                        .backend(4, backend("d2", "10.2.0.2:5353"), 2)
                        .service(1, service("dns", DNS, Protocol.UDP, Mode.NAT), 3, 4));
        for (final Rig.Outcome outcome : rig.sendAll(CLIENT_SIDE, datagram, datagram, datagram)) {
            outcome.assertSent(
                    BACKEND_SIDE,
                    Frame.udp(CLIENT, "10.2.0.2:5353").macs(BACKEND_SIDE_MAC, MAC2).ttl(63));
        }
        assertEquals(1, rig.flows.size());
        assertEquals(0, rig.flowsActive(3));
        assertEquals(1, rig.flowsActive(4));
    }

    @Test
    @DisplayName("a packet for a backend whose MAC is unknown is dropped, never sent elsewhere")
    void unresolvedHop() {
        rig.hops.hop(1, Hop.UNRESOLVED);
        rig.send(CLIENT_SIDE, fromClient(SYN).bytes())
                .assertDropped(DropReason.NEXT_HOP_UNRESOLVED);
        rig.hop(1, MAC1, BACKEND_SIDE);
        rig.send(CLIENT_SIDE, fromClient(SYN).bytes()).assertSent(BACKEND_SIDE, atBackend(SYN));
    }

    @Test
    @DisplayName("a hop behind an interface that we do not use is dropped as no-port")
    void hopBehindOtherInterface() {
        rig.hop(1, MAC1, 7);
        rig.send(CLIENT_SIDE, fromClient(SYN).bytes()).assertDropped(DropReason.NO_PORT);
    }

    @Test
    @DisplayName(
            "one client port to two VIPs of the same backends gets two backends, or is refused")
    void ambiguousReply() {
        final ForwardingTableBuilder two =
                ForwardingTable.builder(2)
                        .backend(1, backend("s1", S1), 1)
                        .backend(2, backend("s2", S2), 2)
                        .service(0, service("a", VIP, Protocol.TCP, Mode.NAT), 1, 2)
                        .service(1, service("b", "192.0.2.11:80", Protocol.TCP, Mode.NAT), 1, 2)
                        .service(2, service("c", "192.0.2.12:80", Protocol.TCP, Mode.NAT), 1, 2);
        rig.adopt(two);
        rig.send(CLIENT_SIDE, fromClient(SYN).bytes()).assertSent(BACKEND_SIDE, atBackend(SYN));
        rig.send(CLIENT_SIDE, fromClient(SYN).endpoints(CLIENT, "192.0.2.11:80").bytes())
                .assertSent(
                        BACKEND_SIDE,
                        Frame.tcp(CLIENT, S2, SYN).macs(BACKEND_SIDE_MAC, MAC2).ttl(63));
        rig.send(CLIENT_SIDE, fromClient(SYN).endpoints(CLIENT, "192.0.2.12:80").bytes())
                .assertDropped(DropReason.AMBIGUOUS_REPLY);
    }

    @Test
    @DisplayName("an idle flow expires, and what comes after is no-flow")
    void idleFlowExpires() {
        open();
        rig.advance(125 * 60);
        rig.send(CLIENT_SIDE, fromClient(ACK).bytes()).assertDropped(DropReason.NO_FLOW);
        assertEquals(0, rig.flowsActive(1));
    }
}
