package io.naru.controlplane.cli;

import io.naru.controlplane.health.CheckTarget;
import io.naru.controlplane.json.JsonObject;
import java.util.List;
import java.util.StringJoiner;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code naru describe service|backend NAME}: everything about one of them. */
@Command(
        name = "describe",
        header = "Everything about one service or backend, with its latest events.",
        footer = {
            "  naru describe service web",
            "  naru describe backend web/s1",
            "  naru describe backend s1            where only one pool has an s1",
        })
final class DescribeCommand extends OnlineCommand {
    @Parameters(index = "0", paramLabel = "WHAT", description = "service or backend.")
    private String what;

    @Parameters(index = "1", paramLabel = "NAME", description = "Its name.")
    private String name;

    @Override
    public Integer call() {
        if (!what.equals("service") && !what.equals("backend")) {
            throw new CliException(
                    ExitCode.USAGE,
                    "'" + what + "' cannot be described",
                    "naru describe service NAME, or naru describe backend NAME");
        }

        final JsonObject json = api().get("/v1/" + what + "s/" + ApiClient.encodedPath(name));
        if (isJson()) {
            output().json(json);
        } else if (what.equals("service")) {
            service(json);
        } else {
            backend(json);
        }

        return ExitCode.OK;
    }

    private void service(final JsonObject json) {
        final Cells cells = cells();
        output().text(
                        new Description(output().style())
                                .line("service", json.string("name"))
                                .line(
                                        "address",
                                        Cells.endpoint(json.string("vip"), json.get("port"))
                                                + "/"
                                                + json.string("protocol"))
                                .line("mode", json.string("mode"))
                                .line(
                                        "algorithm",
                                        json.string("algorithm")
                                                + overridden(json, "algorithm", "fileAlgorithm"))
                                .line("state", cells.state(json.string("state")))
                                .line("pool", json.string("pool"))
                                .line(
                                        "lost backends",
                                        "flows of one that is down: "
                                                + json.string("onDown")
                                                + "; removed: "
                                                + json.string("onRemove"))
                                .line("limits", limits(json))
                                .line("persistence", persistence(json))
                                .line("traffic", traffic(json, cells))
                                .line("troubles", troubles(json, cells))
                                .text());
        output().line("");
        output().table(ListTables.backends(json.objects("backends"), cells));
        events(json);
    }

    private void backend(final JsonObject json) {
        final Cells cells = cells();
        final JsonObject health = json.object("health");
        output().text(
                        new Description(output().style())
                                .line("backend", json.string("name"))
                                .line(
                                        "address",
                                        Cells.endpoint(json.string("address"), json.get("port")))
                                .line("services", String.join(", ", json.strings("services")))
                                .line(
                                        "state",
                                        cells.state(json.string("state"))
                                                + " for "
                                                + cells.age(json.string("since"))
                                                + ": "
                                                + cells.reason(json))
                                .line(
                                        "wanted state",
                                        wantedState(json) + overridden(json, "state", "fileState"))
                                .line(
                                        "weight",
                                        Cells.weight(json)
                                                + overridden(json, "weight", "fileWeight"))
                                .line("role", role(json))
                                .line("limits", ListTables.limits(json))
                                .line("agent", json.string("agent"))
                                .line("check", health.string("check", "none"))
                                .line(
                                        "verdict",
                                        health.string("verdict")
                                                + (health.has("progress")
                                                        ? ", " + health.string("progress")
                                                        : ""))
                                .line("last result", lastResult(health, cells))
                                .line("check takes", durations(health))
                                .line("next hop", ListTables.nextHop(json))
                                .line("traffic", traffic(json, cells))
                                .line("troubles", troubles(json, cells))
                                .text());
        events(json);
    }

    /** What everybody is goes without saying. */
    private static String role(final JsonObject json) {
        final String role = json.string("role", "regular");
        final long priority = json.number("priority", 100);
        return role.equals("regular") && priority == 100
                ? null
                : role + (priority == 100 ? "" : ", priority " + priority);
    }

    private static String wantedState(final JsonObject json) {
        return json.objects("overrides").stream()
                .filter(override -> "state".equals(override.string("setting")))
                .map(override -> override.string("value"))
                .findFirst()
                .orElse(json.string("fileState"));
    }

    private static String durations(final JsonObject health) {
        if (!health.has("durations")) {
            return null;
        }

        final JsonObject durations = health.object("durations");
        return "p50 %s, p99 %s, at most %s of %d that passed"
                .formatted(
                        words(durations, "p50Us"),
                        words(durations, "p99Us"),
                        words(durations, "maxUs"),
                        durations.number("count", 0));
    }

    private static String words(final JsonObject durations, final String name) {
        return CheckTarget.words(TimeUnit.MICROSECONDS.toNanos(durations.number(name, 0)));
    }

    private static String lastResult(final JsonObject health, final Cells cells) {
        return health.has("lastResult")
                ? health.string("lastResult") + ", " + cells.age(health.string("lastAt")) + " ago"
                : null;
    }

    /** Where an operator's value is in force: who set it, when, why, and what the file says. */
    private String overridden(
            final JsonObject json, final String setting, final String fileMember) {
        for (final JsonObject override : json.objects("overrides")) {
            if (setting.equals(override.string("setting"))) {
                return output().style()
                        .yellow(
                                "  set by "
                                        + override.object("by").string("user")
                                        + " at "
                                        + Cells.time(override.string("at"))
                                        + (override.has("why")
                                                ? ": \"" + override.string("why") + "\""
                                                : "")
                                        + "; the file says "
                                        + json.get(fileMember));
            }
        }

        return "";
    }

    private static String traffic(final JsonObject json, final Cells cells) {
        return Cells.packets(json)
                + ", "
                + Cells.bits(json)
                + ", "
                + cells.count(json, "flows")
                + " flows, "
                + Cells.perSecond(json, "newFlowsPerSecond")
                + " new, "
                + cells.count(json, "flowsOpened")
                + " opened, "
                + cells.count(json, "flowsRefused")
                + " refused";
    }

    private static String limits(final JsonObject json) {
        final StringJoiner text = new StringJoiner(", ");
        if (json.has("maxFlows")) {
            text.add(json.number("maxFlows", 0) + " flows");
        }
        if (json.has("maxFlowRate")) {
            text.add(json.number("maxFlowRate", 0) + " new in a second");
        }

        return text.length() == 0 ? null : text + "; then " + json.string("atLimit");
    }

    private static String persistence(final JsonObject json) {
        if (!json.has("persistence")) {
            return null;
        }

        final JsonObject persistence = json.object("persistence");
        return "%ss, by /%s or /%s%s"
                .formatted(
                        persistence.number("timeoutSeconds", 0),
                        persistence.number("prefix", 0),
                        persistence.number("prefixIpv6", 0),
                        persistence.has("group") ? ", group " + persistence.string("group") : "");
    }

    /** What went wrong with new flows; null, and no line, if nothing did. */
    private static String troubles(final JsonObject json, final Cells cells) {
        final StringJoiner text = new StringJoiner(", ");
        add(text, json, cells, "openingsUnanswered", " openings unanswered");
        add(text, json, cells, "openingsRefused", " refused by the backend");
        add(text, json, cells, "flowsOverLimit", " flows over a limit");
        return text.length() == 0 ? null : text.toString();
    }

    private static void add(
            final StringJoiner text,
            final JsonObject json,
            final Cells cells,
            final String member,
            final String words) {
        if (json.number(member, 0) > 0) {
            text.add(cells.count(json, member) + words);
        }
    }

    private void events(final JsonObject json) {
        final List<JsonObject> events = json.objects("events");
        if (!events.isEmpty()) {
            output().line("");
            output().table(ListTables.events(events));
        }
    }

    private Cells cells() {
        return new Cells(output().style(), output().format(), System.currentTimeMillis());
    }
}
