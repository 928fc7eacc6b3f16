package io.naru.controlplane.view;

import io.naru.controlplane.json.JsonObject;
import io.naru.dataplane.protocol.CncFile;
import io.naru.dataplane.protocol.DataPlaneClient;
import io.naru.dataplane.protocol.DropStats;
import io.naru.dataplane.protocol.DutyCycleStats;
import io.naru.dataplane.protocol.ErrorInfo;
import io.naru.dataplane.protocol.InterfaceInfo;
import io.naru.dataplane.protocol.StatsReader;
import io.naru.dataplane.protocol.WorkerCounter;
import io.naru.dataplane.protocol.WorkerInfo;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Shows what the cnc file says of a live or dead data plane. */
public final class DataPlaneView {
    private DataPlaneView() {}

    /** The process: whether it lives, since when, what it applied, its last error. */
    public static JsonObject process(
            final DataPlaneClient client, final String state, final String text, final long nowMs) {
        final JsonObject json = new JsonObject().put("state", state).put("text", text);
        if (client == null) {
            return json;
        }

        final CncFile file = client.cncFile();
        final StatsReader stats = client.stats();
        return json.put("pid", file.pid())
                .put("startedAt", Documents.time(file.startEpochMs()))
                .putIfPresent("stoppedAt", Documents.time(file.stoppedEpochMs()))
                .put("heartbeatAt", Documents.time(file.heartbeatEpochMs()))
                .put("heartbeatAgeMs", Math.max(0, nowMs - file.heartbeatEpochMs()))
                .put("epoch", file.appliedEpoch())
                .put("revision", file.configRevision())
                .putIfPresent("configuredAt", Documents.time(file.configEpochMs()))
                .putIfPresent("lastError", file.lastError())
                .putIfPresent("lastErrorAt", Documents.time(file.lastErrorEpochMs()))
                .put("workers", file.workerCount())
                .put("flows", stats.counter(WorkerCounter.FLOW_ENTRIES))
                .put("flowCapacity", stats.counter(WorkerCounter.FLOW_CAPACITY))
                .put("receivedPackets", stats.counter(WorkerCounter.RX_PACKETS))
                .put("sentPackets", stats.counter(WorkerCounter.TX_PACKETS))
                .put("droppedPackets", droppedPackets(stats))
                .put(
                        "interfaces",
                        client.directory().interfaces().stream()
                                .map(DataPlaneView::networkInterface)
                                .toList())
                .put("errors", stats.errors().stream().map(DataPlaneView::error).toList());
    }

    /** All packets that were dropped, for whatever reason. */
    public static long droppedPackets(final StatsReader stats) {
        return stats.drops().stream().mapToLong(DropStats::packets).sum();
    }

    private static JsonObject networkInterface(final InterfaceInfo info) {
        return new JsonObject()
                .put("name", info.name())
                .put("mac", info.mac())
                .put("mode", info.mode())
                .put("zeroCopy", info.zeroCopy())
                .put("queues", info.queues())
                .put("mtu", info.mtu())
                .putIfPresent("note", info.note().isEmpty() ? null : info.note());
    }

    private static JsonObject error(final ErrorInfo info) {
        final int lineEnd = info.text().indexOf('\n');
        return new JsonObject()
                .put("count", info.count())
                .put("firstAt", Documents.time(info.firstEpochMs()))
                .put("lastAt", Documents.time(info.lastEpochMs()))
                .put("text", lineEnd < 0 ? info.text() : info.text().substring(0, lineEnd));
    }

    /** Every reason to drop a packet, the most frequent first. */
    public static JsonObject drops(final DataPlaneClient client) {
        return Documents.list(
                "DropList",
                client.stats().drops().stream()
                        .sorted(Comparator.comparingLong(DropStats::packets).reversed())
                        .map(
                                drop ->
                                        new JsonObject()
                                                .put("reason", drop.name())
                                                .put("packets", drop.packets())
                                                .put("meaning", drop.sentence()))
                        .toList());
    }

    /** Every worker with its counters; those of a dead data plane are gone, whatever they said. */
    public static JsonObject workers(final DataPlaneClient client, final long nowMs) {
        final StatsReader stats = client.stats();
        final boolean isAlive = client.isAlive(nowMs);
        final List<WorkerInfo> workers = client.directory().workers();
        return Documents.list(
                "WorkerList",
                workers.stream().map(worker -> worker(worker, isAlive, stats)).toList());
    }

    private static JsonObject worker(
            final WorkerInfo worker, final boolean isAlive, final StatsReader stats) {
        final DutyCycleStats cycles = stats.dutyCycles(worker.id());
        final JsonObject json =
                new JsonObject()
                        .put("id", worker.id())
                        .put("state", isAlive ? worker.state() : "gone")
                        .put("cpu", worker.cpu() < 0 ? null : worker.cpu());
        for (final WorkerCounter counter : WorkerCounter.values()) {
            json.put(camelCase(counter.label()), stats.counter(worker.id(), counter));
        }

        return json.put(
                        "droppedPackets",
                        stats.drops(worker.id()).stream().mapToLong(DropStats::packets).sum())
                .put("dutyCycles", cycles.total())
                .put("dutyCycleP50Ns", cycles.percentileNs(50))
                .put("dutyCycleP99Ns", cycles.percentileNs(99));
    }

    static String camelCase(final String label) {
        final StringBuilder out = new StringBuilder();
        for (final String word : label.split("-")) {
            out.append(
                    out.isEmpty()
                            ? word
                            : word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1));
        }

        return out.toString();
    }
}
