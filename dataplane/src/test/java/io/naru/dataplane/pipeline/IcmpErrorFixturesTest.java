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

import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowHash;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.service.ForwardingTableBuilder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * ICMP errors in every mode, both directions and both families: each is about a packet that the rig
 * sent just before, and what must come out is built anew, checksums and all.
 */
class IcmpErrorFixturesTest {
    private static final String ROUTER = "02:00:00:00:00:99";
    private static final String SERVER = "02:00:00:00:02:01";
    private static final int BACKEND_HOP = 1;

    private Rig rig = new Rig();

    @AfterEach
    void close() {
        rig.close();
    }

    /** The addresses of a family. */
    enum Family {
        IPV4(
                "198.51.100.7:4321",
                "192.0.2.10:80",
                "10.2.0.1:8080",
                "10.2.0.100",
                "10.2.0.254",
                "203.0.113.9",
                "10.9.0.9"),
        IPV6(
                "[2001:db8:51::7]:4321",
                "[2001:db8:192::10]:80",
                "[2001:db8::1]:8080",
                "[2001:db8::100]",
                "[2001:db8::fe]",
                "[2001:db8:113::9]",
                "[2001:db8:9::9]");

        final String client;
        final String vip;
        final String backend;
        final String local;
        final String box;
        final String clientsRouter;
        final String backendsRouter;

        Family(
                final String client,
                final String vip,
                final String backend,
                final String local,
                final String box,
                final String clientsRouter,
                final String backendsRouter) {
            this.client = client;
            this.vip = vip;
            this.backend = backend;
            this.local = local;
            this.box = box;
            this.clientsRouter = clientsRouter;
            this.backendsRouter = backendsRouter;
        }

        int ipLength() {
            return this == IPV4 ? 20 : 40;
        }

        String address(final String endpoint) {
            return endpoint.substring(0, endpoint.lastIndexOf(':'));
        }
    }

    /** A service of one mode with one backend. */
    record Case(Mode mode, Family family, Family outer) {
        @Override
        public String toString() {
            final String inner = mode.label() + ", " + family.name();
            return mode.isTunnel() ? inner + " in " + outer.name() : inner;
        }

        String backend() {
            return mode.isDsr() ? outer.address(outer.backend) + ":80" : outer.backend;
        }
    }

    static Stream<Case> natCases() {
        return cases().filter(c -> !c.mode.isDsr());
    }

    static Stream<Case> natCases4() {
        return natCases().filter(c -> c.family == Family.IPV4);
    }

    static Stream<Case> dsrCases() {
        return cases().filter(c -> c.mode.isDsr());
    }

    static Stream<Case> tunnelCases() {
        return cases().filter(c -> c.mode.isTunnel());
    }

    static Stream<Case> cases() {
        final List<Case> cases = new ArrayList<>();
        for (final Mode mode : Mode.values()) {
            for (final Family family : Family.values()) {
                for (final Family outer : Family.values()) {
                    if (mode.isTunnel() || outer == family) {
                        cases.add(new Case(mode, family, outer));
                    }
                }
            }
        }
        return cases.stream();
    }

    private void open(final Case c) {
        rig.hop(BACKEND_HOP, SERVER, BACKEND_SIDE).adopt(table(c));
    }

    private static ForwardingTableBuilder table(final Case c) {
        final String vip = c.family.vip;
        return ForwardingTable.builder(1)
                .backend(1, backend("s1", c.backend()), BACKEND_HOP)
                .service(0, service("tcp", vip, Protocol.TCP, c.mode), 1)
                .service(1, service("udp", vip, Protocol.UDP, c.mode), 1)
                .localAddress(0, address(c.family.local), false)
                .interfaceAddress(BACKEND_SIDE, address(Family.IPV4.box))
                .interfaceAddress(BACKEND_SIDE, address(Family.IPV6.box));
    }

    private static IpAddress address(final String text) {
        return IpAddress.parse(text.replace("[", "").replace("]", ""));
    }

    // -- what the hosts send ----------------------------------------------------------------------

    private static Frame request(final Case c, final boolean isTcp) {
        final Frame frame =
                isTcp
                        ? Frame.tcp(c.family.client, c.family.vip, SYN)
                        : Frame.udp(c.family.client, c.family.vip);
        return frame.macs(ROUTER, CLIENT_SIDE_MAC).payload(isTcp ? 0 : 33);
    }

    /** The backend's answer to what the rig sent it. */
    private static Frame answer(final Case c, final byte[] atBackend, final boolean isTcp) {
        final String to = c.mode == Mode.FULL_NAT ? source(atBackend) : c.family.client;
        final Frame frame =
                isTcp
                        ? Frame.tcp(c.family.backend, to, SYN | ACK)
                        : Frame.udp(c.family.backend, to);
        return frame.macs(SERVER, BACKEND_SIDE_MAC).payload(29);
    }

    private byte[] sent(final int ingress, final Frame frame) {
        final Rig.Outcome outcome = rig.send(ingress, frame.bytes());
        assertTrue(outcome.isSent(), () -> "not sent: " + outcome.reason());
        return outcome.out;
    }

    /** The IP packet of a frame, cut as routers cut it. */
    private static byte[] quote(final byte[] frame, final int length) {
        final int ipLength =
                frame[12] == 8
                        ? (frame[16] & 0xff) << 8 | (frame[17] & 0xff)
                        : 40 + ((frame[18] & 0xff) << 8 | (frame[19] & 0xff));
        return Arrays.copyOfRange(frame, 14, 14 + Math.min(length, ipLength));
    }

    private static Frame error(
            final Family family, final String from, final String to, final byte[] quote) {
        final Frame frame =
                family == Family.IPV4 ? Frame.icmp(from, to, 3) : Frame.icmp6(from, to, 1);
        return frame.code(1, 0).payload(quote).unpadded();
    }

    private static String source(final byte[] frame) {
        final boolean is4 = frame[12] == 8;
        final int at = is4 ? 26 : 22;
        final byte[] ip = Arrays.copyOfRange(frame, at, at + (is4 ? 4 : 16));
        final int l4 = is4 ? 34 : 54;
        final int port = (frame[l4] & 0xff) << 8 | (frame[l4 + 1] & 0xff);
        return text(ip) + ":" + port;
    }

    private static String text(final byte[] ip) {
        try {
            final String text = java.net.InetAddress.getByAddress(ip).getHostAddress();
            return ip.length == 4 ? text : "[" + text + "]";
        } catch (final java.net.UnknownHostException ex) {
            throw new IllegalArgumentException(ex);
        }
    }

    /** Lengths of quotes: the ports only, without TCP's checksum, just with it, everything. */
    private static int[] quoteLengths(final Family family) {
        final int ip = family.ipLength();
        return new int[] {ip + 4, ip + 6, ip + 8, ip + 16, ip + 18, ip + 20, 500};
    }

    // -- to the client ----------------------------------------------------------------------------

    @ParameterizedTest(name = "{0}")
    @MethodSource("natCases")
    @DisplayName("an error about a request comes to the client as if the VIP had said it")
    void errorAboutRequest(final Case c) {
        open(c);
        for (final boolean isTcp : new boolean[] {true, false}) {
            final byte[] atBackend = sent(CLIENT_SIDE, request(c, isTcp));
            final String blamed = c.family.address(source(atBackend));
            for (final int length : quoteLengths(c.family)) {
                rig.send(
                                BACKEND_SIDE,
                                error(
                                                c.family,
                                                c.family.backendsRouter,
                                                blamed,
                                                quote(atBackend, length))
                                        .macs(SERVER, BACKEND_SIDE_MAC)
                                        .bytes())
                        .assertSent(
                                CLIENT_SIDE,
                                error(
                                                c.family,
                                                c.family.address(c.family.vip),
                                                c.family.address(c.family.client),
                                                quote(request(c, isTcp).ttl(63).bytes(), length))
                                        .macs(CLIENT_SIDE_MAC, ROUTER)
                                        .ttl(63));
            }
        }
    }

    // -- to the backend ---------------------------------------------------------------------------

    @ParameterizedTest(name = "{0}")
    @MethodSource("natCases")
    @DisplayName("an error about an answer comes to the backend, about what the backend sent")
    void errorAboutAnswer(final Case c) {
        open(c);
        for (final boolean isTcp : new boolean[] {true, false}) {
            final byte[] atBackend = sent(CLIENT_SIDE, request(c, isTcp));
            final byte[] atClient = sent(BACKEND_SIDE, answer(c, atBackend, isTcp));
            final String from = c.mode == Mode.FULL_NAT ? c.family.local : c.family.clientsRouter;
            for (final int length : quoteLengths(c.family)) {
                rig.send(
                                CLIENT_SIDE,
                                error(
                                                c.family,
                                                c.family.clientsRouter,
                                                c.family.address(c.family.vip),
                                                quote(atClient, length))
                                        .macs(ROUTER, CLIENT_SIDE_MAC)
                                        .bytes())
                        .assertSent(
                                BACKEND_SIDE,
                                error(
                                                c.family,
                                                from,
                                                c.family.address(c.family.backend),
                                                quote(
                                                        answer(c, atBackend, isTcp).ttl(63).bytes(),
                                                        length))
                                        .macs(BACKEND_SIDE_MAC, SERVER)
                                        .ttl(63));
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("dsrCases")
    @DisplayName("in DSR an error about an answer comes to the flow's own backend as it is")
    void errorAboutAnswerInDsr(final Case c) {
        open(c);
        sent(CLIENT_SIDE, request(c, true));
        final byte[] answer =
                Frame.tcp(c.family.vip, c.family.client, SYN | ACK).payload(100).bytes();
        final Frame error =
                error(
                                c.family,
                                c.family.clientsRouter,
                                c.family.address(c.family.vip),
                                quote(answer, 500))
                        .macs(ROUTER, CLIENT_SIDE_MAC);

        final byte[] out = sent(CLIENT_SIDE, error);

        if (c.mode == Mode.DSR_L2) {
            assertArrayEquals(error.macs(BACKEND_SIDE_MAC, SERVER).bytes(), out);
        } else {
            final byte[] inner = error.ttl(63).bytes();
            final int at = out.length - (inner.length - 14);
            assertArrayEquals(
                    Arrays.copyOfRange(inner, 14, inner.length),
                    Arrays.copyOfRange(out, at, out.length));
            assertEquals(14 + c.outer.ipLength() + (c.mode == Mode.DSR_GRE ? 4 : 0), at, "headers");
            assertArrayEquals(Frame.mac(SERVER), Arrays.copyOf(out, 6));
        }
        assertNull(Checksums.problem(out));
    }

    // -- about packets of our tunnels -------------------------------------------------------------

    @ParameterizedTest(name = "{0}")
    @MethodSource("tunnelCases")
    @DisplayName("what a path through a tunnel takes is remembered, and told to the client")
    void pathMtuOfTunnel(final Case c) {
        open(c);
        final List<String> told = new ArrayList<>();
        rig.pipeline.pathMtuListener(
                (high, low, mtu) -> told.add(Long.toHexString(low) + " takes " + mtu));
        sent(CLIENT_SIDE, request(c, true));
        final Frame data =
                Frame.tcp(c.family.client, c.family.vip, ACK)
                        .macs(ROUTER, CLIENT_SIDE_MAC)
                        .payload(1390);
        final byte[] outside = sent(CLIENT_SIDE, data);
        final int overhead = c.outer.ipLength() + (c.mode == Mode.DSR_GRE ? 4 : 0);

        final Rig.Outcome outcome =
                rig.send(
                        BACKEND_SIDE,
                        tooBig(c.outer, c.outer.backendsRouter, c.outer.box, 1400, outside, 548)
                                .macs(SERVER, BACKEND_SIDE_MAC)
                                .bytes());

        final String address = c.outer == Family.IPV4 ? "100020a" : "100000000000000";
        assertEquals(List.of(address + " takes 1400"), told);
        final byte[] quoted = Arrays.copyOfRange(outside, 14 + overhead, 14 + 548);
        final Frame expected =
                tooBigQuoting(
                                c.family,
                                c.family.address(c.family.vip),
                                c.family.address(c.family.client),
                                1400 - overhead,
                                quoted)
                        .macs(CLIENT_SIDE_MAC, ROUTER);
        outcome.assertSent(CLIENT_SIDE, ours(c.family, expected));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("tunnelCases")
    @DisplayName("a quote with too little of the packet inside still says what the path takes")
    void pathMtuOfTunnelInShortQuote(final Case c) {
        open(c);
        final List<Integer> told = new ArrayList<>();
        rig.pipeline.pathMtuListener((high, low, mtu) -> told.add(mtu));
        final byte[] outside = sent(CLIENT_SIDE, request(c, false).payload(1400));

        rig.send(
                        BACKEND_SIDE,
                        tooBig(
                                        c.outer,
                                        c.outer.backendsRouter,
                                        c.outer.box,
                                        1400,
                                        outside,
                                        c.outer.ipLength() + 8)
                                .macs(SERVER, BACKEND_SIDE_MAC)
                                .bytes())
                .assertDropped(DropReason.ICMP_TUNNEL);
        assertEquals(List.of(1400), told);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("tunnelCases")
    @DisplayName(
            "an error about a tunnel that we did not send, or says nothing new, changes nothing")
    void forgedPathMtu(final Case c) {
        open(c);
        final List<Integer> told = new ArrayList<>();
        rig.pipeline.pathMtuListener((high, low, mtu) -> told.add(mtu));
        final byte[] outside = sent(CLIENT_SIDE, request(c, false).payload(1400));
        final byte[] other = outside.clone();
        final int innerPort =
                14 + c.outer.ipLength() + (c.mode == Mode.DSR_GRE ? 4 : 0) + c.family.ipLength();
        other[innerPort] ^= 1;

        for (final int mtu : new int[] {1, 68, 551, 1500, 9000}) {
            rig.send(
                            BACKEND_SIDE,
                            tooBig(c.outer, c.outer.backendsRouter, c.outer.box, mtu, outside, 500)
                                    .macs(SERVER, BACKEND_SIDE_MAC)
                                    .bytes())
                    .assertDropped(DropReason.ICMP_TUNNEL);
        }
        rig.send(
                        BACKEND_SIDE,
                        tooBig(c.outer, c.outer.backendsRouter, c.outer.box, 1400, other, 500)
                                .macs(SERVER, BACKEND_SIDE_MAC)
                                .bytes())
                .assertDropped(DropReason.ICMP_NO_FLOW);
        assertEquals(List.of(), told);
    }

    @Test
    @DisplayName("a router that does not say what it takes is taken for one that takes 576")
    void unsaidPathMtu() {
        final Case c = new Case(Mode.DSR_GRE, Family.IPV4, Family.IPV4);
        open(c);
        final List<Integer> told = new ArrayList<>();
        rig.pipeline.pathMtuListener((high, low, mtu) -> told.add(mtu));
        final byte[] outside = sent(CLIENT_SIDE, request(c, false).payload(1400));
        rig.send(
                BACKEND_SIDE,
                tooBig(c.outer, c.outer.backendsRouter, c.outer.box, 0, outside, 548)
                        .macs(SERVER, BACKEND_SIDE_MAC)
                        .bytes());
        assertEquals(List.of(576), told);
    }

    private static Frame tooBig(
            final Family family,
            final String from,
            final String to,
            final int mtu,
            final byte[] about,
            final int length) {
        return tooBigQuoting(family, from, to, mtu, quote(about, length));
    }

    private static Frame tooBigQuoting(
            final Family family,
            final String from,
            final String to,
            final int mtu,
            final byte[] quote) {
        return family == Family.IPV4
                ? Frame.icmp(from, to, 3).code(4, mtu).payload(quote).unpadded()
                : Frame.icmp6(from, to, 2).code(0, mtu).payload(quote).unpadded();
    }

    /** As an error is that we make ourselves. */
    private static Frame ours(final Family family, final Frame frame) {
        return family == Family.IPV4 ? frame.identification(0).dscp(0xc0) : frame;
    }

    // -- quotes that hurt -------------------------------------------------------------------------

    @ParameterizedTest(name = "{0}")
    @MethodSource("natCases4")
    @DisplayName("a quoted UDP checksum of zero stays zero")
    void quotedUdpWithoutChecksum(final Case c) {
        open(c);
        final byte[] atBackend = sent(CLIENT_SIDE, request(c, false).withoutUdpChecksum());
        rig.send(
                        BACKEND_SIDE,
                        error(
                                        c.family,
                                        c.family.backendsRouter,
                                        c.family.address(source(atBackend)),
                                        quote(atBackend, 500))
                                .macs(SERVER, BACKEND_SIDE_MAC)
                                .bytes())
                .assertSent(
                        CLIENT_SIDE,
                        error(
                                        c.family,
                                        c.family.address(c.family.vip),
                                        c.family.address(c.family.client),
                                        quote(
                                                request(c, false)
                                                        .withoutUdpChecksum()
                                                        .ttl(63)
                                                        .bytes(),
                                                500))
                                .macs(CLIENT_SIDE_MAC, ROUTER)
                                .ttl(63));
    }

    @Test
    @DisplayName("IP options, outside and in the quote, are stepped over and stay")
    void options() {
        final Case c = new Case(Mode.NAT, Family.IPV4, Family.IPV4);
        open(c);
        final byte[] alert = {(byte) 148, 4, 0, 0};
        final byte[] atBackend = sent(CLIENT_SIDE, request(c, true).options(alert));
        rig.send(
                        BACKEND_SIDE,
                        error(
                                        c.family,
                                        c.family.backendsRouter,
                                        c.family.address(c.family.client),
                                        quote(atBackend, 32))
                                .options(alert)
                                .macs(SERVER, BACKEND_SIDE_MAC)
                                .bytes())
                .assertSent(
                        CLIENT_SIDE,
                        error(
                                        c.family,
                                        c.family.address(c.family.vip),
                                        c.family.address(c.family.client),
                                        quote(request(c, true).options(alert).ttl(63).bytes(), 32))
                                .options(alert)
                                .macs(CLIENT_SIDE_MAC, ROUTER)
                                .ttl(63));
    }

    @Test
    @DisplayName("extension headers in the quote of an ICMPv6 error are stepped over and stay")
    void extensions() {
        final Case c = new Case(Mode.NAT, Family.IPV6, Family.IPV6);
        open(c);
        final byte[] padding = {0, 0, 1, 4, 0, 0, 0, 0};
        final byte[] atBackend = sent(CLIENT_SIDE, request(c, true).extension(60, padding));
        rig.send(
                        BACKEND_SIDE,
                        error(
                                        c.family,
                                        c.family.backendsRouter,
                                        c.family.address(c.family.client),
                                        quote(atBackend, 500))
                                .macs(SERVER, BACKEND_SIDE_MAC)
                                .bytes())
                .assertSent(
                        CLIENT_SIDE,
                        error(
                                        c.family,
                                        c.family.address(c.family.vip),
                                        c.family.address(c.family.client),
                                        quote(
                                                request(c, true)
                                                        .extension(60, padding)
                                                        .ttl(63)
                                                        .bytes(),
                                                500))
                                .macs(CLIENT_SIDE_MAC, ROUTER)
                                .ttl(63));
    }

    @Test
    @DisplayName("an error about a first fragment finds its flow, one about a later one does not")
    void fragments() {
        final Case c = new Case(Mode.NAT, Family.IPV4, Family.IPV4);
        open(c);
        final Frame whole = Frame.udp(c.family.client, c.family.vip).payload(1992);
        final byte[] first = firstFragment(whole, 63);
        final byte[] atBackend = sent(CLIENT_SIDE, first, ROUTER, CLIENT_SIDE_MAC);
        final byte[] later = atBackend.clone();
        later[14 + 6] = 0x20;
        later[14 + 7] = 0x7d;
        sumHeader(later);

        rig.send(
                        BACKEND_SIDE,
                        error(
                                        c.family,
                                        c.family.backendsRouter,
                                        c.family.address(c.family.client),
                                        quote(atBackend, 200))
                                .macs(SERVER, BACKEND_SIDE_MAC)
                                .bytes())
                .assertSent(
                        CLIENT_SIDE,
                        error(
                                        c.family,
                                        c.family.address(c.family.vip),
                                        c.family.address(c.family.client),
                                        quote(firstFragment(whole, 62), 200))
                                .macs(CLIENT_SIDE_MAC, ROUTER)
                                .ttl(63));
        assertDropped(DropReason.ICMP_NO_FLOW, c, quote(later, 200));
    }

    private byte[] sent(
            final int ingress, final byte[] frame, final String fromMac, final String toMac) {
        System.arraycopy(Frame.mac(toMac), 0, frame, 0, 6);
        System.arraycopy(Frame.mac(fromMac), 0, frame, 6, 6);
        final Rig.Outcome outcome = rig.send(ingress, frame);
        assertTrue(outcome.isSent(), () -> "not sent: " + outcome.reason());
        return outcome.out;
    }

    /** The first 1,000 bytes behind the IP header, with more to come. */
    private static byte[] firstFragment(final Frame whole, final int ttl) {
        final byte[] frame = Arrays.copyOf(whole.ttl(ttl).bytes(), 14 + 20 + 1000);
        frame[16] = 1020 >>> 8;
        frame[17] = (byte) 1020;
        frame[20] = 0x20;
        frame[21] = 0;
        sumHeader(frame);
        return frame;
    }

    private static void sumHeader(final byte[] frame) {
        frame[24] = 0;
        frame[25] = 0;
        final int sum = Checksums.of(frame, 14, 20);
        frame[24] = (byte) (sum >>> 8);
        frame[25] = (byte) sum;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("natCases")
    @DisplayName("what is behind the quote (RFC 4884) stays, and is not taken for the packet")
    void extensionsOfIcmp(final Case c) {
        open(c);
        final Frame request = request(c, true).payload(200);
        final byte[] atBackend = sent(CLIENT_SIDE, request);
        final byte[] quoted = quote(atBackend, 128); // RFC 4884 wants as much at least
        final byte[] expected = quote(request.ttl(63).bytes(), 128);
        final byte[] extension = {0x20, 0, 0, 0, 0, 8, 1, 1, 0x11, 0x22, 0x33, 0x44};
        final int length = quoted.length / (c.family == Family.IPV4 ? 4 : 8);
        final int rest = length << (c.family == Family.IPV4 ? 16 : 24);

        rig.send(
                        BACKEND_SIDE,
                        error(
                                        c.family,
                                        c.family.backendsRouter,
                                        c.family.address(source(atBackend)),
                                        join(quoted, extension))
                                .code(1, rest)
                                .macs(SERVER, BACKEND_SIDE_MAC)
                                .bytes())
                .assertSent(
                        CLIENT_SIDE,
                        error(
                                        c.family,
                                        c.family.address(c.family.vip),
                                        c.family.address(c.family.client),
                                        join(expected, extension))
                                .code(1, rest)
                                .macs(CLIENT_SIDE_MAC, ROUTER)
                                .ttl(63));
    }

    private static byte[] join(final byte[] one, final byte[] other) {
        final byte[] both = Arrays.copyOf(one, one.length + other.length);
        System.arraycopy(other, 0, both, one.length, other.length);
        return both;
    }

    // -- what is dropped --------------------------------------------------------------------------

    /** An error from the backends' side to the client of a nat flow. */
    private void assertDropped(final DropReason reason, final Case c, final byte[] quote) {
        rig.send(
                        BACKEND_SIDE,
                        error(
                                        c.family,
                                        c.family.backendsRouter,
                                        c.family.address(c.family.client),
                                        quote)
                                .macs(SERVER, BACKEND_SIDE_MAC)
                                .bytes())
                .assertDropped(reason);
    }

    @Test
    @DisplayName(
            "an error that quotes too little, nonsense, an error or a stranger's packet is dropped")
    void refused() {
        final Case c = new Case(Mode.NAT, Family.IPV4, Family.IPV4);
        open(c);
        final byte[] atBackend = sent(CLIENT_SIDE, request(c, true));
        for (int length = 0; length < 20; length++) {
            assertDropped(DropReason.ICMP_NO_FLOW, c, quote(atBackend, length));
        }
        for (int length = 20; length < 24; length++) {
            assertDropped(DropReason.ICMP_OTHER, c, quote(atBackend, length));
        }
        final byte[] badHeader = quote(atBackend, 40);
        badHeader[8]--;
        assertDropped(DropReason.BAD_ICMP_CHECKSUM, c, badHeader);
        final byte[] error =
                error(c.family, c.family.client, c.family.backend, new byte[28]).bytes();
        assertDropped(DropReason.ICMP_OTHER, c, quote(error, 500));
        final byte[] stranger = Frame.tcp("198.51.100.7:4322", c.family.backend, ACK).bytes();
        assertDropped(DropReason.ICMP_NO_FLOW, c, quote(stranger, 500));
        final byte[] elsewhere = Frame.tcp(c.family.client, "10.2.0.77:8080", ACK).bytes();
        assertDropped(DropReason.ICMP_NO_FLOW, c, quote(elsewhere, 500));
        final byte[] another = Frame.tcp("198.51.100.8:4321", c.family.backend, ACK).bytes();
        assertDropped(DropReason.ICMP_NO_FLOW, c, quote(another, 500));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("natCases")
    @DisplayName("an error with a wrong checksum, or from no single host, is dropped")
    void unsound(final Case c) {
        open(c);
        final byte[] atBackend = sent(CLIENT_SIDE, request(c, true));
        final String to = c.family.address(source(atBackend));
        final byte[] quote = quote(atBackend, 500);
        rig.send(
                        BACKEND_SIDE,
                        error(c.family, c.family.backendsRouter, to, quote)
                                .badL4Checksum(1)
                                .macs(SERVER, BACKEND_SIDE_MAC)
                                .bytes())
                .assertDropped(DropReason.BAD_ICMP_CHECKSUM);
        final String[] nobody =
                c.family == Family.IPV4
                        ? new String[] {"224.0.0.5", "127.0.0.1", "0.0.0.0", "192.0.2.10"}
                        : new String[] {"[ff02::1]", "[::1]", "[fe80::1]", "[2001:db8:192::10]"};
        for (final String from : nobody) {
            rig.send(
                            BACKEND_SIDE,
                            error(c.family, from, to, quote).macs(SERVER, BACKEND_SIDE_MAC).bytes())
                    .assertDropped(DropReason.BAD_SOURCE);
        }
        rig.send(
                        BACKEND_SIDE,
                        error(c.family, c.family.backendsRouter, to, quote)
                                .ttl(1)
                                .macs(SERVER, BACKEND_SIDE_MAC)
                                .bytes())
                .assertDropped(DropReason.TTL_EXPIRED);
    }

    @Test
    @DisplayName("source quench and redirects are not believed")
    void notBelieved() {
        final Case c = new Case(Mode.NAT, Family.IPV4, Family.IPV4);
        open(c);
        final byte[] atBackend = sent(CLIENT_SIDE, request(c, true));
        final byte[] atClient = sent(BACKEND_SIDE, answer(c, atBackend, true));
        for (final int type : new int[] {4, 5}) {
            rig.send(
                            CLIENT_SIDE,
                            Frame.icmp("203.0.113.9", "192.0.2.10", type)
                                    .payload(quote(atClient, 100))
                                    .macs(ROUTER, CLIENT_SIDE_MAC)
                                    .bytes())
                    .assertDropped(DropReason.ICMP_OTHER);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("natCases")
    @DisplayName(
            "an error does not keep its flow alive, count for it, or show the way to the client")
    void errorIsNoPartOfFlow(final Case c) {
        open(c);
        final byte[] atBackend = sent(CLIENT_SIDE, request(c, true));
        final byte[] atClient = sent(BACKEND_SIDE, answer(c, atBackend, true));
        final long entry = onlyFlow();
        final long bytes = FlowEntry.bytes(entry, FlowEntry.TO_BACKEND);
        final int seen = FlowEntry.lastSeenTicks(entry);
        rig.advance(1);

        sent(
                CLIENT_SIDE,
                error(
                                c.family,
                                c.family.clientsRouter,
                                c.family.address(c.family.vip),
                                quote(atClient, 500))
                        .macs("02:00:00:00:00:77", CLIENT_SIDE_MAC));

        assertEquals(bytes, FlowEntry.bytes(entry, FlowEntry.TO_BACKEND));
        assertEquals(seen, FlowEntry.lastSeenTicks(entry));
        assertArrayEquals(
                Frame.mac(ROUTER),
                Arrays.copyOf(sent(BACKEND_SIDE, answer(c, atBackend, true)), 6));
    }

    private long onlyFlow() {
        final long[] entries = new long[1];
        rig.flows.visit(0, rig.flows.bucketCount(), entry -> entries[0] = entry);
        return entries[0];
    }

    // -- between workers --------------------------------------------------------------------------

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    @DisplayName("an error goes to the worker that owns the flow, as it came")
    void handOver(final Case c) {
        open(c);
        final byte[] atBackend = sent(CLIENT_SIDE, request(c, true));
        final byte[] answer =
                c.mode.isDsr()
                        ? Frame.tcp(c.family.vip, c.family.client, SYN | ACK).bytes()
                        : sent(BACKEND_SIDE, answer(c, atBackend, true));
        final FlowHash hash = new FlowHash(11, 13); // that of the rig
        for (int worker = 0; worker < 3; worker++) {
            final PipelineSettings settings = new PipelineSettings(worker, 3, true, true, 64);
            try (Rig other = new Rig(64, settings, hash)) {
                other.hop(BACKEND_HOP, SERVER, BACKEND_SIDE).adopt(table(c));
                final Rig.Outcome request = other.send(CLIENT_SIDE, request(c, true).bytes());
                final int owner = request.isSent() ? worker : request.owner;
                final Rig.Outcome outcome =
                        other.send(
                                CLIENT_SIDE,
                                error(
                                                c.family,
                                                c.family.clientsRouter,
                                                c.family.address(c.family.vip),
                                                quote(answer, 500))
                                        .macs(ROUTER, CLIENT_SIDE_MAC)
                                        .bytes());
                if (owner == worker) {
                    assertTrue(outcome.isSent(), () -> "not sent: " + outcome.reason());
                } else {
                    assertEquals(Verdict.HANDOVER, outcome.verdict);
                    assertEquals(owner, outcome.owner);
                    assertTrue(outcome.isUnchanged());
                }
            }
        }
    }

    // -- hairpin ----------------------------------------------------------------------------------

    @ParameterizedTest(name = "{0}")
    @EnumSource
    @DisplayName("in a hairpin flow errors find both ends too")
    void hairpin(final Family family) {
        final Case c = new Case(Mode.NAT, family, family);
        final String neighbour = c.family == Family.IPV4 ? "10.2.0.9:5555" : "[2001:db8::9]:5555";
        final String neighbourMac = "02:00:00:00:02:09";
        rig.hop(BACKEND_HOP, SERVER, BACKEND_SIDE)
                .adopt(
                        table(c).localAddress(1, address(c.family.address(c.family.vip)), true)
                                .onLink(BACKEND_SIDE, address("10.2.0.0"), 24)
                                .onLink(BACKEND_SIDE, address("2001:db8::"), 64));
        final Frame request =
                Frame.tcp(neighbour, c.family.vip, SYN).macs(neighbourMac, BACKEND_SIDE_MAC);
        final byte[] atBackend = sent(BACKEND_SIDE, request);
        final String local = source(atBackend);
        assertEquals(c.family.address(c.family.vip), normal(c.family.address(local)));

        rig.send(
                        BACKEND_SIDE,
                        error(
                                        c.family,
                                        c.family.address(c.family.backend),
                                        c.family.address(c.family.vip),
                                        quote(atBackend, 500))
                                .macs(SERVER, BACKEND_SIDE_MAC)
                                .bytes())
                .assertSent(
                        BACKEND_SIDE,
                        error(
                                        c.family,
                                        c.family.address(c.family.vip),
                                        c.family.address(neighbour),
                                        quote(request.ttl(63).bytes(), 500))
                                .macs(BACKEND_SIDE_MAC, neighbourMac)
                                .ttl(63));

        final Frame answer =
                Frame.tcp(c.family.backend, local, SYN | ACK).macs(SERVER, BACKEND_SIDE_MAC);
        final byte[] atNeighbour = sent(BACKEND_SIDE, answer);
        rig.send(
                        BACKEND_SIDE,
                        error(
                                        c.family,
                                        c.family.address(neighbour),
                                        c.family.address(c.family.vip),
                                        quote(atNeighbour, 500))
                                .macs(neighbourMac, BACKEND_SIDE_MAC)
                                .bytes())
                .assertSent(
                        BACKEND_SIDE,
                        error(
                                        c.family,
                                        c.family.address(c.family.vip),
                                        c.family.address(c.family.backend),
                                        quote(answer.ttl(63).bytes(), 500))
                                .macs(BACKEND_SIDE_MAC, SERVER)
                                .ttl(63));
    }

    private static String normal(final String address) {
        return address.replace(":0:0:0:0:0:", "::").replace(":0:0:0:0:", "::");
    }
}
