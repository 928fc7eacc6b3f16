package io.naru.controlplane.view;

import io.naru.controlplane.agent.AgentState;
import io.naru.controlplane.config.AdminState;
import io.naru.controlplane.config.BackendConfig;
import io.naru.controlplane.health.CheckTarget;
import io.naru.controlplane.health.Durations;
import io.naru.controlplane.health.HealthState;
import io.naru.controlplane.json.JsonObject;
import io.naru.controlplane.pool.Standing;
import io.naru.controlplane.reconcile.BackendName;
import io.naru.controlplane.reconcile.OperatorOverride;
import io.naru.controlplane.reconcile.OperatorOverride.Setting;
import io.naru.controlplane.reconcile.Rates.Rate;
import io.naru.controlplane.reconcile.Steering;
import io.naru.dataplane.protocol.BackendInfo;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.Stats;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** Shows one backend: what it is, what it should be, what it does, and why. */
final class BackendView {
    /**
     * The state as people are shown it: {@code up}, {@code drain}, {@code standby}, {@code
     * ejected}, {@code down}, {@code off}, {@code unknown}.
     */
    private final String state;

    private final String reason;
    private final long sinceMs;
    private final BackendName name;
    private final BackendConfig config;
    private final BackendSpec effective;
    private final Steering steering;

    /** {@code info} is what the data plane has of it, or null. */
    BackendView(final BackendName name, final Steering steering, final BackendInfo info) {
        this.name = name;
        this.steering = steering;
        config = steering.backends().config(name);
        effective = steering.effective(name);

        final Standing standing = steering.standing(name);
        if (standing.reason() != null) {
            state = word(standing, info);
            reason = standing.reason();
            sinceMs = standing.sinceMs();
        } else if (standing.cause() == Standing.Cause.WANTED) {
            final OperatorOverride override =
                    steering.overrides().find(Setting.STATE, name.toString());
            state = word(standing, info);
            final AgentState agent = steering.backends().agentState(name);
            final boolean isAgents =
                    agent.state().compareTo(steering.wantedState(name)) > 0; // the stricter one
            reason =
                    isAgents
                            ? "its agent says " + agent
                            : override == null ? "set in the file" : reason(override);
            sinceMs =
                    isAgents
                            ? standing.sinceMs()
                            : override == null ? steering.applied().atMs() : override.atMs();
        } else {
            final HealthState health = steering.backends().healthState(name);
            state = word(standing, info);
            reason = health == null ? "not checked" : reason(health);
            sinceMs = health == null ? steering.applied().atMs() : health.sinceMs();
        }
    }

    private static String word(final Standing standing, final BackendInfo info) {
        if (standing.state() == BackendState.KEEP) {
            return info == null ? "unknown" : info.spec().state().label();
        }

        return switch (standing.cause()) {
            case STANDBY -> "standby";
            case EJECTED -> "ejected";
            case WANTED -> standing.state() == BackendState.DOWN ? "down" : "drain";
            default -> standing.state().label();
        };
    }

    private static String reason(final HealthState health) {
        final String last = health.lastResult() == null ? null : health.lastResult().reason();
        if (health.verdict() != HealthState.Verdict.UNKNOWN) {
            return last;
        }

        return "not checked yet"
                + (health.progress() == null ? "" : ", " + health.progress())
                + (last == null ? "" : ": " + last);
    }

    private static String reason(final OperatorOverride override) {
        return "set by "
                + override.by().user()
                + (override.why() == null ? "" : ": \"" + override.why() + "\"");
    }

    String state() {
        return state;
    }

    String reason() {
        return reason;
    }

    /** {@code stats} and {@code info} are the data plane's, or null. */
    JsonObject toJson(
            final BackendInfo info,
            final Stats stats,
            final Rate rate,
            final List<String> services) {
        final JsonObject json =
                new JsonObject()
                        .put("name", name.toString())
                        .put("pool", name.pool())
                        .put("backend", name.backend())
                        .put("address", config.address().toString())
                        .put("port", config.port() == 0 ? null : config.port())
                        .put("state", state)
                        .put("reason", reason)
                        .put("since", Documents.time(sinceMs))
                        .put("weight", effective.weight())
                        .put("share", effective.share())
                        .put("role", config.role().name().toLowerCase(Locale.ROOT))
                        .put("priority", config.priority())
                        .putIfPresent("maxFlows", limit(config.maxFlows()))
                        .putIfPresent("maxFlowRate", limit(config.maxFlowRate()))
                        .put("fileState", config.state().name().toLowerCase(Locale.ROOT))
                        .put("fileWeight", config.weight())
                        .put("overrides", overrides())
                        .putIfPresent("agent", steering.backends().agentWords(name))
                        .put("health", health())
                        .put("services", services);
        json.putIfPresent("drain", drain(stats));
        if (info != null) {
            json.put(
                    "dataPlane",
                    new JsonObject()
                            .put("id", info.id())
                            .put("state", info.spec().state().label())
                            .put("weight", info.spec().weight())
                            .put("hopResolved", info.isResolved())
                            .put("hopMac", info.isResolved() ? info.mac() : null));
        }

        return Traffic.put(json, stats, rate);
    }

    /** What is left of a backend that takes no new flows, or null. */
    private JsonObject drain(final Stats stats) {
        if (steering.wantedState(name) != AdminState.DRAIN) {
            return null;
        }

        final OperatorOverride override = steering.overrides().find(Setting.STATE, name.toString());
        final long deadlineMs = override == null ? 0 : override.deadlineMs();
        return new JsonObject()
                .put("flowsLeft", stats == null ? 0 : stats.flowsActive())
                .putIfPresent("deadline", Documents.time(deadlineMs));
    }

    private static Integer limit(final int value) {
        return value == BackendSpec.NO_LIMIT ? null : value;
    }

    private List<JsonObject> overrides() {
        final List<JsonObject> overrides = new ArrayList<>();
        for (final Setting setting : List.of(Setting.STATE, Setting.WEIGHT)) {
            final OperatorOverride override = steering.overrides().find(setting, name.toString());
            if (override != null) {
                overrides.add(OverrideView.of(override, steering));
            }
        }

        return overrides;
    }

    private static JsonObject of(final Durations durations) {
        return new JsonObject()
                .put("count", durations.count())
                .put("latelyUs", micros(durations.smoothedNs()))
                .put("p50Us", micros(durations.percentileNs(50)))
                .put("p99Us", micros(durations.percentileNs(99)))
                .put("maxUs", micros(durations.maxNs()));
    }

    private static long micros(final long ns) {
        return TimeUnit.NANOSECONDS.toMicros(ns);
    }

    private JsonObject health() {
        final HealthState health = steering.backends().healthState(name);
        if (health == null) {
            return new JsonObject().put("verdict", "not checked");
        }

        final CheckTarget target = steering.backends().checkTarget(name);
        final Durations durations = steering.backends().checkDurations(name);
        return new JsonObject()
                .put("verdict", health.verdict().name().toLowerCase(Locale.ROOT))
                .put("since", Documents.time(health.sinceMs()))
                .put("check", target.toString())
                .putIfPresent(
                        "lastResult",
                        health.lastResult() == null ? null : health.lastResult().reason())
                .putIfPresent("lastAt", Documents.time(health.lastResultMs()))
                .putIfPresent("progress", health.progress())
                .putIfPresent("durations", durations.count() == 0 ? null : of(durations));
    }
}
