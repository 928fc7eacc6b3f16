package io.naru.dataplane.pipeline;

import static io.naru.dataplane.pipeline.Frame.ACK;
import static io.naru.dataplane.pipeline.Frame.FIN;
import static io.naru.dataplane.pipeline.Frame.PSH;
import static io.naru.dataplane.pipeline.Frame.SYN;
import static io.naru.dataplane.pipeline.Rig.CLIENT_SIDE;
import static io.naru.dataplane.pipeline.Rig.CLIENT_SIDE_MAC;
import static io.naru.dataplane.service.Specs.backend;
import static io.naru.dataplane.service.Specs.service;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.StatsLine;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.service.ForwardingTableBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class L2DsrFixturesTest {
    private static final String CLIENT = "198.51.100.7:4321";
    private static final String VIP = "192.0.2.10:80";
    private static final String ROUTER = "02:00:00:00:00:99";
    private static final String MAC1 = "02:00:00:00:02:01";
    private static final String MAC2 = "02:00:00:00:02:02";

    private final Rig rig = new Rig(64, true);

    @BeforeEach
    void setUp() {
        rig.hop(1, MAC1, CLIENT_SIDE).hop(2, MAC2, CLIENT_SIDE);
        rig.adopt(table(BackendState.UP, BackendState.DRAIN));
    }

    @AfterEach
    void close() {
        rig.close();
    }

    private static ForwardingTableBuilder table(final BackendState one, final BackendState two) {
        return ForwardingTable.builder(1)
                .backend(1, backend("s1", "192.0.2.21:0", 1, one), 1)
                .backend(2, backend("s2", "192.0.2.22:0", 1, two), 2)
                .service(0, service("web", VIP, Protocol.TCP, Mode.DSR_L2), 1, 2)
                .service(1, service("dns", "192.0.2.10:53", Protocol.UDP, Mode.DSR_L2), 1, 2);
    }

    private static Frame fromClient(final int flags) {
        return Frame.tcp(CLIENT, VIP, flags).macs(ROUTER, CLIENT_SIDE_MAC);
    }

    @Test
    @DisplayName("SYN to a dsr-l2 service changes its MACs and nothing else")
    void synChangesMacsOnly() {
        rig.send(CLIENT_SIDE, fromClient(SYN).ttl(1).bytes())
                .assertSent(CLIENT_SIDE, fromClient(SYN).ttl(1).macs(CLIENT_SIDE_MAC, MAC1));
        assertEquals(1, rig.flows.size());
        assertEquals(1, rig.backend(1, StatsLine.PACKETS_TO_BACKEND_OFFSET));
    }

    @Test
    @DisplayName("the packets of a flow go to one backend whatever becomes of the pool")
    void flowStays() {
        rig.send(CLIENT_SIDE, fromClient(SYN).bytes());
        rig.send(CLIENT_SIDE, fromClient(ACK).bytes());
        rig.adopt(table(BackendState.DRAIN, BackendState.UP));
        for (int i = 0; i < 5; i++) {
            rig.send(CLIENT_SIDE, fromClient(PSH | ACK).payload(i).bytes())
                    .assertSent(
                            CLIENT_SIDE,
                            fromClient(PSH | ACK).payload(i).macs(CLIENT_SIDE_MAC, MAC1));
        }
    }

    @Test
    @DisplayName("a SYN after a FIN opens a new flow, though nobody saw the other FIN")
    void synAfterFin() {
        rig.send(CLIENT_SIDE, fromClient(SYN).bytes());
        rig.send(CLIENT_SIDE, fromClient(ACK).bytes());
        rig.send(CLIENT_SIDE, fromClient(FIN | ACK).bytes());
        rig.adopt(table(BackendState.DRAIN, BackendState.UP));
        rig.send(CLIENT_SIDE, fromClient(SYN).bytes())
                .assertSent(CLIENT_SIDE, fromClient(SYN).macs(CLIENT_SIDE_MAC, MAC2));
        assertEquals(1, rig.flows.size());
    }

    @Test
    @DisplayName("a UDP datagram opens a flow")
    void udpOpensFlow() {
        final Frame datagram =
                Frame.udp(CLIENT, "192.0.2.10:53").macs(ROUTER, CLIENT_SIDE_MAC).payload(9);
        rig.send(CLIENT_SIDE, datagram.bytes())
                .assertSent(CLIENT_SIDE, datagram.macs(CLIENT_SIDE_MAC, MAC1));
    }

    @Test
    @DisplayName("a tagged frame keeps its VLAN tag")
    void tagStays() {
        rig.send(CLIENT_SIDE, fromClient(SYN).vlan(100).bytes())
                .assertSent(CLIENT_SIDE, fromClient(SYN).vlan(100).macs(CLIENT_SIDE_MAC, MAC1));
    }

    @Test
    @DisplayName("a tagged frame that would have to leave by another interface is dropped")
    void tagAcrossInterfaces() {
        rig.hop(1, MAC1, Rig.BACKEND_SIDE);
        rig.send(CLIENT_SIDE, fromClient(SYN).vlan(100).bytes()).assertDropped(DropReason.VLAN_TAG);
    }

    @Test
    @DisplayName("packets that answer from a backend's own address are not ours")
    void answersDoNotPassUs() {
        rig.send(CLIENT_SIDE, fromClient(SYN).bytes());
        rig.send(
                        CLIENT_SIDE,
                        Frame.tcp("192.0.2.21:80", CLIENT, SYN | ACK)
                                .macs(MAC1, CLIENT_SIDE_MAC)
                                .bytes())
                .assertDropped(DropReason.NOT_OURS);
    }
}
