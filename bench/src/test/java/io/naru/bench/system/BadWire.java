package io.naru.bench.system;

import io.naru.bench.topology.Balancer;
import io.naru.bench.topology.Command;
import io.naru.bench.topology.Namespace;
import io.naru.bench.topology.Network;
import io.naru.bench.topology.Site;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A wire that loses, delays, reorders and doubles frames, between a site's client and its edge
 * router; the kernels of test machines seldom have {@code netem}. Closing it puts the good wire
 * back.
 */
final class BadWire implements AutoCloseable {
    private static final String SOURCE = "bench/src/test/c/wire.c";
    private static final List<String> ENDS = List.of("client-eth0", "edge-eth0");
    private static final Pattern SUMMARY =
            Pattern.compile("carried (\\d+) lost (\\d+) reordered (\\d+) duplicated (\\d+)");

    private final Namespace host;
    private final Process process;
    private final Path log;

    private BadWire(final Namespace host, final Process process, final Path log) {
        this.host = host;
        this.process = process;
        this.log = log;
    }

    /**
     * What the wire did.
     *
     * @param carried frames that came out.
     * @param lost frames that did not.
     * @param reordered frames that overtook others.
     * @param duplicated frames that came out twice.
     */
    record Deeds(long carried, long lost, long reordered, long duplicated) {}

    /**
     * Puts it in.
     *
     * @param faults as {@code loss=1 delay=5 jitter=2 reorder=1 duplicate=1 seed=7}: percentages
     *     and milliseconds.
     */
    static BadWire putInto(final Site site, final String faults) {
        final Network network = site.network();
        final Path program = network.directory().resolve("wire");
        if (!Files.exists(program)) {
            Command.run(
                    List.of(
                            "gcc",
                            "-O2",
                            "-o",
                            program.toString(),
                            Balancer.launcher().resolveSibling(SOURCE).toString()));
        }

        final Namespace host = site.wire();
        ENDS.forEach(end -> host.ip("link set %s nomaster%n".formatted(end)));
        final Path log = network.directory().resolve("wire.log");
        final List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(ENDS);
        command.addAll(List.of(faults.split(" ")));
        try {
            Files.deleteIfExists(log);
        } catch (final IOException ex) {
            throw new UncheckedIOException(ex);
        }

        final Process process = host.start(log, Map.of(), command);
        final BadWire wire = new BadWire(host, process, log);
        Await.until("the wire carries frames", () -> wire.said().startsWith("ready"), wire::said);
        return wire;
    }

    private String said() {
        try {
            return Files.exists(log) ? Files.readString(log) : "";
        } catch (final IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** Takes the bad wire out, puts the good one back in, and tells what the bad one did. */
    Deeds takeOut() {
        process.destroy();
        Await.until("the wire has ended", () -> !process.isAlive(), this::said);
        ENDS.forEach(end -> host.ip("link set %s master br0%n".formatted(end)));
        final Matcher summary = SUMMARY.matcher(said());
        if (!summary.find()) {
            throw new IllegalStateException("the wire said: " + said());
        }

        return new Deeds(
                Long.parseLong(summary.group(1)),
                Long.parseLong(summary.group(2)),
                Long.parseLong(summary.group(3)),
                Long.parseLong(summary.group(4)));
    }

    @Override
    public void close() {
        if (process.isAlive()) {
            takeOut();
        }
    }
}
