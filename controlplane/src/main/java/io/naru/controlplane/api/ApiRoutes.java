package io.naru.controlplane.api;

import io.naru.controlplane.events.Event;
import io.naru.controlplane.events.EventLog;
import io.naru.controlplane.json.JsonException;
import io.naru.controlplane.json.JsonObject;
import io.naru.controlplane.reconcile.BackendName;
import io.naru.controlplane.reconcile.DataPlaneLink;
import io.naru.controlplane.reconcile.ExplainListener;
import io.naru.controlplane.reconcile.Steering;
import io.naru.controlplane.view.DataPlaneView;
import io.naru.controlplane.view.Documents;
import io.naru.controlplane.view.ExplanationView;
import io.naru.controlplane.view.Views;
import io.naru.dataplane.protocol.DataPlaneClient;
import io.naru.dataplane.protocol.FlowFilter;
import io.naru.dataplane.protocol.FlowInfo;
import io.naru.dataplane.protocol.PacketAnswer;
import io.naru.dataplane.protocol.PacketQuery;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;

/**
 * The routes of the API: what is asked for by which path, see {@code docs/api.md}.
 *
 * <p>Reading is answered here, changes by {@link ConfigRoutes} and {@link OverrideRoutes}.
 */
public final class ApiRoutes implements ApiHandler {
    private static final int DEFAULT_EVENTS = 100;

    private final LongSupplier clockMs;
    private final Steering steering;
    private final EventLog events;
    private final DataPlaneLink link;
    private final Views views;
    private final ConfigRoutes configRoutes;
    private final OverrideRoutes overrideRoutes;

    public ApiRoutes(
            final LongSupplier clockMs,
            final Steering steering,
            final EventLog events,
            final DataPlaneLink link,
            final Views views,
            final ConfigRoutes configRoutes,
            final OverrideRoutes overrideRoutes) {
        this.clockMs = clockMs;
        this.steering = steering;
        this.events = events;
        this.link = link;
        this.views = views;
        this.configRoutes = configRoutes;
        this.overrideRoutes = overrideRoutes;
    }

    @Override
    public void handle(final ApiRequest request, final BiConsumer<JsonObject, ApiProblem> respond) {
        final List<String> path = request.path();
        if (path.size() < 2 || !path.get(0).equals("v1")) {
            throw noSuchPath(request);
        }

        try {
            route(request, path.get(1), path.subList(2, path.size()), respond);
        } catch (final JsonException e) {
            throw ApiProblem.badRequest(e.getMessage(), null);
        }
    }

    private void route(
            final ApiRequest request,
            final String collection,
            final List<String> rest,
            final BiConsumer<JsonObject, ApiProblem> respond) {
        if (collection.startsWith("config")) {
            configRoutes.handle(request, collection, respond);
        } else if (!request.method().equals("GET")) {
            overrideRoutes.handle(request, collection, rest, respond);
        } else if (collection.equals("flows") && rest.isEmpty()) {
            flows(request, respond);
        } else if (collection.equals("explain") && rest.isEmpty()) {
            explain(request, respond);
        } else {
            respond.accept(get(request, collection, rest), null);
        }
    }

    private JsonObject get(
            final ApiRequest request, final String collection, final List<String> rest) {
        if (!rest.isEmpty()) {
            return one(request, collection, rest);
        }

        return switch (collection) {
            case "status" -> only(request, Set.of(), views.status());
            case "services" ->
                    only(
                            request,
                            Set.of(),
                            Documents.list("ServiceList", views.services(service -> true)));
            case "pools" -> only(request, Set.of(), Documents.list("PoolList", views.pools()));
            case "backends" -> backends(request);
            case "events" -> events(request);
            case "drops" -> only(request, Set.of(), DataPlaneView.drops(dataPlane()));
            case "workers" ->
                    only(
                            request,
                            Set.of(),
                            DataPlaneView.workers(dataPlane(), clockMs.getAsLong()));
            case "overrides" ->
                    only(request, Set.of(), Documents.list("OverrideList", views.overrides()));
            default -> throw noSuchPath(request);
        };
    }

    private static JsonObject only(
            final ApiRequest request, final Set<String> parameters, final JsonObject answer) {
        request.allowOnly(parameters);
        return answer;
    }

    private JsonObject one(
            final ApiRequest request, final String collection, final List<String> rest) {
        request.allowOnly(Set.of());
        if (collection.equals("backends")) {
            final BackendName name = Names.backend(steering.applied().config(), rest);
            final JsonObject json = Documents.of("Backend");
            views.backends(name::equals).get(0).members().forEach(json::put);
            return json.put("events", eventsOf(name.toString()));
        }
        if (collection.equals("services") && rest.size() == 1) {
            final String name = Names.service(steering.applied().config(), rest.get(0));
            final JsonObject json = Documents.of("Service");
            final JsonObject service = views.services(each -> each.name().equals(name)).get(0);
            service.members().forEach((key, value) -> json.put(key, value));
            final String pool = service.string("pool");
            return json.put("backendCounts", service.get("backends"))
                    .put("backends", views.backends(each -> each.pool().equals(pool)))
                    .put("events", eventsOf(name));
        }

        throw noSuchPath(request);
    }

    private List<JsonObject> eventsOf(final String subject) {
        return Views.events(
                events.latest(
                        0,
                        10,
                        event ->
                                event.subject().equals(subject)
                                        || event.subject().startsWith(subject + "/")));
    }

    private JsonObject backends(final ApiRequest request) {
        request.allowOnly(Set.of("service", "pool"));
        final String service = request.query().get("service");
        final String pool =
                service == null
                        ? request.query().get("pool")
                        : steering.applied()
                                .config()
                                .service(Names.service(steering.applied().config(), service))
                                .orElseThrow()
                                .pool();
        if (pool != null && steering.applied().config().pool(pool).isEmpty()) {
            throw ApiProblem.notFound(
                    "there is no pool '" + pool + "'", "naru get pools lists them");
        }

        return Documents.list(
                "BackendList", views.backends(name -> pool == null || name.pool().equals(pool)));
    }

    private JsonObject events(final ApiRequest request) {
        request.allowOnly(Set.of("after", "limit", "kind", "subject"));
        final String kind = request.query().get("kind");
        final String subject = request.query().get("subject");
        return Documents.list(
                        "EventList",
                        Views.events(
                                events.latest(
                                        request.number("after", 0, Long.MAX_VALUE),
                                        (int)
                                                request.number(
                                                        "limit", DEFAULT_EVENTS, EventLog.CAPACITY),
                                        event -> isWanted(event, kind, subject))))
                .put("last", events.lastSequence());
    }

    private static boolean isWanted(final Event event, final String kind, final String subject) {
        return (kind == null || event.kind().label().equals(kind))
                && (subject == null || event.subject().equals(subject));
    }

    private DataPlaneClient dataPlane() {
        if (link.client() == null) {
            throw noDataPlane("no data plane: " + link.describe(clockMs.getAsLong()));
        }

        return link.client();
    }

    private static ApiProblem noDataPlane(final String text) {
        return new ApiProblem(503, "no data plane", text, "start it with: naru dataplane -c FILE");
    }

    private ApiProblem noAnswer(final String text) {
        return link.client() == null
                ? noDataPlane("no answer: " + text)
                : new ApiProblem(503, "no answer", "no answer: " + text, "try again");
    }

    private void flows(final ApiRequest request, final BiConsumer<JsonObject, ApiProblem> respond) {
        final FlowFilter filter = FlowQuery.filter(request, steering.applied().config());
        link.queryFlows(
                filter,
                new DataPlaneLink.FlowsListener() {
                    @Override
                    public void onFlows(final List<FlowInfo> flows, final long matched) {
                        respond.accept(
                                Documents.list("FlowList", views.flows(flows))
                                        .put("shown", flows.size())
                                        .put("matched", matched),
                                null);
                    }

                    @Override
                    public void onRefused(final String text) {
                        respond.accept(null, ApiProblem.badRequest(text, null));
                    }

                    @Override
                    public void onFailed(final String text) {
                        respond.accept(null, noAnswer(text));
                    }
                });
    }

    private void explain(
            final ApiRequest request, final BiConsumer<JsonObject, ApiProblem> respond) {
        final PacketQuery packet = PacketParameters.read(request, dataPlane().directory());
        link.explain(
                packet,
                new ExplainListener() {
                    @Override
                    public void onExplained(final PacketAnswer answer) {
                        respond.accept(
                                new ExplanationView(packet, answer, dataPlane()).toJson(), null);
                    }

                    @Override
                    public void onRefused(final String text) {
                        respond.accept(null, ApiProblem.badRequest(text, null));
                    }

                    @Override
                    public void onFailed(final String text) {
                        respond.accept(null, noAnswer(text));
                    }
                });
    }

    static ApiProblem noSuchPath(final ApiRequest request) {
        return ApiProblem.notFound(
                "there is no " + request.method() + " /" + String.join("/", request.path()),
                "docs/api.md lists the paths; GET /v1/status is one");
    }
}
