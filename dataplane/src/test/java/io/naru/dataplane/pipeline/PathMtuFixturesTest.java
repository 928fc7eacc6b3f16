package io.naru.dataplane.pipeline;

import static io.naru.dataplane.pipeline.Frame.ACK;
import static io.naru.dataplane.pipeline.Frame.SYN;
import static io.naru.dataplane.pipeline.Rig.BACKEND_SIDE;
import static io.naru.dataplane.pipeline.Rig.BACKEND_SIDE_MAC;
import static io.naru.dataplane.pipeline.Rig.CLIENT_SIDE;
import static io.naru.dataplane.pipeline.Rig.CLIENT_SIDE_MAC;
import static io.naru.dataplane.service.Specs.backend;
import static io.naru.dataplane.service.Specs.service;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.port.PacketBurst;
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
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of packets that are too long for their way, and of the SYNs before them. */
class PathMtuFixturesTest {
    private static final String ROUTER = "02:00:00:00:00:99";
    private static final String SERVER = "02:00:00:00:02:01";
    private static final String CLIENT = "198.51.100.7:4321";
    private static final String CLIENT_6 = "[2001:db8:51::7]:4321";
    private static final String VIP = "192.0.2.10:80";
    private static final String VIP_6 = "[2001:db8:192::10]:80";
    private static final int HOP = 1;
    private static final int FRAMES = 32;

    private final Rig rig = new Rig();
    private final MemoryFrames own = new MemoryFrames(FRAMES, 2048);
    private final SendList sendList = new SendList(own.share(FRAMES));

    @AfterEach
    void close() {
        own.close();
        rig.close();
    }

    private void open(final Mode mode, final String vip, final String server, final int mtu) {
        open(mode, vip, server, mtu, ServiceOptions.DEFAULT);
    }

    private void open(
            final Mode mode,
            final String vip,
            final String server,
            final int mtu,
            final ServiceOptions options) {
        rig.pipeline.sendList(sendList);
        rig.hop(HOP, SERVER, BACKEND_SIDE);
        rig.hops.mtu(HOP, mtu);
        rig.adopt(
                ForwardingTable.builder(1)
                        .backend(1, backend("s1", server), HOP)
                        .service(0, service("tcp", vip, Protocol.TCP, mode).with(options), 1)
                        .service(1, service("udp", vip, Protocol.UDP, mode).with(options), 1)
                        .interfaceAddress(BACKEND_SIDE, IpAddress.parse("10.2.0.254"))
                        .interfaceAddress(BACKEND_SIDE, IpAddress.parse("2001:db8:2::fe")));
    }

    private static ServiceOptions options(final OversizeRule rule, final TunnelSpec tunnel) {
        return new ServiceOptions(false, false, false, ServiceOptions.MSS_AUTO, rule, tunnel);
    }

    private static Frame udp(final int payload) {
        return Frame.udp(CLIENT, VIP).macs(ROUTER, CLIENT_SIDE_MAC).payload(payload);
    }

    /** What left: the packet of the burst and those of the list. */
    private List<byte[]> sent(final Rig.Outcome outcome) {
        assertTrue(outcome.isSent(), () -> "not sent: " + outcome.reason());
        final List<byte[]> frames = new ArrayList<>();
        frames.add(outcome.out);
        final UnsafeBuffer view = new UnsafeBuffer(0, 0);
        for (int i = 0; i < sendList.count(); i++) {
            final byte[] frame = new byte[sendList.length(i)];
            view.wrap(sendList.address(i), frame.length);
            view.getBytes(0, frame);
            frames.add(frame);
        }
        sendList.clear();
        return frames;
    }

    /** The data of IPv4 fragments that are the whole of one packet, in any order. */
    private static byte[] reassembled(final List<byte[]> packets) {
        final List<byte[]> sorted = new ArrayList<>(packets);
        sorted.sort((a, b) -> Integer.compare(u16(a, 6) & 0x1fff, u16(b, 6) & 0x1fff));
        final ByteArrayOutputStream data = new ByteArrayOutputStream();
        for (int i = 0; i < sorted.size(); i++) {
            final byte[] packet = sorted.get(i);
            final int header = (packet[0] & 15) * 4;
            assertEquals(data.size(), (u16(packet, 6) & 0x1fff) * 8, "no gap, no overlap");
            assertEquals(i < sorted.size() - 1, (u16(packet, 6) & 0x2000) != 0, "more fragments");
            assertEquals(u16(sorted.get(0), 4), u16(packet, 4), "identification");
            assertEquals(0, Checksums.of(packet, 0, header), "checksum of the header");
            data.write(packet, header, u16(packet, 2) - header);
        }
        return data.toByteArray();
    }

    private static int u16(final byte[] bytes, final int at) {
        return (bytes[at] & 0xff) << 8 | (bytes[at + 1] & 0xff);
    }

    private static byte[] from(final byte[] frame, final int offset) {
        return Arrays.copyOfRange(frame, offset, frame.length);
    }

    @ParameterizedTest
    @CsvSource({"DSR_GRE, 24", "DSR_IPIP, 20"})
    @DisplayName("a packet that just fits with its tunnel goes, one byte more is told of")
    void justFits(final Mode mode, final int overhead) {
        open(mode, VIP, "10.2.0.1:0", 1400);
        final int fits = 1400 - overhead - 28;

        assertTrue(rig.send(CLIENT_SIDE, udp(fits).bytes()).isSent());
        final byte[] answer = rig.send(CLIENT_SIDE, udp(fits + 1).bytes()).out;

        assertEquals(1, answer[23], "ICMP");
        assertEquals(3, answer[34], "destination unreachable");
        assertEquals(4, answer[35], "fragmentation needed");
        assertEquals(1400 - overhead, u16(answer, 40), "what fits");
        assertArrayEquals(Frame.ip("192.0.2.10"), Arrays.copyOfRange(answer, 26, 30), "from VIP");
        assertArrayEquals(Frame.mac(ROUTER), Arrays.copyOf(answer, 6));
        assertNull(Checksums.problem(answer));
    }

    @ParameterizedTest
    @CsvSource({
        "DSR_IPIP, 10.2.0.1:0, 1299",
        "DSR_GRE, 10.2.0.1:0, 1280",
        "DSR_GRE, 10.2.0.1:0, 600",
        "DSR_IPIP, 10.2.0.1:0, 68"
    })
    @DisplayName("IPv6 of 1280 bytes in a tunnel that has no room for it: the packet around is cut")
    void cutsAroundIpv6(final Mode mode, final String server, final int mtu) {
        open(mode, VIP_6, server, mtu);
        final Frame datagram =
                Frame.udp(CLIENT_6, VIP_6).macs(ROUTER, CLIENT_SIDE_MAC).payload(1280 - 48);

        final List<byte[]> frames = sent(rig.send(CLIENT_SIDE, datagram.bytes()));

        frames.forEach(frame -> assertTrue(frame.length - 14 <= mtu));
        final byte[] inside = reassembled(frames.stream().map(f -> from(f, 14)).toList());
        assertArrayEquals(
                from(datagram.ttl(63).bytes(), 14), from(inside, mode == Mode.DSR_GRE ? 4 : 0));
    }

    @ParameterizedTest
    @CsvSource({"DSR_IPIP, 0, 1280", "DSR_GRE, 4, 1280", "DSR_IPIP, 0, 1319", "DSR_GRE, 4, 1323"})
    @DisplayName("the same where the packet around it is IPv6: behind a fragment header of its own")
    void cutsIpv6AroundIpv6(final Mode mode, final int gre, final int mtu) {
        open(mode, VIP_6, "[2001:db8:2::1]:0", mtu);
        final Frame datagram =
                Frame.udp(CLIENT_6, VIP_6).macs(ROUTER, CLIENT_SIDE_MAC).payload(1280 - 48);

        final List<byte[]> one = sent(rig.send(CLIENT_SIDE, datagram.bytes()));
        final List<byte[]> two = sent(rig.send(CLIENT_SIDE, datagram.bytes()));

        one.forEach(frame -> assertTrue(frame.length - 14 <= mtu));
        final byte[] inside = reassembled6(one, gre == 0 ? 41 : 47);
        assertArrayEquals(from(datagram.ttl(63).bytes(), 14), from(inside, gre));
        assertTrue(
                ByteBuffer.wrap(one.get(0)).getInt(58) != ByteBuffer.wrap(two.get(0)).getInt(58),
                "identification");
    }

    @ParameterizedTest
    @CsvSource({"10.2.0.1:0, 1300", "'[2001:db8:2::1]:0', 1320"})
    @DisplayName("what just fits is not cut; and a longer one is told of 1280, which is then cut")
    void boundsOfCutting(final String server, final int mtu) {
        open(Mode.DSR_IPIP, VIP_6, server, mtu);
        final Frame datagram = Frame.udp(CLIENT_6, VIP_6).macs(ROUTER, CLIENT_SIDE_MAC);

        assertEquals(1, sent(rig.send(CLIENT_SIDE, datagram.payload(1280 - 48).bytes())).size());
        final byte[] answer = rig.send(CLIENT_SIDE, datagram.payload(1281 - 48).bytes()).out;

        assertEquals(2, answer[54], "packet too big");
        assertEquals(1280, ByteBuffer.wrap(answer).getInt(58));
    }

    /** What is behind the fragment headers of fragments that are the whole of one IPv6 packet. */
    private static byte[] reassembled6(final List<byte[]> frames, final int protocol) {
        final List<byte[]> sorted = new ArrayList<>(frames);
        sorted.sort((a, b) -> Integer.compare(u16(a, 56), u16(b, 56)));
        final ByteArrayOutputStream data = new ByteArrayOutputStream();
        for (int i = 0; i < sorted.size(); i++) {
            final byte[] frame = sorted.get(i);
            assertEquals(44, frame[20], "a fragment header");
            assertEquals(protocol, frame[54]);
            assertEquals(0, frame[55], "reserved");
            assertEquals(frame.length - 54, u16(frame, 18), "payload length");
            assertEquals(data.size(), u16(frame, 56) & 0xfff8, "no gap, no overlap");
            assertEquals(i < sorted.size() - 1 ? 1 : 0, u16(frame, 56) & 7, "more fragments");
            assertArrayEquals(
                    Arrays.copyOfRange(sorted.get(0), 58, 62), Arrays.copyOfRange(frame, 58, 62));
            data.write(frame, 62, frame.length - 62);
        }
        return data.toByteArray();
    }

    @Test
    @DisplayName("IPv6 in a tunnel: the sender is told, and never of less than 1280")
    void ipv6() {
        open(Mode.DSR_GRE, VIP_6, "10.2.0.1:0", 1300);

        final byte[] answer =
                rig.send(
                                CLIENT_SIDE,
                                Frame.udp(CLIENT_6, VIP_6)
                                        .macs(ROUTER, CLIENT_SIDE_MAC)
                                        .payload(1281 - 48)
                                        .bytes())
                        .out;

        assertEquals(58, answer[20]);
        assertEquals(2, answer[54], "packet too big");
        assertEquals(1280, ByteBuffer.wrap(answer).getInt(58));
        assertNull(Checksums.problem(answer));
    }

    @ParameterizedTest
    @ValueSource(ints = {1400, 1280, 600, 68})
    @DisplayName("nat: a packet that may be fragmented is, and its data arrives whole")
    void fragmentsInNat(final int mtu) {
        open(Mode.NAT, VIP, "10.2.0.1:8080", mtu);

        final List<byte[]> frames = sent(rig.send(CLIENT_SIDE, udp(1400).fragment(0).bytes()));

        final byte[] whole =
                Frame.udp(CLIENT, "10.2.0.1:8080").fragment(0).ttl(63).payload(1400).bytes();
        assertTrue(frames.stream().allMatch(frame -> frame.length - 14 <= mtu));
        assertArrayEquals(
                from(whole, 34), reassembled(frames.stream().map(f -> from(f, 14)).toList()));
    }

    @Test
    @DisplayName("a fragment is fragmented again, its place and its flag kept")
    void fragmentsOfFragment() {
        open(Mode.NAT, VIP, "10.2.0.1:8080", 600);
        final byte[] first = udp(1400).fragment(0x2000).bytes();

        final List<byte[]> frames = sent(rig.send(CLIENT_SIDE, first));

        assertEquals(0x2000, u16(frames.get(frames.size() - 1), 20) & 0x2000);
        assertEquals(3, frames.size());
    }

    @Test
    @DisplayName("GRE with key and checksum: each fragment of the inner packet is wrapped")
    void innerFragments() {
        final TunnelSpec tunnel =
                new TunnelSpec(IpAddress.NONE, 32, IpAddress.NONE, 128, 7, true, true);
        open(Mode.DSR_GRE, VIP, "10.2.0.1:0", 1400, options(OversizeRule.INNER, tunnel));

        final List<byte[]> frames = sent(rig.send(CLIENT_SIDE, udp(1450).fragment(0).bytes()));

        assertEquals(2, frames.size());
        for (final byte[] frame : frames) {
            assertTrue(frame.length - 14 <= 1400);
            assertEquals(frame.length - 14, u16(frame, 16), "outer length");
            assertEquals(0, Checksums.of(frame, 14, 20), "outer header");
            assertEquals(0, Checksums.of(frame, 34, frame.length - 34), "GRE");
        }
        assertArrayEquals(
                from(udp(1450).fragment(0).bytes(), 34),
                reassembled(frames.stream().map(f -> from(f, 14 + 20 + 12)).toList()));
    }

    @Test
    @DisplayName("outer IPv6: the inner packet is fragmented, whatever the rule")
    void innerFragmentsInIpv6() {
        open(
                Mode.DSR_IPIP,
                VIP,
                "[2001:db8:2::1]:0",
                1400,
                options(OversizeRule.OUTER, TunnelSpec.DEFAULT));

        final List<byte[]> frames = sent(rig.send(CLIENT_SIDE, udp(1400).fragment(0).bytes()));

        assertEquals(2, frames.size());
        frames.forEach(frame -> assertEquals(frame.length - 54, u16(frame, 18), "payload length"));
        assertArrayEquals(
                from(udp(1400).fragment(0).bytes(), 34),
                reassembled(frames.stream().map(f -> from(f, 54)).toList()));
    }

    @Test
    @DisplayName("oversize outer: the packet around it is fragmented, with an identification")
    void outerFragments() {
        open(
                Mode.DSR_IPIP,
                VIP,
                "10.2.0.1:0",
                1400,
                options(OversizeRule.OUTER, TunnelSpec.DEFAULT));

        final List<byte[]> one = sent(rig.send(CLIENT_SIDE, udp(1400).fragment(0).bytes()));
        final List<byte[]> two = sent(rig.send(CLIENT_SIDE, udp(1400).fragment(0).bytes()));

        assertTrue(u16(one.get(0), 18) != u16(two.get(0), 18), "identification");
        assertArrayEquals(
                from(udp(1400).fragment(0).ttl(63).bytes(), 14),
                reassembled(one.stream().map(f -> from(f, 14)).toList()));
    }

    @Test
    @DisplayName("oversize outer: no two workers give packets the same identification")
    void identificationsOfWorkers() {
        final Set<Integer> identifications = new HashSet<>();
        final long address = sendList.newFrame();

        for (int worker = 0; worker < 2; worker++) {
            final Fragmenter fragmenter = new Fragmenter(worker, 2);
            fragmenter.sendList(sendList);
            for (int n = 0; n < 5; n++) {
                identifications.add(identification(fragmenter, address));
            }
        }

        assertEquals(10, identifications.size());
    }

    /** The identification that a packet around another one gets. */
    private int identification(final Fragmenter fragmenter, final long address) {
        final byte[] packet = udp(700).fragment(0).bytes();
        packet[14 + 9] = 4; // IPv4 in IPv4
        final UnsafeBuffer view = new UnsafeBuffer(address, packet.length);
        view.putBytes(0, packet);
        final PacketBurst burst = new PacketBurst();
        burst.count = 1;
        burst.address[0] = address;
        burst.length[0] = packet.length;
        burst.verdict[0] = Verdict.TX;
        fragmenter.mark(0, 14, packet.length - 14, 20, 600);
        fragmenter.cut(burst);
        sendList.clear();
        view.getBytes(0, packet);
        return u16(packet, 14 + 4);
    }

    @Test
    @DisplayName("oversize drop: a packet that could be fragmented is dropped as too-big")
    void dropped() {
        open(Mode.NAT, VIP, "10.2.0.1:8080", 1400, options(OversizeRule.DROP, TunnelSpec.DEFAULT));

        rig.send(CLIENT_SIDE, udp(1400).fragment(0).bytes()).assertDropped(DropReason.TOO_BIG);
    }

    @Test
    @DisplayName("without a free frame a packet that must be cut is dropped as no-frame")
    void noFrame() {
        open(Mode.NAT, VIP, "10.2.0.1:8080", 600);
        rig.pipeline.sendList(SendList.NONE);

        rig.send(CLIENT_SIDE, udp(1400).fragment(0).bytes()).assertDropped(DropReason.NO_FRAME);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    @DisplayName("nat: SYN and SYN-ACK offer no more than fits the way to the backend")
    void clamp(final int nops) {
        open(Mode.NAT, VIP, "10.2.0.1:8080", 1400);

        final byte[] syn =
                rig.send(CLIENT_SIDE, syn(CLIENT, VIP, nops).macs(ROUTER, CLIENT_SIDE_MAC).bytes())
                        .out;
        final byte[] synAck =
                rig.send(
                                BACKEND_SIDE,
                                syn("10.2.0.1:8080", CLIENT, nops)
                                        .flags(SYN | ACK)
                                        .macs(SERVER, BACKEND_SIDE_MAC)
                                        .bytes())
                        .out;

        assertEquals(1360, u16(syn, 54 + nops + 2));
        assertEquals(1360, u16(synAck, 54 + nops + 2));
        assertNull(Checksums.problem(syn));
        assertNull(Checksums.problem(synAck));
    }

    @Test
    @DisplayName("nat: a way of unknown MTU takes what its interface takes, for the SYN-ACK too")
    void clampByInterface() {
        open(Mode.NAT, VIP, "10.2.0.1:8080", 0);
        rig.hops.interfaceMtu(BACKEND_SIDE, 1400);
        rig.send(CLIENT_SIDE, syn(CLIENT, VIP, 0).macs(ROUTER, CLIENT_SIDE_MAC).bytes());

        final byte[] synAck =
                rig.send(
                                BACKEND_SIDE,
                                syn("10.2.0.1:8080", CLIENT, 0)
                                        .flags(SYN | ACK)
                                        .macs(SERVER, BACKEND_SIDE_MAC)
                                        .bytes())
                        .out;

        assertEquals(1360, u16(synAck, 56));
        assertNull(Checksums.problem(synAck));
    }

    @Test
    @DisplayName("an MSS that fits is left alone; a limit of the service's own holds in DSR too")
    void clampByService() {
        open(
                Mode.DSR_L2,
                VIP,
                "192.0.2.101:0",
                1500,
                new ServiceOptions(
                        false, false, false, 1_000, OversizeRule.INNER, TunnelSpec.DEFAULT));

        final byte[] syn =
                rig.send(CLIENT_SIDE, syn(CLIENT, VIP, 0).macs(ROUTER, CLIENT_SIDE_MAC).bytes())
                        .out;

        assertEquals(1000, u16(syn, 56));
        assertNull(Checksums.problem(syn));
    }

    private static Frame syn(final String from, final String to, final int nops) {
        final byte[] options = new byte[8];
        Arrays.fill(options, (byte) 1);
        options[nops] = 2;
        options[nops + 1] = 4;
        options[nops + 2] = 1460 >> 8;
        options[nops + 3] = (byte) 1460;
        return Frame.tcp(from, to, SYN).tcpOptions(options);
    }
}
