package io.naru.controlplane.cli;

import io.naru.controlplane.cli.output.OutputFormat;
import io.naru.controlplane.cli.output.Style;
import io.naru.controlplane.cli.output.Units;
import io.naru.controlplane.json.JsonObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** The status for people: a line for each thing, and what is wrong below. */
final class StatusText {
    private static final int TITLE_WIDTH = 15;

    private final JsonObject status;
    private final Style style;
    private final Cells cells;
    private final StringBuilder out = new StringBuilder();

    StatusText(final JsonObject status, final Style style) {
        this.status = status;
        this.style = style;
        cells =
                new Cells(
                        style,
                        OutputFormat.TABLE,
                        Instant.parse(status.string("at")).toEpochMilli());
    }

    String format() {
        controlPlane(status.object("controlPlane"));
        dataPlane(status.object("dataPlane"));
        if (status.has("config")) {
            config(status.object("config"));
            counts("services", status.object("services"), "up", "degraded", "down");
            counts(
                    "backends",
                    status.object("backends"),
                    "up",
                    "standby",
                    "drain",
                    "ejected",
                    "down",
                    "off",
                    "unknown");
            traffic(status.object("traffic"));
        }

        final List<String> alarms = status.strings("alarms");
        final List<String> notes = status.strings("notes");
        if (!alarms.isEmpty() || !notes.isEmpty()) {
            out.append('\n');
        }
        alarms.forEach(alarm -> out.append(style.red("! " + alarm)).append('\n'));
        notes.forEach(note -> out.append(style.yellow("- " + note)).append('\n'));

        return out.toString();
    }

    private void line(final String title, final String text) {
        out.append(style.bold(title))
                .append(" ".repeat(TITLE_WIDTH - title.length()))
                .append(text)
                .append('\n');
    }

    private void controlPlane(final JsonObject json) {
        final String state = json.string("state");
        line(
                "control plane",
                cells.state(state)
                        + (json.has("pid")
                                ? ", pid "
                                        + json.number("pid", 0)
                                        + ", up "
                                        + cells.age(json.string("startedAt"))
                                : ""));
    }

    private void dataPlane(final JsonObject json) {
        final List<String> parts = new ArrayList<>();
        parts.add(cells.state(json.string("state")));
        if (json.has("pid")) {
            parts.add("pid " + json.number("pid", 0));
            parts.add("started " + cells.age(json.string("startedAt")) + " ago");
            parts.add(count(json.number("workers", 0), "worker"));
            parts.add("epoch " + json.number("epoch", 0));
        }
        line("data plane", String.join(", ", parts));
        for (final JsonObject each : json.objects("interfaces")) {
            line(
                    "  " + each.string("name"),
                    each.string("mode")
                            + (each.flag("zeroCopy") ? ", zero copy" : "")
                            + ", "
                            + count(each.number("queues", 0), "queue")
                            + ", "
                            + each.string("mac")
                            + (each.has("note")
                                    ? style.dim(" (" + each.string("note") + ")")
                                    : ""));
        }
        if (json.has("receivedPackets")) {
            line(
                    "packets",
                    Units.count(json.number("receivedPackets", 0))
                            + " received, "
                            + Units.count(json.number("sentPackets", 0))
                            + " sent, "
                            + Units.count(json.number("droppedPackets", 0))
                            + " dropped");
        }
        if (json.has("lastError")) {
            line(
                    "last error",
                    json.string("lastError")
                            + ", "
                            + cells.age(json.string("lastErrorAt"))
                            + " ago");
        }
    }

    private static String count(final long count, final String what) {
        return count + " " + what + (count == 1 ? "" : "s");
    }

    private void config(final JsonObject json) {
        final JsonObject by = json.object("by");
        line(
                "configuration",
                "revision "
                        + json.number("revision", 0)
                        + " of "
                        + json.string("source")
                        + ", applied "
                        + cells.age(json.string("appliedAt"))
                        + " ago"
                        + (by == null ? "" : " by " + by.string("user"))
                        + (status.object("dataPlane").flag("isInSync")
                                ? ", in sync"
                                : ", " + style.yellow("not in sync")));
    }

    private void counts(final String title, final JsonObject json, final String... states) {
        final List<String> parts = new ArrayList<>();
        for (final String state : states) {
            if (json.number(state, 0) > 0) {
                parts.add(json.number(state, 0) + " " + cells.state(state));
            }
        }
        line(
                title,
                json.number("total", 0) + (parts.isEmpty() ? "" : ": " + String.join(", ", parts)));
    }

    private void traffic(final JsonObject json) {
        final JsonObject dataPlane = status.object("dataPlane");
        line(
                "traffic",
                Cells.packets(json)
                        + ", "
                        + Cells.bits(json)
                        + ", "
                        + cells.count(json, "flows")
                        + " flows, "
                        + Cells.perSecond(json, "newFlowsPerSecond")
                        + " new"
                        + (dataPlane.number("flowCapacity", 0) == 0
                                ? ""
                                : "; the flow table holds "
                                        + Units.count(dataPlane.number("flowCapacity", 0))));
    }
}
