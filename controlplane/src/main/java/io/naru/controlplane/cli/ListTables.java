package io.naru.controlplane.cli;

import io.naru.controlplane.cli.output.Table;
import io.naru.controlplane.cli.output.Units;
import io.naru.controlplane.json.JsonObject;
import java.util.ArrayList;
import java.util.List;

/** Lays the API's lists out as tables. */
final class ListTables {
    private ListTables() {}

    static Table of(final Noun noun, final List<JsonObject> items, final Cells cells) {
        return switch (noun) {
            case SERVICES -> services(items, cells);
            case POOLS -> pools(items);
            case BACKENDS -> backends(items, cells);
            case FLOWS -> flows(items, cells);
            case EVENTS -> events(items);
            case DROPS -> drops(items, cells);
            case WORKERS -> workers(items, cells);
            case OVERRIDES -> overrides(items, cells);
        };
    }

    private static Table services(final List<JsonObject> items, final Cells cells) {
        final Table table =
                new Table()
                        .left("SERVICE")
                        .left("VIP")
                        .left("PORT")
                        .left("MODE")
                        .left("ALGORITHM")
                        .left("STATE")
                        .right("UP")
                        .right("FLOWS")
                        .right("NEW")
                        .right("PACKETS")
                        .right("BITS")
                        .wideLeft("POOL")
                        .wideRight("OPENED")
                        .wideRight("REFUSED")
                        .wideRight("BYTES IN")
                        .wideRight("BYTES OUT");
        for (final JsonObject item : items) {
            final JsonObject backends = item.object("backends");
            table.row(
                    item.string("name"),
                    item.string("vip"),
                    item.string("port") + "/" + item.string("protocol"),
                    item.string("mode"),
                    cells.marked(item.string("algorithm"), !item.objects("overrides").isEmpty()),
                    cells.state(item.string("state")),
                    backends.number("up", 0) + "/" + backends.number("total", 0),
                    cells.count(item, "flows"),
                    Cells.perSecond(item, "newFlowsPerSecond"),
                    Cells.packets(item),
                    Cells.bits(item),
                    item.string("pool"),
                    cells.count(item, "flowsOpened"),
                    cells.count(item, "flowsRefused"),
                    cells.count(item, "bytesToBackend"),
                    cells.count(item, "bytesToClient"));
        }

        return table;
    }

    private static Table pools(final List<JsonObject> items) {
        final Table table =
                new Table()
                        .left("POOL")
                        .right("BACKENDS")
                        .right("UP")
                        .right("STANDBY")
                        .right("DRAIN")
                        .right("DOWN")
                        .right("UNKNOWN")
                        .wideRight("EJECTED")
                        .wideRight("OFF")
                        .left("SERVING")
                        .left("SERVICES")
                        .left("CHECK");
        for (final JsonObject item : items) {
            final JsonObject backends = item.object("backends");
            table.row(
                    item.string("name"),
                    backends.number("total", 0),
                    backends.number("up", 0),
                    backends.number("standby", 0),
                    backends.number("drain", 0) + backends.number("ejected", 0),
                    backends.number("down", 0) + backends.number("off", 0),
                    backends.number("unknown", 0),
                    backends.number("ejected", 0),
                    backends.number("off", 0),
                    item.has("explanation")
                            ? item.string("serving") + ": " + item.string("explanation")
                            : item.string("serving"),
                    String.join(",", item.strings("services")),
                    item.string("check"));
        }

        return table;
    }

    static Table backends(final List<JsonObject> items, final Cells cells) {
        final Table table =
                new Table()
                        .left("BACKEND")
                        .left("ADDRESS")
                        .left("STATE")
                        .right("WEIGHT")
                        .right("FLOWS")
                        .right("NEW")
                        .right("PACKETS")
                        .right("BITS")
                        .wideRight("OPENED")
                        .wideRight("REFUSED")
                        .wideRight("BYTES IN")
                        .wideRight("BYTES OUT")
                        .wideRight("UNANSWERED")
                        .wideRight("REFUSED BY")
                        .wideRight("OVER LIMIT")
                        .wideLeft("ROLE")
                        .wideRight("PRIORITY")
                        .wideLeft("LIMITS")
                        .wideLeft("NEXT HOP")
                        .right("SINCE")
                        .left("REASON");
        for (final JsonObject item : items) {
            table.row(
                    item.string("name"),
                    Cells.endpoint(item.string("address"), item.get("port")),
                    cells.state(item.string("state")),
                    cells.marked(Cells.weight(item), isOverridden(item, "weight")),
                    cells.count(item, "flows"),
                    Cells.perSecond(item, "newFlowsPerSecond"),
                    Cells.packets(item),
                    Cells.bits(item),
                    cells.count(item, "flowsOpened"),
                    cells.count(item, "flowsRefused"),
                    cells.count(item, "bytesToBackend"),
                    cells.count(item, "bytesToClient"),
                    cells.count(item, "openingsUnanswered"),
                    cells.count(item, "openingsRefused"),
                    cells.count(item, "flowsOverLimit"),
                    item.string("role"),
                    item.number("priority", 0),
                    limits(item),
                    nextHop(item),
                    cells.age(item.string("since")),
                    cells.reason(item));
        }

        return table;
    }

    /** {@code 10k flows, 500/s}, or null. */
    static String limits(final JsonObject backend) {
        final List<String> limits = new ArrayList<>();
        if (backend.has("maxFlows")) {
            limits.add(Cells.grouped(backend.number("maxFlows", 0)) + " flows");
        }
        if (backend.has("maxFlowRate")) {
            limits.add(Cells.grouped(backend.number("maxFlowRate", 0)) + "/s");
        }

        return limits.isEmpty() ? null : String.join(", ", limits);
    }

    static String nextHop(final JsonObject backend) {
        final JsonObject dataPlane = backend.object("dataPlane");
        return dataPlane == null
                ? null
                : dataPlane.flag("hopResolved") ? dataPlane.string("hopMac") : "unresolved";
    }

    static boolean isOverridden(final JsonObject item, final String setting) {
        return item.objects("overrides").stream()
                .anyMatch(override -> setting.equals(override.string("setting")));
    }

    private static Table flows(final List<JsonObject> items, final Cells cells) {
        final Table table =
                new Table()
                        .left("CLIENT")
                        .left("VIP")
                        .left("BACKEND")
                        .left("STATE")
                        .right("AGE")
                        .right("IDLE")
                        .right("BYTES")
                        .wideLeft("SERVICE")
                        .wideLeft("PROTOCOL")
                        .wideLeft("ADDRESS")
                        .wideRight("EXPIRES IN")
                        .wideRight("WORKER");
        for (final JsonObject item : items) {
            table.row(
                    Cells.endpoint(item.string("client"), item.get("clientPort")),
                    Cells.endpoint(item.string("vip"), item.get("vipPort")),
                    item.string("backend"),
                    item.string("state"),
                    Cells.duration(item, "ageMs"),
                    Cells.duration(item, "idleMs"),
                    cells.number(
                            item.number("bytesToBackend", 0) + item.number("bytesToClient", 0)),
                    item.string("service"),
                    item.string("protocol"),
                    Cells.endpoint(item.string("backendAddress"), item.get("backendPort")),
                    Cells.duration(item, "expiresInMs"),
                    item.number("worker", 0));
        }

        return table;
    }

    static Table events(final List<JsonObject> items) {
        final Table table =
                new Table().left("TIME").left("KIND").left("SUBJECT").left("BY").left("WHAT");
        for (final JsonObject item : items) {
            table.row(
                    Cells.time(item.string("at")),
                    item.string("kind"),
                    item.string("subject"),
                    Cells.actor(item.object("actor")),
                    item.string("text"));
        }

        return table;
    }

    private static Table drops(final List<JsonObject> items, final Cells cells) {
        final Table table = new Table().left("REASON").right("PACKETS").left("MEANING");
        for (final JsonObject item : items) {
            table.row(item.string("reason"), cells.count(item, "packets"), item.string("meaning"));
        }

        return table;
    }

    private static Table workers(final List<JsonObject> items, final Cells cells) {
        final Table table =
                new Table()
                        .right("WORKER")
                        .left("STATE")
                        .right("CPU")
                        .right("RECEIVED")
                        .right("SENT")
                        .right("DROPPED")
                        .right("FLOWS")
                        .right("TABLE")
                        .right("HANDED OVER")
                        .right("CYCLE P99")
                        .right("MAX")
                        .right("EPOCH")
                        .wideRight("TAKEN OVER")
                        .wideRight("TABLE FULL")
                        .wideRight("EVICTED")
                        .wideRight("EXPIRED")
                        .wideRight("TX RING FULL");
        for (final JsonObject item : items) {
            table.row(
                    item.number("id", 0),
                    cells.state(item.string("state")),
                    item.get("cpu"),
                    cells.count(item, "rxPackets"),
                    cells.count(item, "txPackets"),
                    cells.count(item, "droppedPackets"),
                    cells.count(item, "flowEntries"),
                    percent(item.number("flowEntries", 0), item.number("flowCapacity", 0)),
                    cells.count(item, "handoversOut"),
                    nanos(item.number("dutyCycleP99Ns", 0)),
                    nanos(item.number("dutyCycleMaxNs", 0)),
                    item.number("epoch", 0),
                    cells.count(item, "handoversIn"),
                    cells.count(item, "flowTableFull"),
                    cells.count(item, "flowsEvicted"),
                    cells.count(item, "flowsExpired"),
                    cells.count(item, "txRingFull"));
        }

        return table;
    }

    private static String percent(final long part, final long whole) {
        return whole == 0 ? null : Math.round(100.0 * part / whole) + "%";
    }

    private static String nanos(final long durationNs) {
        return durationNs == 0
                ? null
                : durationNs < 10_000
                        ? durationNs + "ns"
                        : durationNs < 10_000_000
                                ? durationNs / 1_000 + "µs"
                                : Units.duration(durationNs / 1_000_000);
    }

    private static Table overrides(final List<JsonObject> items, final Cells cells) {
        final Table table =
                new Table()
                        .left("TARGET")
                        .left("SETTING")
                        .left("VALUE")
                        .left("FILE")
                        .left("BY")
                        .right("SINCE")
                        .left("WHY")
                        .wideLeft("AT");
        for (final JsonObject item : items) {
            table.row(
                    item.string("target"),
                    item.string("setting"),
                    item.has("deadline")
                            ? item.string("value") + ", " + cells.toGo(item.string("deadline"))
                            : item.string("value"),
                    item.flag("isConfigured") ? item.string("fileValue") : "(not configured)",
                    Cells.actor(item.object("by")),
                    cells.age(item.string("at")),
                    item.string("why"),
                    Cells.time(item.string("at")));
        }

        return table;
    }
}
