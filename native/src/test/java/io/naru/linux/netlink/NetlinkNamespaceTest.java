package io.naru.linux.netlink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.naru.linux.Errno;
import io.naru.linux.TestNamespace;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Against the kernel itself: a box with eth0 10.1.0.1/24 and a host 10.1.0.9 on its wire. */
class NetlinkNamespaceTest {
    private static final IpAddress HOST = IpAddress.parse("10.1.0.9");
    private static final long HOST_MAC = MacAddress.parse("02:00:00:00:00:09");
    private static final long TIMEOUT_NS = 10_000_000_000L;

    private TestNamespace box;
    private TestNamespace host;

    @BeforeEach
    void setUp() {
        box = TestNamespace.create("box");
        host = TestNamespace.create("host");
        box.sh(
                "ip link add eth0 address 02:00:00:00:00:01 mtu 1400 type veth"
                        + " peer name eth0 address 02:00:00:00:00:09 netns "
                        + host.name());
        box.sh("ip addr add 10.1.0.1/24 dev eth0; ip link set eth0 up");
        host.sh("ip addr add 10.1.0.9/24 dev eth0; ip link set eth0 up");
    }

    @AfterEach
    void tearDown() {
        if (host != null) {
            host.close();
        }

        if (box != null) {
            box.close();
        }
    }

    @Test
    void shouldReadLinks() throws Exception {
        inside(
                socket -> {
                    final Link eth0 = Links.byName(socket, "eth0").orElseThrow();

                    assertEquals("eth0", eth0.name());
                    assertEquals(1400, eth0.mtu());
                    assertEquals("veth", eth0.kind());
                    assertEquals(MacAddress.parse("02:00:00:00:00:01"), eth0.macNet());
                    assertEquals(Optional.of(eth0), Links.byIndex(socket, eth0.index()));
                    assertTrue(Links.dump(socket).contains(eth0));
                    assertEquals(Optional.empty(), Links.byName(socket, "eth9"));
                    assertEquals(Optional.empty(), Links.byName(socket, "a-name-too-long-for-any"));
                    assertEquals(Optional.empty(), Links.byIndex(socket, 9999));
                });
    }

    @Test
    void shouldReadAddresses() throws Exception {
        inside(
                socket -> {
                    final int eth0 = Links.byName(socket, "eth0").orElseThrow().index();

                    final List<InterfaceAddress> addresses = Addresses.dump(socket);

                    assertTrue(
                            addresses.contains(
                                    new InterfaceAddress(eth0, IpAddress.parse("10.1.0.1"), 24)));
                    assertTrue(
                            addresses.contains(
                                    new InterfaceAddress(1, IpAddress.parse("127.0.0.1"), 8)));
                });
    }

    @Test
    void shouldAskTheKernelForTheWay() throws Exception {
        box.sh("ip route add 10.2.0.0/16 via 10.1.0.9");
        box.sh("ip route add 10.2.3.0/24 via 10.1.0.8");
        box.sh("ip route add blackhole 10.5.0.0/16");
        inside(
                socket -> {
                    final int eth0 = Links.byName(socket, "eth0").orElseThrow().index();

                    assertEquals(
                            List.of(new Route.NextHop(eth0, null)),
                            lookup(socket, "10.1.0.9").route().nextHops());
                    assertEquals(
                            List.of(new Route.NextHop(eth0, HOST)),
                            lookup(socket, "10.2.0.1").route().nextHops());
                    assertEquals(
                            List.of(new Route.NextHop(eth0, IpAddress.parse("10.1.0.8"))),
                            lookup(socket, "10.2.3.1").route().nextHops());
                    assertTrue(lookup(socket, "10.1.0.1").route().isLocal());
                    assertEquals(Errno.ENETUNREACH, lookup(socket, "99.0.0.1").errno());
                    assertEquals(Errno.EINVAL, lookup(socket, "10.5.0.1").errno());
                    assertTrue(
                            Routes.dump(socket, AddressFamily.INET).stream()
                                    .anyMatch(
                                            route ->
                                                    route.destination()
                                                                    .toString()
                                                                    .equals("10.2.3.0")
                                                            && route.prefixLength() == 24));
                });
    }

    @Test
    void shouldHaveTheKernelResolveNeighbour() throws Exception {
        inside(
                socket -> {
                    final int eth0 = Links.byName(socket, "eth0").orElseThrow().index();
                    assertEquals(Optional.empty(), Neighbours.get(socket, eth0, HOST));

                    assertEquals(0, Neighbours.solicit0(socket, eth0, HOST));

                    await(
                            () ->
                                    Neighbours.get(socket, eth0, HOST)
                                            .filter(Neighbour::isValid)
                                            .isPresent(),
                            "an ARP answer of " + HOST);
                    final Neighbour neighbour = Neighbours.get(socket, eth0, HOST).orElseThrow();
                    assertEquals(HOST_MAC, neighbour.macNet());
                    assertTrue(
                            Neighbours.dump(socket, AddressFamily.INET).stream()
                                    .anyMatch(n -> n.address().equals(HOST)));
                });
    }

    @Test
    void shouldSayThatNeighbourFailed() throws Exception {
        box.sh("sysctl -qw net.ipv4.neigh.eth0.retrans_time_ms=20");
        final IpAddress nobody = IpAddress.parse("10.1.0.77");
        inside(
                socket -> {
                    final int eth0 = Links.byName(socket, "eth0").orElseThrow().index();

                    Neighbours.solicit0(socket, eth0, nobody);

                    await(
                            () ->
                                    Neighbours.get(socket, eth0, nobody)
                                            .filter(Neighbour::hasFailed)
                                            .isPresent(),
                            "the kernel to give up on " + nobody);
                    assertFalse(Neighbours.get(socket, eth0, nobody).orElseThrow().isValid());
                });
    }

    @Test
    void shouldPassOnWhatTheKernelSaysOfARefusal() throws Exception {
        inside(
                socket -> {
                    final int result =
                            socket.request0(
                                    new NetlinkRequest(RouteMessageType.RTM_GETNEIGH, 0)
                                            .putByte(AddressFamily.INET)
                                            .putByte(0)
                                            .putShort(0)
                                            .putInt(1)
                                            .putInt(0)
                                            .attribute(NeighbourDescriptor.NDA_DST, HOST),
                                    message -> fail("no answer expected"));

                    assertEquals(-Errno.ENOENT, result);
                    assertEquals("Neighbour entry not found", socket.refusal());
                });
    }

    @Test
    void shouldFollowChanges() throws Exception {
        box.call(
                () -> {
                    final Log log = new Log();
                    try (KernelEvents events = KernelEvents.open()) {
                        box.sh("ip link set eth0 mtu 1300");
                        box.sh(
                                "ip addr add 10.7.0.1/24 dev eth0; ip addr del 10.7.0.1/24 dev eth0");
                        box.sh("ip route add 10.2.0.0/16 via 10.1.0.9; ip route del 10.2.0.0/16");
                        box.sh("ip neigh add 10.1.0.5 lladdr 02:00:00:00:00:05 dev eth0");
                        box.sh("ip neigh del 10.1.0.5 dev eth0");
                        box.sh("ip rule add from 10.9.0.0/16 table 7");

                        await(
                                () -> {
                                    events.poll(log, 16);
                                    return log.lines.contains("policy");
                                },
                                "the last change in " + log.lines);
                    }

                    log.lines.retainAll(
                            List.of(
                                    "link eth0 mtu 1300",
                                    "address 10.7.0.1",
                                    "address 10.7.0.1 gone",
                                    "route 10.2.0.0/16",
                                    "route 10.2.0.0/16 gone",
                                    "neighbour 10.1.0.5 02:00:00:00:00:05",
                                    "neighbour 10.1.0.5 gone",
                                    "policy"));
                    assertEquals(
                            List.of(
                                    "link eth0 mtu 1300",
                                    "address 10.7.0.1",
                                    "address 10.7.0.1 gone",
                                    "route 10.2.0.0/16",
                                    "route 10.2.0.0/16 gone",
                                    "neighbour 10.1.0.5 02:00:00:00:00:05",
                                    "neighbour 10.1.0.5 gone",
                                    "policy"),
                            log.lines.stream().distinct().toList());
                    return null;
                });
    }

    @Test
    void shouldSayThatChangesWereLost() throws Exception {
        box.call(
                () -> {
                    final Log log = new Log();
                    try (KernelEvents events = KernelEvents.open()) {
                        // Each change costs its message and about a kilobyte of bookkeeping.
                        box.sh(
                                "for i in $(seq 250); do for j in $(seq 100); do"
                                        + " echo neigh replace 10.1.0.5 lladdr 02:00:00:00:$(printf"
                                        + " %02x:%02x $i $j) dev eth0; done; done"
                                        + " | ip -batch -");

                        await(
                                () -> {
                                    events.poll(log, 64);
                                    return log.lines.contains("overrun");
                                },
                                "an overrun after 25,000 changes");
                        int left = 1;
                        while (left > 0) {
                            left = events.poll(log, 64);
                        }

                        log.lines.clear();
                        box.sh("ip link set eth0 mtu 1301");
                        await(
                                () -> {
                                    events.poll(log, 16);
                                    return log.lines.contains("link eth0 mtu 1301");
                                },
                                "events again after an overrun");
                    }

                    return null;
                });
    }

    @Test
    void shouldAskDriverForXdpWithoutAttachingAnything() throws Exception {
        inside(
                socket -> {
                    final Link eth0 = Links.byName(socket, "eth0").orElseThrow();

                    final Optional<XdpFeatures> veth = XdpFeatures.of(eth0.index());

                    assertEquals(eth0, Links.byName(socket, "eth0").orElseThrow());
                    veth.ifPresent(
                            features -> {
                                assertTrue(features.isNative());
                                assertFalse(features.isZeroCopy());
                            });
                    assertFalse(XdpFeatures.of(1).map(XdpFeatures::isNative).orElse(false));
                    assertEquals(Optional.empty(), XdpFeatures.of(9999));
                });
    }

    private interface Body {
        void run(NetlinkSocket socket) throws Exception;
    }

    private void inside(final Body body) throws Exception {
        final Callable<Void> callable =
                () -> {
                    try (NetlinkSocket socket = NetlinkSocket.open()) {
                        body.run(socket);
                        return null;
                    }
                };
        box.call(callable);
    }

    private static Routes.Answer lookup(final NetlinkSocket socket, final String destination) {
        return Routes.lookup(socket, IpAddress.parse(destination));
    }

    private static void await(final BooleanSupplier condition, final String what) {
        final long deadlineNs = System.nanoTime() + TIMEOUT_NS;
        while (!condition.getAsBoolean()) {
            assertNotEquals(true, System.nanoTime() - deadlineNs > 0, "waited in vain for " + what);
            LockSupport.parkNanos(1_000_000);
        }
    }

    private static final class Log implements KernelEvents.Listener {
        private final List<String> lines = new ArrayList<>();

        @Override
        public void onLink(final Link link, final boolean removed) {
            lines.add("link " + link.name() + " mtu " + link.mtu() + gone(removed));
        }

        @Override
        public void onAddress(final InterfaceAddress address, final boolean removed) {
            lines.add("address " + address.address() + gone(removed));
        }

        @Override
        public void onNeighbour(final Neighbour neighbour, final boolean removed) {
            lines.add(
                    "neighbour "
                            + neighbour.address()
                            + (removed ? " gone" : " " + MacAddress.format(neighbour.macNet())));
        }

        @Override
        public void onRoute(final Route route, final boolean removed) {
            lines.add("route " + route.destination() + "/" + route.prefixLength() + gone(removed));
        }

        @Override
        public void onRoutingPolicy() {
            lines.add("policy");
        }

        @Override
        public void onOverrun() {
            lines.add("overrun");
        }

        private static String gone(final boolean removed) {
            return removed ? " gone" : "";
        }
    }
}
