package io.naru.bench.demo;

import io.naru.dataplane.protocol.BackendInfo;
import io.naru.dataplane.protocol.CncFile;
import io.naru.dataplane.protocol.CncFileException;
import io.naru.dataplane.protocol.Stats;
import io.naru.dataplane.protocol.StatsReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads what the table shows from the mapped file, as any monitor may: nobody is asked. */
final class Meter {
    private static final int BITS_PER_BYTE = 8;

    private final Path runDirectory;
    private final List<String> backends;
    private final Map<String, Sample> samples = new HashMap<>();
    private long sampledNs;
    private CncFile cnc;

    private record Sample(
            String state, long flows, long packets, long bytes, double pps, double bps) {
        static final Sample NONE = new Sample("-", 0, 0, 0, 0, 0);
    }

    Meter(final Path runDirectory, final List<String> backends) {
        this.runDirectory = runDirectory;
        this.backends = backends;
    }

    /**
     * {@code up}, {@code drain} or {@code down}, as the data plane has it; {@code -} if unknown.
     */
    String state(final String backend) {
        final BackendInfo info = info(backend);
        return info == null ? "-" : info.spec().state().label();
    }

    boolean isDue(final long intervalNs) {
        return System.nanoTime() - sampledNs >= intervalNs;
    }

    /** Takes a reading; rates are over the time since the last one. */
    void sample() {
        final long nowNs = System.nanoTime();
        final double seconds = (nowNs - sampledNs) / 1e9;
        final boolean first = sampledNs == 0;
        sampledNs = nowNs;
        for (final String backend : backends) {
            final BackendInfo info = info(backend);
            if (info != null) {
                final Sample old = samples.getOrDefault(backend, Sample.NONE);
                final Stats totals = new StatsReader(cnc).backend(info.id());
                final long packets = totals.packetsToBackend() + totals.packetsToClient();
                final long bytes = totals.bytesToBackend() + totals.bytesToClient();
                samples.put(
                        backend,
                        new Sample(
                                info.spec().state().label(),
                                totals.flowsActive(),
                                packets,
                                bytes,
                                first ? 0 : (packets - old.packets()) / seconds,
                                first ? 0 : (bytes - old.bytes()) * BITS_PER_BYTE / seconds));
            }
        }
    }

    List<LiveTable.Row> rows(final Traffic traffic) {
        final List<LiveTable.Row> rows = new ArrayList<>();
        for (final String backend : backends) {
            final Sample sample = samples.getOrDefault(backend, Sample.NONE);
            rows.add(
                    new LiveTable.Row(
                            backend,
                            sample.state(),
                            sample.flows(),
                            sample.pps(),
                            sample.bps(),
                            traffic.of(backend),
                            traffic.succeeded() == 0
                                    ? 0
                                    : (double) traffic.of(backend) / traffic.succeeded()));
        }

        return rows;
    }

    private BackendInfo info(final String backend) {
        if (cnc == null) {
            try {
                cnc = CncFile.map(runDirectory);
            } catch (final CncFileException notYet) {
                return null;
            }
        }

        for (final BackendInfo info : cnc.directory().backends()) {
            if (info.spec().name().equals(backend)) {
                return info;
            }
        }

        return null;
    }
}
