package io.naru.controlplane.config;

import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;

/**
 * (VIP, protocol, ports) and what becomes of the packets sent there; {@code name} is its identity.
 *
 * @param pool name of a pool of the same configuration.
 */
public record ServiceConfig(
        String name,
        IpAddress vip,
        Protocol protocol,
        PortRange ports,
        Mode mode,
        Algorithm algorithm,
        String pool,
        TimeoutsConfig timeouts) {}
