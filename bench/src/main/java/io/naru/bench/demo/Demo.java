package io.naru.bench.demo;

import io.naru.bench.topology.Family;
import io.naru.bench.topology.Network;
import io.naru.bench.topology.Topology;
import io.naru.bench.topology.Variant;
import io.naru.controlplane.cli.output.Terminal;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * {@code ./naru demo}: a balancer, a client and three web servers on this machine, and a short
 * story that shows what the balancer does when one of them dies.
 */
public final class Demo {
    private static final String HELP =
            """
            usage: naru demo [--mode MODE] [--topology TOPOLOGY] [--ipv6] [--requests N] [--keep] [--simulated] [--clean]

              naru demo                    runs until Ctrl-C, then cleans up
              naru demo --mode MODE        nat, full-nat, dsr-l2, dsr-gre or dsr-ipip; docs/modes.md tells them apart
              naru demo --topology T       routed, one-arm or bridge; without it, the one that suits the mode
              naru demo --ipv6             clients and servers speak IPv6
              naru demo --requests 2000    ends by itself; exit code 0, or 1 if a request failed that should not have
              naru demo --keep             leaves it standing at the end and prints commands to try
              naru demo --simulated        the same story without root: real frames, simulated hosts
              naru demo --clean            removes what --keep left standing

            It makes network namespaces named naru-demo-…, touches nothing outside them, and removes them again.
            """;

    private Demo() {}

    public static void main(final String[] args) {
        System.exit(run(args));
    }

    private static int run(final String[] args) {
        long requests = 0;
        boolean keep = false;
        boolean simulated = false;
        Variant variant = null;
        Topology topology = null;
        Family family = Family.IPV4;
        for (int i = 0; i < args.length; i++) {
            switch (args[i]) {
                case "--requests" -> {
                    requests = i + 1 < args.length ? parse(args[++i]) : 0;
                    if (requests < 1) {
                        System.err.println(
                                "naru demo: --requests needs a whole number from 1 to 10000000");
                        return 2;
                    }
                }
                case "--mode" -> {
                    variant = variant(i + 1 < args.length ? args[++i] : "");
                    if (variant == null) {
                        System.err.println(
                                "naru demo: --mode is nat, full-nat, dsr-l2, dsr-gre or dsr-ipip");
                        return 2;
                    }
                }
                case "--topology" -> {
                    topology = topology(i + 1 < args.length ? args[++i] : "");
                    if (topology == null) {
                        System.err.println("naru demo: --topology is routed, one-arm or bridge");
                        return 2;
                    }
                }
                case "--ipv6" -> family = Family.IPV6;
                case "--keep" -> keep = true;
                case "--simulated" -> simulated = true;
                case "--clean" -> {
                    new Network(NamespaceScene.PREFIX).close();
                    System.out.println(
                            "removed every namespace named " + NamespaceScene.PREFIX + "-…");
                    return 0;
                }
                case "-h", "--help" -> {
                    System.out.print(HELP);
                    return 0;
                }
                default -> {
                    System.err.printf("naru demo: unknown option '%s'%n%s", args[i], HELP);
                    return 2;
                }
            }
        }

        if (variant == null) {
            variant = topology == null ? Variant.NAT : topology.defaultVariant();
        }
        if (topology == null) {
            topology = variant.isDirectReturn() ? Topology.ONE_ARM : Topology.ROUTED;
        }
        if (!topology.serves(variant)) {
            System.err.printf(
                    "naru demo: mode %s cannot be served in topology %s; docs/modes.md tells why%n",
                    variant.mode(), topology.title());
            return 2;
        }

        final boolean plain =
                variant == Variant.NAT && topology == Topology.ROUTED && family == Family.IPV4;
        if (simulated && !plain) {
            System.err.println("naru demo: --simulated plays mode nat, topology routed, IPv4 only");
            return 2;
        }

        final LiveTable table = new LiveTable(System.out, Terminal.isStdout());
        if (!simulated) {
            final String reason = Network.unavailable();
            if (!reason.isEmpty()) {
                table.line("No network namespaces can be made here (" + reason + ").");
                if (!plain) {
                    table.line("The demo of other modes than nat needs them.");
                    return 1;
                }

                table.line(
                        "Playing the same story on in-process ports: real frames, simulated hosts.");
                simulated = true;
            }
        }

        final Scene scene =
                simulated ? new SimulatedScene() : new NamespaceScene(topology, variant, family);
        final AtomicBoolean interrupted = new AtomicBoolean();
        final Thread cleaner =
                new Thread(
                        () -> {
                            interrupted.set(true);
                            scene.close();
                        },
                        "naru-demo-clean");
        Runtime.getRuntime().addShutdownHook(cleaner);
        try (scene) {
            return play(scene, table, requests, keep, interrupted);
        }
    }

    private static int play(
            final Scene scene,
            final LiveTable table,
            final long requests,
            final boolean keep,
            final AtomicBoolean interrupted) {
        try {
            return new Story(scene, table, requests, keep).play();
        } catch (final RuntimeException failure) {
            if (interrupted.get()) {
                table.line("  · stopped; everything is cleaned up");
                return 1; // what failed did so because the scene was taken away under it
            }

            table.line("naru demo: " + failure.getMessage());
            table.line(scene.logs());
            return 1;
        }
    }

    private static Variant variant(final String mode) {
        return Arrays.stream(Variant.values())
                .filter(variant -> variant.mode().equals(mode))
                .findFirst()
                .orElse(null);
    }

    private static Topology topology(final String title) {
        return Arrays.stream(Topology.values())
                .filter(topology -> topology.title().equals(title))
                .findFirst()
                .orElse(null);
    }

    private static long parse(final String text) {
        return text.matches("\\d{1,8}") ? Long.parseLong(text) : 0;
    }
}
