package io.naru.controlplane.reconcile;

import io.naru.controlplane.config.BackendConfig;
import io.naru.controlplane.config.NaruConfig;
import io.naru.controlplane.config.PoolConfig;
import io.naru.controlplane.config.ServiceConfig;
import io.naru.controlplane.config.TimeoutsConfig;
import io.naru.controlplane.pool.BackendHealth;
import io.naru.controlplane.pool.Standing;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.DesiredState;
import io.naru.dataplane.protocol.ServiceSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** What the data plane is told: what its pools' rules decided, with what the file says besides. */
public final class EffectiveState {
    private EffectiveState() {}

    /** One backend. */
    public static BackendSpec of(
            final BackendName name, final BackendConfig backend, final Standing standing) {
        return new BackendSpec(
                name.pool(),
                name.backend(),
                backend.address(),
                backend.port(),
                standing.weight(),
                standing.share(),
                backend.priority(),
                backend.maxFlows(),
                backend.maxFlowRate(),
                standing.state());
    }

    /** Everything, for the data plane. */
    public static DesiredState of(
            final NaruConfig config,
            final long revision,
            final Overrides overrides,
            final Function<BackendName, Standing> standing) {
        final List<BackendSpec> backends = new ArrayList<>();
        for (final PoolConfig pool : config.pools()) {
            for (final BackendConfig backend : pool.backends()) {
                final BackendName name = new BackendName(pool.name(), backend.name());
                backends.add(of(name, backend, standing.apply(name)));
            }
        }

        return new DesiredState(
                revision,
                config.pools().stream().map(PoolConfig::name).toList(),
                backends,
                config.services().stream().map(s -> of(s, overrides)).toList(),
                config.localAddresses());
    }

    /** Everything as it is when nobody has set anything by hand and every backend is up. */
    public static DesiredState ofHealthy(final NaruConfig config) {
        final Overrides none = new Overrides(List.of());
        final PoolBook pools = new PoolBook();
        return of(
                config,
                0,
                none,
                pools.preview(config, none, name -> BackendHealth.UNCHECKED, 0)::get);
    }

    private static ServiceSpec of(final ServiceConfig service, final Overrides overrides) {
        return new ServiceSpec(
                service.name(),
                service.vip(),
                service.protocol(),
                service.ports().first(),
                service.ports().last(),
                service.mode(),
                overrides.algorithm(service.name(), service.algorithm()),
                service.pool(),
                of(service.timeouts()),
                service.serviceOptions());
    }

    private static ServiceSpec.Timeouts of(final TimeoutsConfig timeouts) {
        return new ServiceSpec.Timeouts(
                seconds(timeouts.tcpOpening()),
                seconds(timeouts.tcpEstablished()),
                seconds(timeouts.tcpClosing()),
                seconds(timeouts.udp()));
    }

    private static int seconds(final Duration duration) {
        return Math.toIntExact(duration.toSeconds());
    }
}
