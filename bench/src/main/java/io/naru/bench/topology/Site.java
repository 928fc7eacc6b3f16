package io.naru.bench.topology;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A small site: one client, one balancer and some web servers, in one of the topologies.
 *
 * <p>{@link #routed} is
 *
 * <pre>
 *   client 198.51.100.2 ── eth0 balancer eth1 ── switch ── s1 10.0.2.11:8080 (gateway: the balancer)
 *                        .1               10.0.2.1    ├── s2 10.0.2.12
 *                                                     └── s3 10.0.2.13
 * </pre>
 *
 * <p>{@link #oneArm} has them all on one switch in 10.0.2.0/24; the servers have the VIP on their
 * loopback and answer the client directly. The VIP is 203.0.113.10; the client's route to it is
 * on-link, so that the data plane has to answer ARP for it.
 */
public final class Site {
    public static final String VIP = "203.0.113.10";

    private final Namespace client;
    private final Namespace balancer;
    private final List<WebServer> servers;
    private final String yaml;

    private Site(
            final Namespace client,
            final Namespace balancer,
            final List<WebServer> servers,
            final String yaml) {
        this.client = client;
        this.balancer = balancer;
        this.servers = servers;
        this.yaml = yaml;
    }

    public Namespace client() {
        return client;
    }

    public Namespace balancer() {
        return balancer;
    }

    public List<WebServer> servers() {
        return servers;
    }

    /** A configuration that serves this site. */
    public String yaml() {
        return yaml;
    }

    /** The URL that a client asks for. */
    public String url() {
        return "http://" + VIP + "/";
    }

    /**
     * Two arms, mode {@code nat}.
     *
     * @param queues of the balancer's interfaces, and so its workers.
     */
    public static Site routed(
            final Network network, final int backends, final int queues, final long bigFileBytes) {
        final Namespace client = network.add("client");
        final Namespace balancer = network.add("lb");
        final Namespace wire = network.addSwitch("switch");
        network.connect(client, "eth0", balancer, "eth0", queues);
        network.plug(balancer, "eth1", wire, queues);
        client.ip(
                """
                addr add 198.51.100.2/24 dev eth0
                route add %s/32 dev eth0
                """
                        .formatted(VIP));
        balancer.ip("addr add 198.51.100.1/24 dev eth0\naddr add 10.0.2.1/24 dev eth1\n");

        final List<WebServer> servers = new ArrayList<>();
        for (int i = 1; i <= backends; i++) {
            final Namespace host = network.add("s" + i);
            network.plug(host, "eth0", wire);
            host.ip(
                    "addr add 10.0.2.%d/24 dev eth0%nroute add default via 10.0.2.1%n"
                            .formatted(10 + i));
            servers.add(
                    new WebServer(
                            host, "s" + i, "0.0.0.0", 8080, network.directory(), bigFileBytes));
        }

        return new Site(client, balancer, servers, yaml("[eth0, eth1]", "nat", servers));
    }

    /** One arm, mode {@code dsr-l2}. */
    public static Site oneArm(
            final Network network, final int backends, final int queues, final long bigFileBytes) {
        final Namespace wire = network.addSwitch("switch");
        final Namespace client = network.add("client");
        final Namespace balancer = network.add("lb");
        network.plug(client, "eth0", wire);
        network.plug(balancer, "eth0", wire, queues);
        client.ip("addr add 10.0.2.2/24 dev eth0\nroute add %s/32 dev eth0%n".formatted(VIP));
        balancer.ip("addr add 10.0.2.1/24 dev eth0\n");

        final List<WebServer> servers = new ArrayList<>();
        for (int i = 1; i <= backends; i++) {
            final Namespace host = network.add("s" + i);
            network.plug(host, "eth0", wire);
            host.sysctl("net.ipv4.conf.all.arp_ignore=1", "net.ipv4.conf.all.arp_announce=2");
            host.ip(
                    "addr add 10.0.2.%d/24 dev eth0%naddr add %s/32 dev lo%n"
                            .formatted(10 + i, VIP));
            servers.add(
                    new WebServer(host, "s" + i, "0.0.0.0", 80, network.directory(), bigFileBytes));
        }

        return new Site(client, balancer, servers, yaml("[eth0]", "dsr-l2", servers));
    }

    private static String yaml(
            final String interfaces, final String mode, final List<WebServer> servers) {
        final String backends =
                servers.stream()
                        .map(
                                server ->
                                        "      - { name: %s, address: 10.0.2.%d, port: %d }"
                                                .formatted(
                                                        server.name(),
                                                        10
                                                                + Integer.parseInt(
                                                                        server.name().substring(1)),
                                                        server.port()))
                        .collect(Collectors.joining("\n"));
        return """
        interfaces: %s
        services:
          - name: web
            vip: %s
            port: 80
            mode: %s
            algorithm: rr
            pool: web
        pools:
          - name: web
            check: { type: tcp, interval: 500ms, timeout: 300ms, rise: 2, fall: 2 }
            backends:
        %s
        dataplane:
          flow-capacity: 64k
        """
                .formatted(interfaces, VIP, mode, backends);
    }
}
