package io.naru.controlplane.reconcile;

import io.naru.controlplane.agent.AgentMonitor;
import io.naru.controlplane.agent.AgentState;
import io.naru.controlplane.agent.AgentTarget;
import io.naru.controlplane.config.AdminState;
import io.naru.controlplane.config.BackendConfig;
import io.naru.controlplane.config.CheckConfig;
import io.naru.controlplane.config.CheckPath;
import io.naru.controlplane.config.NaruConfig;
import io.naru.controlplane.config.PoolConfig;
import io.naru.controlplane.config.Role;
import io.naru.controlplane.config.ServiceConfig;
import io.naru.controlplane.events.Actor;
import io.naru.controlplane.events.Event;
import io.naru.controlplane.events.EventLog;
import io.naru.controlplane.health.CheckResult;
import io.naru.controlplane.health.CheckSpec;
import io.naru.controlplane.health.CheckTarget;
import io.naru.controlplane.health.Durations;
import io.naru.controlplane.health.HealthMonitor;
import io.naru.controlplane.health.HealthState;
import io.naru.controlplane.health.way.Way;
import io.naru.controlplane.pool.AgentWord;
import io.naru.controlplane.pool.BackendHealth;
import io.naru.controlplane.pool.Outliers;
import io.naru.controlplane.pool.PoolState;
import io.naru.controlplane.pool.Standing;
import io.naru.controlplane.reconcile.OperatorOverride.Setting;
import io.naru.controlplane.reconcile.Reconciler.Outcome;
import io.naru.dataplane.protocol.BackendInfo;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.DesiredState;
import io.naru.dataplane.protocol.Directory;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Stats;
import io.naru.dataplane.protocol.TunnelSpec;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Takes configurations, overrides and verdicts, and keeps the reconciler's desired state up to date
 * with them. For one thread.
 *
 * <p>Nothing becomes the running configuration before the data plane has confirmed it, if there is
 * one.
 */
public final class Steering {
    private final LongSupplier clockMs;
    private final EventLog events;
    private final StateFile stateFile;
    private final Reconciler reconciler;
    private final Supplier<String> startFileHash;
    private final HealthMonitor<BackendName> monitor;
    private final ResponseTimeReport responseTimes;
    private final AgentMonitor<BackendName> agents;
    private Overrides overrides = new Overrides(List.of());
    private AppliedConfig applied;
    private Map<BackendName, BackendConfig> backends = Map.of();
    private final PoolBook pools = new PoolBook();
    private final Set<BackendName> resting = new HashSet<>();
    private final Set<BackendName> overdue = new HashSet<>();
    private final Set<BackendName> emptied = new HashSet<>();
    private boolean isStale;
    private String fileHash = "";

    /**
     * Starts without a configuration; {@link #start} gives the first.
     *
     * @param startFileHash {@link AppliedConfig#hash} of the file given at start, as it is now.
     */
    public Steering(
            final LongSupplier clockMs,
            final EventLog events,
            final StateFile stateFile,
            final Reconciler reconciler,
            final Supplier<String> startFileHash,
            final Function<HealthMonitor.Listener<BackendName>, HealthMonitor<BackendName>>
                    monitorOf,
            final Function<AgentMonitor.Listener<BackendName>, AgentMonitor<BackendName>>
                    agentsOf) {
        this.clockMs = clockMs;
        this.events = events;
        this.stateFile = stateFile;
        this.reconciler = reconciler;
        this.startFileHash = startFileHash;
        this.monitor = monitorOf.apply(new Findings());
        responseTimes = new ResponseTimeReport(reconciler::responseTime, this::lastDurationNs);
        this.agents = agentsOf.apply(this::onAgent);
    }

    // -- start ------------------------------------------------------------------------------------

    /**
     * Takes the first configuration.
     *
     * @param directory of a data plane that runs already, null if there is none: backends that
     *     serve there go on until their checks say otherwise.
     */
    public void start(
            final AppliedConfig first,
            final List<OperatorOverride> restored,
            final Directory directory) {
        use(first);
        overrides = new Overrides(restored);
        fileHash = startFileHash.get();
        final Map<BackendName, CheckTarget> targets = targets(first.config());
        final Map<BackendName, HealthState.Start> starts = new HashMap<>();
        targets.keySet().forEach(name -> starts.put(name, HealthState.Start.COLD));
        if (directory != null) {
            for (final BackendInfo info : directory.backends()) {
                final BackendSpec spec = info.spec();
                final BackendName name = new BackendName(spec.pool(), spec.name());
                final BackendConfig backend = backends.get(name);
                if (backend != null && !info.retired()) {
                    starts.put(name, startOf(spec, backend));
                    takeOver(name, backend, spec);
                }
            }
        }

        monitor.replace(targets, starts::get);
        agents.replace(agentTargets(first.config()));
        save();
        update();
    }

    /** Who served before us goes on to, and nobody else, until the checks have their say. */
    private void takeOver(
            final BackendName name, final BackendConfig backend, final BackendSpec spec) {
        if (spec.state() != BackendState.UP) {
            resting.add(name);
        } else if (backend.role() == Role.SORRY) {
            pools.startWithoutQuorum(name.pool());
        }
    }

    private static HealthState.Start startOf(final BackendSpec spec, final BackendConfig backend) {
        if (!spec.address().equals(backend.address()) || spec.port() != backend.port()) {
            return HealthState.Start.NEW;
        }

        return spec.state() == BackendState.DOWN
                ? HealthState.Start.COLD
                : HealthState.Start.SERVING;
    }

    // -- configurations ---------------------------------------------------------------------------

    /**
     * Applies a configuration, all of it or nothing.
     *
     * @param next its revision is that of {@link #applied} plus one.
     * @param onEnd how it ended; unless it was refused or lost it is the running one by then.
     * @return false if another one is being applied.
     */
    public boolean apply(final AppliedConfig next, final Consumer<Outcome> onEnd) {
        final Map<BackendName, CheckTarget> targets = targets(next.config());
        final Map<BackendName, HealthState.Start> starts = starts(next.config(), targets);
        return reconciler.attempt(
                desired(next, targets, starts),
                outcome -> {
                    if (outcome.isConfirmed() || outcome.equals(Outcome.DEFERRED)) {
                        adopt(next, targets, starts);
                    } else {
                        events.add(
                                Event.Kind.CONFIG,
                                next.source(),
                                "not applied: " + outcome.text(),
                                next.by());
                        update();
                    }
                    onEnd.accept(outcome);
                });
    }

    /**
     * Asks what a configuration would do, which is not applied.
     *
     * @param next as for {@link #apply}.
     * @return false if another one is being asked about.
     */
    public boolean preview(final AppliedConfig next, final TrialListener onEnd) {
        final Map<BackendName, CheckTarget> targets = targets(next.config());
        final Map<BackendName, HealthState.Start> starts = starts(next.config(), targets);
        return reconciler.preview(desired(next, targets, starts), onEnd);
    }

    /** What a configuration that is not in force would come to. */
    private DesiredState desired(
            final AppliedConfig next,
            final Map<BackendName, CheckTarget> targets,
            final Map<BackendName, HealthState.Start> starts) {
        final Map<BackendName, Standing> standings =
                pools.preview(
                        next.config(),
                        overrides,
                        sources(name -> health(name, targets, starts)),
                        clockMs.getAsLong());
        return EffectiveState.of(next.config(), next.revision(), overrides, standings::get);
    }

    private void adopt(
            final AppliedConfig next,
            final Map<BackendName, CheckTarget> targets,
            final Map<BackendName, HealthState.Start> starts) {
        use(next);
        fileHash = startFileHash.get();
        monitor.replace(targets, starts::get);
        agents.replace(agentTargets(next.config()));
        events.add(
                Event.Kind.CONFIG,
                next.source(),
                "applied as revision " + next.revision(),
                next.by());
        save();
        update();
    }

    private void use(final AppliedConfig config) {
        applied = config;
        backends = index(config.config());
    }

    private static Map<BackendName, BackendConfig> index(final NaruConfig config) {
        final Map<BackendName, BackendConfig> index = new HashMap<>();
        for (final PoolConfig pool : config.pools()) {
            pool.backends().forEach(b -> index.put(new BackendName(pool.name(), b.name()), b));
        }

        return index;
    }

    /** How the checks that are new or changed begin; those not named go on as they are. */
    private Map<BackendName, HealthState.Start> starts(
            final NaruConfig next, final Map<BackendName, CheckTarget> targets) {
        final Map<BackendName, HealthState.Start> starts = new HashMap<>();
        final Map<BackendName, BackendConfig> nextBackends = index(next);
        targets.forEach(
                (name, target) -> {
                    if (!target.equals(monitor.target(name))) {
                        final BackendConfig was = backends.get(name);
                        final BackendConfig is = nextBackends.get(name);
                        final boolean isSame =
                                was != null
                                        && was.address().equals(is.address())
                                        && was.port() == is.port();
                        final boolean served =
                                isSame
                                        && (monitor.state(name) == null
                                                || monitor.state(name).verdict()
                                                        == HealthState.Verdict.UP);
                        starts.put(
                                name, served ? HealthState.Start.SERVING : HealthState.Start.NEW);
                    }
                });

        return starts;
    }

    static Map<BackendName, CheckTarget> targets(final NaruConfig config) {
        final Map<BackendName, CheckTarget> targets = new HashMap<>();
        for (final PoolConfig pool : config.pools()) {
            for (final BackendConfig backend : pool.backends()) {
                final int port = config.checkPort(pool, backend);
                final CheckSpec spec = pool.check().spec();
                if (spec != null
                        && backend.role() != Role.SORRY
                        && (port != 0 || !spec.needsPort())) {
                    targets.put(
                            new BackendName(pool.name(), backend.name()),
                            target(
                                    pool.check(),
                                    pool.check().address() == null
                                            ? backend.address()
                                            : pool.check().address(),
                                    spec instanceof CheckSpec.Ping ? 0 : port,
                                    ways(config, pool, backend)));
                }
            }
        }

        return targets;
    }

    private static CheckTarget target(
            final CheckConfig check,
            final IpAddress address,
            final int port,
            final List<Way> ways) {
        return new CheckTarget(
                check.spec(),
                new InetSocketAddress(inetAddress(address), port),
                check.timing(),
                ways,
                check.source() == null ? null : inetAddress(check.source()));
    }

    /** Each different way by which packets of the services that use a pool come to a backend. */
    private static List<Way> ways(
            final NaruConfig config, final PoolConfig pool, final BackendConfig backend) {
        if (pool.check().path() == CheckPath.BACKEND || pool.check().address() != null) {
            return List.of(Way.DIRECT);
        }

        final List<Way> ways =
                config.servicesOf(pool).stream()
                        .filter(s -> s.mode().isDsr() || pool.check().path() == null)
                        .map(s -> way(s, backend))
                        .distinct()
                        .toList();
        return ways.isEmpty() ? List.of(Way.DIRECT) : ways;
    }

    private static Way way(final ServiceConfig service, final BackendConfig backend) {
        return service.mode().isDsr()
                ? new Way(
                        service.mode(),
                        service.vip(),
                        backend.address(),
                        service.mode().isTunnel() ? service.tunnel().spec() : TunnelSpec.DEFAULT)
                : Way.DIRECT;
    }

    private static Map<BackendName, AgentTarget> agentTargets(final NaruConfig config) {
        final Map<BackendName, AgentTarget> targets = new HashMap<>();
        for (final PoolConfig pool : config.pools()) {
            if (pool.agent() != null) {
                for (final BackendConfig backend : pool.listed()) {
                    targets.put(
                            new BackendName(pool.name(), backend.name()),
                            new AgentTarget(
                                    new InetSocketAddress(
                                            inetAddress(backend.address()), pool.agent().port()),
                                    "",
                                    pool.agent().interval().toNanos(),
                                    pool.agent().timeout().toNanos()));
                }
            }
        }

        return targets;
    }

    private static InetAddress inetAddress(final IpAddress address) {
        final byte[] bytes =
                address.isIpv4()
                        ? ByteBuffer.allocate(Integer.BYTES).putInt(address.ipv4()).array()
                        : ByteBuffer.allocate(IpAddress.LENGTH)
                                .putLong(address.high())
                                .putLong(address.low())
                                .array();
        try {
            return InetAddress.getByAddress(bytes);
        } catch (final UnknownHostException e) {
            throw new IllegalStateException(e); // 4 and 16 bytes are always an address
        }
    }

    // -- overrides --------------------------------------------------------------------------------

    /** Puts an override in force; the caller has checked it. */
    public void set(final OperatorOverride override) {
        final OperatorOverride before = overrides.set(override);
        forgetDrain(override);
        events.add(
                Event.Kind.OVERRIDE,
                override.target(),
                override.setting().label()
                        + " set to "
                        + override.value()
                        + (before == null
                                ? " (the file says " + fileValue(override) + ")"
                                : " (was set to " + before.value() + ")")
                        + (override.deadlineMs() == 0
                                ? ""
                                : ", what is left in "
                                        + (override.deadlineMs() - override.atMs()) / 1_000
                                        + " s is ended")
                        + (override.why() == null ? "" : ": \"" + override.why() + "\""),
                override.by());
        save();
        update();
    }

    /** Ends an override; returns it, or null if there was none. */
    public OperatorOverride unset(
            final Setting setting, final String target, final Actor actor, final String why) {
        final OperatorOverride ended = overrides.unset(setting, target);
        if (ended != null) {
            forgetDrain(ended);
            events.add(
                    Event.Kind.OVERRIDE,
                    target,
                    setting.label()
                            + " no longer set to "
                            + ended.value()
                            + ", the file says "
                            + fileValue(ended)
                            + (why == null ? "" : ": \"" + why + "\""),
                    actor);
            save();
            update();
        }

        return ended;
    }

    private void forgetDrain(final OperatorOverride override) {
        if (override.setting() == Setting.STATE) {
            final BackendName name = BackendName.of(override.target());
            overdue.remove(name);
            emptied.remove(name);
        }
    }

    /** What the running file says of what an override is about; null if it is not configured. */
    public String fileValue(final OperatorOverride override) {
        return fileValue(applied.config(), override);
    }

    /** What a file says of what an override is about; null if it is not configured there. */
    public static String fileValue(final NaruConfig config, final OperatorOverride override) {
        if (override.setting() == Setting.ALGORITHM) {
            return config.service(override.target())
                    .map(service -> service.algorithm().label())
                    .orElse(null);
        }

        return BackendName.of(config)
                .filter(name -> name.toString().equals(override.target()))
                .findFirst()
                .map(name -> name.in(config))
                .map(
                        backend ->
                                override.setting() == Setting.WEIGHT
                                        ? Integer.toString(backend.weight())
                                        : backend.state().name().toLowerCase(Locale.ROOT))
                .orElse(null);
    }

    // -- health -----------------------------------------------------------------------------------

    private void onFlip(
            final BackendName backend, final HealthState state, final HealthState.Verdict before) {
        events.add(
                Event.Kind.HEALTH,
                backend.toString(),
                word(before) + " -> " + word(state.verdict()) + ": " + state.lastResult().reason());
        resting.remove(backend);
        isStale = true;
    }

    /**
     * To be called about every second, with the data plane's statistics: for what changes as time
     * goes by, and for outliers.
     */
    public void sample(final Function<BackendName, Stats> statsOf) {
        final long nowMs = clockMs.getAsLong();
        pools.sample(
                applied.config(),
                overrides,
                sources(this::health),
                name -> openings(statsOf.apply(name)),
                nowMs,
                this::onNews);
        final boolean isDrainOver = watchDrains(statsOf, nowMs);
        if (isDrainOver || pools.isTimed()) {
            update();
        }
    }

    private static Outliers.Openings openings(final Stats stats) {
        return new Outliers.Openings(
                stats.flowsOpened(), stats.openingsUnanswered(), stats.openingsRefused());
    }

    /** Whether the deadline of one has passed since the last time. */
    private boolean watchDrains(final Function<BackendName, Stats> statsOf, final long nowMs) {
        boolean isOver = false;
        for (final OperatorOverride override : overrides.all()) {
            final BackendName name = BackendName.of(override.target());
            if (override.setting() != Setting.STATE
                    || !override.value().equals("drain")
                    || !backends.containsKey(name)) {
                continue;
            }

            final long flows = statsOf.apply(name).flowsActive();
            if (flows == 0 && emptied.add(name)) {
                events.add(Event.Kind.OVERRIDE, override.target(), "is drained: no flows left");
            }
            if (overrides.isOverdue(name, nowMs) && overdue.add(name)) {
                isOver = true;
                if (flows > 0) {
                    events.add(
                            Event.Kind.OVERRIDE,
                            override.target(),
                            "the deadline of its drain passed: "
                                    + flows
                                    + (flows == 1 ? " flow is ended" : " flows are ended"));
                }
            }
        }

        return isOver;
    }

    private void onNews(final String subject, final String text) {
        events.add(Event.Kind.POOL, subject, text);
    }

    private final class Findings implements HealthMonitor.Listener<BackendName> {
        @Override
        public void onFlip(
                final BackendName backend,
                final HealthState state,
                final HealthState.Verdict before) {
            Steering.this.onFlip(backend, state, before);
        }

        @Override
        public void onNotice(final BackendName backend, final String text) {
            events.add(Event.Kind.HEALTH, backend.toString(), text);
        }

        @Override
        public boolean canSpare(final BackendName backend) {
            return backends.keySet().stream()
                    .anyMatch(
                            other ->
                                    other.pool().equals(backend.pool())
                                            && !other.equals(backend)
                                            && health(other) == BackendHealth.UP);
        }
    }

    /** To be called each duty cycle: all flips since the last one become one desired state. */
    public void poll() {
        if (isStale) {
            update();
        }
        responseTimes.poll(clockMs.getAsLong(), applied.config(), overrides);
    }

    private long lastDurationNs(final BackendName backend) {
        final HealthState state = monitor.state(backend);
        final CheckResult last = state == null ? null : state.lastResult();
        return last == null || last.outcome() != CheckResult.Outcome.PASSED ? 0 : last.durationNs();
    }

    private static String word(final HealthState.Verdict verdict) {
        return verdict.name().toLowerCase(Locale.ROOT);
    }

    private void onAgent(final BackendName backend, final String text, final boolean isChange) {
        events.add(Event.Kind.HEALTH, backend.toString(), text);
        isStale |= isChange;
    }

    /** What the agent of a backend says, where it was asked, and whether it answers; or null. */
    public String agentWords(final BackendName name) {
        return agents.words(name);
    }

    /** What the agent of a backend has said; {@link AgentState#SILENT} also if it has none. */
    public AgentState agentState(final BackendName name) {
        return agents.state(name);
    }

    private PoolBook.Sources sources(final Function<BackendName, BackendHealth> health) {
        return new PoolBook.Sources() {
            @Override
            public BackendHealth health(final BackendName name) {
                return health.apply(name);
            }

            @Override
            public AgentWord agent(final BackendName name) {
                final AgentState said = agents.state(name);
                return new AgentWord(said.weightPercent(), said.state());
            }
        };
    }

    private BackendHealth health(final BackendName name) {
        final HealthState state = monitor.state(name);
        if (state == null) {
            return BackendHealth.UNCHECKED;
        }

        return switch (state.verdict()) {
            case UP -> BackendHealth.UP;
            case DOWN -> BackendHealth.DOWN;
            case UNKNOWN -> undecided(name, state.start());
        };
    }

    private BackendHealth undecided(final BackendName name, final HealthState.Start start) {
        return start == HealthState.Start.NEW
                ? BackendHealth.UNPROVEN
                : resting.contains(name) ? BackendHealth.RESTING : BackendHealth.UNDECIDED;
    }

    private BackendHealth health(
            final BackendName name,
            final Map<BackendName, CheckTarget> targets,
            final Map<BackendName, HealthState.Start> starts) {
        if (!targets.containsKey(name)) {
            return BackendHealth.UNCHECKED;
        }
        final HealthState.Start start = starts.get(name);
        return start == null ? health(name) : undecided(name, start);
    }

    /** What the data plane is told of one backend. */
    public BackendSpec effective(final BackendName name) {
        return EffectiveState.of(name, backends.get(name), pools.standing(name));
    }

    /** What its pool's rules decided of a backend, and why. */
    public Standing standing(final BackendName name) {
        return pools.standing(name);
    }

    /** Who serves in a pool, and why. */
    public PoolState poolState(final String pool) {
        return pools.state(pool);
    }

    /** What the running file says of a backend; null if it is not configured. */
    public BackendConfig backend(final BackendName name) {
        return backends.get(name);
    }

    /** The state that file and override want of a backend. */
    public AdminState wantedState(final BackendName name) {
        return overrides.state(name, backends.get(name).state());
    }

    /** The state of a backend's check, or null if it is not checked. */
    public HealthState healthState(final BackendName name) {
        return monitor.state(name);
    }

    /** How a backend is checked, or null. */
    public CheckTarget checkTarget(final BackendName name) {
        return monitor.target(name);
    }

    /** How long a backend's checks took that passed, or null if it is not checked. */
    public Durations checkDurations(final BackendName name) {
        return monitor.durations(name);
    }

    /** How long a backend takes lately to answer its check; 0 as long as that is not known. */
    public long responseTimeNs(final BackendName name) {
        final Durations durations = monitor.durations(name);
        return durations == null ? 0 : durations.smoothedNs();
    }

    // -- what follows from it ---------------------------------------------------------------------

    private void update() {
        isStale = false;
        pools.update(
                applied.config(),
                overrides,
                sources(this::health),
                clockMs.getAsLong(),
                this::onNews);
        reconciler.want(
                EffectiveState.of(
                        applied.config(), applied.revision(), overrides, pools::standing));
    }

    private void save() {
        try {
            stateFile.write(
                    new StateFile.Saved(
                            applied.revision(),
                            applied.source(),
                            applied.text(),
                            fileHash,
                            applied.atMs(),
                            applied.by(),
                            overrides.all()));
        } catch (final IOException e) {
            events.add(
                    Event.Kind.CONTROL_PLANE,
                    "state",
                    "cannot save overrides and configuration, a restart would lose them: " + e);
        }
    }

    /** The running configuration. */
    public AppliedConfig applied() {
        return applied;
    }

    /** The overrides in force; change them through this class only. */
    public Overrides overrides() {
        return overrides;
    }

    /** The next configuration to apply, made of a checked one. */
    public AppliedConfig next(
            final NaruConfig config, final String source, final String text, final Actor by) {
        return new AppliedConfig(
                config, applied.revision() + 1, source, text, clockMs.getAsLong(), by);
    }

    /** {@link StateFile.Saved#fileHash}. */
    public String fileHash() {
        return fileHash;
    }

    /** Overrides of backends and services that are not configured. */
    public List<OperatorOverride> orphans() {
        final List<OperatorOverride> orphans = new ArrayList<>();
        for (final OperatorOverride override : overrides.all()) {
            if (fileValue(override) == null) {
                orphans.add(override);
            }
        }

        return orphans;
    }

    /** Stops the checks. */
    public void stop() {
        monitor.close();
        agents.close();
    }
}
