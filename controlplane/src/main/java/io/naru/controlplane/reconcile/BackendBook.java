package io.naru.controlplane.reconcile;

import io.naru.controlplane.agent.AgentMonitor;
import io.naru.controlplane.agent.AgentState;
import io.naru.controlplane.agent.AgentTarget;
import io.naru.controlplane.config.BackendConfig;
import io.naru.controlplane.config.NaruConfig;
import io.naru.controlplane.config.PoolConfig;
import io.naru.controlplane.events.Event;
import io.naru.controlplane.events.EventLog;
import io.naru.controlplane.health.CheckResult;
import io.naru.controlplane.health.CheckTarget;
import io.naru.controlplane.health.Durations;
import io.naru.controlplane.health.HealthMonitor;
import io.naru.controlplane.health.HealthState;
import io.naru.controlplane.pool.AgentWord;
import io.naru.controlplane.pool.BackendHealth;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Keeps what is known of each backend: what the running file says, what its check finds, what its
 * agent says. For one thread.
 */
public final class BackendBook implements PoolBook.Sources {
    private final EventLog events;
    private final Runnable onChange;
    private final HealthMonitor<BackendName> monitor;
    private final AgentMonitor<BackendName> agents;
    private final Set<BackendName> resting = new HashSet<>();
    private Map<BackendName, BackendConfig> configs = Map.of();

    /**
     * What a configuration would make of it.
     *
     * @param starts how the checks that are new or changed begin; those not named go on as they
     *     are.
     */
    record Plan(
            Map<BackendName, BackendConfig> configs,
            Map<BackendName, CheckTarget> checks,
            Map<BackendName, HealthState.Start> starts,
            Map<BackendName, AgentTarget> agents) {}

    /**
     * Starts without a configuration.
     *
     * @param onChange hears that a check or an agent has changed its mind.
     */
    BackendBook(
            final EventLog events,
            final Runnable onChange,
            final Function<HealthMonitor.Listener<BackendName>, HealthMonitor<BackendName>>
                    monitorOf,
            final Function<AgentMonitor.Listener<BackendName>, AgentMonitor<BackendName>>
                    agentsOf) {
        this.events = events;
        this.onChange = onChange;
        this.monitor = monitorOf.apply(new Findings());
        this.agents = agentsOf.apply(this::onAgent);
    }

    // -- configurations ---------------------------------------------------------------------------

    /**
     * Takes the first configuration.
     *
     * @param before what a data plane that runs already was told: who serves there goes on to, and
     *     nobody else, until the checks have their say.
     */
    void start(final NaruConfig first, final Map<BackendName, BackendSpec> before) {
        final Plan plan =
                new Plan(
                        index(first),
                        Targets.checks(first),
                        new HashMap<>(),
                        Targets.agents(first));
        for (final BackendName name : plan.checks.keySet()) {
            plan.starts.put(name, startOf(before.get(name), plan.configs.get(name)));
        }
        before.forEach(
                (name, spec) -> {
                    if (plan.configs.containsKey(name) && spec.state() != BackendState.UP) {
                        resting.add(name);
                    }
                });
        adopt(plan);
    }

    private static HealthState.Start startOf(final BackendSpec before, final BackendConfig config) {
        if (before == null) {
            return HealthState.Start.COLD;
        }
        if (!before.address().equals(config.address()) || before.port() != config.port()) {
            return HealthState.Start.NEW;
        }

        return before.state() == BackendState.DOWN
                ? HealthState.Start.COLD
                : HealthState.Start.SERVING;
    }

    /** What {@code next} would make of it; nothing is kept. */
    Plan plan(final NaruConfig next) {
        final Plan plan =
                new Plan(index(next), Targets.checks(next), new HashMap<>(), Targets.agents(next));
        plan.checks.forEach(
                (name, check) -> {
                    if (!check.equals(monitor.target(name))) {
                        plan.starts.put(
                                name,
                                hasServed(name, plan.configs.get(name))
                                        ? HealthState.Start.SERVING
                                        : HealthState.Start.NEW);
                    }
                });

        return plan;
    }

    /** Whether a backend serves, and {@code next} is the same machine. */
    private boolean hasServed(final BackendName name, final BackendConfig next) {
        final BackendConfig config = configs.get(name);
        if (config == null
                || !config.address().equals(next.address())
                || config.port() != next.port()) {
            return false;
        }

        final HealthState state = monitor.state(name);
        return state == null || state.verdict() == HealthState.Verdict.UP;
    }

    void adopt(final Plan plan) {
        configs = plan.configs;
        monitor.replace(plan.checks, plan.starts::get);
        agents.replace(plan.agents);
    }

    private static Map<BackendName, BackendConfig> index(final NaruConfig config) {
        final Map<BackendName, BackendConfig> index = new HashMap<>();
        for (final PoolConfig pool : config.pools()) {
            pool.backends().forEach(b -> index.put(new BackendName(pool.name(), b.name()), b));
        }

        return index;
    }

    // -- what checks and agents tell --------------------------------------------------------------

    private final class Findings implements HealthMonitor.Listener<BackendName> {
        @Override
        public void onFlip(
                final BackendName backend,
                final HealthState state,
                final HealthState.Verdict before) {
            events.add(
                    Event.Kind.HEALTH,
                    backend.toString(),
                    word(before)
                            + " -> "
                            + word(state.verdict())
                            + ": "
                            + state.lastResult().reason());
            resting.remove(backend);
            onChange.run();
        }

        @Override
        public void onNotice(final BackendName backend, final String text) {
            events.add(Event.Kind.HEALTH, backend.toString(), text);
        }

        @Override
        public boolean canSpare(final BackendName backend) {
            return configs.keySet().stream()
                    .anyMatch(
                            other ->
                                    other.pool().equals(backend.pool())
                                            && !other.equals(backend)
                                            && health(other) == BackendHealth.UP);
        }
    }

    private static String word(final HealthState.Verdict verdict) {
        return verdict.name().toLowerCase(Locale.ROOT);
    }

    private void onAgent(final BackendName backend, final String text, final boolean isChange) {
        events.add(Event.Kind.HEALTH, backend.toString(), text);
        if (isChange) {
            onChange.run();
        }
    }

    // -- what a pool goes by ----------------------------------------------------------------------

    @Override
    public BackendHealth health(final BackendName name) {
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

    @Override
    public AgentWord agent(final BackendName name) {
        final AgentState said = agents.state(name);
        return new AgentWord(said.weightPercent(), said.state());
    }

    /** The same as it would be if {@code plan} were adopted now. */
    PoolBook.Sources as(final Plan plan) {
        return new PoolBook.Sources() {
            @Override
            public BackendHealth health(final BackendName name) {
                if (!plan.checks.containsKey(name)) {
                    return BackendHealth.UNCHECKED;
                }

                final HealthState.Start start = plan.starts.get(name);
                return start == null ? BackendBook.this.health(name) : undecided(name, start);
            }

            @Override
            public AgentWord agent(final BackendName name) {
                return BackendBook.this.agent(name);
            }
        };
    }

    // -- what there is to see ---------------------------------------------------------------------

    /** What the running file says of a backend; null if it is not configured. */
    public BackendConfig config(final BackendName name) {
        return configs.get(name);
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

    /** How long the last check of a backend took; 0 unless it passed. */
    long lastDurationNs(final BackendName name) {
        final HealthState state = monitor.state(name);
        final CheckResult last = state == null ? null : state.lastResult();
        return last == null || last.outcome() != CheckResult.Outcome.PASSED ? 0 : last.durationNs();
    }

    /** What the agent of a backend has said; {@link AgentState#SILENT} also if it has none. */
    public AgentState agentState(final BackendName name) {
        return agents.state(name);
    }

    /** What the agent of a backend says, where it was asked, and whether it answers; or null. */
    public String agentWords(final BackendName name) {
        return agents.words(name);
    }

    /** Stops the checks. */
    void stop() {
        monitor.close();
        agents.close();
    }
}
