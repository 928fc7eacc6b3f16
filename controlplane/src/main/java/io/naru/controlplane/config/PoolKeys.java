package io.naru.controlplane.config;

import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Limits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The keys of a pool, and the record that they make. */
final class PoolKeys {
    private static final int MAX_QUORUM = 1_000_000_000;

    static final Key<PoolConfig, String> NAME =
            Key.<PoolConfig, String>of("name", Types.name(), "Identity of the pool.")
                    .component(PoolConfig::name)
                    .required()
                    .example("web");
    static final Key<PoolConfig, Section> CHECK =
            Key.<PoolConfig, Section>of(
                            "check", CheckKeys.CHECK, "How the pool's backends are checked.")
                    .component(PoolConfig::check)
                    .defaultText("tcp; none where only UDP services use the pool")
                    .example("{ type: tcp, interval: 1s }");
    static final Key<PoolConfig, List<Section>> BACKENDS =
            Key.<PoolConfig, List<Section>>of(
                            "backends",
                            new ListType<>(
                                    "a list of backends",
                                    BackendKeys.BACKEND,
                                    1,
                                    Limits.MAX_BACKENDS),
                            "The pool's backends.")
                    .component(PoolConfig::listed)
                    .required()
                    .example("[10.2.0.1:8080, 10.2.0.2:8080]");
    static final Key<PoolConfig, Duration> SLOW_START =
            Key.<PoolConfig, Duration>of(
                            "slow-start",
                            Types.duration(Duration.ZERO, Duration.ofHours(1)),
                            "How long a backend that came up takes to get its whole share of new"
                                    + " flows, from a tenth on; not when the control plane starts.")
                    .component(pool -> pool.rules().slowStart())
                    .defaultsQuietlyTo(Duration.ZERO)
                    .example("30s");
    static final Key<PoolConfig, Integer> QUORUM =
            Key.<PoolConfig, Integer>of(
                            "quorum",
                            Types.wholeNumber(0, MAX_QUORUM),
                            "Weight that must be up; below it the sorry server serves, if there is"
                                    + " one. 0: any backend that is up will do.")
                    .component(pool -> pool.rules().quorum())
                    .defaultsQuietlyTo(0)
                    .example("200");
    static final Key<PoolConfig, Integer> HYSTERESIS =
            Key.<PoolConfig, Integer>of(
                            "hysteresis",
                            Types.wholeNumber(0, MAX_QUORUM),
                            "The quorum is lost when less than quorum - hysteresis is up, and"
                                    + " regained when quorum + hysteresis is.")
                    .component(pool -> pool.rules().hysteresis())
                    .defaultsQuietlyTo(0)
                    .example("100");
    static final Key<PoolConfig, Integer> PANIC_THRESHOLD =
            Key.<PoolConfig, Integer>of(
                            "panic-threshold",
                            Types.percent(0),
                            "When a smaller part of the backends is up than this, checks are not"
                                    + " believed: all take new flows rather than few or none. 0% is"
                                    + " never.")
                    .component(pool -> pool.rules().panicPercent())
                    .defaultsQuietlyTo(0)
                    .example("50%");
    static final Key<PoolConfig, Section> SORRY_SERVER =
            Key.<PoolConfig, Section>of(
                            "sorry-server",
                            BackendKeys.SORRY_SERVER,
                            "Serves while nobody else does, or while the quorum is lost. It shows"
                                    + " as a backend with this name, and is not checked.")
                    .component(PoolConfig::sorryServer)
                    .defaultText("none")
                    .example("10.2.0.99:80");
    static final Key<PoolConfig, Section> OUTLIERS =
            Key.<PoolConfig, Section>of(
                            "outliers",
                            OutlierKeys.OUTLIERS,
                            "Whether backends whose connections do not open are taken out before"
                                    + " their check fails.")
                    .component(pool -> pool.rules().outliers())
                    .defaultText("off")
                    .example("{ failures: 5, share: 50%, interval: 10s }");
    static final Key<PoolConfig, Section> AGENT =
            Key.<PoolConfig, Section>of(
                            "agent",
                            AgentKeys.AGENT,
                            "A program on each backend that says how much it wants: drain, maint,"
                                    + " 50% of its weight.")
                    .component(PoolConfig::agent)
                    .defaultText("none")
                    .example("{ port: 5555, interval: 5s }");
    static final ObjectType<PoolConfig> POOL =
            new ObjectType<>(
                    "a pool",
                    "The backends behind one or more services, with their health check.",
                    List.of(
                            NAME,
                            CHECK,
                            BACKENDS,
                            SLOW_START,
                            QUORUM,
                            HYSTERESIS,
                            PANIC_THRESHOLD,
                            SORRY_SERVER,
                            OUTLIERS,
                            AGENT),
                    null);

    private PoolKeys() {}

    /**
     * The backends that a section lists, and after them the sorry server, if there is one.
     *
     * @param sections of the backends listed.
     * @param sorrySection null if there is none.
     */
    static List<Placed<BackendConfig>> backends(
            final List<Section> sections, final Section sorrySection) {
        final BackendConfig sorry = BackendKeys.assembleSorryServer(sorrySection);
        final Set<String> names = new HashSet<>();
        final Map<Endpoint, String> endpoints = new HashMap<>();
        if (sorry != null) {
            names.add(sorry.name());
            endpoints.put(Endpoint.of(sorry), sorry.name());
        }
        final List<Placed<BackendConfig>> backends = new ArrayList<>(sections.size() + 1);
        for (final Section section : sections) {
            final BackendConfig backend = BackendKeys.assemble(section);
            if (backend.name() != null && !names.add(backend.name())) {
                section.error(
                        BackendKeys.NAME,
                        "there is another backend '" + backend.name() + "' in this pool",
                        null);
            }
            if (backend.address() != null) {
                final String other =
                        endpoints.putIfAbsent(Endpoint.of(backend), String.valueOf(backend.name()));
                if (other != null && !other.equals(backend.name())) {
                    section.error(
                            BackendKeys.ADDRESS,
                            "is the same server as backend '" + other + "' of this pool",
                            "give one of them more weight instead");
                }
            }
            backends.add(new Placed<>(backend, section));
        }
        if (sorry != null) {
            backends.add(new Placed<>(sorry, sorrySection));
        }

        return backends;
    }

    private record Endpoint(IpAddress address, int port) {
        static Endpoint of(final BackendConfig backend) {
            return new Endpoint(backend.address(), backend.port());
        }
    }

    static PoolConfig assemble(final PoolDraft pool) {
        final Section section = pool.section();
        if (pool.listed().findAny().isPresent()
                && pool.listed().allMatch(backend -> backend.weight() == 0)) {
            section.error(
                    pool.form().backendsKey(),
                    "all weights are 0: no new flow would find a backend",
                    "a weight of 1 or more for at least one of them");
        }

        return new PoolConfig(
                pool.name(),
                check(pool),
                pool.backends().stream().map(Placed::config).toList(),
                rules(pool),
                AgentKeys.assemble(section.get(AGENT)));
    }

    private static CheckConfig check(final PoolDraft pool) {
        final Key<?, Section> key = pool.form().checkKey();
        if (!pool.section().has(key)) {
            return pool.isUdpOnly() ? CheckConfig.NONE : CheckConfig.TCP;
        }

        final Section check = pool.section().get(key);
        return check == null ? CheckConfig.NONE : CheckKeys.assemble(check); // null: refused
    }

    private static PoolRules rules(final PoolDraft pool) {
        final Section section = pool.section();
        final int quorum = section.orDefault(QUORUM);
        final int hysteresis = section.orDefault(HYSTERESIS);
        final int panicPercent = section.orDefault(PANIC_THRESHOLD);
        checkQuorum(pool, quorum, hysteresis);
        if (panicPercent > 0 && section.has(SORRY_SERVER)) {
            section.error(
                    PANIC_THRESHOLD,
                    "contradicts 'sorry-server': with few backends up either all of them serve or"
                            + " the sorry server",
                    "remove one of the two");
        }

        return new PoolRules(
                section.orDefault(SLOW_START),
                quorum,
                hysteresis,
                panicPercent,
                OutlierKeys.assemble(section.get(OUTLIERS)));
    }

    private static void checkQuorum(final PoolDraft pool, final int quorum, final int hysteresis) {
        final long weight =
                pool.listed()
                        .filter(backend -> backend.role() == Role.REGULAR)
                        .mapToLong(BackendConfig::weight)
                        .sum();
        if (hysteresis > 0 && hysteresis >= quorum) {
            pool.section()
                    .error(
                            HYSTERESIS,
                            "must be less than the quorum of "
                                    + quorum
                                    + ", which could never be lost",
                            null);
        } else if ((long) quorum + hysteresis > weight && weight > 0) {
            pool.section()
                    .error(
                            QUORUM,
                            "the backends' weights are "
                                    + weight
                                    + " together: a quorum of "
                                    + quorum
                                    + (hysteresis == 0 ? "" : " with a hysteresis of " + hysteresis)
                                    + " could never be reached",
                            "a weight is 100 unless it is given");
        }
    }
}
