package io.naru.bench.system;

import io.naru.bench.topology.Command;
import io.naru.bench.topology.Namespace;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What went over one interface, and whether every checksum in it is right, as tshark sees it: outer
 * headers, inner ones, and those that an ICMP error quotes.
 */
final class Capture {
    private static final String[] PROTOCOLS = {"ip", "tcp", "udp", "icmp", "icmpv6", "gre"};

    private static final Pattern RAW_FRAME =
            Pattern.compile("\"frame_raw\": \\[\\s*\"([0-9a-f]+)\"");

    private static final AtomicInteger STARTED = new AtomicInteger();

    private final Path file;
    private final Process tcpdump;

    private Capture(final Path file, final Process tcpdump) {
        this.file = file;
        this.tcpdump = tcpdump;
    }

    /** A capture that was made before. */
    static Capture of(final Path file) {
        return new Capture(file, null);
    }

    /** Starts to capture whole frames that match {@code filter}; returns once it is listening. */
    static Capture start(
            final Namespace host, final Path directory, final String device, final String filter) {
        return start(host, directory, device, "inout", filter);
    }

    /**
     * Starts to capture what a device receives. Frames that an AF_XDP socket sends are seen by
     * nobody on the sending side, so what a balancer sent is captured by its neighbour.
     */
    static Capture received(final Namespace host, final Path directory, final String device) {
        return start(host, directory, device, "in", "ip or ip6");
    }

    /** Starts to capture what a device receives and {@code filter} matches, of any protocol. */
    static Capture receivedFrames(
            final Namespace host, final Path directory, final String device, final String filter) {
        return start(host, directory, device, "in", filter);
    }

    /** The frames so far, each in hexadecimal. */
    List<String> frames() {
        final String output =
                Command.attempt(
                                List.of(
                                        "tshark",
                                        "-n",
                                        "-r",
                                        file.toString(),
                                        "-T",
                                        "jsonraw",
                                        "-j",
                                        "frame"),
                                "")
                        .output();
        final List<String> frames = new ArrayList<>();
        for (final Matcher frame = RAW_FRAME.matcher(output); frame.find(); ) {
            frames.add(frame.group(1));
        }

        return frames;
    }

    private static Capture start(
            final Namespace host,
            final Path directory,
            final String device,
            final String direction,
            final String filter) {
        final String name = "%s-%s-%d".formatted(host, device, STARTED.incrementAndGet());
        final Path file = directory.resolve(name + ".pcap");
        final Path log = directory.resolve(name + ".log");
        final Process process =
                host.start(
                        log,
                        Map.of(),
                        List.of(
                                "tcpdump",
                                "--immediate-mode",
                                "-Z",
                                "root",
                                "-i",
                                device,
                                "-Q",
                                direction,
                                "-s",
                                "0",
                                "-U",
                                "-B",
                                "65536",
                                "-w",
                                file.toString(),
                                filter));
        Await.until(
                "tcpdump listens on " + device,
                () -> log.toFile().length() > 0 && text(log).contains("listening"),
                () -> text(log));
        return new Capture(file, process);
    }

    private static String text(final Path file) {
        return Command.attempt(List.of("cat", file.toString()), "").output();
    }

    /** Ends the capture; the file is complete afterwards. */
    Capture stop() throws InterruptedException {
        tcpdump.destroy();
        tcpdump.waitFor(10, TimeUnit.SECONDS);
        return this;
    }

    /** Frames in the capture that match a display filter. */
    long count(final String displayFilter) {
        final String output =
                Command.run(
                        List.of(
                                "tshark",
                                "-n",
                                "-r",
                                file.toString(),
                                "-Y",
                                displayFilter,
                                "-T",
                                "fields",
                                "-e",
                                "frame.number"));
        return output.lines().filter(line -> line.matches("\\d+")).count();
    }

    /**
     * Every frame with a wrong checksum anywhere, or a UDP checksum that was left out, a line each.
     */
    List<String> badChecksums() {
        final StringBuilder filter = new StringBuilder("udp.checksum.zero");
        for (final String protocol : PROTOCOLS) {
            filter.append(" || ").append(protocol).append(".checksum.status == \"Bad\"");
        }

        final List<String> command =
                new ArrayList<>(
                        List.of(
                                "tshark",
                                "-n",
                                "-r",
                                file.toString(),
                                "-o",
                                "ip.check_checksum:TRUE",
                                "-o",
                                "tcp.check_checksum:TRUE",
                                "-o",
                                "udp.check_checksum:TRUE",
                                "-o",
                                "tcp.desegment_tcp_streams:FALSE",
                                // No guessing of payloads by port: it makes false alarms.
                                "-d",
                                "udp.port==0-65535,data",
                                "-d",
                                "tcp.port==0-65535,data"));
        command.addAll(
                List.of(
                        "-Y",
                        filter.toString(),
                        "-T",
                        "fields",
                        "-e",
                        "frame.number",
                        "-e",
                        "ip.src",
                        "-e",
                        "ip.dst",
                        "-e",
                        "ipv6.src",
                        "-e",
                        "ipv6.dst",
                        "-e",
                        "frame.protocols",
                        "-e",
                        "_ws.expert.message"));
        return Command.run(command).lines().filter(line -> line.matches("\\d+\\s.*")).toList();
    }

    @Override
    public String toString() {
        return file.getFileName().toString();
    }
}
