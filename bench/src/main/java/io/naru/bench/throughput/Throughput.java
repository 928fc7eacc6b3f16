package io.naru.bench.throughput;

import io.naru.bench.topology.Balancer;
import io.naru.bench.topology.Namespace;
import io.naru.bench.topology.Network;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * {@code ./naru bench throughput}: packets per second and latency through the balancer, beside the
 * kernel's own nftables DNAT over the same wires in the same run.
 *
 * <pre>
 *   generator (AF_XDP) ── eth0 balancer eth1 ── sink (AF_XDP), which is every backend
 * </pre>
 *
 * <p>Rounds of both alternate, and the median of each is shown: machines are noisy. Generator,
 * balancer and sink share the cores of this machine, so this compares; what a NIC would reach is
 * another matter.
 */
public final class Throughput {
    private static final String VIP = "203.0.113.10";
    private static final int VIP_PORT = 80;
    private static final int BACKEND_PORT = 8080;
    private static final String FIRST_BACKEND = "10.0.2.11";
    private static final int BACKENDS = 3;
    private static final long SETTLE_NS = TimeUnit.MILLISECONDS.toNanos(300);
    private static final String HELP =
            """
            usage: naru bench throughput [--seconds N] [--rounds N] [--flows N] [--pps N]

              --seconds N   length of a round, default 3
              --rounds N    rounds of each, alternating, default 3
              --flows N     UDP flows, default 10000
              --pps N       rate at which latency is measured, default 50000
            """;

    private final int seconds;
    private final int rounds;
    private final int flows;
    private final int pps;

    private Throughput(final int seconds, final int rounds, final int flows, final int pps) {
        this.seconds = seconds;
        this.rounds = rounds;
        this.flows = flows;
        this.pps = pps;
    }

    /** What came of one round. */
    private record Round(long sent, long nanos, long received, long wrong, List<Long> latencyNs) {
        double offeredMpps() {
            return sent * 1e3 / nanos;
        }

        double forwardedMpps() {
            return received * 1e3 / nanos;
        }

        double loss() {
            return sent == 0 ? 0 : Math.max(0, 1 - (double) received / sent);
        }
    }

    public static void main(final String[] args) {
        int seconds = 3;
        int rounds = 3;
        int flows = 10_000;
        int pps = 50_000;
        for (int i = 0; i < args.length; i += 2) {
            final int value =
                    i + 1 < args.length && args[i + 1].matches("\\d{1,7}")
                            ? Integer.parseInt(args[i + 1])
                            : 0;
            switch (args[i]) {
                case "--seconds" -> seconds = value;
                case "--rounds" -> rounds = value;
                case "--flows" -> flows = value;
                case "--pps" -> pps = value;
                default -> {
                    System.err.print(HELP);
                    System.exit(args[i].equals("--help") ? 0 : 2);
                }
            }
        }

        if (seconds < 1 || rounds < 1 || flows < 1 || pps < 1) {
            System.err.println("naru bench throughput: every value must be at least 1");
            System.exit(2);
        }

        final String reason = Network.unavailable();
        if (!reason.isEmpty()) {
            System.err.println("naru bench throughput: needs network namespaces: " + reason);
            System.exit(1);
        }

        final Network network = new Network("naru-rig");
        Runtime.getRuntime().addShutdownHook(new Thread(network::close, "naru-rig-clean"));
        try (network) {
            new Throughput(seconds, rounds, flows, pps).run(network);
        }
    }

    private void run(final Network network) {
        final Namespace source = network.add("gen");
        final Namespace balancerHost = network.add("lb");
        final Namespace sinkHost = network.add("sink");
        network.connect(source, "eth0", balancerHost, "eth0", 1);
        network.connect(balancerHost, "eth1", sinkHost, "eth0", 1);
        source.ip("addr add 198.18.255.254/15 dev eth0\n");
        balancerHost.ip("addr add 198.19.255.254/15 dev eth0\naddr add 10.0.2.1/24 dev eth1\n");
        for (int i = 0; i < BACKENDS; i++) {
            sinkHost.ip("addr add 10.0.2.%d/24 dev eth0%n".formatted(11 + i));
            // The sink's program takes every frame for these addresses, ARP too.
            balancerHost.ip(
                    "neigh replace 10.0.2.%d lladdr %s dev eth1 nud permanent%n"
                            .formatted(11 + i, mac(sinkHost)));
        }

        say("starting the generator and the sink");
        final RigProcess generator =
                new RigProcess(
                        source,
                        network,
                        "generator",
                        "eth0",
                        mac(balancerHost),
                        VIP,
                        Integer.toString(VIP_PORT),
                        Integer.toString(flows));
        final RigProcess sink =
                new RigProcess(
                        sinkHost,
                        network,
                        "sink",
                        "eth0",
                        FIRST_BACKEND,
                        Integer.toString(BACKENDS),
                        Integer.toString(BACKEND_PORT));
        final Balancer balancer =
                new Balancer(balancerHost, Balancer.launcher(), network.directory(), yaml());

        final List<Round> ours = new ArrayList<>();
        final List<Round> kernels = new ArrayList<>();
        Round ourLatency = null;
        Round kernelLatency = null;
        for (int i = 1; i <= rounds; i++) {
            say("round %d of %d: naru".formatted(i, rounds));
            startNaru(balancer, generator, sink);
            ours.add(round(generator, sink, "flood " + seconds * 1000));
            if (i == rounds) {
                ourLatency = round(generator, sink, "pace %d %d".formatted(seconds * 1000, pps));
            }
            stopNaru(balancer);

            say("round %d of %d: kernel, nftables DNAT".formatted(i, rounds));
            startKernel(balancerHost);
            round(generator, sink, "flood 500");
            kernels.add(round(generator, sink, "flood " + seconds * 1000));
            if (i == rounds) {
                kernelLatency = round(generator, sink, "pace %d %d".formatted(seconds * 1000, pps));
            }
            balancerHost.run("nft", "flush", "ruleset");
            balancerHost.sysctl("net.ipv4.ip_forward=0");
        }

        report(ours, kernels, ourLatency, kernelLatency);
    }

    private static Round round(
            final RigProcess generator, final RigProcess sink, final String command) {
        sink.ask("start");
        final String[] sent = generator.ask(command).split(" ");
        LockSupport.parkNanos(SETTLE_NS); // what is still under way is not lost
        final String[] got = sink.ask("stop").split(" ");
        final List<Long> latency = new ArrayList<>();
        for (int i = 5; i < got.length; i += 2) {
            latency.add(Long.parseLong(got[i]));
        }

        return new Round(
                Long.parseLong(sent[1]),
                Long.parseLong(sent[3]),
                Long.parseLong(got[1]),
                Long.parseLong(got[3]),
                latency);
    }

    private static void startNaru(
            final Balancer balancer, final RigProcess generator, final RigProcess sink) {
        balancer.startDataPlane();
        balancer.startControlPlane();
        final long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (round(generator, sink, "flood 100").received() == 0) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException(
                        "nothing came through within 60 s:\n"
                                + balancer.logText("dataplane")
                                + balancer.logText("controlplane")
                                + balancer.naru("get", "drops").output());
            }
        }
    }

    private static void stopNaru(final Balancer balancer) {
        for (final Process process : List.of(balancer.controlPlane(), balancer.dataPlane())) {
            process.destroy();
            try {
                if (!process.waitFor(10, TimeUnit.SECONDS)) {
                    throw new IllegalStateException("a plane did not end on SIGTERM");
                }
            } catch (final InterruptedException ex) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(ex);
            }
        }
    }

    private static void startKernel(final Namespace host) {
        host.sysctl("net.ipv4.ip_forward=1");
        final StringBuilder map = new StringBuilder();
        for (int i = 0; i < BACKENDS; i++) {
            map.append(i == 0 ? "" : ", ").append(i).append(" : 10.0.2.").append(11 + i);
        }

        host.run(
                "nft",
                """
                add table ip naru
                add chain ip naru pre { type nat hook prerouting priority dstnat; }
                add rule ip naru pre ip daddr %s udp dport %d dnat to numgen inc mod %d map { %s } : %d
                """
                        .formatted(VIP, VIP_PORT, BACKENDS, map, BACKEND_PORT)
                        .strip()
                        .replace("\n", "; "));
    }

    private void report(
            final List<Round> ours,
            final List<Round> kernels,
            final Round ourLatency,
            final Round kernelLatency) {
        System.out.printf(
                Locale.ROOT,
                "%n%d-byte UDP frames, %,d flows, mode nat, %d backends, 1 worker; %d cores; Linux %s; Java %s%n"
                        + "median of %d rounds of %d s each, generator, balancer and sink on the same cores%n%n",
                ProbeFrame.LENGTH,
                flows,
                BACKENDS,
                Runtime.getRuntime().availableProcessors(),
                System.getProperty("os.version"),
                System.getProperty("java.version"),
                rounds,
                seconds);
        System.out.printf(
                "%-22s %13s %15s %10s %8s %10s%n",
                "", "OFFERED MPPS", "FORWARDED MPPS", "NS/PACKET", "LOSS", "WRONG");
        line("naru", ours);
        line("kernel nftables DNAT", kernels);
        System.out.printf(
                "%nlatency at %,d packets/s, from when a frame was due to be sent to its arrival, µs%n%n",
                pps);
        System.out.printf(
                "%-22s %9s %9s %9s %9s %9s %8s%n",
                "", "P50", "P99", "P99.9", "P99.99", "MAX", "LOSS");
        latencyLine("naru", ourLatency);
        latencyLine("kernel nftables DNAT", kernelLatency);
        System.out.printf(
                Locale.ROOT,
                "%nforwarded, naru against kernel: %.2f times%n",
                median(ours.stream().mapToDouble(Round::forwardedMpps).toArray())
                        / median(kernels.stream().mapToDouble(Round::forwardedMpps).toArray()));
    }

    private static void line(final String name, final List<Round> rounds) {
        final double mpps = median(rounds.stream().mapToDouble(Round::forwardedMpps).toArray());
        System.out.printf(
                Locale.ROOT,
                "%-22s %13.3f %15.3f %10.0f %6.1f %% %10d%n",
                name,
                median(rounds.stream().mapToDouble(Round::offeredMpps).toArray()),
                mpps,
                mpps == 0 ? 0 : 1e3 / mpps,
                100 * median(rounds.stream().mapToDouble(Round::loss).toArray()),
                rounds.stream().mapToLong(Round::wrong).sum());
    }

    private static void latencyLine(final String name, final Round round) {
        System.out.printf(Locale.ROOT, "%-22s", name);
        for (final long ns : round.latencyNs()) {
            System.out.printf(Locale.ROOT, " %9.1f", ns / 1e3);
        }

        System.out.printf(Locale.ROOT, " %6.2f %%%n", 100 * round.loss());
    }

    private static double median(final double[] values) {
        final double[] sorted = values.clone();
        Arrays.sort(sorted);
        final int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private static String mac(final Namespace host) {
        return host.run("cat", "/sys/class/net/eth0/address").strip();
    }

    private static void say(final String text) {
        System.err.println("  · " + text);
    }

    private static String yaml() {
        final StringBuilder backends = new StringBuilder();
        for (int i = 0; i < BACKENDS; i++) {
            backends.append(i == 0 ? "" : ", ")
                    .append("\"10.0.2.%d:%d\"".formatted(11 + i, BACKEND_PORT));
        }

        return """
        interfaces: [eth0, eth1]
        services:
          - name: probe
            vip: %s
            port: %d
            protocol: udp
            mode: nat
            algorithm: rr
            pool: probe
        pools:
          - name: probe
            check: none
            backends: [%s]
        """
                .formatted(VIP, VIP_PORT, backends);
    }

    /** A {@link RigEnd} in its namespace; a command in, an answer out. */
    private static final class RigProcess {
        private final Process process;
        private final BufferedReader answers;
        private final Writer commands;
        private final String role;

        RigProcess(
                final Namespace host,
                final Network network,
                final String role,
                final String... arguments) {
            this.role = role;
            final List<String> command =
                    new ArrayList<>(
                            List.of(
                                    ProcessHandle.current().info().command().orElse("java"),
                                    "--add-exports",
                                    "java.base/jdk.internal.misc=ALL-UNNAMED",
                                    "-XX:+UseSerialGC",
                                    "-cp",
                                    System.getProperty("java.class.path"),
                                    RigEnd.class.getName(),
                                    role));
            command.addAll(List.of(arguments));
            process = host.startPiped(network.directory().resolve(role + ".log"), command);
            answers =
                    new BufferedReader(
                            new InputStreamReader(
                                    process.getInputStream(), StandardCharsets.UTF_8));
            commands = process.outputWriter(StandardCharsets.UTF_8);
        }

        String ask(final String command) {
            try {
                commands.write(command + "\n");
                commands.flush();
                final String answer = answers.readLine();
                if (answer == null) {
                    throw new IllegalStateException("the rig's " + role + " ended; see its log");
                }

                return answer;
            } catch (final IOException ex) {
                throw new UncheckedIOException("the rig's " + role + " does not answer", ex);
            }
        }
    }
}
