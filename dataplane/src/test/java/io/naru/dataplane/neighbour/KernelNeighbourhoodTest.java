package io.naru.dataplane.neighbour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.TestNamespace;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.linux.LinuxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The resolver on a real kernel: a box with eth0 10.1.0.1/24 and eth1 10.2.0.1/24, and one host on
 * both wires, 10.1.0.9 and 10.2.0.9, that really answers ARP.
 */
class KernelNeighbourhoodTest {
    private static final IpAddress HOST = IpAddress.parse("10.1.0.9");
    private static final IpAddress FAR = IpAddress.parse("10.9.0.1");
    private static final long HOST_ETH0 = 0x0900_0000_0002L;
    private static final long HOST_ETH1 = 0x1900_0000_0002L;
    private static final long TIMEOUT_NS = 20_000_000_000L;

    private TestNamespace box;
    private TestNamespace host;
    private final HopTable table = new HopTable(16);
    private final Log log = new Log();
    private HopResolver resolver;

    @BeforeEach
    void setUp() {
        box = TestNamespace.create("hops");
        host = TestNamespace.create("hops-host");
        box.sh(
                "ip link add eth0 address 02:00:00:00:00:01 type veth"
                        + " peer name eth0 address 02:00:00:00:00:09 netns "
                        + host.name());
        box.sh(
                "ip link add eth1 address 02:00:00:00:00:11 type veth"
                        + " peer name eth1 address 02:00:00:00:00:19 netns "
                        + host.name());
        box.sh("ip addr add 10.1.0.1/24 dev eth0; ip addr add 10.2.0.1/24 dev eth1");
        box.sh("ip link set eth0 up; ip link set eth1 up");
        host.sh("ip addr add 10.1.0.9/24 dev eth0; ip addr add 10.2.0.9/24 dev eth1");
        host.sh("ip link set eth0 up; ip link set eth1 up");
        // So that a verdict on a silent neighbour takes milliseconds and not seconds.
        box.sh(
                "for i in eth0 eth1; do"
                        + " sysctl -qw net.ipv4.neigh.$i.retrans_time_ms=20"
                        + " net.ipv4.neigh.$i.delay_first_probe_time=0; done");
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
    void shouldResolveHostOnWire() throws Exception {
        inside(
                () -> {
                    final int id = resolver.hopFor(HOST);
                    assertEquals(Hop.UNRESOLVED, table.hop(id));

                    await(() -> table.hop(id) == Hop.of(HOST_ETH0, 0), "the ARP answer");
                });
    }

    @Test
    void shouldResolveBackendBehindRouterAndFollowItsRoute() throws Exception {
        box.sh("ip route add 10.9.0.0/16 via 10.1.0.9");
        inside(
                () -> {
                    final int id = resolver.hopFor(FAR);
                    await(() -> table.hop(id) == Hop.of(HOST_ETH0, 0), "the router's MAC");

                    box.sh("ip route replace 10.9.0.0/16 via 10.2.0.9");
                    await(() -> table.hop(id) == Hop.of(HOST_ETH1, 1), "the other router's MAC");

                    box.sh("ip route add 10.9.0.0/24 via 10.1.0.9");
                    await(() -> table.hop(id) == Hop.of(HOST_ETH0, 0), "the longer prefix");

                    box.sh("ip route del 10.9.0.0/24; ip route del 10.9.0.0/16");
                    await(() -> table.hop(id) == Hop.UNRESOLVED, "the hop to be lost");
                    assertEquals("no route to 10.9.0.1 (ENETUNREACH)", resolver.reason(FAR));
                });
    }

    @Test
    void shouldFollowRoutesThatTheKernelTakesOutSilently() throws Exception {
        box.sh("ip route add 10.9.0.0/16 via 10.1.0.9");
        box.sh("ip route add 10.9.0.0/16 via 10.2.0.9 metric 9");
        inside(
                () -> {
                    final int id = resolver.hopFor(FAR);
                    await(() -> table.hop(id) == Hop.of(HOST_ETH0, 0), "the first router");

                    box.sh("ip link set eth0 down");

                    await(() -> table.hop(id) == Hop.of(HOST_ETH1, 1), "the second router");
                });
    }

    @Test
    void shouldFollowRoutingRules() throws Exception {
        box.sh("ip route add 10.9.0.0/16 via 10.1.0.9");
        box.sh("ip route add 10.9.0.0/16 via 10.2.0.9 table 7");
        inside(
                () -> {
                    final int id = resolver.hopFor(FAR);
                    await(() -> table.hop(id) == Hop.of(HOST_ETH0, 0), "the main table's way");

                    box.sh("ip rule add to 10.9.0.0/16 table 7");

                    await(() -> table.hop(id) == Hop.of(HOST_ETH1, 1), "table 7's way");
                });
    }

    @Test
    void shouldFollowMacOfHost() throws Exception {
        inside(
                () -> {
                    final int id = resolver.hopFor(HOST);
                    await(() -> table.hop(id) == Hop.of(HOST_ETH0, 0), "the ARP answer");

                    box.sh("ip neigh replace 10.1.0.9 lladdr 02:00:00:00:00:77 dev eth0");

                    await(() -> table.hop(id) == Hop.of(0x7700_0000_0002L, 0), "the new MAC");
                });
    }

    @Test
    void shouldStopSendingToHostThatDiesAndStartAgainWhenItIsBack() throws Exception {
        inside(
                () -> {
                    final int id = resolver.hopFor(HOST);
                    await(() -> table.hop(id) == Hop.of(HOST_ETH0, 0), "the ARP answer");

                    host.sh("ip addr del 10.1.0.9/24 dev eth0");
                    // As if its time had come: the kernel then probes because we use it.
                    box.sh(
                            "ip neigh change 10.1.0.9 lladdr 02:00:00:00:00:09 dev eth0"
                                    + " nud stale");
                    await(() -> table.hop(id) == Hop.UNRESOLVED, "the hop to be lost");
                    assertEquals("10.1.0.9 on eth0 does not answer", resolver.reason(HOST));

                    host.sh("ip addr add 10.1.0.9/24 dev eth0");
                    await(() -> table.hop(id) == Hop.of(HOST_ETH0, 0), "it to be found again");
                });
        assertEquals(
                List.of(
                        "10.1.0.9 resolved",
                        "10.1.0.9 unresolved: 10.1.0.9 on eth0 does not answer",
                        "10.1.0.9 resolved"),
                log.lines);
    }

    @Test
    void shouldAskAgainForNeighbourThatIsFlushed() throws Exception {
        inside(
                () -> {
                    final int id = resolver.hopFor(HOST);
                    await(() -> table.hop(id) == Hop.of(HOST_ETH0, 0), "the ARP answer");

                    box.sh("ip neigh flush dev eth0");

                    await(() -> log.lines.size() == 3, "lost and resolved, not " + log.lines);
                    assertEquals(Hop.of(HOST_ETH0, 0), table.hop(id));
                });
    }

    @Test
    void shouldUseNeighbourSetByHandAndLeaveItAlone() throws Exception {
        box.sh("ip neigh add 10.1.0.9 lladdr 02:00:00:00:00:55 dev eth0 nud permanent");
        inside(
                () -> {
                    final int id = resolver.hopFor(HOST);
                    long nowNs = System.nanoTime();
                    for (int i = 0; i < 100; i++) {
                        resolver.poll(nowNs);
                        nowNs += HopResolver.REFRESH_INTERVAL_NS;
                    }

                    assertEquals(Hop.of(0x5500_0000_0002L, 0), table.hop(id));
                    assertTrue(box.sh("ip neigh show dev eth0").contains("PERMANENT"));
                });
    }

    @Test
    void shouldSayWhyThereIsNoWay() throws Exception {
        box.sh("ip link add eth2 type veth peer name eth3; ip link set eth2 up");
        box.sh("ip addr add 10.3.0.1/24 dev eth2; ip route add blackhole 10.5.0.0/16");
        inside(
                () -> {
                    for (final String address :
                            List.of("10.3.0.9", "10.2.0.1", "10.5.0.1", "10.1.0.255")) {
                        assertEquals(
                                Hop.UNRESOLVED,
                                table.hop(resolver.hopFor(IpAddress.parse(address))));
                    }

                    assertEquals(
                            List.of(
                                    "10.3.0.9 unresolved: the route to 10.3.0.9 leaves by eth2,"
                                            + " which is not one of the balancer's interfaces",
                                    "10.2.0.1 unresolved: 10.2.0.1 is an address of the box"
                                            + " itself",
                                    "10.5.0.1 unresolved: no route to 10.5.0.1 (EINVAL)",
                                    "10.1.0.255 unresolved: 10.1.0.255 is not the address of one"
                                            + " host"),
                            log.lines);
                });
    }

    @Test
    void shouldFollowTheBoxesOwnAddresses() throws Exception {
        inside(
                () -> {
                    assertEquals(
                            Set.of(
                                    local("127.0.0.1", 8, -1),
                                    local("10.1.0.1", 24, 0),
                                    local("10.2.0.1", 24, 1)),
                            resolver.locals());

                    box.sh("ip addr add 10.1.0.2/24 dev eth0; ip addr del 10.2.0.1/24 dev eth1");

                    await(
                            () ->
                                    resolver.locals()
                                            .equals(
                                                    Set.of(
                                                            local("127.0.0.1", 8, -1),
                                                            local("10.1.0.1", 24, 0),
                                                            local("10.1.0.2", 24, 0))),
                            "the new addresses");
                });
    }

    @Test
    void shouldNameInterfaceThatIsNotThere() throws Exception {
        box.call(
                () -> {
                    final LinuxException error =
                            assertThrows(
                                    LinuxException.class,
                                    () ->
                                            new KernelNeighbourhood(
                                                    List.of(
                                                            new Uplink("eth0", 0),
                                                            new Uplink("eth7", 0))));
                    assertTrue(error.getMessage().contains("eth7"), error.getMessage());
                    return null;
                });
    }

    private interface Body {
        void run() throws Exception;
    }

    private void inside(final Body body) throws Exception {
        box.call(
                () -> {
                    final Neighbourhood kernel =
                            new KernelNeighbourhood(
                                    List.of(new Uplink("eth0", 0), new Uplink("eth1", 100)));
                    try (HopResolver opened =
                            new HopResolver(table, kernel, log, System.nanoTime())) {
                        resolver = opened;
                        body.run();
                    }

                    return null;
                });
    }

    private void await(final BooleanSupplier condition, final String what) {
        final long deadlineNs = System.nanoTime() + TIMEOUT_NS;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() - deadlineNs < 0, "waited in vain for " + what);
            if (resolver.poll(System.nanoTime()) == 0) {
                LockSupport.parkNanos(1_000_000);
            }
        }
    }

    private static LocalAddress local(
            final String address, final int prefixLength, final int interfaceIndex) {
        return new LocalAddress(IpAddress.parse(address), prefixLength, interfaceIndex);
    }

    private static final class Log implements HopListener {
        private final List<String> lines = new ArrayList<>();

        @Override
        public void onHopResolved(final IpAddress address, final long hop) {
            lines.add(address + " resolved");
        }

        @Override
        public void onHopUnresolved(final IpAddress address, final String reason) {
            lines.add(address + " unresolved: " + reason);
        }

        @Override
        public void onLocalsChanged(final Set<LocalAddress> locals) {}
    }
}
