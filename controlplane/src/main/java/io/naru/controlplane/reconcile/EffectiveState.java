package io.naru.controlplane.reconcile;

import io.naru.controlplane.config.AdminState;
import io.naru.controlplane.config.BackendConfig;
import io.naru.controlplane.config.NaruConfig;
import io.naru.controlplane.config.PoolConfig;
import io.naru.controlplane.config.ServiceConfig;
import io.naru.controlplane.config.TimeoutsConfig;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.DesiredState;
import io.naru.dataplane.protocol.ServiceSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Merges file, override and health into what the data plane is told.
 *
 * <pre>
 *                      not checked   checks    checks   undecided   unproven
 *   file or override   or up         pass      fail
 *   up                 up            up        down     keep        down
 *   drain              drain         drain     down     drain       drain
 *   down               down          down      down     down        down
 * </pre>
 */
public final class EffectiveState {
    private EffectiveState() {}

    /** One backend's state. */
    public static BackendState of(final AdminState wanted, final BackendHealth health) {
        return switch (wanted) {
            case UP ->
                    switch (health) {
                        case UNCHECKED, UP -> BackendState.UP;
                        case DOWN, UNPROVEN -> BackendState.DOWN;
                        case UNDECIDED -> BackendState.KEEP;
                    };
            case DRAIN -> health == BackendHealth.DOWN ? BackendState.DOWN : BackendState.DRAIN;
            case DOWN -> BackendState.DOWN;
        };
    }

    /** One backend, with its overrides. */
    public static BackendSpec of(
            final BackendName name,
            final BackendConfig backend,
            final Overrides overrides,
            final BackendHealth health) {
        return new BackendSpec(
                name.pool(),
                name.backend(),
                backend.address(),
                backend.port(),
                overrides.weight(name, backend.weight()),
                of(overrides.state(name, backend.state()), health));
    }

    /** Everything, for the data plane. */
    public static DesiredState of(
            final NaruConfig config,
            final long revision,
            final Overrides overrides,
            final Function<BackendName, BackendHealth> health) {
        final List<BackendSpec> backends = new ArrayList<>();
        for (final PoolConfig pool : config.pools()) {
            for (final BackendConfig backend : pool.backends()) {
                final BackendName name = new BackendName(pool.name(), backend.name());
                backends.add(of(name, backend, overrides, health.apply(name)));
            }
        }

        return new DesiredState(
                revision,
                config.pools().stream().map(PoolConfig::name).toList(),
                backends,
                config.services().stream().map(s -> of(s, overrides)).toList(),
                config.localAddresses());
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
