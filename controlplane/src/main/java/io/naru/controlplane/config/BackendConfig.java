package io.naru.controlplane.config;

import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.IpAddress;

/**
 * One real server of a pool; {@code name} is its identity within the pool.
 *
 * @param port host order; 0 keeps the service's port.
 * @param weight share of new flows relative to the pool's other backends; 0 takes none.
 * @param priority the higher is preferred by {@code fo} and {@code ovf}.
 * @param maxFlows {@link BackendSpec#NO_LIMIT} for any number.
 * @param maxFlowRate new flows in a second; {@link BackendSpec#NO_LIMIT} for any number.
 */
public record BackendConfig(
        String name,
        IpAddress address,
        int port,
        int weight,
        AdminState state,
        Role role,
        int priority,
        int maxFlows,
        int maxFlowRate) {
    /** A backend that says nothing more. */
    public BackendConfig(
            final String name,
            final IpAddress address,
            final int port,
            final int weight,
            final AdminState state) {
        this(
                name,
                address,
                port,
                weight,
                state,
                Role.REGULAR,
                BackendSpec.DEFAULT_PRIORITY,
                BackendSpec.NO_LIMIT,
                BackendSpec.NO_LIMIT);
    }
}
