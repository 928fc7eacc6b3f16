package io.naru.bench.demo;

import io.naru.bench.topology.Balancer;
import io.naru.bench.topology.Curl;
import io.naru.bench.topology.Family;
import io.naru.bench.topology.Network;
import io.naru.bench.topology.Site;
import io.naru.bench.topology.SiteConfiguration;
import io.naru.bench.topology.Topology;
import io.naru.bench.topology.Variant;
import io.naru.bench.topology.WebServer;
import java.nio.file.Path;
import java.util.List;

/** The demo in network namespaces: nginx, curl and both planes as processes of their own. */
final class NamespaceScene implements Scene {
    static final String PREFIX = "naru-demo";

    private static final long BIG_FILE_BYTES = 10 << 20;
    private static final int REQUEST_TIMEOUT_SECONDS = 2;

    private final Network network = new Network(PREFIX);
    private final Topology topology;
    private final Variant variant;
    private final Family family;
    private final String url;
    private Site site;
    private Balancer balancer;

    /**
     * @param family of the VIP; that of the tunnel is the variant's.
     */
    NamespaceScene(final Topology topology, final Variant variant, final Family family) {
        this.topology = topology;
        this.variant = variant;
        this.family = family;
        url = SiteConfiguration.basicUrl(variant, family);
    }

    @Override
    public String description() {
        return "client ── router ── balancer (AF_XDP) ── 3 × nginx, each in a network namespace of its own; %s, %s, %s"
                .formatted(topology.title(), variant.mode(), family.of("IPv4", "IPv6"));
    }

    @Override
    public void start(final Progress progress) {
        progress.step("making namespaces for a client, routers, the balancer and its servers");
        site = new Site(network, topology, 1, BIG_FILE_BYTES);
        if (variant.isTunnel()) {
            progress.step(
                    "building the decapsulator that stands in for the servers' tunnel devices");
            site.withTunnelEnds();
        }

        site.servers().forEach(WebServer::start);
        balancer =
                new Balancer(
                        site.balancer(),
                        Balancer.launcher(),
                        network.directory(),
                        SiteConfiguration.basic(site, variant, family));
        progress.step("starting the data plane and the control plane");
        balancer.startDataPlane();
        balancer.startControlPlane();
    }

    @Override
    public List<String> backends() {
        return site.servers().stream().map(WebServer::name).toList();
    }

    @Override
    public List<Curl.Reply> request(final int count) {
        return Curl.get(site.client(), url, count, REQUEST_TIMEOUT_SECONDS);
    }

    @Override
    public void kill(final String backend) {
        server(backend).kill();
    }

    @Override
    public void revive(final String backend) {
        server(backend).start();
    }

    private WebServer server(final String name) {
        return site.servers().stream()
                .filter(server -> server.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    @Override
    public Path runDirectory() {
        return balancer.runDirectory();
    }

    @Override
    public String logs() {
        return balancer == null
                ? ""
                : "--- data plane%n%s--- control plane%n%s"
                        .formatted(balancer.logText("dataplane"), balancer.logText("controlplane"));
    }

    @Override
    public List<String> thingsToTry() {
        final String client = "ip netns exec %s ".formatted(site.client());
        final String naru = "./naru --run-dir %s ".formatted(balancer.runDirectory());
        return List.of(
                client + "curl " + url,
                client + "ping -c 3 " + Site.vip(variant, family),
                naru + "status",
                naru + "get backends --watch",
                naru + "get flows service web",
                naru + "drain web/s2 -m 'trying it'",
                naru + "undrain web/s2",
                naru + "set algorithm web maglev",
                "$EDITOR %1$s && %2$sapply %1$s".formatted(balancer.configuration(), naru),
                "./naru demo --clean        # removes all of this");
    }

    @Override
    public void keep() {
        network.keep();
    }

    @Override
    public void close() {
        network.close();
    }
}
