package io.naru.bench.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.naru.bench.topology.Command;
import io.naru.bench.topology.Family;
import io.naru.bench.topology.Site;
import io.naru.bench.topology.Topology;
import io.naru.bench.topology.Variant;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** A backend in a VLAN whose tags a real kernel's VLAN device makes and takes. */
class RealVlanSystemTest {
    private static final int VLAN = 200;
    private static final List<Case> CASES =
            Case.of(Topology.ROUTED).stream()
                    .filter(
                            each ->
                                    each.variant() == Variant.NAT
                                            || each.variant() == Variant.DSR_L2)
                    .toList();

    private static SystemUnderTest system;

    @BeforeAll
    static void start() {
        SystemUnderTest.assumePossible("nginx", "curl", "ethtool", "tc", "clang");
        Guest.assumePossible();
        system =
                SystemUnderTest.custom(
                        "naru-vvm", Topology.ROUTED, RealVlanSystemTest::configuration);
        Guest.boot(system.site, script(), system.site.servers().get(0).bigFile());
        for (final Case each : CASES) {
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
    Stream<DynamicTest> shouldServeALargeBody() {
        return CASES.stream().map(each -> dynamicTest(each.toString(), () -> assertServes(each)));
    }

    private static void assertServes(final Case each) throws IOException {
        final Path target = system.network.directory().resolve("fetched");

        final Command.Result down = curl("-o", target.toString(), url(each) + "big");

        assertEquals(0, down.exitCode(), () -> down.output() + system.evidence());
        assertEquals(-1L, Files.mismatch(system.site.servers().get(0).bigFile(), target));
    }

    /** Not at full rate: a guest whose processor is emulated stops to receive under such a load. */
    private static Command.Result curl(final String... options) {
        return system.site
                .client()
                .attempt(
                        Stream.concat(
                                        Stream.of(
                                                "curl",
                                                "-sSf",
                                                "--limit-rate",
                                                "8M",
                                                "--max-time",
                                                "20"),
                                        Stream.of(options))
                                .toArray(String[]::new));
    }

    private static String url(final Case each) {
        return system.site.url(each.variant(), each.family());
    }

    private static String guest(final Family family) {
        return family.of("10.2.0.9", "2001:db8::9");
    }

    private static String configuration(final Site site) {
        site.withBackVlan(VLAN);
        final StringBuilder yaml =
                new StringBuilder(
                        "topology: routed%ninterfaces: %s%nservices:%n"
                                .formatted(site.interfaces()));
        for (final Case each : CASES) {
            yaml.append(
                    """
                      - name: %s
                        vip: "%s"
                        port: %d
                        mode: %s
                        check: none
                        backends: ["%s"]
                    """
                            .formatted(
                                    each.toString().replace(' ', '-'),
                                    Site.vip(each.variant(), each.family()),
                                    each.variant().webPort(),
                                    each.variant().mode(),
                                    guest(each.family())));
        }

        return yaml.toString();
    }

    /** What the guest runs: a VLAN device, the VIP of direct replies, ways back, a web server. */
    private static String script() {
        final StringBuilder script = new StringBuilder("modprobe 8021q\n");
        script.append(
                """
                ip link add link eth0 name eth0.200 type vlan id %d
                ip link set eth0.200 up
                sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
                """
                        .formatted(VLAN));
        for (final Family family : Family.values()) {
            script.append(
                    """
                    ip addr add %1$s/%2$s dev eth0.200 %3$s
                    ip addr add %4$s/%5$s dev lo %3$s
                    ip %6$s route add default via %7$s
                    ip %6$s route add default via %8$s table 100
                    ip %6$s rule add from %4$s lookup 100
                    """
                            .formatted(
                                    guest(family),
                                    family.of("24", "64"),
                                    family.of("", "nodad"),
                                    Site.directVip(family),
                                    family.of("32", "128"),
                                    family.of("-4", "-6"),
                                    family.of("10.2.0.254", "2001:db8::fe"),
                                    family.of("10.2.0.253", "2001:db8::fd")));
        }
        CASES.stream()
                .map(Case::variant)
                .distinct()
                .forEach(
                        variant ->
                                script.append(
                                        "httpd -h /www -p %d%n".formatted(variant.webPort())));
        return script.toString();
    }
}
