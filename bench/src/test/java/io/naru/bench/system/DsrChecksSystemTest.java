package io.naru.bench.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.bench.topology.Balancer;
import io.naru.bench.topology.Decapsulator;
import io.naru.bench.topology.Family;
import io.naru.bench.topology.Namespace;
import io.naru.bench.topology.Site;
import io.naru.bench.topology.Topology;
import io.naru.bench.topology.Variant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Checks of DSR backends go to the VIP by the mode's own frame or tunnel: {@code
 * docs/dsr-checks.md} and each reason that it shows. One pool for each mode and mix of families,
 * with s1 and s2; what is taken away is taken from s1, and s2 stays up.
 */
class DsrChecksSystemTest {
    /** One way of one service to the servers, and its pool. */
    private record Check(Variant variant, Family vip) {
        String name() {
            return variant.label() + vip.of("-to-4", "-to-6");
        }

        /** What all reasons begin with. */
        String way() {
            return Site.directVip(vip) + " by " + variant.mode();
        }
    }

    private static final List<Check> CHECKS = checks();

    private static SystemUnderTest system;

    private static List<Check> checks() {
        final List<Check> checks = new ArrayList<>();
        for (final Variant variant : Variant.values()) {
            for (final Family family : Family.values()) {
                if (variant.isDirectReturn()) {
                    checks.add(new Check(variant, family));
                }
            }
        }

        return checks;
    }

    @BeforeAll
    static void start() {
        SystemUnderTest.assumePossible("nginx", "ethtool", "tc", "clang", "setpriv");
        system =
                SystemUnderTest.custom(
                        "nt-tunnel-chk",
                        Topology.ROUTED,
                        site -> {
                            site.withTunnelEnds();
                            return yaml();
                        });
        awaitAllUp();
    }

    @AfterAll
    static void stop() {
        if (system != null) {
            system.close();
        }
    }

    private static String yaml() {
        final StringBuilder yaml =
                new StringBuilder(
                        """
                        topology: routed
                        interfaces: [eth0, eth1]
                        dataplane: { flow-capacity: 64k }
                        services:
                        """);
        for (final Check check : CHECKS) {
            yaml.append(
                    """
                      - name: %1$s
                        vip: "%2$s"
                        port: %3$d
                        mode: %4$s
                        pool: %1$s
                    """
                            .formatted(
                                    check.name(),
                                    Site.directVip(check.vip()),
                                    check.variant().webPort(),
                                    check.variant().mode()));
        }

        yaml.append("pools:\n");
        for (final Check check : CHECKS) {
            final Family family = check.variant().backendFamily(check.vip());
            yaml.append(
                    """
                      - name: %s
                        check: { type: tcp, interval: 400ms, timeout: 300ms, rise: 2, fall: 2, damping: false }
                        backends:
                          - { name: s1, address: "%s" }
                          - { name: s2, address: "%s" }
                    """
                            .formatted(
                                    check.name(),
                                    Site.serverAddress(family, 1),
                                    Site.serverAddress(family, 2)));
        }

        return yaml.toString();
    }

    @Test
    void shouldCallABackendUpThatAnswersFromTheVip() {
        for (final Check check : CHECKS) {
            final String text = describe(check, "s1");
            assertTrue(text.contains(" to " + check.way()), text);
            assertTrue(text.contains("connected in"), text);
        }
    }

    @Test
    void shouldFindThatTheVipIsNotOnTheLoopback() {
        final Namespace s1 = server();
        s1.ip("addr del %s/32 dev lo%naddr del %s/128 dev lo%n".formatted(vip4(), vip6()));
        try {
            for (final Check check : CHECKS) {
                await(check, "s1", "down", check.way() + ": no answer within 300 ms");
            }
            CHECKS.forEach(check -> await(check, "s2", "up", "connected in"));
        } finally {
            s1.ip(
                    "addr add %s/32 dev lo%naddr add %s/128 dev lo nodad%n"
                            .formatted(vip4(), vip6()));
        }
        awaitAllUp();
    }

    @Test
    void shouldFindThatThereIsNoTunnelEnd() {
        server().run("tc", "qdisc", "del", "dev", "eth0", "clsact");
        try {
            for (final Check check : CHECKS) {
                if (check.variant().isTunnel()) {
                    await(check, "s1", "down", check.way() + ": no answer within 300 ms");
                } else {
                    await(check, "s1", "up", "connected in");
                }
            }
            // the server's kernel has no tunnels, and says so
            for (final Check check : CHECKS) {
                if (check.variant() == Variant.GRE_OVER_IPV4) {
                    await(
                            check,
                            "s1",
                            "down",
                            ": 10.2.0.1 takes no GRE (it has no tunnel end for it)");
                }
            }
            CHECKS.forEach(check -> await(check, "s2", "up", "connected in"));
        } finally {
            Decapsulator.build(system.network.directory()).attach(server(), "eth0");
        }
        awaitAllUp();
    }

    @Test
    void shouldFindThatNobodyListens() {
        system.site.servers().get(0).kill();
        try {
            for (final Check check : CHECKS) {
                await(check, "s1", "down", check.way() + ": connect refused");
            }
        } finally {
            system.site.servers().get(0).start();
        }
        awaitAllUp();
    }

    @Test
    void shouldKeepBackendsAndSayWhyWhenTheBoxHasTheVipItself() {
        final Namespace box = system.site.balancer();
        box.ip("addr add %s/32 dev lo%n".formatted(vip4()));
        try {
            for (final Check check : CHECKS) {
                await(
                        check,
                        "s1",
                        "up",
                        check.vip() == Family.IPV4
                                ? "192.0.2.20 is an address of this box too"
                                : "connected in");
            }
        } finally {
            box.ip("addr del %s/32 dev lo%n".formatted(vip4()));
        }
        awaitAllUp();
    }

    @Test
    void shouldKeepBackendsAndSayWhyWhenTheBoxDropsTheirAnswers() {
        final Namespace box = system.site.balancer();
        box.sysctl("net.ipv4.conf.eth1.rp_filter=1");
        try {
            for (final Check check : CHECKS) {
                await(
                        check,
                        "s1",
                        "up",
                        check.vip() == Family.IPV4
                                ? "this box drops answers from 192.0.2.20 by eth1"
                                : "connected in");
            }
        } finally {
            box.sysctl("net.ipv4.conf.eth1.rp_filter=0");
        }
        awaitAllUp();
    }

    @Test
    void shouldLeaveNothingBehindAndStartAgainAfterBeingKilled() {
        system.balancer.controlPlane().destroyForcibly().onExit().join();
        assertTrue(rules().contains("fwmark 0x6e617275"), rules());
        system.balancer.startControlPlane();
        awaitAllUp();

        system.balancer.controlPlane().destroy();
        system.balancer.controlPlane().onExit().join();

        assertEquals("", rules());
        assertEquals(
                1,
                system.site.balancer().attempt("ip", "link", "show", "naru-hc").exitCode(),
                "naru-hc is still there");
        system.balancer.startControlPlane();
        awaitAllUp();
    }

    @Test
    void shouldSayWhichRightIsMissing() {
        final Balancer balancer = system.balancer;
        balancer.controlPlane().destroy();
        balancer.controlPlane().onExit().join();
        final Process unprivileged =
                balancer.host()
                        .start(
                                balancer.log("controlplane"),
                                Map.of("NARU_RUN_DIR", balancer.runDirectory().toString()),
                                List.of(
                                        "setpriv",
                                        "--bounding-set",
                                        "-net_admin",
                                        "--inh-caps",
                                        "-net_admin",
                                        Balancer.launcher().toString(),
                                        "controlplane",
                                        "-c",
                                        balancer.configuration().toString()));
        try {
            for (final Check check : CHECKS) {
                await(check, "s1", "up", "needs CAP_NET_ADMIN");
            }
        } finally {
            unprivileged.destroy();
            unprivileged.onExit().join();
            balancer.startControlPlane();
        }
        awaitAllUp();
    }

    private static Namespace server() {
        return system.site.servers().get(0).host();
    }

    private static String vip4() {
        return Site.directVip(Family.IPV4);
    }

    private static String vip6() {
        return Site.directVip(Family.IPV6);
    }

    private static String rules() {
        final Predicate<String> ours = line -> line.contains("fwmark");
        return String.join(
                "\n",
                (system.site.balancer().run("ip", "rule", "show")
                                + system.site.balancer().run("ip", "-6", "rule", "show"))
                        .lines()
                        .filter(ours)
                        .toList());
    }

    private static void awaitAllUp() {
        for (final Check check : CHECKS) {
            await(check, "s1", "up", "connected in");
            await(check, "s2", "up", "connected in");
        }
    }

    private static void await(
            final Check check, final String backend, final String state, final String reason) {
        final Pattern line = Pattern.compile("(?m)^state +%s\\b".formatted(state));
        Await.until(
                "%s of %s is %s: %s".formatted(backend, check.name(), state, reason),
                () -> {
                    final String text = describe(check, backend);
                    return line.matcher(text).find() && text.contains(reason);
                },
                () -> describe(check, backend) + system.evidence());
    }

    private static String describe(final Check check, final String backend) {
        return system.balancer.naru("describe", "backend", check.name() + "/" + backend).output();
    }
}
