package io.naru.bench.demo;

import io.naru.bench.topology.Balancer;
import io.naru.bench.topology.Curl;
import io.naru.bench.topology.Network;
import io.naru.bench.topology.Site;
import io.naru.bench.topology.WebServer;
import java.nio.file.Path;
import java.util.List;

/** The demo in network namespaces: nginx, curl and both planes as processes of their own. */
final class NamespaceScene implements Scene {
    static final String PREFIX = "naru-demo";

    private static final int BACKENDS = 3;
    private static final long BIG_FILE_BYTES = 10 << 20;
    private static final int REQUEST_TIMEOUT_SECONDS = 2;

    private final Network network = new Network(PREFIX);
    private Site site;
    private Balancer balancer;

    @Override
    public String description() {
        return "client ── balancer (AF_XDP) ── 3 × nginx, each in a network namespace of its own";
    }

    @Override
    public void start(final Progress progress) {
        progress.step(
                "making namespaces for a client, the balancer and %d servers".formatted(BACKENDS));
        site = Site.routed(network, BACKENDS, 1, BIG_FILE_BYTES);
        site.servers().forEach(WebServer::start);
        balancer =
                new Balancer(
                        site.balancer(), Balancer.launcher(), network.directory(), site.yaml());
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
        return Curl.get(site.client(), site.url(), count, REQUEST_TIMEOUT_SECONDS);
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
                client + "curl " + site.url(),
                client + "ping -c 3 " + Site.VIP,
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
