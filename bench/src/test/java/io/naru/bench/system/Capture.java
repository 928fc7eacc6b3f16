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

    private static final String BAD = "0";
    private static final String OTHER_ZERO = "0xffff instead of 0x0000";
    private static final int IPV4_HEADER_BYTES = 20;
    private static final int IPV6_HEADER_BYTES = 40;
    private static final int ICMP_BYTES = 8;
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
        command.addAll(List.of("-Y", filter.toString(), "-T", "fields", "-E", "separator=|"));
        for (final Field field : Field.values()) {
            command.addAll(List.of("-e", field.title));
        }

        return Command.run(command)
                .lines()
                .filter(line -> line.matches("\\d+\\|.*"))
                .filter(line -> !isHarmless(line.split("\\|", -1)))
                .toList();
    }

    /** What is told of a bad frame; of headers in headers, the outermost first. */
    private enum Field {
        NUMBER("frame.number"),
        PROTOCOLS("frame.protocols"),
        IP_SOURCE("ip.src"),
        IP_DESTINATION("ip.dst"),
        IPV6_SOURCE("ipv6.src"),
        IPV6_DESTINATION("ipv6.dst"),
        IP_LENGTH("ip.len"),
        IPV6_PAYLOAD_LENGTH("ipv6.plen"),
        IP_STATUS("ip.checksum.status"),
        ICMP_STATUS("icmp.checksum.status"),
        ICMPV6_STATUS("icmpv6.checksum.status"),
        GRE_STATUS("gre.checksum.status"),
        MESSAGE("_ws.expert.message");

        private final String title;

        Field(final String title) {
            this.title = title;
        }

        String in(final String[] line) {
            return line[List.of(values()).indexOf(this)];
        }
    }

    /**
     * Whether all that is wrong is a TCP or UDP checksum in an ICMP error's quotation that ends
     * before the packet it quotes does, which nobody can compute; or one's complement's other zero,
     * which Linux itself sends (include/net/checksum.h, CSUM_MANGLED_0) and every receiver takes.
     */
    private static boolean isHarmless(final String[] values) {
        for (final Field status :
                new Field[] {
                    Field.IP_STATUS, Field.ICMP_STATUS, Field.ICMPV6_STATUS, Field.GRE_STATUS
                }) {
            if (List.of(status.in(values).split(",")).contains(BAD)) {
                return false;
            }
        }

        if (Field.MESSAGE.in(values).contains(OTHER_ZERO)) {
            return true;
        }

        final String protocols = Field.PROTOCOLS.in(values);
        if (protocols.contains(":icmpv6:")) {
            return isCutShort(Field.IPV6_PAYLOAD_LENGTH.in(values), ICMP_BYTES + IPV6_HEADER_BYTES);
        }

        return protocols.contains(":icmp:")
                && isCutShort(Field.IP_LENGTH.in(values), IPV4_HEADER_BYTES + ICMP_BYTES);
    }

    private static boolean isCutShort(final String lengths, final int inFrontBytes) {
        final String[] each = lengths.split(",");
        return each.length > 1
                && Integer.parseInt(each[0]) - inFrontBytes < Integer.parseInt(each[1]);
    }

    @Override
    public String toString() {
        return file.getFileName().toString();
    }
}
