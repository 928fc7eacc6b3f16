package io.naru.dataplane.pipeline;

import static io.naru.dataplane.pipeline.Frame.ACK;
import static io.naru.dataplane.pipeline.Frame.SYN;
import static io.naru.dataplane.pipeline.Rig.SECOND_NS;
import static io.naru.dataplane.service.Specs.backend;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.flow.FlowHash;
import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.neighbour.MacTable;
import io.naru.dataplane.port.SendList;
import io.naru.dataplane.port.memory.MemoryFrames;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.OversizeRule;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.ServiceOptions;
import io.naru.dataplane.protocol.TunnelSpec;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.service.Specs;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The bridge: what passes untouched, and what it picks out. */
class BridgeFixturesTest {
    private static final int LEFT = 0;
    private static final int RIGHT = 1;
    private static final String LEFT_MAC = Rig.CLIENT_SIDE_MAC;
    private static final String RIGHT_MAC = Rig.BACKEND_SIDE_MAC;
    private static final String CLIENT = "02:00:00:00:00:99";
    private static final String SERVER = "02:00:00:00:02:01";
    private static final String OTHER = "02:00:00:00:00:77";
    private static final int HOP = 1;
    private static final int FRAMES = 32;

    private final MacTable stations = new MacTable();
    private final Rig rig =
            new Rig(
                    64,
                    new PipelineSettings(0, 1, false, true, 64)
                            .in(new PipelineSettings.Bridge(stations, 0x1234_5678_9abc_def0L)),
                    new FlowHash(1, 2));
    private final MemoryFrames own = new MemoryFrames(FRAMES, 2048);
    private final SendList sendList = new SendList(own.share(FRAMES));

    @BeforeEach
    void setUp() {
        rig.pipeline.sendList(sendList);
        rig.hops.hop(HOP, Hop.of(Frame.macNet(SERVER), Hop.BRIDGED));
        adopt("192.0.2.10:80", "192.0.2.101:8080");
    }

    @AfterEach
    void close() {
        own.close();
        rig.close();
    }

    private void adopt(final String vip, final String server) {
        final String address = vip.substring(0, vip.lastIndexOf(':'));
        rig.adopt(
                ForwardingTable.builder(1)
                        .backend(1, backend("s1", server), HOP)
                        .service(0, Specs.service("web", vip, Protocol.TCP, Mode.NAT), 1)
                        .localAddress(
                                0,
                                IpAddress.parse(address.replace("[", "").replace("]", "")),
                                true));
    }

    /** Every station is heard once. */
    private void learnAll() {
        send(LEFT, Frame.udp("192.0.2.7:1", "192.0.2.8:1").macs(CLIENT, OTHER).bytes());
        send(RIGHT, Frame.udp("192.0.2.101:1", "192.0.2.8:1").macs(SERVER, OTHER).bytes());
    }

    private Rig.Outcome send(final int port, final byte[] frame) {
        return rig.send(port, frame);
    }

    private static void assertUntouched(
            final Rig.Outcome outcome, final int port, final byte[] frame) {
        assertTrue(outcome.isSent(), () -> "not sent: " + outcome.reason());
        assertArrayEquals(frame, outcome.out);
        assertEquals(port, Hop.interfaceIndex(outcome.hop));
    }

    @Test
    @DisplayName("a station is learned: the way back is known, and its own segment is left alone")
    void learns() {
        final byte[] there =
                Frame.tcp("192.0.2.7:1", "192.0.2.8:2", ACK).macs(CLIENT, OTHER).bytes();
        final byte[] back =
                Frame.tcp("192.0.2.8:2", "192.0.2.7:1", ACK).macs(OTHER, CLIENT).bytes();

        assertUntouched(send(LEFT, there), RIGHT, there);
        assertUntouched(send(RIGHT, back), LEFT, back);
        send(LEFT, back).assertDropped(DropReason.SAME_SEGMENT);
    }

    @Test
    @DisplayName("a station that was silent for five minutes is not known any more")
    void ages() {
        learnAll();
        assertEquals(LEFT, stations.port(Frame.macNet(CLIENT), rig.nowNs));
        assertEquals(
                MacTable.UNKNOWN, stations.port(Frame.macNet(CLIENT), rig.nowNs + 310 * SECOND_NS));
    }

    @Test
    @DisplayName("VLAN tags, LLDP, IPv6, multicast, fragments, bad checksums: all pass untouched")
    void passes() {
        final byte[][] frames = {
            Frame.tcp("10.0.0.1:1", "10.0.0.2:2", ACK).macs(CLIENT, OTHER).vlan(7).bytes(),
            Frame.tcp("192.0.2.7:1", "192.0.2.10:80", SYN).macs(CLIENT, OTHER).vlan(7).bytes(),
            Frame.tcp("10.0.0.1:1", "10.0.0.2:2", ACK)
                    .macs(CLIENT, OTHER)
                    .etherType(0x88cc)
                    .bytes(),
            Frame.udp("[2001:db8::1]:1", "[2001:db8::2]:2").macs(CLIENT, OTHER).bytes(),
            Frame.udp("10.0.0.1:1", "224.0.0.5:2").macs(CLIENT, "01:00:5e:00:00:05").bytes(),
            Frame.udp("10.0.0.1:1", "10.0.0.2:2").macs(CLIENT, OTHER).fragment(0x2000).bytes(),
            Frame.udp("10.0.0.1:1", "10.0.0.2:2").macs(CLIENT, OTHER).badIpChecksum(1).bytes(),
            Frame.arp(1, "ff:ff:ff:ff:ff:ff", CLIENT, "10.0.0.1", "00:00:00:00:00:00", "10.0.0.2"),
            Frame.udp("10.0.0.1:1", "10.0.0.2:2").macs(CLIENT, OTHER).ttl(1).bytes(),
        };
        for (final byte[] frame : frames) {
            assertUntouched(send(LEFT, frame), RIGHT, frame);
        }
    }

    @Test
    @DisplayName("who has the VIP? We, at the MAC of the port that was asked; nobody else hears it")
    void arp() {
        send(
                        LEFT,
                        Frame.arp(
                                1,
                                "ff:ff:ff:ff:ff:ff",
                                CLIENT,
                                "192.0.2.7",
                                "00:00:00:00:00:00",
                                "192.0.2.10"))
                .assertSent(
                        LEFT, Frame.arp(2, CLIENT, LEFT_MAC, "192.0.2.10", CLIENT, "192.0.2.7"));
        assertEquals(0, sendList.count());
    }

    @ParameterizedTest
    @CsvSource({
        "192.0.2.7:4321, 192.0.2.10:80, 192.0.2.101:8080",
        "'[2001:db8::7]:4321', '[2001:db8::10]:80', '[2001:db8::101]:8080'"
    })
    @DisplayName(
            "a connection to the VIP goes to a backend, whatever its MAC; answers are the VIP's")
    void service(final String client, final String vip, final String server) {
        adopt(vip, server);
        learnAll();

        send(LEFT, Frame.tcp(client, vip, SYN).macs(CLIENT, OTHER).bytes())
                .assertSent(RIGHT, Frame.tcp(client, server, SYN).macs(RIGHT_MAC, SERVER));
        send(RIGHT, Frame.tcp(server, client, SYN | ACK).macs(SERVER, CLIENT).bytes())
                .assertSent(LEFT, Frame.tcp(vip, client, SYN | ACK).macs(LEFT_MAC, CLIENT));
    }

    @Test
    @DisplayName("a backend's own traffic, also from the service's port, passes untouched")
    void backendsOwn() {
        learnAll();
        final byte[] own8080 =
                Frame.tcp("192.0.2.101:8080", "192.0.2.7:5555", ACK).macs(SERVER, CLIENT).bytes();

        assertUntouched(send(RIGHT, own8080), LEFT, own8080);
    }

    @ParameterizedTest
    @CsvSource({
        "192.0.2.7:4321, 192.0.2.10:80, 192.0.2.101:8080",
        "'[2001:db8::7]:4321', '[2001:db8::10]:80', '[2001:db8::101]:8080'"
    })
    @DisplayName("fragments to the VIP, and of answers, follow their connection in any order")
    void fragments(final String client, final String vip, final String server) {
        adopt(vip, server);
        learnAll();
        send(LEFT, Frame.tcp(client, vip, SYN).macs(CLIENT, OTHER).bytes());
        send(RIGHT, Frame.tcp(server, client, SYN | ACK).macs(SERVER, CLIENT).bytes());
        final Frame data = Frame.tcp(client, vip, ACK).macs(CLIENT, LEFT_MAC).fragment(0);
        final Frame answer = Frame.tcp(server, client, ACK).macs(SERVER, CLIENT).fragment(0);

        final List<byte[]> there = sendReversed(LEFT, data.payload(1_400).bytes());
        final List<byte[]> back = sendReversed(RIGHT, answer.payload(1_400).bytes());

        assertArrayEquals(
                data.endpoints(client, server).macs(RIGHT_MAC, SERVER).bytes(),
                Fragments.together(there).get(0));
        assertArrayEquals(
                answer.endpoints(vip, client).macs(LEFT_MAC, CLIENT).bytes(),
                Fragments.together(back).get(0));
    }

    private List<byte[]> sendReversed(final int port, final byte[] packet) {
        final List<byte[]> sent = new ArrayList<>();
        for (final byte[] fragment : Fragments.reversed(Fragments.of(packet, 576))) {
            final Rig.Outcome outcome = send(port, fragment);
            if (outcome.isSent()) {
                sent.add(outcome.out);
            }
            rig.ready().forEach(late -> sent.add(late.out));
        }
        return sent;
    }

    @Test
    @DisplayName("ICMP errors between others pass untouched, whatever they are about")
    void errorsOfOthers() {
        learnAll();
        final Frame aboutPing = Frame.icmp("10.0.0.9", "192.0.2.101", 11);
        final Frame aboutTunnel = Frame.icmp("10.0.0.9", "192.0.2.101", 3).code(4, 1_400);
        final Frame fromLinkLocal = Frame.icmp("169.254.1.1", "192.0.2.101", 11);
        final Frame damaged = Frame.icmp("10.0.0.9", "192.0.2.101", 11);
        final byte[] ping = packet(Frame.icmp("192.0.2.101", "192.0.2.7", 8));
        final byte[] tunnel =
                packet(Frame.udp("192.0.2.101:1", "192.0.2.7:2").protocol(47).payload(1_450));
        final byte[] tcp = packet(Frame.tcp("192.0.2.101:8080", "192.0.2.7:2", ACK));
        for (final byte[] frame :
                List.of(
                        aboutPing.macs(CLIENT, SERVER).payload(ping).bytes(),
                        aboutTunnel.macs(CLIENT, SERVER).payload(tunnel).bytes(),
                        fromLinkLocal.macs(CLIENT, SERVER).payload(tcp).bytes(),
                        damaged.macs(CLIENT, SERVER).payload(tcp).badL4Checksum(1).bytes(),
                        aboutPing.payload(tcp).bytes())) {
            assertUntouched(send(LEFT, frame), RIGHT, frame);
        }
    }

    private static byte[] packet(final Frame frame) {
        final byte[] bytes = frame.unpadded().bytes();
        return Arrays.copyOfRange(bytes, 14, bytes.length);
    }

    @ParameterizedTest
    @CsvSource({
        "192.0.2.7:4321, 192.0.2.10:80, 192.0.2.101:8080, 192.0.2.99",
        "'[2001:db8::7]:4321', '[2001:db8::10]:80', '[2001:db8::101]:8080', 2001:db8::99"
    })
    @DisplayName("full-nat: the backend sees a local address, which answers for itself")
    void fullNat(final String client, final String vip, final String server, final String local) {
        rig.adopt(
                ForwardingTable.builder(1)
                        .backend(1, backend("s1", server), HOP)
                        .service(0, Specs.service("web", vip, Protocol.TCP, Mode.FULL_NAT), 1)
                        .localAddress(0, IpAddress.parse(local), false));
        learnAll();

        final Rig.Outcome syn = send(LEFT, Frame.tcp(client, vip, SYN).macs(CLIENT, OTHER).bytes());

        final boolean isIpv6 = client.startsWith("[");
        final int port =
                syn.isSent() ? ByteBuffer.wrap(syn.out).getShort(isIpv6 ? 54 : 34) & 0xffff : 0;
        final String source = (isIpv6 ? "[" + local + "]" : local) + ":" + port;
        syn.assertSent(RIGHT, Frame.tcp(source, server, SYN).macs(RIGHT_MAC, SERVER));
        // to the MAC that the backend was told, and to one that it remembers from before
        for (final String mac : List.of(RIGHT_MAC, OTHER)) {
            send(RIGHT, Frame.tcp(server, source, SYN | ACK).macs(SERVER, mac).bytes())
                    .assertSent(LEFT, Frame.tcp(vip, client, SYN | ACK).macs(LEFT_MAC, CLIENT));
        }
    }

    @Test
    @DisplayName("full-nat: who has the local address? We, at the MAC of the port that was asked")
    void arpForLocalAddress() {
        rig.adopt(
                ForwardingTable.builder(1)
                        .backend(1, backend("s1", "192.0.2.101:8080"), HOP)
                        .service(
                                0,
                                Specs.service("web", "192.0.2.10:80", Protocol.TCP, Mode.FULL_NAT),
                                1)
                        .localAddress(0, IpAddress.parse("192.0.2.99"), false));

        send(
                        RIGHT,
                        Frame.arp(
                                1,
                                "ff:ff:ff:ff:ff:ff",
                                SERVER,
                                "192.0.2.101",
                                "00:00:00:00:00:00",
                                "192.0.2.99"))
                .assertSent(
                        RIGHT,
                        Frame.arp(2, SERVER, RIGHT_MAC, "192.0.2.99", SERVER, "192.0.2.101"));
    }

    @ParameterizedTest
    @CsvSource({
        "192.0.2.7:4321, 192.0.2.10:80, 192.0.2.101:0",
        "'[2001:db8::7]:4321', '[2001:db8::10]:80', '[2001:db8::101]:0'"
    })
    @DisplayName("dsr-l2: the frame gets the backend's MAC; its answers pass untouched")
    void dsrL2(final String client, final String vip, final String server) {
        rig.adopt(
                ForwardingTable.builder(1)
                        .backend(1, backend("s1", server), HOP)
                        .service(0, Specs.service("web", vip, Protocol.TCP, Mode.DSR_L2), 1));
        learnAll();

        send(LEFT, Frame.tcp(client, vip, SYN).macs(CLIENT, OTHER).bytes())
                .assertSent(RIGHT, Frame.tcp(client, vip, SYN).macs(RIGHT_MAC, SERVER));
        final byte[] answer = Frame.tcp(vip, client, SYN | ACK).macs(SERVER, CLIENT).bytes();
        assertUntouched(send(RIGHT, answer), LEFT, answer);

        // a check of ours, or another balancer's packet: it is for the server that it is sent to
        final String otherPort = vip.substring(0, vip.lastIndexOf(':')) + ":8080";
        final String clientHost = client.substring(0, client.lastIndexOf(':'));
        final String vipHost = vip.substring(0, vip.lastIndexOf(':'));
        final Frame ping =
                client.startsWith("[")
                        ? Frame.icmp6(clientHost, vipHost, 128)
                        : Frame.icmp(clientHost, vipHost, 8);
        for (final byte[] check :
                List.of(
                        Frame.tcp(client, vip, SYN).macs(CLIENT, SERVER).bytes(),
                        Frame.tcp(client, otherPort, SYN).macs(CLIENT, SERVER).bytes(),
                        ping.macs(CLIENT, SERVER).bytes())) {
            assertUntouched(send(LEFT, check), RIGHT, check);
        }
        send(LEFT, Frame.tcp(client, otherPort, SYN).macs(CLIENT, LEFT_MAC).bytes())
                .assertDropped(DropReason.NO_SERVICE);

        // a backend on the client's own side: back by the port that it came by
        send(LEFT, Frame.udp("192.0.2.101:1", "192.0.2.8:1").macs(SERVER, OTHER).bytes());
        send(LEFT, Frame.tcp(client, vip, ACK).macs(CLIENT, OTHER).bytes())
                .assertSent(LEFT, Frame.tcp(client, vip, ACK).macs(LEFT_MAC, SERVER));
    }

    @ParameterizedTest
    @CsvSource({"DSR_GRE, 24", "DSR_IPIP, 20"})
    @DisplayName("a tunnel needs a source that the service names: a bridge has no address")
    void tunnel(final Mode mode, final int overhead) {
        final byte[] syn =
                Frame.tcp("192.0.2.7:4321", "192.0.2.10:80", SYN).macs(CLIENT, OTHER).bytes();
        adoptTunnel(mode, TunnelSpec.DEFAULT);
        learnAll();
        send(LEFT, syn).assertDropped(DropReason.NO_TUNNEL_SOURCE);

        adoptTunnel(
                mode,
                new TunnelSpec(
                        IpAddress.parse("192.0.2.99"),
                        32,
                        IpAddress.NONE,
                        128,
                        TunnelSpec.NO_KEY,
                        false,
                        true));
        final Rig.Outcome sent = send(LEFT, syn);

        assertTrue(sent.isSent(), () -> "not sent: " + sent.reason());
        assertEquals(RIGHT, sent.egress());
        assertArrayEquals(Frame.mac(SERVER), Arrays.copyOf(sent.out, 6));
        assertEquals(0xc0000263, ByteBuffer.wrap(sent.out).getInt(26), "from the source");
        assertEquals(0xc0000265, ByteBuffer.wrap(sent.out).getInt(30), "to the backend");
        assertArrayEquals(
                Arrays.copyOfRange(syn, 14, 54),
                Arrays.copyOfRange(sent.out, 14 + overhead, 54 + overhead),
                "inside: as it came");
    }

    private void adoptTunnel(final Mode mode, final TunnelSpec tunnel) {
        rig.adopt(
                ForwardingTable.builder(1)
                        .backend(1, backend("s1", "192.0.2.101:0"), HOP)
                        .service(
                                0,
                                Specs.service("web", "192.0.2.10:80", Protocol.TCP, mode)
                                        .with(
                                                new ServiceOptions(
                                                        false,
                                                        false,
                                                        false,
                                                        ServiceOptions.MSS_AUTO,
                                                        OversizeRule.INNER,
                                                        tunnel)),
                                1));
    }

    @ParameterizedTest
    @ValueSource(ints = {1_500, 1_792 - 14})
    @DisplayName("frames pass up to what a UMEM chunk of 2,048 bytes has room for")
    void longFrames(final int packetLength) {
        learnAll();
        final byte[] other =
                Frame.udp("192.0.2.8:9", "192.0.2.7:9")
                        .macs(OTHER, CLIENT)
                        .payload(packetLength - 28)
                        .bytes();
        assertUntouched(send(RIGHT, other), LEFT, other);
    }

    @Test
    @DisplayName("a SYN's offer is lowered to what both ports take, not to what Ethernet does")
    void clampsToPorts() {
        rig.hops.interfaceMtu(LEFT, 3_000);
        rig.hops.interfaceMtu(RIGHT, 2_500);
        learnAll();
        final byte[] mss = {2, 4, 0x23, 0x28}; // 9,000
        final String client = "192.0.2.7:4321";

        final byte[] syn =
                send(
                                LEFT,
                                Frame.tcp(client, "192.0.2.10:80", SYN)
                                        .tcpOptions(mss)
                                        .macs(CLIENT, LEFT_MAC)
                                        .bytes())
                        .out;
        final byte[] synAck =
                send(
                                RIGHT,
                                Frame.tcp("192.0.2.101:8080", client, SYN | ACK)
                                        .tcpOptions(mss)
                                        .macs(SERVER, CLIENT)
                                        .bytes())
                        .out;

        assertEquals(2_460, ByteBuffer.wrap(syn).getShort(56));
        assertEquals(2_460, ByteBuffer.wrap(synAck).getShort(56));
    }

    @Test
    @DisplayName("a server on the clients' side serves clients of the other side")
    void serverOnClientsSide() {
        send(LEFT, Frame.udp("192.0.2.101:1", "192.0.2.8:1").macs(SERVER, OTHER).bytes());
        send(RIGHT, Frame.udp("192.0.2.7:1", "192.0.2.8:1").macs(CLIENT, OTHER).bytes());

        send(
                        RIGHT,
                        Frame.tcp("192.0.2.7:4321", "192.0.2.10:80", SYN)
                                .macs(CLIENT, RIGHT_MAC)
                                .bytes())
                .assertSent(
                        LEFT,
                        Frame.tcp("192.0.2.7:4321", "192.0.2.101:8080", SYN)
                                .macs(LEFT_MAC, SERVER));
        send(
                        LEFT,
                        Frame.tcp("192.0.2.101:8080", "192.0.2.7:4321", SYN | ACK)
                                .macs(SERVER, CLIENT)
                                .bytes())
                .assertSent(
                        RIGHT,
                        Frame.tcp("192.0.2.10:80", "192.0.2.7:4321", SYN | ACK)
                                .macs(RIGHT_MAC, CLIENT));
    }

    @Test
    @DisplayName("a server that moves to the other side is followed there with its next frame")
    void serverMoves() {
        learnAll();
        final byte[] syn =
                Frame.tcp("192.0.2.7:4321", "192.0.2.10:80", SYN).macs(CLIENT, LEFT_MAC).bytes();
        assertEquals(RIGHT, send(LEFT, syn).egress());

        send(LEFT, Frame.udp("192.0.2.101:1", "192.0.2.8:1").macs(SERVER, OTHER).bytes());

        assertEquals(LEFT, send(LEFT, syn).egress());
    }

    @Test
    @DisplayName("fragments of a backend's own, of a large ping too, pass untouched")
    void backendsOwnFragments() {
        learnAll();
        final byte[] ping =
                Frame.icmp("192.0.2.101", "192.0.2.7", 8)
                        .macs(SERVER, CLIENT)
                        .fragment(0)
                        .payload(2_000)
                        .bytes();
        final byte[] datagram =
                Frame.udp("192.0.2.101:9", "192.0.2.7:9")
                        .macs(SERVER, CLIENT)
                        .fragment(0)
                        .payload(2_000)
                        .bytes();
        for (final byte[] packet : List.of(ping, datagram)) {
            for (final byte[] fragment : Fragments.of(packet, 1_500)) {
                assertUntouched(send(RIGHT, fragment), LEFT, fragment);
            }
        }
    }

    @Test
    @DisplayName("a client on the backend's own side gets its answer: the VIP is its stand-in")
    void hairpin() {
        learnAll();
        send(RIGHT, Frame.udp("192.0.2.9:1", "192.0.2.8:1").macs(OTHER, CLIENT).bytes());

        final Rig.Outcome syn =
                send(
                        RIGHT,
                        Frame.tcp("192.0.2.9:4321", "192.0.2.10:80", SYN)
                                .macs(OTHER, RIGHT_MAC)
                                .bytes());

        assertTrue(syn.isSent(), () -> "not sent: " + syn.reason());
        assertEquals(RIGHT, Hop.interfaceIndex(syn.hop));
        final ByteBuffer out = ByteBuffer.wrap(syn.out);
        assertEquals(0xc000020a, out.getInt(26), "from the VIP");
        assertEquals(0xc0000265, out.getInt(30), "to the backend");
        final int port = out.getShort(34) & 0xffff;
        for (final String to : List.of(RIGHT_MAC, CLIENT)) { // which may be its gateway
            send(
                            RIGHT,
                            Frame.tcp("192.0.2.101:8080", "192.0.2.10:" + port, SYN | ACK)
                                    .macs(SERVER, to)
                                    .bytes())
                    .assertSent(
                            RIGHT,
                            Frame.tcp("192.0.2.10:80", "192.0.2.9:4321", SYN | ACK)
                                    .macs(RIGHT_MAC, OTHER));
        }
    }

    @Test
    @DisplayName("a backend that was never heard has no port yet")
    void unheard() {
        send(LEFT, Frame.tcp("192.0.2.7:4321", "192.0.2.10:80", SYN).macs(CLIENT, LEFT_MAC).bytes())
                .assertDropped(DropReason.NEXT_HOP_UNRESOLVED);
    }

    @Test
    @DisplayName("two ports on one segment: one is closed, and opened again when they are not")
    void loop() {
        assertEquals(2 + 2, rig.pipeline.makeOwn(rig.nowNs), "and announcements");
        final byte[] probe = new byte[sendList.length(0)];
        final UnsafeBuffer view = new UnsafeBuffer(sendList.address(0), probe.length);
        view.getBytes(0, probe);
        assertEquals(0, rig.pipeline.makeOwn(rig.nowNs), "once a second");
        sendList.clear();

        send(RIGHT, probe).assertDropped(DropReason.BRIDGE_LOOP);

        assertEquals(2, rig.pipeline.closedPorts());
        final byte[] frame = Frame.udp("192.0.2.7:1", "192.0.2.8:1").macs(CLIENT, OTHER).bytes();
        send(RIGHT, frame).assertDropped(DropReason.BRIDGE_LOOP);
        send(LEFT, frame).assertDropped(DropReason.SAME_SEGMENT);
        rig.advance(11);
        assertUntouched(send(LEFT, frame), RIGHT, frame);
        assertEquals(0, rig.pipeline.closedPorts());
    }
}
