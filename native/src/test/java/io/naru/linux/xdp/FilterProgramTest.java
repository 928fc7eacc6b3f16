package io.naru.linux.xdp;

import static io.naru.linux.xdp.FilterDescriptor.ROLE_LOCAL;
import static io.naru.linux.xdp.FilterDescriptor.ROLE_VIP;
import static io.naru.linux.xdp.FilterVerdict.PASS_LOCAL;
import static io.naru.linux.xdp.FilterVerdict.PASS_NO_SOCKET;
import static io.naru.linux.xdp.FilterVerdict.PASS_OTHER;
import static io.naru.linux.xdp.FilterVerdict.TAKE_ERROR;
import static io.naru.linux.xdp.FilterVerdict.TAKE_NEIGHBOUR;
import static io.naru.linux.xdp.FilterVerdict.TAKE_RETURN;
import static io.naru.linux.xdp.FilterVerdict.TAKE_VIP;
import static io.naru.linux.xdp.TestFrame.TCP;
import static io.naru.linux.xdp.TestFrame.UDP;
import static io.naru.linux.xdp.TestFrame.toAll;
import static io.naru.linux.xdp.TestFrame.toNeighbours;
import static io.naru.linux.xdp.TestFrame.toUs;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.naru.linux.Errno;
import io.naru.linux.Libc;
import io.naru.linux.LinuxException;
import io.naru.linux.bpf.BpfMap;
import io.naru.linux.bpf.BpfObject;
import io.naru.linux.bpf.BpfProgram;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The filter's decisions, frame by frame, by the real program in the real kernel. */
class FilterProgramTest {
    private static final int XDP_PASS = 2;
    private static final int XDP_REDIRECT = 4;

    private static final String CLIENT = "203.0.113.7";
    private static final String VIP = "192.0.2.10";
    private static final String SHARED = "192.0.2.20"; // a VIP that is the box's own address
    private static final String LOCAL = "10.0.0.1";
    private static final String BACKEND = "10.2.0.1"; // TCP 8080
    private static final String BACKEND_ANY = "10.2.0.2"; // UDP, any port
    private static final String CLIENT6 = "2001:db8:7::7";
    private static final String VIP6 = "2001:db8::10";
    private static final String LOCAL6 = "2001:db8::1";
    private static final String BACKEND6 = "2001:db8:2::1"; // TCP 8080

    private static final String TUNNEL_END = "10.9.0.1";
    private static final String TUNNEL_END6 = "2001:db8:9::1";

    private static final int IPV6_IN_IP = 41;
    private static final int ICMP = 1;
    private static final int GRE = 47;
    private static final int ICMPV6 = 58;
    private static final int FRAGMENT_HEADER = 44;

    private static final Map<String, BpfMap> MAPS = new LinkedHashMap<>();
    private static BpfProgram program;
    private static int socket = -1;

    @BeforeAll
    static void loadProgram() throws Exception {
        final BpfObject object =
                BpfObject.ofResource(FilterDescriptor.class, FilterDescriptor.OBJECT);
        try {
            for (final String name : object.maps().keySet()) {
                MAPS.put(name, BpfMap.create(object.map(name)));
            }

            program = BpfProgram.load(object, MAPS);
        } catch (final LinuxException e) {
            assumeTrue(e.errno() != Errno.EPERM, "needs the right to load programs: " + e);
            throw e;
        }

        role(VIP, ROLE_VIP);
        role(VIP6, ROLE_VIP);
        role(LOCAL, ROLE_LOCAL);
        role(LOCAL6, ROLE_LOCAL);
        role(SHARED, ROLE_VIP | ROLE_LOCAL, 5000, 5010, UDP, 700, 700, TCP);
        put(FilterDescriptor.SERVICES_MAP, SHARED, 443, TCP);
        put(FilterDescriptor.BACKENDS_MAP, BACKEND, 8080, TCP);
        put(FilterDescriptor.BACKENDS_MAP, BACKEND_ANY, 0, UDP);
        put(FilterDescriptor.BACKENDS_MAP, BACKEND6, 8080, TCP);
        put(FilterDescriptor.BACKENDS_MAP, BACKEND, 0, TCP | FilterDescriptor.PROTOCOL_FRAGMENT);
        put(FilterDescriptor.BACKENDS_MAP, BACKEND6, 0, TCP | FilterDescriptor.PROTOCOL_FRAGMENT);
        put(FilterDescriptor.BACKENDS_MAP, TUNNEL_END, 0, GRE);
        put(FilterDescriptor.BACKENDS_MAP, TUNNEL_END6, 0, IPV6_IN_IP);
        socket = Libc.socket(XdpDescriptor.AF_XDP, XdpDescriptor.SOCK_RAW, 0);
    }

    @AfterAll
    static void close() {
        Libc.close(socket);
        if (program != null) {
            program.close();
        }

        MAPS.values().forEach(BpfMap::close);
    }

    static Stream<Arguments> frames() {
        final List<Arguments> all = new ArrayList<>();
        // -- to a VIP
        all.add(
                arguments(
                        "TCP to a VIP", toUs().ipv4(CLIENT, VIP, TCP).ports(40000, 80), TAKE_VIP));
        all.add(
                arguments(
                        "UDP to a VIP", toUs().ipv4(CLIENT, VIP, UDP).ports(40000, 53), TAKE_VIP));
        all.add(
                arguments(
                        "TCP to a VIP in a VLAN",
                        toUs().vlan(0x8100).ipv4(CLIENT, VIP, TCP).ports(40000, 80),
                        TAKE_VIP));
        all.add(
                arguments(
                        "TCP to a VIP in an 802.1ad VLAN",
                        toUs().vlan(0x88a8).ipv4(CLIENT, VIP, TCP).ports(40000, 80),
                        TAKE_VIP));
        all.add(
                arguments(
                        "TCP to a VIP behind two VLAN tags",
                        toUs().vlan(0x88a8).vlan(0x8100).ipv4(CLIENT, VIP, TCP).ports(40000, 80),
                        PASS_OTHER));
        all.add(
                arguments(
                        "TCP to a VIP with IP options",
                        toUs().type(0x0800).ipv4Header(CLIENT, VIP, TCP, 7, 0).ports(40000, 80),
                        TAKE_VIP));
        all.add(
                arguments(
                        "a later fragment to a VIP",
                        toUs().type(0x0800).ipv4Header(CLIENT, VIP, UDP, 5, 0x00b9).ports(1, 2),
                        TAKE_VIP));
        all.add(
                arguments(
                        "an impossible header length to a VIP",
                        toUs().type(0x0800).ipv4Header(CLIENT, VIP, TCP, 4, 0).ports(40000, 80),
                        TAKE_VIP));
        all.add(arguments("a bare IP header to a VIP", toUs().ipv4(CLIENT, VIP, TCP), TAKE_VIP));
        all.add(arguments("ping to a VIP", toUs().ipv4(CLIENT, VIP, ICMP).icmp(8), TAKE_VIP));
        all.add(
                arguments(
                        "an ICMP error to a VIP",
                        toUs().ipv4(CLIENT, VIP, ICMP)
                                .icmp(3)
                                .ipv4Header(VIP, CLIENT, TCP, 5, 0)
                                .ports(80, 40000),
                        TAKE_VIP));
        all.add(arguments("GRE to a VIP", toUs().ipv4(CLIENT, VIP, GRE), TAKE_VIP));
        all.add(
                arguments(
                        "broadcast Ethernet to a VIP",
                        toAll().ipv4(CLIENT, VIP, TCP).ports(40000, 80),
                        PASS_OTHER));
        all.add(
                arguments(
                        "IPv6 TCP to a VIP",
                        toUs().ipv6(CLIENT6, VIP6, TCP).ports(40000, 80),
                        TAKE_VIP));
        all.add(
                arguments(
                        "IPv6 TCP to a VIP in a VLAN",
                        toUs().vlan(0x8100).ipv6(CLIENT6, VIP6, TCP).ports(40000, 80),
                        TAKE_VIP));
        all.add(
                arguments(
                        "an IPv6 fragment to a VIP",
                        toUs().ipv6(CLIENT6, VIP6, FRAGMENT_HEADER).bytes(new byte[16]),
                        TAKE_VIP));
        all.add(
                arguments(
                        "IPv6 ping to a VIP",
                        toUs().ipv6(CLIENT6, VIP6, ICMPV6).icmp(128),
                        TAKE_VIP));

        // -- to the box itself
        all.add(
                arguments(
                        "SSH to the box",
                        toUs().ipv4(CLIENT, LOCAL, TCP).ports(40000, 22),
                        PASS_LOCAL));
        all.add(arguments("ping to the box", toUs().ipv4(CLIENT, LOCAL, ICMP).icmp(8), PASS_LOCAL));
        all.add(
                arguments(
                        "a backend's answer to the box's own health check",
                        toUs().ipv4(BACKEND, LOCAL, TCP).ports(8080, 40000),
                        PASS_LOCAL));
        all.add(
                arguments(
                        "IPv6 SSH to the box",
                        toUs().ipv6(CLIENT6, LOCAL6, TCP).ports(40000, 22),
                        PASS_LOCAL));

        // -- to an address that is both
        all.add(
                arguments(
                        "a service's port on a shared address",
                        toUs().ipv4(CLIENT, SHARED, TCP).ports(40000, 443),
                        TAKE_VIP));
        all.add(
                arguments(
                        "SSH on a shared address",
                        toUs().ipv4(CLIENT, SHARED, TCP).ports(40000, 22),
                        PASS_LOCAL));
        all.add(
                arguments(
                        "a service's port on a shared address by another protocol",
                        toUs().ipv4(CLIENT, SHARED, UDP).ports(40000, 443),
                        PASS_LOCAL));
        for (final int port : new int[] {5000, 5005, 5010}) {
            all.add(
                    arguments(
                            "port " + port + " in a range on a shared address",
                            toUs().ipv4(CLIENT, SHARED, UDP).ports(40000, port),
                            TAKE_VIP));
        }

        for (final int port : new int[] {4999, 5011}) {
            all.add(
                    arguments(
                            "port " + port + " beside a range on a shared address",
                            toUs().ipv4(CLIENT, SHARED, UDP).ports(40000, port),
                            PASS_LOCAL));
        }

        all.add(
                arguments(
                        "a second range on a shared address",
                        toUs().ipv4(CLIENT, SHARED, TCP).ports(40000, 700),
                        TAKE_VIP));
        all.add(
                arguments(
                        "ping to a shared address",
                        toUs().ipv4(CLIENT, SHARED, ICMP).icmp(8),
                        PASS_LOCAL));
        all.add(
                arguments(
                        "a later fragment to a shared address",
                        toUs().type(0x0800)
                                .ipv4Header(CLIENT, SHARED, TCP, 5, 0x00b9)
                                .ports(1, 443),
                        PASS_LOCAL));

        // -- return traffic of backends
        all.add(
                arguments(
                        "a backend's answer to a client",
                        toUs().ipv4(BACKEND, CLIENT, TCP).ports(8080, 40000),
                        TAKE_RETURN));
        all.add(
                arguments(
                        "a backend's answer to a client in a VLAN",
                        toUs().vlan(0x8100).ipv4(BACKEND, CLIENT, TCP).ports(8080, 40000),
                        TAKE_RETURN));
        all.add(
                arguments(
                        "a backend's own traffic from another port",
                        toUs().ipv4(BACKEND, CLIENT, TCP).ports(40000, 443),
                        PASS_OTHER));
        all.add(
                arguments(
                        "a backend's port by another protocol",
                        toUs().ipv4(BACKEND, CLIENT, UDP).ports(8080, 40000),
                        PASS_OTHER));
        all.add(
                arguments(
                        "an answer of a backend with any port",
                        toUs().ipv4(BACKEND_ANY, CLIENT, UDP).ports(1234, 40000),
                        TAKE_RETURN));
        all.add(
                arguments(
                        "a later fragment from a backend",
                        toUs().type(0x0800)
                                .ipv4Header(BACKEND, CLIENT, TCP, 5, 0x00b9)
                                .ports(8080, 40000),
                        TAKE_RETURN));
        all.add(
                arguments(
                        "a later fragment of a protocol that the backend is none of",
                        toUs().type(0x0800)
                                .ipv4Header(BACKEND, CLIENT, UDP, 5, 0x00b9)
                                .ports(8080, 40000),
                        PASS_OTHER));
        all.add(
                arguments(
                        "an IPv6 backend's first fragment",
                        toUs().ipv6(BACKEND6, CLIENT6, FRAGMENT_HEADER)
                                .bytes(new byte[] {TCP, 0, 0, 1, 0, 0, 0, 7})
                                .ports(8080, 40000),
                        TAKE_RETURN));
        all.add(
                arguments(
                        "an IPv6 backend's later fragment",
                        toUs().ipv6(BACKEND6, CLIENT6, FRAGMENT_HEADER)
                                .bytes(new byte[] {TCP, 0, 5, 0, 0, 0, 0, 7}),
                        TAKE_RETURN));
        all.add(
                arguments(
                        "somebody else's later fragment over IPv6",
                        toUs().ipv6(CLIENT6, BACKEND6, FRAGMENT_HEADER)
                                .bytes(new byte[] {TCP, 0, 5, 0, 0, 0, 0, 7}),
                        PASS_OTHER));
        all.add(
                arguments(
                        "a router's word to the box of the MTU in front of our tunnel",
                        toUs().ipv4("10.9.0.254", LOCAL, ICMP)
                                .icmp(3, 4)
                                .ipv4Header(LOCAL, TUNNEL_END, GRE, 5, 0),
                        TAKE_ERROR));
        all.add(
                arguments(
                        "a backend's word to the box that it takes no GRE",
                        toUs().ipv4(TUNNEL_END, LOCAL, ICMP)
                                .icmp(3, 2)
                                .ipv4Header(LOCAL, TUNNEL_END, GRE, 5, 0),
                        PASS_LOCAL));
        all.add(
                arguments(
                        "a backend's word to the box that it takes no IP in IPv6",
                        toUs().ipv6(TUNNEL_END6, LOCAL6, ICMPV6)
                                .icmp(4, 1)
                                .ipv6Header(LOCAL6, TUNNEL_END6, IPV6_IN_IP),
                        PASS_LOCAL));
        all.add(
                arguments(
                        "a router's error to the box about a tunnel of somebody else's",
                        toUs().ipv4("10.9.0.254", LOCAL, ICMP)
                                .icmp(3)
                                .ipv4Header(LOCAL, TUNNEL_END, IPV6_IN_IP, 5, 0),
                        PASS_LOCAL));
        all.add(
                arguments(
                        "a router's error to the box about the box's own connection",
                        toUs().ipv4("10.9.0.254", LOCAL, ICMP)
                                .icmp(3)
                                .ipv4Header(LOCAL, BACKEND, TCP, 5, 0)
                                .ports(40000, 8080),
                        PASS_LOCAL));
        all.add(
                arguments(
                        "an IPv6 router's error to the box about a packet in our tunnel",
                        toUs().ipv6("2001:db8:9::fe", LOCAL6, ICMPV6)
                                .icmp(2)
                                .ipv6Header(LOCAL6, TUNNEL_END6, IPV6_IN_IP),
                        TAKE_ERROR));
        all.add(
                arguments(
                        "a router's error about a packet in a tunnel with a derived source",
                        toUs().ipv4("10.9.0.254", CLIENT, ICMP)
                                .icmp(3)
                                .ipv4Header(CLIENT, TUNNEL_END, GRE, 5, 0),
                        TAKE_ERROR));
        all.add(
                arguments(
                        "a first fragment from a backend",
                        toUs().type(0x0800)
                                .ipv4Header(BACKEND, CLIENT, TCP, 5, 0x2000)
                                .ports(8080, 40000),
                        TAKE_RETURN));
        all.add(
                arguments(
                        "a backend's answer with IP options",
                        toUs().type(0x0800)
                                .ipv4Header(BACKEND, CLIENT, TCP, 15, 0)
                                .ports(8080, 40000),
                        TAKE_RETURN));
        all.add(
                arguments(
                        "a backend's answer over IPv6",
                        toUs().ipv6(BACKEND6, CLIENT6, TCP).ports(8080, 40000),
                        TAKE_RETURN));
        all.add(
                arguments(
                        "a router's error about a packet to a backend",
                        toUs().ipv4("10.2.0.254", CLIENT, ICMP)
                                .icmp(3)
                                .ipv4Header(CLIENT, BACKEND, TCP, 5, 0)
                                .ports(40000, 8080),
                        TAKE_ERROR));
        all.add(
                arguments(
                        "a router's error about a packet with options to a backend",
                        toUs().ipv4("10.2.0.254", CLIENT, ICMP)
                                .icmp(11)
                                .ipv4Header(CLIENT, BACKEND, TCP, 6, 0)
                                .ports(40000, 8080),
                        TAKE_ERROR));
        all.add(
                arguments(
                        "a router's error about somebody else's packet",
                        toUs().ipv4("10.2.0.254", CLIENT, ICMP)
                                .icmp(3)
                                .ipv4Header(CLIENT, BACKEND, TCP, 5, 0)
                                .ports(40000, 22),
                        PASS_OTHER));
        all.add(
                arguments(
                        "a ping that looks like an error",
                        toUs().ipv4("10.2.0.254", CLIENT, ICMP)
                                .icmp(8)
                                .ipv4Header(CLIENT, BACKEND, TCP, 5, 0)
                                .ports(40000, 8080),
                        PASS_OTHER));
        all.add(
                arguments(
                        "an IPv6 router's error about a packet to a backend",
                        toUs().ipv6("2001:db8:2::fe", CLIENT6, ICMPV6)
                                .icmp(2)
                                .ipv6Header(CLIENT6, BACKEND6, TCP)
                                .ports(40000, 8080),
                        TAKE_ERROR));

        // -- neighbours
        all.add(arguments("ARP asks for a VIP", toAll().arp(1, "192.0.2.1", VIP), TAKE_NEIGHBOUR));
        all.add(
                arguments(
                        "ARP asks for a VIP in a VLAN",
                        toAll().vlan(0x8100).arp(1, "192.0.2.1", VIP),
                        TAKE_NEIGHBOUR));
        all.add(
                arguments(
                        "ARP asks us alone for a VIP",
                        toUs().arp(1, "192.0.2.1", VIP),
                        TAKE_NEIGHBOUR));
        all.add(arguments("ARP asks for the box", toAll().arp(1, "10.0.0.9", LOCAL), PASS_LOCAL));
        all.add(
                arguments(
                        "ARP asks for a shared address",
                        toAll().arp(1, "10.0.0.9", SHARED),
                        PASS_LOCAL));
        all.add(
                arguments(
                        "ARP asks for somebody else",
                        toAll().arp(1, "10.0.0.9", "10.0.0.8"),
                        PASS_OTHER));
        all.add(arguments("an ARP reply to a VIP", toUs().arp(2, "10.0.0.9", VIP), PASS_OTHER));
        all.add(
                arguments(
                        "an ARP reply that claims a VIP",
                        toAll().arp(2, VIP, VIP),
                        TAKE_NEIGHBOUR));
        all.add(arguments("an ARP reply to the box", toUs().arp(2, "10.0.0.9", LOCAL), PASS_OTHER));
        all.add(arguments("RARP", toAll().arp(3, VIP, VIP), PASS_OTHER));
        all.add(
                arguments(
                        "a solicitation for a VIP",
                        toNeighbours()
                                .ipv6(CLIENT6, "ff02::1:ff00:10", ICMPV6)
                                .icmp(135)
                                .address(VIP6),
                        TAKE_NEIGHBOUR));
        all.add(
                arguments(
                        "an advertisement that claims a VIP",
                        toNeighbours().ipv6(VIP6, "ff02::1", ICMPV6).icmp(136).address(VIP6),
                        TAKE_NEIGHBOUR));
        all.add(
                arguments(
                        "a solicitation for the box",
                        toNeighbours()
                                .ipv6(CLIENT6, "ff02::1:ff00:1", ICMPV6)
                                .icmp(135)
                                .address(LOCAL6),
                        PASS_LOCAL));
        all.add(
                arguments(
                        "a router advertisement",
                        toNeighbours().ipv6("fe80::1", "ff02::1", ICMPV6).icmp(134),
                        PASS_OTHER));

        // -- nothing to do with us
        all.add(
                arguments(
                        "TCP that the kernel forwards",
                        toUs().ipv4(CLIENT, "198.51.100.1", TCP).ports(40000, 443),
                        PASS_OTHER));
        all.add(arguments("LLDP", toUs().type(0x88cc).bytes(new byte[46]), PASS_OTHER));
        return all.stream();
    }

    @ParameterizedTest(name = "{0}: {2}")
    @MethodSource("frames")
    void shouldDecide(final String sentence, final TestFrame frame, final FilterVerdict expected)
            throws Exception {
        connectSocket();

        final FilterVerdict verdict = run(frame.build(), sentence);

        assertEquals(expected, verdict, sentence);
    }

    @ParameterizedTest(name = "{0}, cut short")
    @MethodSource("frames")
    void shouldNotTakeAnythingForAnotherReasonWhenCutShort(
            final String sentence, final TestFrame frame, final FilterVerdict expected)
            throws Exception {
        connectSocket();
        final int ethernet = 14;

        for (int cut = 1; frame.build().length - cut >= ethernet; cut++) {
            final FilterVerdict verdict = run(frame.cut(cut), sentence);

            assertTrue(
                    verdict == expected || verdict == PASS_OTHER || verdict == PASS_LOCAL,
                    sentence + " without its last " + cut + " bytes: " + verdict);
        }
    }

    @Test
    void shouldTakeEverythingAsABridge() throws Exception {
        connectSocket();
        MAPS.get(FilterDescriptor.SETTINGS_MAP).put(FilterDescriptor.SETTING_BRIDGE, 1);
        try {
            assertEquals(
                    FilterVerdict.TAKE_BRIDGED,
                    run(toUs().type(0x88cc).bytes(new byte[46]).build(), "LLDP"));
        } finally {
            MAPS.get(FilterDescriptor.SETTINGS_MAP).put(FilterDescriptor.SETTING_BRIDGE, 0);
        }
    }

    @Test
    void shouldTakeOnlyFramesOfTheInterfacesVlan() throws Exception {
        connectSocket();
        MAPS.get(FilterDescriptor.SETTINGS_MAP)
                .put(FilterDescriptor.SETTING_VLAN, TestFrame.VLAN_ID);
        try {
            assertEquals(TAKE_VIP, run(toVip(0x8100).build(), "its VLAN"));
            assertEquals(PASS_OTHER, run(toVip(0x88a8).build(), "a provider's tag"));
            assertEquals(PASS_OTHER, run(toVip().build(), "no tag"));
            MAPS.get(FilterDescriptor.SETTINGS_MAP)
                    .put(FilterDescriptor.SETTING_VLAN, TestFrame.VLAN_ID + 1);
            assertEquals(PASS_OTHER, run(toVip(0x8100).build(), "another VLAN"));
        } finally {
            MAPS.get(FilterDescriptor.SETTINGS_MAP).put(FilterDescriptor.SETTING_VLAN, 0);
        }
    }

    private static TestFrame toVip(final int... tags) {
        final TestFrame frame = toUs();
        for (final int tag : tags) {
            frame.vlan(tag);
        }
        return frame.ipv4(CLIENT, VIP, TCP).ports(40000, 80);
    }

    @Test
    void shouldPassWhatIsOursWhenNoSocketServesTheQueue() throws Exception {
        MAPS.get(FilterDescriptor.SOCKETS_MAP).remove(0);

        final FilterVerdict verdict =
                run(toUs().ipv4(CLIENT, VIP, TCP).ports(40000, 80).build(), "no socket");

        assertEquals(PASS_NO_SOCKET, verdict);
    }

    @Test
    void shouldHaveTheLayoutsOfTheDescriptor() {
        assertEquals(136, FilterDescriptor.ROLE_LENGTH);
        assertEquals(
                FilterDescriptor.ROLE_LENGTH,
                definitionSize(FilterDescriptor.ADDRESSES_MAP, false));
        assertEquals(
                FilterDescriptor.ADDRESS_LENGTH,
                definitionSize(FilterDescriptor.ADDRESSES_MAP, true));
        assertEquals(
                FilterDescriptor.ENDPOINT_LENGTH,
                definitionSize(FilterDescriptor.SERVICES_MAP, true));
        assertEquals(
                FilterDescriptor.ENDPOINT_LENGTH,
                definitionSize(FilterDescriptor.BACKENDS_MAP, true));
        assertEquals(
                FilterVerdict.values().length,
                MAPS.get(FilterDescriptor.COUNTERS_MAP).definition().maxEntries());
    }

    /** Runs the program; says by which of its counters what it decided. */
    private static FilterVerdict run(final byte[] frame, final String sentence) {
        final BpfMap counters = MAPS.get(FilterDescriptor.COUNTERS_MAP);
        final long[] before = new long[FilterVerdict.values().length];
        for (final FilterVerdict verdict : FilterVerdict.values()) {
            before[verdict.index()] = counters.sum(verdict.index());
        }

        final int action = program.run(frame);

        FilterVerdict counted = null;
        for (final FilterVerdict verdict : FilterVerdict.values()) {
            final long count = counters.sum(verdict.index()) - before[verdict.index()];
            if (count != 0) {
                assertEquals(1, count, sentence);
                assertEquals(null, counted, sentence);
                counted = verdict;
            }
        }

        final boolean taken = counted != null && counted.name().startsWith("TAKE");
        assertEquals(taken ? XDP_REDIRECT : XDP_PASS, action, sentence);
        return counted;
    }

    private static void connectSocket() {
        MAPS.get(FilterDescriptor.SOCKETS_MAP).put(0, socket);
    }

    private static int definitionSize(final String map, final boolean ofKey) {
        return ofKey
                ? MAPS.get(map).definition().keySize()
                : MAPS.get(map).definition().valueSize();
    }

    /** {@code ranges}: first, last, protocol, and so on. */
    private static void role(final String address, final int flags, final int... ranges)
            throws Exception {
        final UnsafeBuffer value = new UnsafeBuffer(new byte[FilterDescriptor.ROLE_LENGTH]);
        value.putInt(FilterDescriptor.ROLE_FLAGS_OFFSET, flags);
        value.putInt(FilterDescriptor.ROLE_RANGE_COUNT_OFFSET, ranges.length / 3);
        for (int i = 0; i < ranges.length / 3; i++) {
            final int range =
                    FilterDescriptor.ROLE_RANGES_OFFSET + i * FilterDescriptor.RANGE_LENGTH;
            value.putShort(range + FilterDescriptor.RANGE_FIRST_OFFSET, (short) ranges[3 * i]);
            value.putShort(range + FilterDescriptor.RANGE_LAST_OFFSET, (short) ranges[3 * i + 1]);
            value.putInt(range + FilterDescriptor.RANGE_PROTOCOL_OFFSET, ranges[3 * i + 2]);
        }

        MAPS.get(FilterDescriptor.ADDRESSES_MAP).put(new UnsafeBuffer(mapped(address)), value);
    }

    private static void put(
            final String map, final String address, final int port, final int protocol)
            throws Exception {
        final UnsafeBuffer key = new UnsafeBuffer(new byte[FilterDescriptor.ENDPOINT_LENGTH]);
        key.putBytes(FilterDescriptor.ENDPOINT_ADDRESS_OFFSET, mapped(address));
        key.putShort(FilterDescriptor.ENDPOINT_PORT_OFFSET, (short) port, ByteOrder.BIG_ENDIAN);
        key.putByte(FilterDescriptor.ENDPOINT_PROTOCOL_OFFSET, (byte) protocol);
        MAPS.get(map).put(key, new UnsafeBuffer(new byte[Integer.BYTES]));
    }

    private static byte[] mapped(final String text) throws Exception {
        final byte[] bytes = InetAddress.getByName(text).getAddress();
        if (bytes.length == FilterDescriptor.ADDRESS_LENGTH) {
            return bytes;
        }

        return ByteBuffer.allocate(FilterDescriptor.ADDRESS_LENGTH)
                .putLong(0)
                .putInt(0xffff)
                .put(bytes)
                .array();
    }
}
