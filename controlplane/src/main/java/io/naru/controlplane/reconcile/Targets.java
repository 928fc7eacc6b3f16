package io.naru.controlplane.reconcile;

import io.naru.controlplane.agent.AgentTarget;
import io.naru.controlplane.config.BackendConfig;
import io.naru.controlplane.config.CheckConfig;
import io.naru.controlplane.config.CheckPath;
import io.naru.controlplane.config.NaruConfig;
import io.naru.controlplane.config.PoolConfig;
import io.naru.controlplane.config.Role;
import io.naru.controlplane.config.ServiceConfig;
import io.naru.controlplane.health.CheckSpec;
import io.naru.controlplane.health.CheckTarget;
import io.naru.controlplane.health.way.Way;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.TunnelSpec;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Whom a configuration has asked how its backends are, and how: checks and agents. */
final class Targets {
    private Targets() {}

    /** How each backend that is checked is checked. */
    static Map<BackendName, CheckTarget> checks(final NaruConfig config) {
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
                new InetSocketAddress(address.inetAddress(), port),
                check.timing(),
                ways,
                check.source() == null ? null : check.source().inetAddress());
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

    /** The agent of each backend that has one. */
    static Map<BackendName, AgentTarget> agents(final NaruConfig config) {
        final Map<BackendName, AgentTarget> targets = new HashMap<>();
        for (final PoolConfig pool : config.pools()) {
            if (pool.agent() != null) {
                for (final BackendConfig backend : pool.listed()) {
                    targets.put(
                            new BackendName(pool.name(), backend.name()),
                            new AgentTarget(
                                    new InetSocketAddress(
                                            backend.address().inetAddress(), pool.agent().port()),
                                    "",
                                    pool.agent().interval().toNanos(),
                                    pool.agent().timeout().toNanos()));
                }
            }
        }

        return targets;
    }
}
