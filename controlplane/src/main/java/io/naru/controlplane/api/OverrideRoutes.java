package io.naru.controlplane.api;

import io.naru.controlplane.config.AdminState;
import io.naru.controlplane.config.NaruConfig;
import io.naru.controlplane.config.ServiceConfig;
import io.naru.controlplane.json.JsonObject;
import io.naru.controlplane.reconcile.BackendName;
import io.naru.controlplane.reconcile.OperatorOverride;
import io.naru.controlplane.reconcile.OperatorOverride.Setting;
import io.naru.controlplane.reconcile.Reconciler;
import io.naru.controlplane.reconcile.Steering;
import io.naru.controlplane.view.Documents;
import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.Limits;
import io.naru.dataplane.protocol.Selection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/**
 * Requests that set and unset overrides. The answer comes when the data plane uses the new value,
 * or says why it does not yet.
 *
 * <pre>
 *   PUT, DELETE /v1/backends/POOL/BACKEND/state | weight
 *   PUT, DELETE /v1/services/SERVICE/algorithm
 *   POST        /v1/backends/POOL/BACKEND:drain | :undrain
 * </pre>
 */
public final class OverrideRoutes {
    /** Longer reasons are refused. */
    static final int MAX_WHY_LENGTH = 500;

    /** Shortest and longest time that a drain may be given. */
    static final long MIN_DEADLINE_MS = 1_000;

    static final long MAX_DEADLINE_MS = 30L * 24 * 3_600_000;

    private static final String DRAIN = ":drain";
    private static final String UNDRAIN = ":undrain";

    private final LongSupplier clockMs;
    private final Steering steering;
    private final Reconciler reconciler;

    public OverrideRoutes(
            final LongSupplier clockMs, final Steering steering, final Reconciler reconciler) {
        this.clockMs = clockMs;
        this.steering = steering;
        this.reconciler = reconciler;
    }

    void handle(
            final ApiRequest request,
            final String collection,
            final List<String> rest,
            final BiConsumer<JsonObject, ApiProblem> respond) {
        request.allowOnly(Set.of("why"));
        final boolean isPost = request.method().equals("POST");
        final boolean isPut = request.method().equals("PUT");
        if (rest.isEmpty() || (!isPost && !isPut && !request.method().equals("DELETE"))) {
            throw wrongMethod(request);
        }

        final String last = rest.get(rest.size() - 1);
        final List<String> front = rest.subList(0, rest.size() - 1);
        if (isPost && collection.equals("backends") && last.endsWith(UNDRAIN)) {
            undrain(request, backend(without(rest, UNDRAIN)), respond);
        } else if (isPost && collection.equals("backends") && last.endsWith(DRAIN)) {
            set(
                    request,
                    Setting.STATE,
                    backend(without(rest, DRAIN)),
                    "drain",
                    deadlineMs(request),
                    respond);
        } else if (isPost) {
            throw wrongMethod(request);
        } else if (isPut) {
            final Setting setting = setting(request, collection, last);
            set(request, setting, target(setting, front), value(request), 0, respond);
        } else {
            final Setting setting = setting(request, collection, last);
            unset(request, setting, orphanOrTarget(setting, front), respond);
        }
    }

    private static ApiProblem wrongMethod(final ApiRequest request) {
        return new ApiProblem(
                405,
                "method not allowed",
                request.method() + " /" + String.join("/", request.path()) + " is not possible",
                "docs/api.md lists what is");
    }

    private static List<String> without(final List<String> path, final String suffix) {
        final List<String> names = new ArrayList<>(path);
        final String last = names.remove(names.size() - 1);
        names.add(last.substring(0, last.length() - suffix.length()));
        return names;
    }

    private static Setting setting(
            final ApiRequest request, final String collection, final String word) {
        final Setting setting = Setting.ofLabel(word);
        final boolean isOfService = setting == Setting.ALGORITHM;
        if (setting == null || !collection.equals(isOfService ? "services" : "backends")) {
            throw ApiRoutes.noSuchPath(request);
        }

        return setting;
    }

    private String backend(final List<String> names) {
        return Names.backend(config(), names).toString();
    }

    private String target(final Setting setting, final List<String> names) {
        return setting == Setting.ALGORITHM
                ? Names.service(config(), String.join("/", names))
                : backend(names);
    }

    /** What is not configured any more can still be unset. */
    private String orphanOrTarget(final Setting setting, final List<String> names) {
        final String text = String.join("/", names);
        return steering.overrides().find(setting, text) != null ? text : target(setting, names);
    }

    private static String value(final ApiRequest request) {
        final Object value = request.json().get("value");
        if (value instanceof String || value instanceof Long) {
            return value.toString();
        }

        throw ApiProblem.badRequest(
                "the body must have a 'value'",
                "{\"value\": \"drain\", \"why\": \"disk is full\"}");
    }

    private static String why(final ApiRequest request) {
        final String why =
                request.query().containsKey("why") || request.body().isBlank()
                        ? request.query().get("why")
                        : request.json().string("why");
        if (why != null && why.length() > MAX_WHY_LENGTH) {
            throw ApiProblem.badRequest(
                    "the reason is longer than " + MAX_WHY_LENGTH + " characters", null);
        }

        return why == null || why.isBlank() ? null : why.strip();
    }

    /** From now on; 0 if none is given. */
    private static long deadlineMs(final ApiRequest request) {
        if (request.body().isBlank() || !request.json().has("deadlineMs")) {
            return 0;
        }

        final long deadlineMs = request.json().number("deadlineMs", 0);
        if (deadlineMs < MIN_DEADLINE_MS || deadlineMs > MAX_DEADLINE_MS) {
            throw ApiProblem.refused(
                    "the deadline of a drain must be 1s to 30d, not " + deadlineMs + " ms", null);
        }

        return deadlineMs;
    }

    private void set(
            final ApiRequest request,
            final Setting setting,
            final String target,
            final String value,
            final long deadlineMs,
            final BiConsumer<JsonObject, ApiProblem> respond) {
        check(setting, value);
        if (setting == Setting.ALGORITHM) {
            checkHashTables(target, value);
        }
        final long nowMs = clockMs.getAsLong();
        final OperatorOverride override =
                new OperatorOverride(
                        setting,
                        target,
                        value,
                        request.actor(),
                        nowMs,
                        why(request),
                        deadlineMs == 0 ? 0 : nowMs + deadlineMs);
        steering.set(override);
        settle(
                Documents.of("OverrideSet")
                        .put("override", override.toJson())
                        .put("fileValue", override.fileValue(config())),
                respond);
    }

    private static void check(final Setting setting, final String value) {
        switch (setting) {
            case STATE -> {
                if (!value.equals("up") && !value.equals("drain") && !value.equals("down")) {
                    throw ApiProblem.refused(
                            "state must be up, drain or down, not '" + value + "'", null);
                }
            }
            case WEIGHT -> {
                if (!value.matches("\\d{1,5}") || Integer.parseInt(value) > Limits.MAX_WEIGHT) {
                    throw ApiProblem.refused(
                            "weight must be a whole number 0.."
                                    + Limits.MAX_WEIGHT
                                    + ", not '"
                                    + value
                                    + "'",
                            "0 takes no new flows");
                }
            }
            case ALGORITHM -> {
                if (Algorithm.ofLabel(value) == null) {
                    throw ApiProblem.refused(
                            "algorithm must be one of " + names() + ", not '" + value + "'", null);
                }
            }
        }
    }

    /**
     * The data plane would refuse more hash tables than it has memory for, and with them whatever
     * comes later.
     */
    private void checkHashTables(final String target, final String value) {
        int tables = 0;
        int more = 0;
        for (final ServiceConfig service : config().services()) {
            final Selection selection = service.options().selection();
            final int now =
                    steering.overrides()
                            .algorithm(service.name(), service.algorithm())
                            .hashTables(selection);
            tables += now;
            if (service.name().equals(target)) {
                more = Algorithm.ofLabel(value).hashTables(selection) - now;
            }
        }
        if (more > 0 && tables + more > Limits.MAX_HASH_TABLES) {
            throw ApiProblem.refused(
                    ("with %s for %s the services would need %d hash tables (sh, sh-port, dh,"
                                    + " maglev; a large one of maglev counts as 10), at most %d are"
                                    + " possible")
                            .formatted(value, target, tables + more, Limits.MAX_HASH_TABLES),
                    "another algorithm for some");
        }
    }

    private static String names() {
        return Arrays.stream(Algorithm.values())
                .map(Algorithm::label)
                .collect(Collectors.joining(", "));
    }

    /** Back to the file's state; where the file itself drains it, up is set over that. */
    private void undrain(
            final ApiRequest request,
            final String target,
            final BiConsumer<JsonObject, ApiProblem> respond) {
        final BackendName name = Names.backend(config(), List.of(target));
        final AdminState wanted = steering.wantedState(name);
        if (wanted != AdminState.DRAIN) {
            throw ApiProblem.conflict(
                    target
                            + " is not drained, its state is set to "
                            + wanted.name().toLowerCase(Locale.ROOT),
                    wanted == AdminState.UP ? null : "naru unset state " + target);
        }
        if (name.in(config()).state() == AdminState.DRAIN) {
            set(request, Setting.STATE, target, "up", 0, respond);
        } else {
            unset(request, Setting.STATE, target, respond);
        }
    }

    private void unset(
            final ApiRequest request,
            final Setting setting,
            final String target,
            final BiConsumer<JsonObject, ApiProblem> respond) {
        final OperatorOverride inForce = steering.overrides().find(setting, target);
        final String fileValue = inForce == null ? null : inForce.fileValue(config());
        if (setting == Setting.ALGORITHM && fileValue != null) {
            checkHashTables(target, fileValue);
        }
        final OperatorOverride ended =
                steering.unset(setting, target, request.actor(), why(request));
        if (ended == null) {
            throw ApiProblem.notFound(
                    "the " + setting.label() + " of " + target + " is not overridden",
                    "naru get overrides lists what is");
        }

        settle(
                Documents.of("OverrideUnset")
                        .put("override", ended.toJson())
                        .put("fileValue", fileValue),
                respond);
    }

    private void settle(final JsonObject answer, final BiConsumer<JsonObject, ApiProblem> respond) {
        reconciler.whenSettled(
                outcome ->
                        respond.accept(
                                answer.put("isInForce", outcome.isConfirmed())
                                        .putIfPresent(
                                                "note",
                                                outcome.isConfirmed()
                                                        ? null
                                                        : "kept, but not in force yet: "
                                                                + outcome.text()),
                                null));
    }

    private NaruConfig config() {
        return steering.applied().config();
    }
}
