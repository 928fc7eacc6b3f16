package io.naru.bench.system;

import io.naru.bench.topology.Command;
import io.naru.controlplane.json.Json;
import io.naru.controlplane.json.JsonObject;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What an instance tells of its backends' health, by its command line. */
final class HealthView {
    /** A duration in a reason. */
    static final String TIME = "[\\d.]+ m?s";

    private final SystemUnderTest system;

    HealthView(final SystemUnderTest system) {
        this.system = system;
    }

    /**
     * A backend as {@code naru get backends} shows it.
     *
     * @param state in one word.
     * @param reason why.
     */
    record Shown(String state, String reason) {}

    /** All backends by name: {@code pool/backend}. */
    Map<String, Shown> backends() {
        final Map<String, Shown> shown = new HashMap<>();
        for (final JsonObject item : list("backends")) {
            shown.put(
                    item.string("name"),
                    new Shown(item.string("state"), item.string("reason", "")));
        }

        return shown;
    }

    /** The latest event of health of each backend. */
    Map<String, String> latestEvents() {
        final Map<String, String> latest = new HashMap<>();
        for (final JsonObject item : list("events", "-n", "1000", "kind", "health")) {
            latest.put(item.string("subject"), item.string("text")); // the oldest comes first
        }

        return latest;
    }

    private List<JsonObject> list(final String... what) {
        final List<String> command = new ArrayList<>(List.of("get", "-o", "json"));
        command.addAll(List.of(what));
        final Command.Result result = system.balancer.naru(command.toArray(String[]::new));
        return result.exitCode() == 0
                ? Json.parseObject(result.output()).objects("items")
                : List.of(); // it starts
    }

    /** Waits until all are up. */
    void awaitAllUp() {
        Await.until(
                "all backends are up",
                () -> {
                    final Collection<Shown> all = backends().values();
                    return !all.isEmpty() && all.stream().allMatch(one -> one.state.equals("up"));
                },
                () -> backends() + "\n" + system.evidence());
    }

    /**
     * Waits until the latest event of each of these backends is as it should be.
     *
     * @param wanted expressions by backend.
     */
    void awaitEvents(final Map<String, String> wanted) {
        Await.until(
                "the latest events of these backends are " + new TreeMap<>(wanted),
                () -> missing(wanted).isEmpty(),
                () -> "but they are " + missing(wanted) + "\n" + system.evidence());
    }

    /** Waits until these servers are up for these kinds, and nothing worse came after it. */
    void awaitUp(final Collection<CheckedKind> kinds, final String... servers) {
        final Map<String, String> events = new HashMap<>();
        for (final CheckedKind kind : kinds) {
            for (final String server : servers) {
                events.put(kind.pool() + "/" + server, "(unknown|down) -> up: " + kind.passes());
            }
        }

        awaitEvents(events);
    }

    private Map<String, String> missing(final Map<String, String> wanted) {
        final Map<String, String> missing = new TreeMap<>(wanted);
        final Map<String, String> latest = latestEvents();
        missing.replaceAll((backend, expression) -> latest.getOrDefault(backend, "no event"));
        missing.entrySet().removeIf(entry -> entry.getValue().matches(wanted.get(entry.getKey())));
        return missing;
    }
}
