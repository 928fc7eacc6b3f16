package io.naru.controlplane.view;

import io.naru.controlplane.config.NaruConfig;
import io.naru.controlplane.config.PoolConfig;
import io.naru.controlplane.config.ServiceConfig;
import io.naru.controlplane.events.Event;
import io.naru.controlplane.health.CheckTarget;
import io.naru.controlplane.json.JsonObject;
import io.naru.controlplane.pool.PoolState;
import io.naru.controlplane.reconcile.AppliedConfig;
import io.naru.controlplane.reconcile.BackendName;
import io.naru.controlplane.reconcile.DataPlaneLink;
import io.naru.controlplane.reconcile.OperatorOverride;
import io.naru.controlplane.reconcile.OperatorOverride.Setting;
import io.naru.controlplane.reconcile.Rates;
import io.naru.controlplane.reconcile.Rates.Rate;
import io.naru.controlplane.reconcile.Reconciler;
import io.naru.controlplane.reconcile.Steering;
import io.naru.dataplane.protocol.BackendInfo;
import io.naru.dataplane.protocol.DataPlaneClient;
import io.naru.dataplane.protocol.FlowInfo;
import io.naru.dataplane.protocol.ServiceInfo;
import io.naru.dataplane.protocol.Stats;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * Shows the running state: what is configured, what operators changed, what checks found and what
 * the data plane does. For the control plane's thread.
 */
public final class Views {
    private static final List<String> STATES =
            List.of("up", "standby", "drain", "ejected", "down", "off", "unknown");

    private final Path runDirectory;
    private final LongSupplier clockMs;
    private final Steering steering;
    private final Reconciler reconciler;
    private final DataPlaneLink link;
    private final long startedMs;
    private final Rates<String> serviceRates = new Rates<>();
    private final Rates<BackendName> backendRates = new Rates<>();
    private final Map<String, Map<String, Integer>> poolStates = new HashMap<>();
    private final Map<String, ServiceInfo> services = new HashMap<>();
    private final Map<BackendName, BackendInfo> backends = new HashMap<>();

    public Views(
            final Path runDirectory,
            final LongSupplier clockMs,
            final Steering steering,
            final Reconciler reconciler,
            final DataPlaneLink link) {
        this.runDirectory = runDirectory;
        this.clockMs = clockMs;
        this.steering = steering;
        this.reconciler = reconciler;
        this.link = link;
        startedMs = clockMs.getAsLong();
    }

    // -- the data plane's side --------------------------------------------------------------------

    /** To be called once a second: rates are of the time between two calls. */
    public void sample() {
        readDirectory();
        final long nowMs = clockMs.getAsLong();
        serviceRates.sample(services.keySet(), this::serviceStats, nowMs);
        backendRates.sample(backends.keySet(), this::backendStats, nowMs);
    }

    /** Another data plane was found, which counts from zero. */
    public void restart() {
        serviceRates.clear();
        backendRates.clear();
    }

    private void readDirectory() {
        poolStates.clear();
        services.clear();
        backends.clear();
        final DataPlaneClient client = link.client();
        if (client == null) {
            return;
        }

        for (final ServiceInfo info : client.directory().services()) {
            if (!info.retired()) {
                services.put(info.spec().name(), info);
            }
        }
        for (final BackendInfo info : client.directory().backends()) {
            if (!info.retired()) {
                backends.put(new BackendName(info.spec().pool(), info.spec().name()), info);
            }
        }
    }

    private Stats serviceStats(final String name) {
        final ServiceInfo info = services.get(name);
        return info == null ? Stats.ZERO : link.client().stats().service(info.id());
    }

    /** What the data plane counted for a backend; zeros where there is none. */
    public Stats backendStats(final BackendName name) {
        final BackendInfo info = backends.get(name);
        return info == null ? Stats.ZERO : link.client().stats().backend(info.id());
    }

    // -- lists ------------------------------------------------------------------------------------

    /** Services, of which {@code wanted} says which. */
    public List<JsonObject> services(final Predicate<ServiceConfig> wanted) {
        readDirectory();
        return config().services().stream().filter(wanted).map(this::service).toList();
    }

    private JsonObject service(final ServiceConfig service) {
        final Map<String, Integer> states = states(poolOf(service));
        final OperatorOverride override =
                steering.overrides().find(Setting.ALGORITHM, service.name());
        final JsonObject json =
                new JsonObject()
                        .put("name", service.name())
                        .put("vip", service.vip().toString())
                        .put("protocol", service.protocol().label())
                        .put("port", service.ports().toString())
                        .put("mode", service.mode().label())
                        .put(
                                "algorithm",
                                steering.overrides()
                                        .algorithm(service.name(), service.algorithm())
                                        .label())
                        .put("fileAlgorithm", service.algorithm().label())
                        .put("pool", service.pool())
                        .put("state", serviceState(service, states))
                        .put("backends", statesJson(states));
        if (override != null) {
            json.put("overrides", List.of(OverrideView.of(override, steering)));
        } else {
            json.put("overrides", List.of());
        }

        ServiceRules.put(json, service.options());
        return Traffic.put(json, serviceStats(service.name()), serviceRates.rate(service.name()));
    }

    /**
     * Backends that wait for their turn are nothing to worry about, as long as it is not theirs.
     */
    private String serviceState(final ServiceConfig service, final Map<String, Integer> states) {
        final int up = states.get("up");
        final boolean isAllRight =
                steering.poolState(service.pool()).explanation() == null && out(states) == 0;
        return up > 0 && isAllRight ? "up" : up > 0 ? "degraded" : "down";
    }

    private static int out(final Map<String, Integer> states) {
        return total(states) - states.get("up") - states.get("standby");
    }

    private PoolConfig poolOf(final ServiceConfig service) {
        return config().pool(service.pool()).orElseThrow();
    }

    private Map<String, Integer> states(final PoolConfig pool) {
        return poolStates.computeIfAbsent(pool.name(), name -> countStates(pool));
    }

    private Map<String, Integer> countStates(final PoolConfig pool) {
        final Map<String, Integer> states = noStates();
        pool.backends()
                .forEach(
                        backend ->
                                states.merge(
                                        view(new BackendName(pool.name(), backend.name())).state(),
                                        1,
                                        Integer::sum));
        return states;
    }

    private static Map<String, Integer> noStates() {
        final Map<String, Integer> states = new TreeMap<>();
        STATES.forEach(state -> states.put(state, 0));
        return states;
    }

    private static int total(final Map<String, Integer> states) {
        return states.values().stream().mapToInt(Integer::intValue).sum();
    }

    private static JsonObject statesJson(final Map<String, Integer> states) {
        final JsonObject json = new JsonObject().put("total", total(states));
        STATES.forEach(state -> json.put(state, states.get(state)));
        return json;
    }

    private BackendView view(final BackendName name) {
        return new BackendView(name, steering, backends.get(name));
    }

    /** Pools with the state of their backends. */
    public List<JsonObject> pools() {
        readDirectory();
        return config().pools().stream().map(this::pool).toList();
    }

    private JsonObject pool(final PoolConfig pool) {
        final PoolState state = steering.poolState(pool.name());
        return new JsonObject()
                .put("name", pool.name())
                .put("services", servicesOf(pool))
                .put(
                        "check",
                        pool.backends().stream()
                                .map(b -> new BackendName(pool.name(), b.name()))
                                .map(steering.backends()::checkTarget)
                                .filter(Objects::nonNull)
                                .findFirst()
                                .map(CheckTarget::terms)
                                .orElse("none"))
                .put("backends", statesJson(states(pool)))
                .put("serving", state.serving().label())
                .put("servingSince", Documents.time(state.sinceMs()))
                .putIfPresent("explanation", state.explanation())
                .put("hasQuorum", state.hasQuorum());
    }

    private List<String> servicesOf(final PoolConfig pool) {
        return config().servicesOf(pool).stream().map(ServiceConfig::name).toList();
    }

    /** Backends, of which {@code wanted} says which. */
    public List<JsonObject> backends(final Predicate<BackendName> wanted) {
        readDirectory();
        final List<JsonObject> items = new ArrayList<>();
        for (final PoolConfig pool : config().pools()) {
            final List<String> services = servicesOf(pool);
            pool.backends().stream()
                    .map(backend -> new BackendName(pool.name(), backend.name()))
                    .filter(wanted)
                    .forEach(name -> items.add(backend(name, services)));
        }

        return items;
    }

    private JsonObject backend(final BackendName name, final List<String> services) {
        return view(name)
                .toJson(backends.get(name), backendStats(name), backendRates.rate(name), services);
    }

    /** Overrides in force, also those of what is not configured. */
    public List<JsonObject> overrides() {
        return steering.overrides().all().stream()
                .map(override -> OverrideView.of(override, steering))
                .toList();
    }

    /** Flows as the data plane sent them, with names for its ids. */
    public List<JsonObject> flows(final List<FlowInfo> flows) {
        final Map<Integer, String> serviceNames = new HashMap<>();
        final Map<Integer, String> backendNames = new HashMap<>();
        return flows.stream()
                .map(
                        flow ->
                                flow(
                                        flow,
                                        serviceNames.computeIfAbsent(
                                                flow.serviceId(), this::serviceName),
                                        backendNames.computeIfAbsent(
                                                flow.backendId(), this::backendName)))
                .toList();
    }

    private String serviceName(final int id) {
        final ServiceInfo info = link.client().directory().service(id);
        return info == null ? "-" : info.spec().name();
    }

    private String backendName(final int id) {
        final BackendInfo info = link.client().directory().backend(id);
        return info == null
                ? "-"
                : new BackendName(info.spec().pool(), info.spec().name()).toString();
    }

    private static JsonObject flow(
            final FlowInfo flow, final String service, final String backend) {
        return new JsonObject()
                .put("service", service)
                .put("backend", backend)
                .put("protocol", flow.protocol() == null ? null : flow.protocol().label())
                .put("client", flow.client().toString())
                .put("clientPort", flow.clientPort())
                .put("vip", flow.vip().toString())
                .put("vipPort", flow.vipPort())
                .put("backendAddress", flow.backend().toString())
                .put("backendPort", flow.backendPort())
                .put("state", flow.state())
                .put("ageMs", flow.ageMs())
                .put("idleMs", flow.idleMs())
                .put("expiresInMs", flow.expiresInMs())
                .put("bytesToBackend", flow.bytesToBackend())
                .put("bytesToClient", flow.bytesToClient())
                .put("worker", flow.workerId());
    }

    /** Events as JSON. */
    public static List<JsonObject> events(final List<Event> events) {
        return events.stream().map(Event::toJson).toList();
    }

    // -- the whole --------------------------------------------------------------------------------

    /** The running configuration with its text. */
    public JsonObject configuration() {
        return configSummary(Documents.of("Config")).put("text", steering.applied().text());
    }

    private JsonObject configSummary(final JsonObject json) {
        final AppliedConfig applied = steering.applied();
        return json.put("revision", applied.revision())
                .put("source", applied.source())
                .put("appliedAt", Documents.time(applied.atMs()))
                .putIfPresent("by", applied.by() == null ? null : applied.by().toJson())
                .put("isStartFile", AppliedConfig.hash(applied.text()).equals(steering.fileHash()));
    }

    /** One screen: planes, configuration, totals, and in words what is not as it should be. */
    public JsonObject status() {
        readDirectory();
        final long nowMs = clockMs.getAsLong();
        final Map<String, Integer> backendStates = noStates();
        BackendName.of(config())
                .forEach(name -> backendStates.merge(view(name).state(), 1, Integer::sum));
        final Map<String, Integer> serviceStates = new TreeMap<>();
        config().services()
                .forEach(
                        service ->
                                serviceStates.merge(
                                        serviceState(service, states(poolOf(service))),
                                        1,
                                        Integer::sum));

        Stats stats = Stats.ZERO;
        Rate rate = Rate.ZERO;
        for (final ServiceConfig service : config().services()) {
            stats = stats.plus(serviceStats(service.name()));
            rate = rate.plus(serviceRates.rate(service.name()));
        }

        final List<String> alarms = alarms(nowMs);
        return Documents.of("Status")
                .put("at", Documents.time(nowMs))
                .put("isOk", alarms.isEmpty())
                .put("alarms", alarms)
                .put("notes", notes())
                .put(
                        "controlPlane",
                        new JsonObject()
                                .put("state", "running")
                                .put("pid", ProcessHandle.current().pid())
                                .put("startedAt", Documents.time(startedMs))
                                .put("runDirectory", runDirectory.toString()))
                .put(
                        "dataPlane",
                        DataPlaneView.process(
                                        link.client(),
                                        link.state().label(),
                                        link.describe(nowMs),
                                        nowMs)
                                .put("isInSync", reconciler.isInSync())
                                .putIfPresent("trouble", reconciler.trouble()))
                .put("config", configSummary(new JsonObject()))
                .put(
                        "services",
                        new JsonObject()
                                .put("total", config().services().size())
                                .put("up", serviceStates.getOrDefault("up", 0))
                                .put("degraded", serviceStates.getOrDefault("degraded", 0))
                                .put("down", serviceStates.getOrDefault("down", 0)))
                .put("backends", statesJson(backendStates))
                .put("overrides", steering.overrides().all().size())
                .put("traffic", Traffic.put(new JsonObject(), stats, rate));
    }

    private List<String> alarms(final long nowMs) {
        final List<String> alarms = new ArrayList<>();
        if (link.state() != DataPlaneLink.State.ATTACHED) {
            alarms.add("data plane: " + link.describe(nowMs));
        } else if (reconciler.trouble() != null) {
            alarms.add("the data plane is not in sync: " + reconciler.trouble());
        }
        for (final ServiceConfig service : config().services()) {
            final Map<String, Integer> states = states(poolOf(service));
            final String explanation = steering.poolState(service.pool()).explanation();
            if (explanation != null || out(states) > 0 || total(states) == 0) {
                alarms.add(alarm(service, states, explanation));
            }
        }

        return alarms;
    }

    private static String alarm(
            final ServiceConfig service,
            final Map<String, Integer> states,
            final String explanation) {
        final String who = "service " + service.name() + ": ";
        final int total = total(states);
        if (total == 0) {
            return who + "its pool has no backends";
        }

        final List<String> words = new ArrayList<>();
        for (final String state : List.of("down", "drain", "off", "ejected", "unknown")) {
            if (states.get(state) > 0) {
                words.add(states.get(state) + " " + state);
            }
        }
        final int out = out(states);
        final String taken =
                states.get("up") == 0
                        ? "no backend takes new flows"
                        : out == 0 ? null : out + " of " + total + " backends take no new flows";
        final String counted =
                taken == null || words.isEmpty()
                        ? taken
                        : taken + " (" + String.join(", ", words) + ")";
        return who
                + (explanation == null || states.get("up") == 0
                        ? counted
                        : counted == null ? explanation : explanation + "; " + counted);
    }

    private List<String> notes() {
        final List<String> notes = new ArrayList<>();
        final int count = steering.overrides().all().size();
        if (count > 0) {
            notes.add(
                    (count == 1 ? "1 override is" : count + " overrides are")
                            + " in force: naru get overrides");
        }
        for (final OperatorOverride orphan : steering.orphans()) {
            notes.add(
                    "override of "
                            + orphan.target()
                            + " is of something that is not configured: naru unset "
                            + orphan.setting().label()
                            + " "
                            + orphan.target());
        }
        if (!AppliedConfig.hash(steering.applied().text()).equals(steering.fileHash())) {
            notes.add(
                    "the running configuration is "
                            + steering.applied().source()
                            + ", not the file that the control plane was started with");
        }

        return notes;
    }

    private NaruConfig config() {
        return steering.applied().config();
    }
}
