package io.naru.dataplane.pipeline;

import static io.naru.dataplane.pipeline.Frame.SYN;
import static io.naru.dataplane.pipeline.Rig.CLIENT_SIDE;
import static io.naru.dataplane.pipeline.Rig.CLIENT_SIDE_MAC;
import static io.naru.dataplane.service.Specs.backend;
import static io.naru.dataplane.service.Specs.service;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.naru.dataplane.flow.FlowHash;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.service.ForwardingTableBuilder;
import io.naru.dataplane.service.Specs;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Frames that never get as far as a flow. */
class RefusalFixturesTest {
    private static final String CLIENT = "198.51.100.7:4321";
    private static final String VIP = "192.0.2.10:80";
    private static final String ROUTER = "02:00:00:00:00:99";

    private final Rig rig = new Rig();

    @BeforeEach
    void setUp() {
        rig.hop(1, "02:00:00:00:02:01", Rig.BACKEND_SIDE);
        rig.adopt(table());
    }

    @AfterEach
    void close() {
        rig.close();
    }

    private static ForwardingTableBuilder table() {
        return ForwardingTable.builder(1)
                .backend(1, backend("s1", "10.2.0.1:8080"), 1)
                .service(0, service("web", VIP, Protocol.TCP, Mode.NAT), 1);
    }

    private static Frame syn() {
        return Frame.tcp(CLIENT, VIP, SYN).macs(ROUTER, CLIENT_SIDE_MAC);
    }

    private void assertDropped(final DropReason reason, final byte[] frame) {
        rig.send(CLIENT_SIDE, frame).assertDropped(reason);
        assertEquals(0, rig.flows.size());
    }

    @Test
    @DisplayName("a frame that ends before its headers do is bad-length")
    void cutShort() {
        for (int length = 0; length < 54; length++) {
            assertDropped(DropReason.BAD_LENGTH, Frame.cut(syn().bytes(), length));
        }
        assertDropped(DropReason.BAD_LENGTH, syn().totalLengthExtra(100).bytes());
    }

    @Test
    @DisplayName("a header with an impossible value is bad-header")
    void impossible() {
        assertDropped(DropReason.BAD_HEADER, syn().versionAndIhl(0x55).bytes());
        assertDropped(DropReason.BAD_HEADER, syn().versionAndIhl(0x44).bytes());
    }

    @Test
    @DisplayName("an IPv4 header with a wrong checksum is bad-ip-checksum")
    void badIpChecksum() {
        for (final int by : new int[] {1, -1, 0x100, 0x7fff}) {
            assertDropped(DropReason.BAD_IP_CHECKSUM, syn().badIpChecksum(by).bytes());
        }
        assertDropped(
                DropReason.BAD_IP_CHECKSUM,
                Frame.icmp(CLIENT, VIP, 8).macs(ROUTER, CLIENT_SIDE_MAC).badIpChecksum(1).bytes());
    }

    @Test
    @DisplayName("a packet with a source route, or with options that make no sense, is dropped")
    void options() {
        final byte[] looseRoute = {(byte) 131, 7, 4, 10, 0, 0, 1, 0};
        assertDropped(DropReason.IP_OPTIONS, syn().options(looseRoute).bytes());
        assertDropped(DropReason.IP_OPTIONS, syn().options(new byte[] {7, 1, 1, 1}).bytes());
    }

    @Test
    @DisplayName("IPv6, other EtherTypes and a second VLAN tag are dropped, each by its name")
    void otherNetworks() {
        assertDropped(DropReason.UNSUPPORTED_ETHER_TYPE, syn().etherType(0x88cc).bytes());
        assertDropped(DropReason.UNSUPPORTED_ETHER_TYPE, syn().vlan(100).etherType(0x8100).bytes());
    }

    @Test
    @DisplayName("IPv4 that is neither TCP, UDP nor ICMP is dropped")
    void otherProtocols() {
        assertDropped(DropReason.UNSUPPORTED_PROTOCOL, syn().protocol(132).bytes());
        assertDropped(DropReason.UNSUPPORTED_PROTOCOL, syn().protocol(47).bytes());
    }

    @Test
    @DisplayName("a frame for another machine's MAC, or for all, is not-our-mac")
    void otherMac() {
        assertDropped(DropReason.NOT_OUR_MAC, syn().macs(ROUTER, "02:00:00:00:00:42").bytes());
        assertDropped(DropReason.NOT_OUR_MAC, syn().macs(ROUTER, "ff:ff:ff:ff:ff:ff").bytes());
        assertDropped(DropReason.NOT_OUR_MAC, syn().macs(ROUTER, Rig.BACKEND_SIDE_MAC).bytes());
        assertDropped(
                DropReason.NOT_OUR_MAC,
                Frame.icmp(CLIENT, VIP, 8).macs(ROUTER, "02:00:00:00:00:42").bytes());
    }

    @Test
    @DisplayName("a source that is no single machine's is bad-source")
    void badSource() {
        for (final String source :
                new String[] {
                    "169.254.1.2:9", "224.0.0.1:9", "255.255.255.255:9", "127.0.0.1:9", "0.0.0.0:9"
                }) {
            assertDropped(DropReason.BAD_SOURCE, syn().endpoints(source, VIP).bytes());
        }
        assertDropped(
                DropReason.BAD_SOURCE, syn().macs("03:00:00:00:00:99", CLIENT_SIDE_MAC).bytes());
    }

    @Test
    @DisplayName("a packet whose flow another worker owns goes there as it came")
    void handOver() {
        final PipelineSettings second = new PipelineSettings(1, 4, true, true, 64);
        final FlowHash hash = new FlowHash(5, 7);
        try (Rig worker = new Rig(64, second, hash)) {
            worker.hop(1, "02:00:00:00:02:01", Rig.BACKEND_SIDE).adopt(table());
            final int[] owners = new int[4];
            for (int port = 1000; port < 1400; port++) {
                final String client = "198.51.100.7:" + port;
                final byte[] frame = syn().endpoints(client, VIP).bytes();
                final Rig.Outcome outcome = worker.send(CLIENT_SIDE, frame);
                final int owner =
                        FlowHash.worker(
                                hash.hash(Specs.ipNet("198.51.100.7"), Specs.portNet(port), 6), 4);
                assertEquals(owner == 1 ? Verdict.TX : Verdict.HANDOVER, outcome.verdict, client);
                if (owner != 1) {
                    assertEquals(owner, outcome.owner);
                    org.junit.jupiter.api.Assertions.assertArrayEquals(frame, outcome.out);
                }
                owners[owner]++;
                worker.flows.visit(0, worker.flows.bucketCount(), worker.flows::remove);
            }
            for (final int share : owners) {
                assertEquals(100, share, 40);
            }
        }
    }

    @Test
    @DisplayName("a data plane that has been told nothing drops everything as not-ours")
    void emptyTable() {
        try (Rig empty = new Rig()) {
            empty.send(CLIENT_SIDE, syn().bytes()).assertDropped(DropReason.NOT_OURS);
            empty.send(
                            CLIENT_SIDE,
                            Frame.icmp(CLIENT, VIP, 8).macs(ROUTER, CLIENT_SIDE_MAC).bytes())
                    .assertDropped(DropReason.NOT_OURS);
        }
    }
}
