package io.naru.controlplane.cli;

import io.naru.controlplane.cli.output.OutputFormat;
import io.naru.controlplane.cli.output.Style;
import io.naru.controlplane.cli.output.Units;
import io.naru.controlplane.json.JsonObject;
import java.time.Instant;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/** Turns members of the API's documents into cells of tables. */
final class Cells {
    private final Style style;
    private final boolean isExact;
    private final long nowMs;

    Cells(final Style style, final OutputFormat format, final long nowMs) {
        this.style = style;
        this.isExact = format == OutputFormat.WIDE;
        this.nowMs = nowMs;
    }

    /** A state in its colour. */
    String state(final String state) {
        return switch (state) {
            case "up", "running", "pass" -> style.green(state);
            case "drain", "degraded", "unknown", "starting", "ejected" -> style.yellow(state);
            case "standby" -> style.dim(state);
            default -> style.red(state);
        };
    }

    String count(final JsonObject json, final String name) {
        return number(json.number(name, 0));
    }

    /** {@code 12.3k}, or {@code 12,345} with {@code -o wide}. */
    String number(final long value) {
        return isExact ? grouped(value) : Units.count(value);
    }

    static String grouped(final long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    static String perSecond(final JsonObject json, final String name) {
        return Units.count(Math.round(json.decimal(name, 0))) + "/s";
    }

    static String packets(final JsonObject json) {
        return Units.packetsPerSecond(json.decimal("packetsPerSecond", 0));
    }

    static String bits(final JsonObject json) {
        return Units.bitsPerSecond(json.decimal("bitsPerSecond", 0));
    }

    /** How long ago: {@code 3m12s}. */
    String age(final String time) {
        return time == null ? null : Units.duration(nowMs - Instant.parse(time).toEpochMilli());
    }

    /** Why a backend is as it is; of one that drains, also what is left. */
    String reason(final JsonObject backend) {
        final String reason = backend.string("reason");
        final JsonObject drain = backend.object("drain");
        return drain == null || !backend.string("state").equals("drain")
                ? reason
                : "draining, " + left(drain) + "; " + reason;
    }

    /** {@code 37 flows left, 4m12s to go}. */
    String left(final JsonObject drain) {
        final long flows = drain.number("flowsLeft", 0);
        return grouped(flows)
                + (flows == 1 ? " flow" : " flows")
                + " left"
                + (drain.has("deadline") ? ", " + toGo(drain.string("deadline")) : "");
    }

    /** {@code 4m12s to go}. */
    String toGo(final String time) {
        return Units.duration(Instant.parse(time).toEpochMilli() - nowMs) + " to go";
    }

    /** {@code 100}, or {@code 40%} of it while the backend starts slowly. */
    static String weight(final JsonObject backend) {
        final long share = backend.number("share", 100);
        return backend.number("weight", 0) + (share == 100 ? "" : " x " + share + "%");
    }

    static String duration(final JsonObject json, final String name) {
        return Units.duration(json.number(name, 0));
    }

    /** Local time to the second. */
    static String time(final String time) {
        return time == null
                ? null
                : Instant.parse(time)
                        .atZone(ZoneId.systemDefault())
                        .toLocalDateTime()
                        .truncatedTo(ChronoUnit.SECONDS)
                        .toString()
                        .replace('T', ' ');
    }

    static String endpoint(final String address, final Object port) {
        final String host = address.indexOf(':') < 0 ? address : "[" + address + "]";
        return port == null ? host : host + ":" + port;
    }

    static String actor(final JsonObject by) {
        return by == null ? null : by.string("user");
    }

    /** A value that is not the file's is marked, so that nobody takes it for the file's. */
    String marked(final String value, final boolean isOverridden) {
        return isOverridden ? style.yellow(value + "*") : value;
    }
}
