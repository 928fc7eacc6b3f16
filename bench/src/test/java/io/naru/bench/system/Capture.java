package io.naru.bench.system;

import io.naru.bench.topology.Command;
import io.naru.bench.topology.Namespace;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** What went over one interface, and whether every checksum in it is right, as tshark sees it. */
final class Capture {
    private static final String[] PROTOCOLS = {"ip", "tcp", "udp", "icmp"};

    private final Path file;
    private final Process tcpdump;

    private Capture(final Path file, final Process tcpdump) {
        this.file = file;
        this.tcpdump = tcpdump;
    }

    /** Starts to capture whole frames that match {@code filter}; returns once it is listening. */
    static Capture start(
            final Namespace host, final Path directory, final String device, final String filter) {
        final Path file = directory.resolve(host.name() + "-" + device + ".pcap");
        final Path log = directory.resolve(host.name() + "-" + device + ".log");
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

    /** Every frame whose IP, TCP, UDP or ICMP checksum is wrong, a line each. */
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
                        "_ws.expert.message"));
        return Command.run(command).lines().filter(line -> line.matches("\\d+\\s.*")).toList();
    }
}
