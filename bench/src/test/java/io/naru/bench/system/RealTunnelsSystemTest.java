package io.naru.bench.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.naru.bench.topology.Balancer;
import io.naru.bench.topology.Command;
import io.naru.bench.topology.Family;
import io.naru.bench.topology.Site;
import io.naru.bench.topology.Topology;
import io.naru.bench.topology.Variant;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Tunnels that end in a real kernel's {@code ip_gre}, {@code ipip}, {@code sit} and {@code
 * ip6_tunnel}, set up with the very commands of {@code docs/modes.md}.
 */
class RealTunnelsSystemTest {
    private static final String GUEST_4 = "10.2.0.9";
    private static final String GUEST_6 = "2001:db8::9";
    private static final Pattern COMMANDS =
            Pattern.compile("<!-- run in a guest -->\\s*```sh\\n(.*?)```", Pattern.DOTALL);
    private static final List<String> OVERSIZE_RULES = List.of("inner", "outer");

    private static SystemUnderTest system;

    @BeforeAll
    static void start() throws IOException {
        SystemUnderTest.assumePossible("nginx", "curl", "ethtool");
        Guest.assumePossible();
        system =
                SystemUnderTest.custom(
                        "naru-vm", Topology.ONE_ARM, RealTunnelsSystemTest::configuration);
        Guest.boot(system.site, script(), system.site.servers().get(0).bigFile());
        for (final Case each : cases()) {
            Await.until(
                    "%s is served".formatted(each),
                    () -> curl("-o", "/dev/null", url(each) + "big").exitCode() == 0,
                    system::evidence);
        }
    }

    @AfterAll
    static void stop() {
        if (system != null) {
            system.close();
        }
    }

    @TestFactory
    Stream<DynamicTest> shouldCarryALargeBodyEachWay() {
        return cases().stream()
                .map(each -> dynamicTest(each.toString(), () -> assertTransfers(each)));
    }

    /** A client that sends its packets without DF: they are cut to pieces on the way in. */
    @TestFactory
    Stream<DynamicTest> shouldCarryALargeBodyInFragments() {
        return cases().stream()
                .filter(each -> each.family() == Family.IPV4)
                .map(
                        each ->
                                dynamicTest(
                                        each.toString(),
                                        () -> {
                                            system.site
                                                    .client()
                                                    .sysctl("net.ipv4.ip_no_pmtu_disc=1");
                                            try {
                                                assertTransfers(each);
                                            } finally {
                                                system.site
                                                        .client()
                                                        .sysctl("net.ipv4.ip_no_pmtu_disc=0");
                                            }
                                        }));
    }

    private static void assertTransfers(final Case each) throws IOException {
        final Path body = system.site.servers().get(0).bigFile();
        final Path target = system.network.directory().resolve("fetched");
        system.site.client().ip("route flush cache\n");
        system.site.client().ip6("route flush cache\n");

        final Command.Result down = curl("-o", target.toString(), url(each) + "big");
        assertEquals(0, down.exitCode(), () -> down.output() + system.evidence());
        assertEquals(-1L, Files.mismatch(body, target));

        final Command.Result up =
                curl("--data-binary", "@" + body, url(each) + "cgi-bin/sum", "-H", "Expect:");
        final String sum = Command.run(List.of("sha256sum", body.toString())).split(" ")[0];
        assertTrue(up.output().contains(sum), () -> up.output() + system.evidence());
    }

    /** Not at full rate: a guest whose processor is emulated stops to receive under such a load. */
    private static Command.Result curl(final String... options) {
        final List<String> command =
                new ArrayList<>(List.of("curl", "-sSf", "--limit-rate", "8M", "--max-time", "20"));
        command.addAll(List.of(options));
        return system.site.client().attempt(command.toArray(String[]::new));
    }

    private static String url(final Case each) {
        return system.site.url(each.variant(), each.family());
    }

    private static List<Case> cases() {
        return Case.of(Topology.ONE_ARM).stream()
                .filter(each -> each.variant().isTunnel())
                .toList();
    }

    private static String configuration(final Site site) {
        final StringBuilder yaml =
                new StringBuilder("topology: one-arm\ninterfaces: [eth0]\nservices:\n");
        for (final Case each : cases()) {
            yaml.append(
                    """
                      - name: %s
                        vip: "%s"
                        port: %d
                        mode: %s
                        oversize: %s
                        pool: guest%s
                    """
                            .formatted(
                                    each.toString().replace(' ', '-'),
                                    Site.vip(each.variant(), each.family()),
                                    each.variant().webPort(),
                                    each.variant().mode(),
                                    // GRE puts whole packets into fragments, IPIP fragments into
                                    // whole packets.
                                    OVERSIZE_RULES.get(
                                            each.variant().mode().equals("dsr-gre") ? 1 : 0),
                                    each.variant().backendFamily(each.family()).of("4", "6")));
        }

        return yaml.append(
                        """
                        pools:
                          - { name: guest4, check: none, backends: ["%s"] }
                          - { name: guest6, check: none, backends: ["%s"] }
                        """
                                .formatted(GUEST_4, GUEST_6))
                .toString();
    }

    /** What the guest runs: its own addresses, the page's commands, and a web server. */
    private static String script() throws IOException {
        final StringBuilder script =
                new StringBuilder(
                        """
                        ip addr add %s/24 dev eth0
                        ip addr add %s/64 dev eth0 nodad
                        ip route add default via 10.2.0.253
                        ip -6 route add default via 2001:db8::fd
                        """
                                .formatted(GUEST_4, GUEST_6));
        final String page = Files.readString(Balancer.launcher().resolveSibling("docs/modes.md"));
        for (final Matcher block = COMMANDS.matcher(page); block.find(); ) {
            script.append(block.group(1));
        }

        for (final Variant variant : Variant.values()) {
            if (variant.isTunnel()) {
                script.append("httpd -h /www -p %d%n".formatted(variant.webPort()));
            }
        }

        return script.toString();
    }
}
