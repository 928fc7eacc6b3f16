package io.naru.linux.netlink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HexFormat;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class RecordedMessagesTest {
    private static final String ADDRESS =
            """
            500000001400020007000000323d0000
            0218800003000000080001000a010002080002000a0100020900030065746830
            000000000800080080000000
            14000600ffffffffffffffff74aa020074aa0200
            """;

    private static final String NEIGHBOUR =
            """
            4c0000001c00000007000000323d0000
            020000000300000004000001080001000a0100090a0002000200000000090000
            080004000000000014000300711700000100000001000000
            01000000
            """;

    private static final String ROUTE_ANSWER =
            """
            700000001800000007000000323d000002200000fe0000010002000008000f00
            fe000000080001000a0200010800040003000000080007000a01000208000500
            0a010009080019000000000024000c0002000000000000000000000000000000
            00000000000000000000000000000000
            """;

    private static final String MULTIPATH_ROUTE =
            """
            500000001800020007000000323d000002100000fe0300010000000008000f00
            fe000000080001000a030000240009001000000103000000080005000a010009
            1000000003000000080005000a010008
            """;

    private static final String BLACKHOLE_ROUTE =
            """
            2c0000001800020007000000323d000002100000fe0300060000000008000f00
            fe000000080001000a050000
            """;

    @Test
    void shouldReadLink() {
        final Link link = Links.decode(Recorded.resource("link-veth"));

        assertEquals("eth0", link.name());
        assertEquals("veth", link.kind());
        assertEquals("02:00:00:00:00:01", MacAddress.format(link.macNet()));
        assertEquals(1400, link.mtu());
        assertEquals(3, link.index());
        assertEquals(2, link.lowerIndex(), "a veth's peer");
        assertEquals(2, link.rxQueues());
        assertEquals(2, link.txQueues());
        assertEquals(0, link.masterIndex());
        assertEquals(0, link.vlan());
        assertEquals(Link.XdpMode.NONE, link.xdpMode());
        assertTrue(link.isUp());
        assertTrue(link.hasCarrier());
        assertFalse(link.isLoopback());
    }

    @Test
    void shouldReadVlanDevice() {
        final Link link = Links.decode(Recorded.resource("link-vlan"));

        assertEquals("eth0.100", link.name());
        assertEquals("vlan", link.kind());
        assertEquals(100, link.vlan());
        assertEquals(2, link.lowerIndex());
        assertEquals(1500, link.mtu());
        assertEquals("52:54:00:12:34:56", MacAddress.format(link.macNet()));
    }

    @Test
    void shouldReadMembershipAndAttachedProgramOfLink() {
        final Link link = Links.decode(Recorded.resource("link-bridge-member-with-generic-xdp"));

        assertEquals("eth1", link.name());
        assertEquals("bridge", link.memberKind());
        assertTrue(link.masterIndex() > 0);
        assertEquals(Link.XdpMode.GENERIC, link.xdpMode());
        assertTrue(link.xdpProgramId() > 0);
    }

    @Test
    void shouldReadAddress() {
        final InterfaceAddress address = Addresses.decode(Recorded.message(ADDRESS));

        assertEquals(new InterfaceAddress(3, IpAddress.parse("10.1.0.2"), 24), address);
    }

    @Test
    void shouldReadNeighbour() {
        final Neighbour neighbour = Neighbours.decode(Recorded.message(NEIGHBOUR));

        assertEquals(3, neighbour.linkIndex());
        assertEquals(IpAddress.parse("10.1.0.9"), neighbour.address());
        assertEquals(MacAddress.parse("02:00:00:00:00:09"), neighbour.macNet());
        assertTrue(neighbour.isValid());
        assertTrue(neighbour.isStale());
        assertFalse(neighbour.hasFailed());
        assertFalse(neighbour.isFixed());
    }

    @Test
    void shouldReadRouteByGateway() {
        final Route route = Routes.lookupAnswer(Recorded.message(ROUTE_ANSWER));

        assertEquals(IpAddress.parse("10.2.0.1"), route.destination());
        assertEquals(32, route.prefixLength());
        assertTrue(route.isUnicast());
        assertEquals(List.of(new Route.NextHop(3, IpAddress.parse("10.1.0.9"))), route.nextHops());
    }

    @Test
    void shouldNotTakeTheKernelsAnswerForARouteOfATable() {
        assertNull(Routes.decode(Recorded.message(ROUTE_ANSWER.replace("00020000", "02020000"))));
    }

    @Test
    void shouldReadEveryNextHopOfMultipathRoute() {
        final Route route = Routes.decode(Recorded.message(MULTIPATH_ROUTE));

        assertEquals(IpAddress.parse("10.3.0.0"), route.destination());
        assertEquals(16, route.prefixLength());
        assertEquals(254, route.table());
        assertEquals(
                List.of(
                        new Route.NextHop(3, IpAddress.parse("10.1.0.9")),
                        new Route.NextHop(3, IpAddress.parse("10.1.0.8"))),
                route.nextHops());
    }

    @Test
    void shouldReadRouteThatLeadsNowhere() {
        final Route route = Routes.decode(Recorded.message(BLACKHOLE_ROUTE));

        assertFalse(route.isUnicast());
        assertEquals(List.of(), route.nextHops());
    }

    @Test
    void shouldWriteNeighbourSolicitation() {
        final String expected =
                "240000001c0005040700000000000000" // RTM_NEWNEIGH, REQUEST | ACK | CREATE
                        + "020000000300000000000100" // AF_INET, link 3, NUD_NONE, NTF_USE
                        + "080001000a010009"; // NDA_DST

        final NetlinkRequest request =
                Neighbours.solicitation(3, IpAddress.parse("10.1.0.9")).finish(7);

        assertEquals(expected, hex(request));
    }

    @Test
    void shouldPadAttributesToFourBytes() {
        final NetlinkRequest request =
                new NetlinkRequest(RouteMessageType.RTM_GETLINK, 0)
                        .attribute(LinkDescriptor.IFLA_IFNAME, "eth0")
                        .attribute(LinkDescriptor.IFLA_MTU, 1500)
                        .finish(1);

        final AttributeReader attributes =
                new NetlinkMessageFlyweight().wrap(request.buffer(), 0).attributes(0);
        assertTrue(attributes.next());
        assertEquals(5, attributes.length());
        assertEquals("eth0", attributes.getString());
        assertTrue(attributes.next());
        assertEquals(1500, attributes.getInt());
        assertFalse(attributes.next());
        assertEquals(0, request.length() % 4);
    }

    @Test
    void shouldStopAtAttributeThatClaimsMoreThanThereIs() {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[16]);
        buffer.putShort(0, (short) 8);
        buffer.putShort(2, (short) 1);
        buffer.putShort(8, (short) 100);

        final AttributeReader attributes = new AttributeReader(buffer, 0, 16);

        assertTrue(attributes.next());
        assertFalse(attributes.next());
    }

    @Test
    void shouldReadShortAttributeAsNothing() {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[8]);
        buffer.putShort(0, (short) 6);
        buffer.putShort(2, (short) 1);

        final AttributeReader attributes = new AttributeReader(buffer, 0, 8);

        assertTrue(attributes.next());
        assertEquals(0, attributes.getInt());
        assertEquals(0, attributes.getLong());
        assertNull(attributes.getIpAddress());
        assertEquals(MacAddress.NONE, new AttributeReader(buffer, 0, 8).getMacNet());
    }

    private static String hex(final NetlinkRequest request) {
        final byte[] bytes = new byte[request.length()];
        request.buffer().getBytes(0, bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
