package io.naru.bench.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.bench.topology.Balancer;
import io.naru.bench.topology.Curl;
import io.naru.bench.topology.Family;
import io.naru.bench.topology.Network;
import io.naru.bench.topology.Site;
import io.naru.bench.topology.SiteConfiguration;
import io.naru.bench.topology.Topology;
import io.naru.bench.topology.Variant;
import io.naru.bench.topology.WebServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The examples in {@code config/}, one for each mode and topology and one with a VLAN, each as it
 * is, on a site with the addresses that they show.
 */
class ExamplesSystemTest {
    private static final int REQUESTS = 20;
    private static final long BODY_BYTES = 1 << 16;

    private static final int NO_VLAN = 0;
    private static final int VLAN = 100;

    private static final Map<String, Site> SITES = new HashMap<>();

    @BeforeAll
    static void start() {
        SystemUnderTest.assumePossible("nginx", "curl", "ethtool", "tc", "clang");
    }

    @AfterAll
    static void stop() {
        SITES.values().forEach(site -> site.network().close());
    }

    /**
     * An example, whose name says what it shows: {@code one-arm-dsr-gre.yaml}.
     *
     * @param variants whose VIPs it serves.
     * @param vlan of the clients' side.
     */
    record Example(Topology topology, String shown, List<Variant> variants, int vlan) {
        static Example of(final Topology topology, final Variant variant) {
            return new Example(topology, variant.mode(), List.of(variant), NO_VLAN);
        }

        Path file() {
            return Balancer.launcher().resolveSibling("config/" + this);
        }

        /** The name of a site that it can be served on. */
        String siteName() {
            return vlan == NO_VLAN ? topology.title() : "vlan";
        }

        @Override
        public String toString() {
            return "%s-%s.yaml".formatted(topology.title(), shown);
        }
    }

    static Stream<Example> examples() {
        final Set<String> modes = new TreeSet<>();
        final List<Example> examples = new ArrayList<>();
        for (final Topology topology : Topology.values()) {
            for (final Variant variant : Variant.values()) {
                final Example example = Example.of(topology, variant);
                if (topology.serves(variant) && modes.add(example.toString())) {
                    examples.add(example);
                }
            }
        }

        examples.add(
                new Example(Topology.ROUTED, "vlan", List.of(Variant.NAT, Variant.DSR_L2), VLAN));
        return examples.stream();
    }

    @ParameterizedTest
    @MethodSource("examples")
    void shouldServe(final Example example) throws IOException {
        final Site site = SITES.computeIfAbsent(example.siteName(), name -> site(example));
        final Path directory =
                Files.createDirectories(site.network().directory().resolve(example.toString()));
        final String yaml = Files.readString(example.file());
        final Balancer balancer =
                new Balancer(site.balancer(), Balancer.launcher(), directory, yaml);
        try {
            balancer.startDataPlane();
            balancer.startControlPlane();
            for (final Variant variant : example.variants()) {
                int families = 0;
                for (final Family family : Family.values()) {
                    if (yaml.contains(Site.vip(variant, family))) {
                        assertServes(site, balancer, variant, family);
                        families++;
                    }
                }

                assertTrue(families > 0, () -> "it has no VIP of the site for " + variant);
            }
        } finally {
            balancer.stop();
        }
    }

    private static void assertServes(
            final Site site, final Balancer balancer, final Variant variant, final Family family)
            throws IOException {
        final String url = SiteConfiguration.basicUrl(variant, family);
        Await.until(
                "%s is served by more than one backend".formatted(url),
                () -> SystemUnderTest.byBackend(Curl.get(site.client(), url, 4, 1)).size() > 1,
                () -> balancer.logText("dataplane") + balancer.naru("status").output());

        assertEquals(
                REQUESTS,
                Curl.get(site.client(), url, REQUESTS, 3).stream().filter(Curl.Reply::ok).count(),
                () -> url + balancer.naru("status").output());
        final Path body = site.network().directory().resolve("body");
        site.client().run("curl", "-sSf", "--max-time", "5", "-o", body.toString(), url + "big");
        assertEquals(
                -1L,
                Files.mismatch(site.servers().get(0).bigFile(), body),
                () -> "what was fetched from %s differs".formatted(url));
    }

    private static Site site(final Example example) {
        final Topology topology = example.topology();
        final Network network = new Network("naru-ex-" + example.siteName());
        try {
            final Site site = new Site(network, topology, 1, BODY_BYTES);
            if (topology.serves(Variant.GRE_OVER_IPV4)) {
                site.withTunnelEnds();
            }
            if (example.vlan() != NO_VLAN) {
                site.withFrontVlan(example.vlan());
            }

            site.servers().forEach(WebServer::start);
            return site;
        } catch (final RuntimeException | Error failure) {
            network.close();
            throw failure;
        }
    }
}
