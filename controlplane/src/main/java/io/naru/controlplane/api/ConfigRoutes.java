package io.naru.controlplane.api;

import io.naru.controlplane.config.ConfigDiff;
import io.naru.controlplane.config.ConfigReader;
import io.naru.controlplane.config.NaruConfig;
import io.naru.controlplane.config.ProblemReport;
import io.naru.controlplane.events.Event;
import io.naru.controlplane.events.EventLog;
import io.naru.controlplane.json.JsonObject;
import io.naru.controlplane.reconcile.AppliedConfig;
import io.naru.controlplane.reconcile.OperatorOverride;
import io.naru.controlplane.reconcile.Reconciler.Outcome;
import io.naru.controlplane.reconcile.Steering;
import io.naru.controlplane.view.Documents;
import io.naru.controlplane.view.Views;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;

/**
 * Requests about the configuration as a whole.
 *
 * <pre>
 *   GET  /v1/config                the running one
 *   POST /v1/config:validate       is this one all right?
 *   POST /v1/config:diff           what would it change?
 *   POST /v1/config:try            and what would become of the flows?
 *   POST /v1/config:apply          all of it or nothing
 * </pre>
 *
 * <p>The body is the file's text; {@code name} is what problems call it; {@code revision} is the
 * running configuration that the sender knows.
 */
public final class ConfigRoutes {
    private static final Set<String> PARAMETERS = Set.of("name", "revision", "why");

    private final Steering steering;
    private final EventLog events;
    private final Views views;

    public ConfigRoutes(final Steering steering, final EventLog events, final Views views) {
        this.steering = steering;
        this.events = events;
        this.views = views;
    }

    void handle(
            final ApiRequest request,
            final String path,
            final BiConsumer<JsonObject, ApiProblem> respond) {
        if (request.path().size() != 2) {
            throw ApiRoutes.noSuchPath(request);
        }
        request.allowOnly(PARAMETERS);
        final String route = request.method() + " " + path;
        switch (route) {
            case "GET config" -> respond.accept(views.configuration(), null);
            case "POST config:validate" -> respond.accept(validate(request), null);
            case "POST config:diff" -> respond.accept(diff(request), null);
            case "POST config:try" -> tryOut(request, respond);
            case "POST config:apply" -> apply(request, respond);
            default -> throw ApiRoutes.noSuchPath(request);
        }
    }

    private static String name(final ApiRequest request) {
        return request.query().getOrDefault("name", "body");
    }

    private static ConfigReader.Result read(final ApiRequest request) {
        return ConfigReader.read(name(request), request.body());
    }

    private static JsonObject validate(final ApiRequest request) {
        final ConfigReader.Result result = read(request);
        return Documents.of("Validation")
                .put("isValid", result.config().isPresent())
                .put("problems", ProblemReport.json(result.problems()))
                .put("report", ProblemReport.text(result.problems()));
    }

    private JsonObject diff(final ApiRequest request) {
        final ConfigReader.Result result = read(request);
        return difference(Documents.of("Diff"), valid(name(request), result), result)
                .put("revision", steering.applied().revision());
    }

    private JsonObject difference(
            final JsonObject json, final NaruConfig config, final ConfigReader.Result result) {
        final ConfigDiff diff = ConfigDiff.between(steering.applied().config(), config);
        return json.put("isSame", diff.isEmpty())
                .put("diff", diff.toJson())
                .put("notes", notes(config))
                .put("problems", ProblemReport.json(result.problems()))
                .put("report", ProblemReport.text(result.problems()));
    }

    private static NaruConfig valid(final String name, final ConfigReader.Result result) {
        return result.config()
                .orElseThrow(
                        () ->
                                ApiProblem.refused(name + " has errors; nothing was changed", null)
                                        .with("errors", ProblemReport.json(result.problems()))
                                        .with("report", ProblemReport.text(result.problems())));
    }

    /** What an operator should know about overrides that outlive this configuration. */
    private List<String> notes(final NaruConfig next) {
        final List<String> notes = new ArrayList<>();
        for (final OperatorOverride override : steering.overrides().all()) {
            final String now = override.fileValue(steering.applied().config());
            final String then = override.fileValue(next);
            final String what = override.setting().label() + " of " + override.target();
            final String unset =
                    "naru unset " + override.setting().label() + " " + override.target();
            if (then == null) {
                notes.add(
                        what
                                + " stays overridden though "
                                + override.target()
                                + " is no longer configured: "
                                + unset);
            } else if (!then.equals(now)) {
                notes.add(
                        what
                                + " stays "
                                + override.value()
                                + ", set "
                                + override.origin()
                                + "; for the file's "
                                + then
                                + ": "
                                + unset);
            }
        }

        return notes;
    }

    private void tryOut(
            final ApiRequest request, final BiConsumer<JsonObject, ApiProblem> respond) {
        final ConfigReader.Result result = read(request);
        final NaruConfig config = valid(name(request), result);
        checkRevision(request);
        final JsonObject answer =
                difference(Documents.of("Trial"), config, result)
                        .put("revision", steering.applied().revision());
        final AppliedConfig next =
                steering.next(config, name(request), request.body(), request.actor());
        if (!steering.preview(next, new TrialAnswer(answer, respond))) {
            throw ApiProblem.conflict(
                    "another configuration is being tried", "try again in a moment");
        }
    }

    private void apply(final ApiRequest request, final BiConsumer<JsonObject, ApiProblem> respond) {
        final ConfigReader.Result result = read(request);
        final NaruConfig config;
        try {
            config = valid(name(request), result);
            checkRevision(request);
        } catch (final ApiProblem problem) {
            events.add(
                    Event.Kind.CONFIG,
                    name(request),
                    "not applied: " + problem.getMessage(),
                    request.actor());
            throw problem;
        }

        final JsonObject answer = difference(Documents.of("Applied"), config, result);
        final AppliedConfig next =
                steering.next(config, name(request), request.body(), request.actor());
        final boolean accepted =
                steering.apply(next, outcome -> respond(answer, next, outcome, respond));
        if (!accepted) {
            throw ApiProblem.conflict(
                    "another configuration is being applied", "try again in a moment");
        }
    }

    private void checkRevision(final ApiRequest request) {
        final long running = steering.applied().revision();
        if (request.number("revision", running, Long.MAX_VALUE) != running) {
            throw ApiProblem.conflict(
                    "the running configuration is revision "
                            + running
                            + " by now, not "
                            + request.query().get("revision"),
                    "look at the difference again: naru diff " + name(request));
        }
    }

    private static void respond(
            final JsonObject answer,
            final AppliedConfig next,
            final Outcome outcome,
            final BiConsumer<JsonObject, ApiProblem> respond) {
        switch (outcome.result()) {
            case CONFIRMED, DEFERRED ->
                    respond.accept(
                            answer.put("revision", next.revision())
                                    .put("isInForce", outcome.isConfirmed())
                                    .putIfPresent(
                                            "note",
                                            outcome.isConfirmed()
                                                    ? null
                                                    : "no data plane runs; it gets this"
                                                            + " configuration when it starts"),
                            null);
            case REFUSED ->
                    respond.accept(
                            null,
                            ApiProblem.refused(
                                    "the data plane refused it, nothing was changed: "
                                            + outcome.text(),
                                    null));
            case LOST ->
                    respond.accept(
                            null,
                            new ApiProblem(
                                    504,
                                    "not confirmed",
                                    "it was not applied: " + outcome.text(),
                                    "the data plane is brought back to the running"
                                            + " configuration; naru status shows how it is"));
        }
    }
}
