package io.naru.controlplane.reconcile;

import io.naru.controlplane.config.BackendConfig;
import io.naru.controlplane.config.NaruConfig;
import io.naru.controlplane.config.OutlierRules;
import io.naru.controlplane.config.PoolConfig;
import io.naru.controlplane.pool.AgentWord;
import io.naru.controlplane.pool.BackendHealth;
import io.naru.controlplane.pool.Member;
import io.naru.controlplane.pool.News;
import io.naru.controlplane.pool.Outliers;
import io.naru.controlplane.pool.Outliers.Openings;
import io.naru.controlplane.pool.PoolState;
import io.naru.controlplane.pool.Standing;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * Keeps the state of every pool, and of the outliers among its backends, from one look to the next.
 * For one thread.
 */
final class PoolBook {
    /** What is known of the backends from elsewhere. */
    @FunctionalInterface
    interface Sources {
        BackendHealth health(BackendName name);

        /** What its agent says, if it has one. */
        default AgentWord agent(final BackendName name) {
            return AgentWord.NONE;
        }
    }

    private Map<String, PoolState> states = new HashMap<>();
    private final Map<String, Outliers> outliers = new HashMap<>();

    /** A pool of a data plane that serves already has its sorry server serve. */
    void startWithoutQuorum(final String pool) {
        states.put(pool, PoolState.withoutQuorum());
    }

    /** What a configuration would come to now; nothing is kept. */
    Map<BackendName, Standing> preview(
            final NaruConfig config,
            final Overrides overrides,
            final Sources sources,
            final long nowMs) {
        final Map<BackendName, Standing> standings = new HashMap<>();
        for (final PoolConfig pool : config.pools()) {
            step(pool, members(pool, overrides, sources, nowMs), nowMs)
                    .state()
                    .standings()
                    .forEach(
                            (backend, standing) ->
                                    standings.put(new BackendName(pool.name(), backend), standing));
        }

        return standings;
    }

    /** Looks at every pool; {@code onNews} hears of a pool or a {@code pool/backend}. */
    void update(
            final NaruConfig config,
            final Overrides overrides,
            final Sources sources,
            final long nowMs,
            final BiConsumer<String, String> onNews) {
        final Map<String, PoolState> next = new HashMap<>();
        outliers.keySet().removeIf(pool -> rules(config, pool) == null);
        for (final PoolConfig pool : config.pools()) {
            List<Member> members = members(pool, overrides, sources, nowMs);
            final Outliers watch = watch(pool);
            if (watch != null) {
                tell(pool, watch.settle(members, nowMs), onNews);
                members = members(pool, overrides, sources, nowMs);
            }
            final PoolState.Step step = step(pool, members, nowMs);
            tell(pool, step.news(), onNews);
            next.put(pool.name(), step.state());
        }
        states = next;
    }

    /** To be called about every second, before {@link #update}. */
    void sample(
            final NaruConfig config,
            final Overrides overrides,
            final Sources sources,
            final Function<BackendName, Openings> openings,
            final long nowMs,
            final BiConsumer<String, String> onNews) {
        for (final PoolConfig pool : config.pools()) {
            final Outliers watch = watch(pool);
            if (watch != null) {
                tell(
                        pool,
                        watch.sample(
                                members(pool, overrides, sources, nowMs),
                                name -> openings.apply(new BackendName(pool.name(), name)),
                                nowMs),
                        onNews);
            }
        }
    }

    private static OutlierRules rules(final NaruConfig config, final String pool) {
        return config.pool(pool).map(each -> each.rules().outliers()).orElse(null);
    }

    /** Null where no outlier is looked for. */
    private Outliers watch(final PoolConfig pool) {
        final OutlierRules rules = pool.rules().outliers();
        if (rules == null) {
            return null;
        }

        final Outliers watch = outliers.get(pool.name());
        if (watch != null && watch.rules().equals(rules)) {
            return watch;
        }
        final Outliers fresh = new Outliers(rules);
        outliers.put(pool.name(), fresh);
        return fresh;
    }

    private PoolState.Step step(
            final PoolConfig pool, final List<Member> members, final long nowMs) {
        return PoolState.next(pool.rules(), members, states.get(pool.name()), nowMs);
    }

    private List<Member> members(
            final PoolConfig pool,
            final Overrides overrides,
            final Sources sources,
            final long nowMs) {
        final Outliers watch = outliers.get(pool.name());
        final List<Member> members = new ArrayList<>(pool.backends().size());
        for (final BackendConfig backend : pool.backends()) {
            final BackendName name = new BackendName(pool.name(), backend.name());
            final AgentWord agent = sources.agent(name);
            members.add(
                    new Member(
                            backend.name(),
                            backend.role(),
                            agent.state(overrides.state(name, backend.state())),
                            overrides.isOverdue(name, nowMs),
                            agent.weight(overrides.weight(name, backend.weight())),
                            sources.health(name),
                            watch == null ? null : watch.ejection(backend.name())));
        }

        return members;
    }

    private static void tell(
            final PoolConfig pool, final List<News> news, final BiConsumer<String, String> onNews) {
        for (final News each : news) {
            onNews.accept(
                    each.backend() == null
                            ? pool.name()
                            : new BackendName(pool.name(), each.backend()).toString(),
                    each.text());
        }
    }

    /** The state of a pool as of the last look. */
    PoolState state(final String pool) {
        return states.get(pool);
    }

    /** What a backend is to do as of the last look. */
    Standing standing(final BackendName name) {
        return states.get(name.pool()).standings().get(name.backend());
    }

    /** Whether anything may change by itself as time goes by. */
    boolean isTimed() {
        return !outliers.isEmpty() || states.values().stream().anyMatch(PoolState::isRamping);
    }
}
