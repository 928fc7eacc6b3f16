package io.naru.controlplane.reconcile;

import io.naru.controlplane.agent.AgentMonitor;
import io.naru.controlplane.config.AdminState;
import io.naru.controlplane.config.BackendConfig;
import io.naru.controlplane.config.NaruConfig;
import io.naru.controlplane.config.Role;
import io.naru.controlplane.events.Actor;
import io.naru.controlplane.events.Event;
import io.naru.controlplane.events.EventLog;
import io.naru.controlplane.health.HealthMonitor;
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
import io.naru.dataplane.protocol.Stats;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
    private final BackendBook backends;
    private final PoolBook pools = new PoolBook();
    private final Drains drains;
    private final ResponseTimeReport responseTimes;
    private Overrides overrides = new Overrides(List.of());
    private AppliedConfig applied;
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
        backends = new BackendBook(events, () -> isStale = true, monitorOf, agentsOf);
        drains = new Drains(events);
        responseTimes = new ResponseTimeReport(reconciler::responseTime, backends::lastDurationNs);
    }

    // -- configurations ---------------------------------------------------------------------------

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
        applied = first;
        overrides = new Overrides(restored);
        fileHash = startFileHash.get();
        final Map<BackendName, BackendSpec> before = specs(directory);
        backends.start(first.config(), before);
        before.forEach(
                (name, spec) -> {
                    final BackendConfig backend = backends.config(name);
                    if (backend != null
                            && backend.role() == Role.SORRY
                            && spec.state() == BackendState.UP) {
                        pools.startWithoutQuorum(name.pool());
                    }
                });
        save();
        update();
    }

    private static Map<BackendName, BackendSpec> specs(final Directory directory) {
        final Map<BackendName, BackendSpec> specs = new HashMap<>();
        if (directory != null) {
            for (final BackendInfo info : directory.backends()) {
                if (!info.retired()) {
                    final BackendSpec spec = info.spec();
                    specs.put(new BackendName(spec.pool(), spec.name()), spec);
                }
            }
        }

        return specs;
    }

    /**
     * Applies a configuration, all of it or nothing.
     *
     * @param next its revision is that of {@link #applied} plus one.
     * @param onEnd how it ended; unless it was refused or lost it is the running one by then.
     * @return false if another one is being applied.
     */
    public boolean apply(final AppliedConfig next, final Consumer<Outcome> onEnd) {
        final BackendBook.Plan plan = backends.plan(next.config());
        return reconciler.attempt(
                desired(next, plan),
                outcome -> {
                    if (outcome.isConfirmed() || outcome.equals(Outcome.DEFERRED)) {
                        adopt(next, plan);
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
        return reconciler.preview(desired(next, backends.plan(next.config())), onEnd);
    }

    /** What a configuration that is not in force would come to. */
    private DesiredState desired(final AppliedConfig next, final BackendBook.Plan plan) {
        final Map<BackendName, Standing> standings =
                pools.preview(next.config(), overrides, backends.as(plan), clockMs.getAsLong());
        return EffectiveState.of(next.config(), next.revision(), overrides, standings::get);
    }

    private void adopt(final AppliedConfig next, final BackendBook.Plan plan) {
        applied = next;
        fileHash = startFileHash.get();
        backends.adopt(plan);
        events.add(
                Event.Kind.CONFIG,
                next.source(),
                "applied as revision " + next.revision(),
                next.by());
        save();
        update();
    }

    /** The next configuration to apply, made of a checked one. */
    public AppliedConfig next(
            final NaruConfig config, final String source, final String text, final Actor by) {
        return new AppliedConfig(
                config, applied.revision() + 1, source, text, clockMs.getAsLong(), by);
    }

    // -- overrides --------------------------------------------------------------------------------

    /** Puts an override in force; the caller has checked it. */
    public void set(final OperatorOverride override) {
        final OperatorOverride before = overrides.set(override);
        drains.onChange(override);
        events.add(
                Event.Kind.OVERRIDE,
                override.target(),
                override.setting().label()
                        + " set to "
                        + override.value()
                        + (before == null
                                ? " (the file says " + override.fileValue(applied.config()) + ")"
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
            drains.onChange(ended);
            events.add(
                    Event.Kind.OVERRIDE,
                    target,
                    setting.label()
                            + " no longer set to "
                            + ended.value()
                            + ", the file says "
                            + ended.fileValue(applied.config())
                            + (why == null ? "" : ": \"" + why + "\""),
                    actor);
            save();
            update();
        }

        return ended;
    }

    // -- time -------------------------------------------------------------------------------------

    /** To be called each duty cycle: all flips since the last one become one desired state. */
    public void poll() {
        if (isStale) {
            update();
        }
        responseTimes.poll(clockMs.getAsLong(), applied.config(), overrides);
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
                backends,
                name -> openings(statsOf.apply(name)),
                nowMs,
                this::onNews);
        final boolean isDrainOver =
                drains.watch(overrides, name -> backends.config(name) != null, statsOf, nowMs);
        if (isDrainOver || pools.isTimed()) {
            update();
        }
    }

    private static Outliers.Openings openings(final Stats stats) {
        return new Outliers.Openings(
                stats.flowsOpened(), stats.openingsUnanswered(), stats.openingsRefused());
    }

    private void onNews(final String subject, final String text) {
        events.add(Event.Kind.POOL, subject, text);
    }

    private void update() {
        isStale = false;
        pools.update(applied.config(), overrides, backends, clockMs.getAsLong(), this::onNews);
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

    /** Stops the checks. */
    public void stop() {
        backends.stop();
    }

    // -- what there is to see ---------------------------------------------------------------------

    /** The running configuration. */
    public AppliedConfig applied() {
        return applied;
    }

    /** {@link StateFile.Saved#fileHash}. */
    public String fileHash() {
        return fileHash;
    }

    /** The overrides in force; change them through this class only. */
    public Overrides overrides() {
        return overrides;
    }

    /** Overrides of backends and services that are not configured. */
    public List<OperatorOverride> orphans() {
        return overrides.all().stream()
                .filter(override -> override.fileValue(applied.config()) == null)
                .toList();
    }

    /** What is known of the backends. */
    public BackendBook backends() {
        return backends;
    }

    /** The state that file and override want of a backend. */
    public AdminState wantedState(final BackendName name) {
        return overrides.state(name, backends.config(name).state());
    }

    /** What the data plane is told of one backend. */
    public BackendSpec effective(final BackendName name) {
        return EffectiveState.of(name, backends.config(name), pools.standing(name));
    }

    /** What its pool's rules decided of a backend, and why. */
    public Standing standing(final BackendName name) {
        return pools.standing(name);
    }

    /** Who serves in a pool, and why. */
    public PoolState poolState(final String pool) {
        return pools.state(pool);
    }
}
