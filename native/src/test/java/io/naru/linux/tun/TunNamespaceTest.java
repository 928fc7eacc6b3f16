package io.naru.linux.tun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.linux.Errno;
import io.naru.linux.LinuxException;
import io.naru.linux.TestNamespace;
import io.naru.linux.netlink.AddressFamily;
import io.naru.linux.netlink.IpAddress;
import io.naru.linux.netlink.Link;
import io.naru.linux.netlink.Links;
import io.naru.linux.netlink.NetlinkSocket;
import io.naru.linux.netlink.Route;
import io.naru.linux.netlink.Routes;
import io.naru.linux.netlink.Rules;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A box with eth0 10.1.0.1/24 and 2001:db8:1::1/64, and a TUN device for the packets of a mark. */
class TunNamespaceTest {
    private static final int MARK = 0x6e61;
    private static final int TABLE = 1_000;
    private static final Rules.Rule RULE4 = new Rules.Rule(AddressFamily.INET, 100, MARK, TABLE);
    private static final Rules.Rule RULE6 = new Rules.Rule(AddressFamily.INET6, 100, MARK, TABLE);
    private static final IpAddress VIP = IpAddress.parse("192.0.2.10");
    private static final IpAddress VIP6 = IpAddress.parse("2001:db8:192::10");
    private static final IpAddress OWN = IpAddress.parse("10.1.0.1");

    private TestNamespace box;

    @BeforeEach
    void setUp() {
        box = TestNamespace.create("tun");
        box.sh("sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0");
        box.sh("ip link add eth0 type veth peer name eth1; ip link set eth1 up");
        box.sh("ip addr add 10.1.0.1/24 dev eth0; ip addr add 2001:db8:1::1/64 dev eth0 nodad");
        box.sh("ip link set eth0 up; ip route add default via 10.1.0.9");
        box.sh("sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0");
    }

    @AfterEach
    void tearDown() {
        if (box != null) {
            box.close();
        }
    }

    @Test
    void shouldBeTheWayOfMarkedPacketsOnly() throws Exception {
        inside(
                (socket, tun) -> {
                    final int index = Links.byName(socket, "tun0").orElseThrow().index();
                    final int eth0 = Links.byName(socket, "eth0").orElseThrow().index();

                    assertEquals(List.of(new Route.NextHop(index, null)), way(socket, VIP, MARK));
                    assertEquals(List.of(new Route.NextHop(index, null)), way(socket, VIP6, MARK));
                    assertEquals(eth0, way(socket, VIP, 0).get(0).linkIndex());
                    assertEquals(Errno.ENETUNREACH, Routes.lookup(socket, VIP6, 0).errno());
                });
    }

    @Test
    void shouldLeaveNothingWhenRulesAreDeletedAndTheDeviceIsClosed() throws Exception {
        inside(
                (socket, tun) -> {
                    Rules.add(socket, RULE4); // once more: nothing happens

                    Rules.delete(socket, RULE4);
                    Rules.delete(socket, RULE6);
                    Rules.delete(socket, RULE6);
                    tun.close();

                    assertEquals("", box.sh("ip rule show | grep fwmark || true"));
                    assertEquals("", box.sh("ip -6 rule show | grep fwmark || true"));
                    assertEquals("", box.sh("ip route show table 1000 2>/dev/null || true"));
                    assertTrue(Links.byName(socket, "tun0").isEmpty());
                });
    }

    @Test
    void shouldHandOverPacketsAsTheKernelSendsThem() throws Exception {
        inside(
                (socket, tun) -> {
                    box.sh("ip route add 203.0.113.0/24 dev tun0 src 10.1.0.1");
                    final UnsafeBuffer packet = new UnsafeBuffer(ByteBuffer.allocateDirect(2048));

                    try (DatagramSocket sender = new DatagramSocket()) {
                        sender.send(
                                new DatagramPacket(
                                        new byte[5], 5, InetAddress.getByName("203.0.113.7"), 9));
                        final int length = next(tun, packet);

                        assertEquals(33, length);
                        assertEquals(OWN, IpAddress.ipv4(Integer.reverseBytes(packet.getInt(12))));
                    }
                });
    }

    @Test
    void shouldSayWhetherAnAnswerWouldBeTaken() throws Exception {
        inside(
                (socket, tun) -> {
                    final int eth0 = Links.byName(socket, "eth0").orElseThrow().index();
                    assertEquals(0, Routes.arrival0(socket, VIP, OWN, eth0));
                    assertEquals(OWN, Routes.source(socket, IpAddress.parse("10.1.0.7")));

                    box.sh("ip route add 192.0.2.10 dev eth1");
                    box.sh("sysctl -qw net.ipv4.conf.eth0.rp_filter=1");
                    assertTrue(Routes.arrival0(socket, VIP, OWN, eth0) < 0);

                    box.sh("ip addr add 192.0.2.10/32 dev lo");
                    assertTrue(Routes.arrival0(socket, VIP, OWN, eth0) < 0);
                    assertTrue(Routes.lookup(socket, VIP, MARK).route().isLocal());
                });
    }

    @Test
    void shouldSayWhyThereIsNoDevice() throws Exception {
        inside(
                (socket, tun) -> {
                    final LinuxException e =
                            assertThrows(LinuxException.class, () -> TunDevice.open("tun0"));

                    assertEquals(
                            "ioctl(TUNSETIFF) of tun0: EBUSY (Device or resource busy): another"
                                    + " process has it open",
                            e.getMessage());
                });
    }

    /** Skips what the kernel sends by itself (router solicitations, multicast reports). */
    private static int next(final TunDevice tun, final UnsafeBuffer packet) {
        final long deadlineNs = System.nanoTime() + 10_000_000_000L;
        while (System.nanoTime() < deadlineNs) {
            final int length = tun.read0(packet, 0, packet.capacity());
            if (length > 0 && packet.getByte(0) >>> 4 == 4) {
                return length;
            }
            if (length == -Errno.EAGAIN) {
                LockSupport.parkNanos(1_000_000);
            }
        }

        throw new AssertionError("the packet never came");
    }

    private static List<Route.NextHop> way(
            final NetlinkSocket socket, final IpAddress destination, final int mark) {
        return Routes.lookup(socket, destination, mark).route().nextHops();
    }

    private interface Body {
        void run(NetlinkSocket socket, TunDevice tun) throws Exception;
    }

    private void inside(final Body body) throws Exception {
        box.call(
                () -> {
                    try (NetlinkSocket socket = NetlinkSocket.open();
                            TunDevice tun = TunDevice.open("tun0")) {
                        final Link link = Links.byName(socket, "tun0").orElseThrow();
                        Links.bringUp(socket, link.index(), 1400);
                        Routes.replaceDefault(socket, AddressFamily.INET, TABLE, link.index());
                        Routes.replaceDefault(socket, AddressFamily.INET6, TABLE, link.index());
                        Rules.add(socket, RULE4);
                        Rules.add(socket, RULE6);
                        assertNotEquals(0, link.index());
                        assertEquals(1400, Links.byName(socket, "tun0").orElseThrow().mtu());
                        body.run(socket, tun);
                    }
                    return null;
                });
    }
}
