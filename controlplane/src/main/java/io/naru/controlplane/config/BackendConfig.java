package io.naru.controlplane.config;

import io.naru.dataplane.protocol.IpAddress;

/**
 * One real server of a pool; {@code name} is its identity within the pool.
 *
 * @param port host order; 0 keeps the service's port.
 * @param weight share of new flows relative to the pool's other backends; 0 takes none.
 */
public record BackendConfig(
        String name, IpAddress address, int port, int weight, AdminState state) {}
