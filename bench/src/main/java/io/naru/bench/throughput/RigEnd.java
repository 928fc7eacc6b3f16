package io.naru.bench.throughput;

import io.naru.dataplane.port.FilterRules;
import io.naru.dataplane.port.xdp.XdpEdge;
import io.naru.dataplane.port.xdp.XdpSettings;
import io.naru.linux.memory.HugePages;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.HdrHistogram.Histogram;

/**
 * One end of the rig, a process in a namespace of its own: the generator or the sink.
 *
 * <p>Both stand on the same AF_XDP port as the balancer. Commands come as lines on standard input,
 * one answer a line on standard output, so that one warm JVM serves every round.
 *
 * <pre>
 *   RigEnd generator DEVICE GATEWAY_MAC VIP PORT FLOWS
 *       flood MILLIS            → sent N nanos T
 *       pace MILLIS PPS         → sent N nanos T
 *   RigEnd sink DEVICE FIRST_BACKEND BACKENDS PORT
 *       start                   → started
 *       stop                    → received N wrong W p50 … p99 … p99.9 … p99.99 … max …   (ns)
 * </pre>
 */
public final class RigEnd {
    private static final int FRAMES = 16_384;
    private static final int FRAME_SIZE = 2_048;
    private static final int IP_PROTOCOL_UDP = 17;
    private static final int FIRST_CLIENT =
            0xc612_0000; // 198.18.0.0/15 is for benchmarks, RFC 2544

    private RigEnd() {}

    public static void main(final String[] args) throws IOException, InterruptedException {
        final XdpSettings settings =
                new XdpSettings(
                        List.of(XdpSettings.Interface.of(args[1])),
                        1,
                        FRAMES,
                        FRAME_SIZE,
                        HugePages.AUTO);
        try (XdpEdge edge = XdpEdge.open(settings)) {
            if (args[0].equals("generator")) {
                generate(edge, args);
            } else {
                sink(edge, args);
            }
        }
    }

    private static void generate(final XdpEdge edge, final String[] args) throws IOException {
        final Generator generator =
                new Generator(
                        edge.ports(0).get(0),
                        edge.frames(0),
                        macNet(args[2]),
                        FIRST_CLIENT,
                        ipv4(args[3]),
                        Integer.parseInt(args[4]),
                        Integer.parseInt(args[5]));
        for (String line = readLine(); line != null; line = readLine()) {
            final String[] words = line.split(" ");
            final long durationNs = TimeUnit.MILLISECONDS.toNanos(Long.parseLong(words[1]));
            final long start = System.nanoTime();
            final long sent =
                    words[0].equals("flood")
                            ? generator.flood(durationNs)
                            : generator.pace(durationNs, Long.parseLong(words[2]));
            System.out.printf("sent %d nanos %d%n", sent, System.nanoTime() - start);
        }
    }

    private static void sink(final XdpEdge edge, final String[] args)
            throws IOException, InterruptedException {
        final int firstBackend = ipv4(args[2]);
        final int backends = Integer.parseInt(args[3]);
        final int port = Integer.parseInt(args[4]);
        final Set<FilterRules.ServiceRule> rules = new HashSet<>();
        for (int i = 0; i < backends; i++) {
            rules.add(
                    new FilterRules.ServiceRule(
                            FilterRules.Address.ipv4(firstBackend + i),
                            IP_PROTOCOL_UDP,
                            port,
                            port));
        }

        edge.filter().add(new FilterRules(rules, Set.of(), Set.of()));
        edge.attach();
        Sink sink = null;
        Thread thread = null;
        final AtomicBoolean stop = new AtomicBoolean();
        for (String line = readLine(); line != null; line = readLine()) {
            if (line.equals("start")) {
                sink = new Sink(edge.ports(0).get(0), edge.frames(0), firstBackend, backends, port);
                stop.set(false);
                final Sink running = sink;
                thread = new Thread(() -> running.run(stop::get), "rig-sink");
                thread.start();
                System.out.println("started");
            } else {
                stop.set(true);
                thread.join();
                System.out.println(report(sink));
            }
        }
    }

    private static String report(final Sink sink) {
        final Histogram latency = sink.latencyNs();
        return String.format(
                Locale.ROOT,
                "received %d wrong %d p50 %d p99 %d p99.9 %d p99.99 %d max %d",
                sink.received(),
                sink.wrong(),
                latency.getValueAtPercentile(50),
                latency.getValueAtPercentile(99),
                latency.getValueAtPercentile(99.9),
                latency.getValueAtPercentile(99.99),
                latency.getMaxValue());
    }

    private static String readLine() throws IOException {
        final StringBuilder line = new StringBuilder();
        for (int c = System.in.read(); c != '\n'; c = System.in.read()) {
            if (c < 0) {
                return null;
            }

            line.append((char) c);
        }

        return line.toString();
    }

    static int ipv4(final String text) {
        int address = 0;
        for (final String octet : text.split("\\.")) {
            address = address << 8 | Integer.parseInt(octet);
        }

        return address;
    }

    private static long macNet(final String text) {
        long mac = 0;
        final String[] octets = text.split(":");
        for (int i = octets.length - 1; i >= 0; i--) {
            mac = mac << 8 | Integer.parseInt(octets[i], 16);
        }

        return mac;
    }
}
