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
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.service.ForwardingTableBuilder;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The rules for packets that hurt, one by one, in both families; docs/packet-walk.md lists them.
 */
class RuleFixturesTest {
    private static final String ROUTER = "02:00:00:00:00:99";
    private static final String SERVER = "02:00:00:00:02:01";
    private static final byte[] PADDING = {0, 0, 1, 4, 0, 0, 0, 0};

    private final Rig rig = new Rig();

    enum Family {
        IPV4("198.51.100.7:4321", "192.0.2.10:80", "10.2.0.1:8080", "192.0.2.20", "10.2.0.100"),
        IPV6(
                "[2001:db8:51::7]:4321",
                "[2001:db8:192::10]:80",
                "[2001:db8::1]:8080",
                "[2001:db8:192::20]",
                "[2001:db8::100]");

        final String client;
        final String vip;
        final String backend;
        final String otherVip;
        final String local;

        Family(
                final String client,
                final String vip,
                final String backend,
                final String otherVip,
                final String local) {
            this.client = client;
            this.vip = vip;
            this.backend = backend;
            this.otherVip = otherVip;
            this.local = local;
        }
    }

    @BeforeEach
    void setUp() {
        rig.hop(1, SERVER, BACKEND_SIDE).adopt(table(Mode.NAT));
    }

    @AfterEach
    void close() {
        rig.close();
    }

    private static ForwardingTableBuilder table(final Mode mode) {
        final ForwardingTableBuilder table = ForwardingTable.builder(1);
        int id = 0;
        for (final Family family : Family.values()) {
            final String backend =
                    mode.isDsr() ? family.backend.replace(":8080", ":80") : family.backend;
            table.backend(1 + id, backend("s" + id, backend), 1)
                    .service(10 * id, service("web" + id, family.vip, Protocol.TCP, mode), 1 + id)
                    .service(
                            10 * id + 1,
                            service("dns" + id, family.vip, Protocol.UDP, mode),
                            1 + id)
                    .service(
                            10 * id + 2,
                            service("more" + id, family.otherVip + ":80", Protocol.TCP, mode),
                            1 + id)
                    .localAddress(id, address(family.local), false);
            id++;
        }
        return table.interfaceAddress(BACKEND_SIDE, address("10.2.0.254"))
                .interfaceAddress(BACKEND_SIDE, address("2001:db8::fe"));
    }

    private static IpAddress address(final String text) {
        return IpAddress.parse(text.replace("[", "").replace("]", ""));
    }

    private static Frame syn(final Family family) {
        return Frame.tcp(family.client, family.vip, SYN).macs(ROUTER, CLIENT_SIDE_MAC);
    }

    private static Frame udp(final Family family) {
        return Frame.udp(family.client, family.vip).macs(ROUTER, CLIENT_SIDE_MAC).payload(40);
    }

    private static Frame atBackend(final Family family, final Frame frame) {
        return frame.endpoints(family.client, family.backend)
                .macs(BACKEND_SIDE_MAC, SERVER)
                .ttl(63);
    }

    private void assertDropped(final DropReason reason, final Frame frame) {
        assertDropped(reason, frame.bytes());
    }

    private void assertDropped(final DropReason reason, final byte[] frame) {
        final int flows = rig.flows.size();
        rig.send(CLIENT_SIDE, frame).assertDropped(reason);
        assertEquals(flows, rig.flows.size());
    }

    // -- sources ----------------------------------------------------------------------------------

    @Test
    @DisplayName("a martian source opens no flow and gets no answer")
    void martians() {
        final String[] martians = {
            "0.0.0.0",
            "0.1.2.3",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.0.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "192.0.2.20"
        };
        for (final String source : martians) {
            martian(Family.IPV4, source, Frame.icmp(source, Family.IPV4.vip, 8));
        }
        final String[] martians6 = {
            "[::]",
            "[::1]",
            "[::5:6:7:8]",
            "[::198.51.100.7]",
            "[ff02::1]",
            "[ff0e::1234]",
            "[2001:db8:192::20]"
        };
        for (final String source : martians6) {
            martian(Family.IPV6, source, Frame.icmp6(source, Family.IPV6.vip, 128));
        }
        for (final String source : new String[] {"[fe80::1]", "[febf::1]"}) {
            assertDropped(
                    DropReason.BAD_SOURCE,
                    syn(Family.IPV6).endpoints(source + ":9", Family.IPV6.vip));
        }
    }

    private void martian(final Family family, final String source, final Frame ping) {
        assertDropped(DropReason.BAD_SOURCE, syn(family).endpoints(source + ":9", family.vip));
        assertDropped(DropReason.BAD_SOURCE, udp(family).endpoints(source + ":9", family.vip));
        assertDropped(DropReason.BAD_SOURCE, ping.macs(ROUTER, CLIENT_SIDE_MAC));
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("a packet that says it comes from where it goes to is land")
    void land(final Family family) {
        final String vip = family.vip.substring(0, family.vip.lastIndexOf(':'));
        for (final String port : new String[] {":80", ":9"}) {
            assertDropped(DropReason.LAND, syn(family).endpoints(vip + port, family.vip));
            assertDropped(DropReason.LAND, udp(family).endpoints(vip + port, family.vip));
        }
        final Frame ping =
                family == Family.IPV4 ? Frame.icmp(vip, vip, 8) : Frame.icmp6(vip, vip, 128);
        assertDropped(DropReason.LAND, ping.macs(ROUTER, CLIENT_SIDE_MAC));
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("a source MAC of a group is bad-source, whatever is inside")
    void groupMac(final Family family) {
        for (final String mac : new String[] {"01:00:5e:00:00:01", "ff:ff:ff:ff:ff:ff"}) {
            assertDropped(DropReason.BAD_SOURCE, syn(family).macs(mac, CLIENT_SIDE_MAC));
        }
    }

    // -- lengths ----------------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource
    @DisplayName("a frame that ends before its headers do is bad-length")
    void badLengths(final Family family) {
        final byte[] whole = syn(family).payload(0).unpadded().bytes();
        for (int length = 0; length < whole.length; length++) {
            assertDropped(DropReason.BAD_LENGTH, Frame.cut(whole, length));
        }
        assertDropped(DropReason.BAD_LENGTH, syn(family).totalLengthExtra(100));
        assertDropped(DropReason.BAD_LENGTH, syn(family).totalLengthExtra(-1));
        assertDropped(DropReason.BAD_LENGTH, udp(family).totalLengthExtra(-1));
        final int l4 = family == Family.IPV4 ? 34 : 54;
        final byte[] longerHeader = whole.clone();
        longerHeader[l4 + 12] = 0x60;
        assertDropped(DropReason.BAD_LENGTH, longerHeader);
        final byte[] shorterHeader = whole.clone();
        shorterHeader[l4 + 12] = 0x40;
        assertDropped(DropReason.BAD_HEADER, shorterHeader);
        final byte[] noDatagram = udp(family).bytes();
        noDatagram[l4 + 5] = 7;
        assertDropped(DropReason.BAD_HEADER, noDatagram);
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("bytes behind the end of the packet go on with it")
    void padding(final Family family) {
        final byte[] in = syn(family).unpadded().bytes();
        final byte[] out = atBackend(family, syn(family)).unpadded().bytes();
        rig.send(CLIENT_SIDE, Arrays.copyOf(in, 100))
                .assertSent(BACKEND_SIDE, Arrays.copyOf(out, 100));
    }

    // -- options and extension headers ------------------------------------------------------------

    @Test
    @DisplayName("IP options that are no source route go on as they are")
    void options() {
        final byte[][] harmless = {
            {(byte) 148, 4, 0, 0}, // router alert
            {7, 7, 4, 0, 0, 0, 0, 0}, // record route
            {68, 12, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0}, // timestamp
            {1, 1, 1, 0}, // nothing, nothing, nothing, end
            {0, (byte) 131, 7, 4} // what is behind the end is nothing
        };
        for (final byte[] options : harmless) {
            rig.send(CLIENT_SIDE, syn(Family.IPV4).options(options).bytes())
                    .assertSent(
                            BACKEND_SIDE,
                            atBackend(Family.IPV4, syn(Family.IPV4)).options(options));
        }
        rig.send(
                        BACKEND_SIDE,
                        Frame.tcp(Family.IPV4.backend, Family.IPV4.client, SYN | ACK)
                                .macs(SERVER, BACKEND_SIDE_MAC)
                                .options(harmless[0])
                                .bytes())
                .assertSent(
                        CLIENT_SIDE,
                        Frame.tcp(Family.IPV4.vip, Family.IPV4.client, SYN | ACK)
                                .macs(CLIENT_SIDE_MAC, ROUTER)
                                .options(harmless[0])
                                .ttl(63));
        assertDropped(
                DropReason.BAD_IP_CHECKSUM, syn(Family.IPV4).options(harmless[0]).badIpChecksum(1));
    }

    @Test
    @DisplayName("a source route is dropped, in a whole packet, a fragment and a ping")
    void sourceRoutes() {
        final byte[] loose = {(byte) 131, 7, 4, 10, 2, 0, 1, 0};
        final byte[] strict = {1, (byte) 137, 7, 4, 10, 2, 0, 1};
        for (final byte[] route : new byte[][] {loose, strict}) {
            assertDropped(DropReason.IP_OPTIONS, syn(Family.IPV4).options(route));
            assertDropped(DropReason.IP_OPTIONS, udp(Family.IPV4).options(route).fragment(0x2000));
            assertDropped(
                    DropReason.IP_OPTIONS,
                    Frame.icmp("198.51.100.7", "192.0.2.10", 8)
                            .macs(ROUTER, CLIENT_SIDE_MAC)
                            .options(route));
        }
        assertDropped(
                DropReason.EXTENSION_HEADER,
                syn(Family.IPV6)
                        .extension(
                                43,
                                new byte[] {
                                    0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                    0, 0, 0
                                }));
    }

    @Test
    @DisplayName("IP options that lead nowhere are dropped")
    void garbledOptions() {
        for (final byte[] options :
                new byte[][] {{7, 1, 4, 0}, {1, 1, 7, 3}, {1, 1, 1, 7}, {68, 0, 0, 0}}) {
            assertDropped(DropReason.IP_OPTIONS, syn(Family.IPV4).options(options));
        }
    }

    @Test
    @DisplayName("extension headers go on as they are, up to eight of them")
    void extensionHeaders() {
        final Frame in = syn(Family.IPV6);
        final Frame out = atBackend(Family.IPV6, syn(Family.IPV6));
        for (int count = 1; count <= 9; count++) {
            in.extension(60, PADDING);
            out.extension(60, PADDING);
            if (count <= 8) {
                rig.send(CLIENT_SIDE, in.bytes()).assertSent(BACKEND_SIDE, out);
            } else {
                assertDropped(DropReason.EXTENSION_HEADER, in);
            }
        }
        rig.send(CLIENT_SIDE, syn(Family.IPV6).extension(60, PADDING).extension(0, PADDING).bytes())
                .assertSent(
                        BACKEND_SIDE,
                        atBackend(Family.IPV6, syn(Family.IPV6))
                                .extension(60, PADDING)
                                .extension(0, PADDING));
        assertDropped(
                DropReason.EXTENSION_HEADER,
                syn(Family.IPV6).extension(0, PADDING).extension(60, PADDING));
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("what is neither TCP, UDP nor the family's ICMP is unsupported-protocol")
    void otherProtocols(final Family family) {
        final int foreignIcmp = family == Family.IPV4 ? 58 : 1;
        for (final int protocol : new int[] {47, 4, 41, 50, 51, 59, 132, foreignIcmp}) {
            assertDropped(DropReason.UNSUPPORTED_PROTOCOL, syn(family).protocol(protocol));
        }
    }

    // -- checksums --------------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource
    @DisplayName("a damaged segment goes on, and is damaged by as much when it arrives")
    void badTransportChecksum(final Family family) {
        final byte[] out =
                rig.send(CLIENT_SIDE, syn(family).payload(9).badL4Checksum(0x1234).bytes()).out;
        assertNotNull(Checksums.problem(out));
        assertArrayEquals(
                atBackend(family, syn(family)).payload(9).badL4Checksum(0x1234).bytes(), out);
    }

    // -- time to live -----------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource
    @DisplayName("who sent a packet that expires is told by the address that it was sent to")
    void timeExceeded(final Family family) {
        for (final Mode mode : Mode.values()) {
            try (Rig fresh = new Rig()) {
                fresh.hop(1, SERVER, BACKEND_SIDE).adopt(table(mode));
                final Frame in = syn(family).ttl(1);
                final Rig.Outcome outcome = fresh.send(CLIENT_SIDE, in.bytes());
                if (mode == Mode.DSR_L2) {
                    assertTrue(outcome.isSent(), "dsr-l2 routes nothing");
                    assertEquals(0, fresh.pipeline.icmpErrorsMade());
                    continue;
                }
                outcome.assertSent(
                        CLIENT_SIDE,
                        exceeded(family, family.vip, family.client, in.bytes(), 1500)
                                .macs(CLIENT_SIDE_MAC, ROUTER));
                assertEquals(1, fresh.pipeline.icmpErrorsMade());
                assertEquals(1, fresh.stats.dropped(DropReason.TTL_EXPIRED));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName(
            "a backend whose answer expires is told by the VIP, in full-nat by the local address")
    void timeExceededOfAnswer(final Family family) {
        for (final Mode mode : new Mode[] {Mode.NAT, Mode.FULL_NAT}) {
            try (Rig fresh = new Rig()) {
                fresh.hop(1, SERVER, BACKEND_SIDE).adopt(table(mode));
                final byte[] request = fresh.send(CLIENT_SIDE, syn(family).bytes()).out;
                final String to = mode == Mode.NAT ? family.client : source(family, request);
                final Frame in =
                        Frame.tcp(family.backend, to, SYN | ACK)
                                .macs(SERVER, BACKEND_SIDE_MAC)
                                .payload(1400)
                                .ttl(0);
                fresh.send(BACKEND_SIDE, in.bytes())
                        .assertSent(
                                BACKEND_SIDE,
                                exceeded(
                                                family,
                                                mode == Mode.NAT ? family.vip : family.local,
                                                family.backend,
                                                in.bytes(),
                                                family == Family.IPV4 ? 548 : 1232)
                                        .macs(BACKEND_SIDE_MAC, SERVER));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("an answer to an expired packet keeps its VLAN tag")
    void timeExceededInVlan(final Family family) {
        final byte[] out = rig.send(CLIENT_SIDE, tagged(syn(family).ttl(1).bytes())).out;
        final byte[] expected =
                exceeded(family, family.vip, family.client, syn(family).ttl(1).bytes(), 1500)
                        .macs(CLIENT_SIDE_MAC, ROUTER)
                        .bytes();
        assertArrayEquals(tagged(expected), out);
    }

    private static byte[] tagged(final byte[] frame) {
        final byte[] out = new byte[frame.length + 4];
        System.arraycopy(frame, 0, out, 0, 12);
        out[12] = (byte) 0x81;
        out[14] = 0x60;
        out[15] = 7;
        System.arraycopy(frame, 12, out, 16, frame.length - 12);
        return out;
    }

    private static Frame exceeded(
            final Family family,
            final String from,
            final String to,
            final byte[] about,
            final int limit) {
        final int length =
                family == Family.IPV4
                        ? (about[16] & 0xff) << 8 | (about[17] & 0xff)
                        : 40 + ((about[18] & 0xff) << 8 | (about[19] & 0xff));
        final byte[] quote = Arrays.copyOfRange(about, 14, 14 + Math.min(limit, length));
        return family == Family.IPV4
                ? Frame.icmp(from, to, 11)
                        .code(0, 0)
                        .payload(quote)
                        .identification(0)
                        .dscp(0xc0)
                        .unpadded()
                : Frame.icmp6(from, to, 3).code(0, 0).payload(quote).unpadded();
    }

    private static String source(final Family family, final byte[] frame) {
        final int l4 = family == Family.IPV4 ? 34 : 54;
        return family.local + ":" + ((frame[l4] & 0xff) << 8 | (frame[l4 + 1] & 0xff));
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("no more than fifty are told at once, and a thousand in a second")
    void rateLimit(final Family family) {
        final byte[] expiring = syn(family).ttl(1).bytes();
        assertEquals(50, told(expiring, 200));
        rig.nowNs += 10_000_000L;
        assertEquals(10, told(expiring, 200));
        rig.advance(1);
        assertEquals(50, told(expiring, 200));
        assertEquals(110, rig.stats.dropped(DropReason.TTL_EXPIRED), "the others by verdict");
    }

    private int told(final byte[] frame, final int packets) {
        int told = 0;
        for (int i = 0; i < packets; i++) {
            final Rig.Outcome outcome = rig.send(CLIENT_SIDE, frame);
            if (outcome.isSent()) {
                told++;
            } else {
                outcome.assertDropped(DropReason.TTL_EXPIRED);
            }
        }
        return told;
    }
}
