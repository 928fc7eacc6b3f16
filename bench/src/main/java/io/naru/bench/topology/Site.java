package io.naru.bench.topology;

import java.util.ArrayList;
import java.util.List;

/**
 * A small site with IPv4 and IPv6: a client behind a router, a balancer in one of the topologies,
 * three web servers, and a fourth one behind a router of its own.
 *
 * <pre>
 *                                              203.0.113.0/24
 *   client ── wire ── eth0  edge  eth1 .1 ─────── .2 eth0  balancer  eth1 .254 ──┐
 *   198.51.100.2, .3    .1        eth2 .253 ───────────────────────────────── switch   10.2.0.0/24
 *                                                                              ├ s1 .1, s2 .2, s3 .3
 *                                             far 10.3.0.1 ── eth1 router .252 ┘
 * </pre>
 *
 * This is {@link Topology#ROUTED}. In {@code one-arm} the balancer's only interface is on the
 * switch; in {@code bridge} it lies between the edge router, which has but one foot in the servers'
 * network then, and the switch: it has no address there but that of its host port.
 *
 * <p>The IPv6 networks are 2001:db8:51::/64, 2001:db8:113::/64, 2001:db8::/64 and 2001:db8:3::/64,
 * with the same last numbers in hexadecimal. The VIPs are {@link #vip} for modes whose replies come
 * back through the balancer and {@link #directVip} for the others; the edge router has them
 * on-link, so that the balancer has to answer ARP and neighbour discovery for them.
 *
 * <p>Two paths are narrow, {@value #NARROW_MTU} bytes, in the middle where neither end knows: from
 * the edge to the client's second address, and from the router to the far server.
 *
 * <p>The servers have what {@code docs/modes.md} tells for each mode: the VIP on their loopback, a
 * decapsulator, a way back for direct replies.
 */
public final class Site {
    public static final int NARROW_MTU = 1400;

    private static final int SERVERS = 3;
    private static final int PORT = 8080;
    private static final int DIRECT_PORT = 80;

    private final Network network;
    private final Topology topology;
    private final Namespace client;
    private final Namespace wire;
    private final Namespace edge;
    private final Namespace balancer;
    private final Namespace zwitch;
    private final List<WebServer> servers = new ArrayList<>();
    private int frontVlan;
    private int backVlan;
    private Namespace front;
    private Namespace router;
    private WebServer far;

    /**
     * Builds a site; nothing runs in it yet.
     *
     * @param queues of the balancer's interfaces, and so its workers.
     * @param bigFileBytes size of what the servers have at {@code /big}.
     */
    public Site(
            final Network network,
            final Topology topology,
            final int queues,
            final long bigFileBytes) {
        this.network = network;
        this.topology = topology;
        client = network.addDualStack("client");
        wire = network.addSwitch("wire");
        edge = network.addRouter("edge");
        balancer = network.addDualStack("lb");
        zwitch = network.addSwitch("switch");

        network.plug(client, "eth0", wire);
        network.plug(edge, "eth0", wire);
        switch (topology) {
            case ROUTED -> {
                network.connect(edge, "eth1", balancer, "eth0", queues);
                network.plug(balancer, "eth1", zwitch, queues);
                network.plug(edge, "eth2", zwitch);
                addressBalancer("eth1");
                balancer.ip(
                        """
                        addr add 203.0.113.2/24 dev eth0
                        addr add 2001:db8:113::2/64 dev eth0 nodad
                        route add default via 203.0.113.1
                        route add ::/0 via 2001:db8:113::1
                        """);
            }
            case ONE_ARM -> {
                network.plug(balancer, "eth0", zwitch, queues);
                network.plug(edge, "eth2", zwitch);
                addressBalancer("eth0");
                balancer.ip(
                        """
                        route add default via 10.2.0.253
                        route add ::/0 via 2001:db8::fd
                        """);
            }
            case BRIDGE -> {
                front = network.addSwitch("front");
                network.plug(edge, "eth2", front);
                network.plug(balancer, "eth0", front, queues);
                network.plug(balancer, "eth1", zwitch, queues);
                network.connect(balancer, "host0", balancer, "host1", queues);
                addressBalancer("host1");
            }
        }

        addressClientAndEdge();
        addServers(bigFileBytes);
    }

    private void addressBalancer(final String device) {
        balancer.ip(
                "addr add 10.2.0.254/24 dev %1$s%naddr add 2001:db8::fe/64 dev %1$s nodad%n"
                        .formatted(device));
        if (topology != Topology.BRIDGE) {
            balancer.ip(
                    """
                    route add 10.3.0.0/24 via 10.2.0.252
                    route add 2001:db8:3::/64 via 2001:db8::fc
                    """);
        }
    }

    private void addressClientAndEdge() {
        client.ip(
                """
                addr add 198.51.100.2/24 dev eth0
                addr add 198.51.100.3/24 dev eth0
                addr add 2001:db8:51::2/64 dev eth0 nodad
                addr add 2001:db8:51::3/64 dev eth0 nodad
                route add default via 198.51.100.1 src 198.51.100.2
                route add ::/0 via 2001:db8:51::1 src 2001:db8:51::2
                """);
        edge.ip(
                """
                addr add 198.51.100.1/24 dev eth0
                addr add 2001:db8:51::1/64 dev eth0 nodad
                route add 198.51.100.3/32 dev eth0 mtu lock %1$d
                route add 2001:db8:51::3/128 dev eth0 mtu lock %1$d
                addr add 10.2.0.253/24 dev eth2
                addr add 2001:db8::fd/64 dev eth2 nodad
                route add 10.3.0.0/24 via 10.2.0.252
                route add 2001:db8:3::/64 via 2001:db8::fc
                """
                        .formatted(NARROW_MTU));
        if (topology == Topology.ROUTED) {
            edge.ip(
                    "addr add 203.0.113.1/24 dev eth1\naddr add 2001:db8:113::1/64 dev eth1 nodad\n");
        }

        final String towardsVips = topology == Topology.ROUTED ? "eth1" : "eth2";
        for (final Family family : Family.values()) {
            edge.ip(
                    "route add %s dev %s%nroute add %s dev %2$s%n"
                            .formatted(vip(family), towardsVips, directVip(family)));
        }
    }

    private void addServers(final long bigFileBytes) {
        final List<Integer> ports = new ArrayList<>(List.of(DIRECT_PORT, PORT));
        for (final Variant variant : Variant.values()) {
            ports.add(variant.webPort());
            ports.add(variant.farPort());
        }

        for (int i = 1; i <= SERVERS; i++) {
            final Namespace host = network.addDualStack("s" + i);
            network.plug(host, "eth0", zwitch);
            host.ip(
                    """
                    addr add 10.2.0.%1$d/24 dev eth0
                    addr add 2001:db8::%1$d/64 dev eth0 nodad
                    """
                            .formatted(i));
            if (topology == Topology.ROUTED) {
                giveWaysBack(host);
            } else {
                host.ip("route add default via 10.2.0.253\nroute add ::/0 via 2001:db8::fd\n");
            }

            acceptDirectVip(host);
            servers.add(new WebServer(host, "s" + i, ports, network.directory(), bigFileBytes));
        }

        addFarServer(ports, bigFileBytes);
    }

    private void addFarServer(final List<Integer> ports, final long bigFileBytes) {
        router = network.addRouter("router");
        final Namespace host = network.addDualStack("far");
        network.plug(router, "eth0", zwitch);
        network.connect(router, "eth1", host, "eth0", 1);
        router.ip(
                """
                addr add 10.2.0.252/24 dev eth0
                addr add 2001:db8::fc/64 dev eth0 nodad
                addr add 10.3.0.254/24 dev eth1
                addr add 2001:db8:3::fe/64 dev eth1 nodad
                route add 10.3.0.1/32 dev eth1 mtu lock %1$d
                route add 2001:db8:3::1/128 dev eth1 mtu lock %1$d
                """
                        .formatted(NARROW_MTU));
        if (topology == Topology.ROUTED) {
            giveWaysBack(router);
        } else {
            router.ip("route add default via 10.2.0.253\nroute add ::/0 via 2001:db8::fd\n");
        }

        host.ip(
                """
                addr add 10.3.0.1/24 dev eth0
                addr add 2001:db8:3::1/64 dev eth0 nodad
                route add default via 10.3.0.254
                route add ::/0 via 2001:db8:3::fe
                """);
        acceptDirectVip(host);
        far = new WebServer(host, "far", ports, network.directory(), bigFileBytes);
    }

    /** Replies of {@code nat} go back through the balancer, those from a direct VIP past it. */
    private static void giveWaysBack(final Namespace host) {
        host.ip(
                """
                route add default via 10.2.0.254
                route add default via 10.2.0.253 table 100
                rule add from %s lookup 100
                """
                        .formatted(directVip(Family.IPV4)));
        host.ip6(
                """
                route add default via 2001:db8::fe
                route add default via 2001:db8::fd table 100
                rule add from %s lookup 100
                """
                        .formatted(directVip(Family.IPV6)));
    }

    private static void acceptDirectVip(final Namespace host) {
        host.sysctl("net.ipv4.conf.all.arp_ignore=1", "net.ipv4.conf.all.arp_announce=2");
        host.ip(
                "addr add %s/32 dev lo%naddr add %s/128 dev lo nodad%n"
                        .formatted(directVip(Family.IPV4), directVip(Family.IPV6)));
    }

    /** Puts the decapsulator on every server; what a kernel with tunnels does by itself. */
    public Site withTunnelEnds() {
        final Decapsulator decapsulator = Decapsulator.build(network.directory());
        servers.forEach(server -> decapsulator.attach(server.host(), "eth0"));
        decapsulator.attach(far.host(), "eth0");
        return this;
    }

    /**
     * Puts the network between edge and balancer into a VLAN: a tag on each frame there.
     *
     * @throws IllegalStateException in a topology without that network.
     */
    public Site withFrontVlan(final int vlan) {
        require(Topology.ROUTED);
        final VlanEnd end = VlanEnd.build(network.directory(), vlan);
        end.attach(edge, "eth1");
        end.attach(balancer, "eth0");
        frontVlan = vlan;
        return this;
    }

    /** Puts the servers' network into a VLAN: a tag on each frame there. */
    public Site withBackVlan(final int vlan) {
        require(Topology.ROUTED);
        final VlanEnd end = VlanEnd.build(network.directory(), vlan);
        servers.forEach(server -> end.attach(server.host(), "eth0"));
        end.attach(router, "eth0");
        end.attach(edge, "eth2");
        end.attach(balancer, "eth1");
        leaveTagsInFrames(zwitch);
        backVlan = vlan;
        return this;
    }

    private void require(final Topology expected) {
        if (topology != expected) {
            throw new IllegalStateException(
                    "the topology is %s, expected %s".formatted(topology, expected));
        }
    }

    /** Of what a switch's ports send. */
    private static void leaveTagsInFrames(final Namespace zwitch) {
        for (final String line :
                zwitch.run("ip", "-o", "link", "show", "master", "br0").split("\n")) {
            final String port = line.split(": ")[1].split("@")[0];
            zwitch.run("ethtool", "-K", port, "txvlan", "off", "rxvlan", "off");
        }
    }

    /** The VIP of services whose replies come back through the balancer. */
    public static String vip(final Family family) {
        return family.of("192.0.2.10", "2001:db8:192::10");
    }

    /** The VIP of services whose backends answer the client themselves. */
    public static String directVip(final Family family) {
        return family.of("192.0.2.20", "2001:db8:192::20");
    }

    public static String vip(final Variant variant, final Family family) {
        return variant.isDirectReturn() ? directVip(family) : vip(family);
    }

    /** The balancer's source address towards the backends of {@code full-nat}. */
    public static String localAddress(final Family family) {
        return family.of("10.2.0.100", "2001:db8::100");
    }

    public static String clientAddress(final Family family) {
        return family.of("198.51.100.2", "2001:db8:51::2");
    }

    /** The client's address that has a narrow path. */
    public static String narrowClientAddress(final Family family) {
        return family.of("198.51.100.3", "2001:db8:51::3");
    }

    /** Address of server number {@code i}, from 1 on. */
    public static String serverAddress(final Family family, final int i) {
        return family.of("10.2.0.", "2001:db8::") + i;
    }

    public static String farAddress(final Family family) {
        return family.of("10.3.0.1", "2001:db8:3::1");
    }

    /** An address of the balancer itself that the client can reach. */
    public static String balancerAddress(final Family family) {
        return family.of("203.0.113.2", "2001:db8:113::2");
    }

    public Network network() {
        return network;
    }

    public Topology topology() {
        return topology;
    }

    /** The interfaces that Naru is given, as a list in YAML. */
    public String interfaces() {
        return frontVlan == 0 && backVlan == 0
                ? topology.interfaces()
                : "[{ name: eth0, vlan: %d }, { name: eth1, vlan: %d }]"
                        .formatted(frontVlan, backVlan);
    }

    public Namespace client() {
        return client;
    }

    /** The switch between client and edge, in whose place a {@code BadWire} can be put. */
    public Namespace wire() {
        return wire;
    }

    public Namespace edge() {
        return edge;
    }

    public Namespace balancer() {
        return balancer;
    }

    /** The switch between the edge router and a bridge, {@code null} in other topologies. */
    public Namespace front() {
        return front;
    }

    /** The switch that the servers are on. */
    public Namespace zwitch() {
        return zwitch;
    }

    /** The servers {@code s1}, {@code s2} and {@code s3}. */
    public List<WebServer> servers() {
        return servers;
    }

    /**
     * The router in front of the far server: a host on the servers' segment that is none of them.
     */
    public Namespace router() {
        return router;
    }

    /** The server behind the narrow path. */
    public WebServer far() {
        return far;
    }

    public String url(final Variant variant, final Family family) {
        return url(variant, family, variant.webPort());
    }

    public String url(final Variant variant, final Family family, final int port) {
        return "http://%s:%d/".formatted(family.inUrl(vip(variant, family)), port);
    }
}
