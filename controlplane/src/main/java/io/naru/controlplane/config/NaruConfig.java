package io.naru.controlplane.config;

import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Protocol;
import java.util.List;
import java.util.Optional;

/**
 * A whole, checked configuration: what {@link ConfigReader} returns has no dangling reference, no
 * duplicate name and no impossible combination.
 *
 * @param localAddresses sources of ours in mode full-nat.
 */
public record NaruConfig(
        Topology topology,
        List<InterfaceConfig> interfaces,
        List<ServiceConfig> services,
        List<PoolConfig> pools,
        List<IpAddress> localAddresses,
        DataPlaneConfig dataPlane) {
    public NaruConfig {
        interfaces = List.copyOf(interfaces);
        services = List.copyOf(services);
        pools = List.copyOf(pools);
        localAddresses = List.copyOf(localAddresses);
    }

    public Optional<ServiceConfig> service(final String name) {
        return services.stream().filter(s -> s.name().equals(name)).findFirst();
    }

    public Optional<PoolConfig> pool(final String name) {
        return pools.stream().filter(p -> p.name().equals(name)).findFirst();
    }

    /** The services that send to {@code pool}, in the file's order. */
    public List<ServiceConfig> servicesOf(final PoolConfig pool) {
        return services.stream().filter(s -> s.pool().equals(pool.name())).toList();
    }

    /**
     * The port that the check of {@code pool} connects to on {@code backend}: the check's own, else
     * the backend's, else the port of the service that uses the pool; 0 if the pool is not checked
     * or no service uses it.
     */
    public int checkPort(final PoolConfig pool, final BackendConfig backend) {
        if (pool.check().type() == CheckType.NONE) {
            return 0;
        }
        if (pool.check().port() != 0) {
            return pool.check().port();
        }
        if (backend.port() != 0) {
            return backend.port();
        }

        return servicesOf(pool).stream()
                .filter(s -> s.protocol() == checkProtocol(pool.check()) && s.ports().isSingle())
                .mapToInt(s -> s.ports().first())
                .findFirst()
                .orElse(0);
    }

    /** The transport that a check uses: services of the other one tell nothing of its port. */
    static Protocol checkProtocol(final CheckConfig check) {
        return check.type() == CheckType.UDP || check.type() == CheckType.DNS
                ? Protocol.UDP
                : Protocol.TCP;
    }
}
