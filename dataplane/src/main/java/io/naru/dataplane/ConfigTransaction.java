package io.naru.dataplane;

import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.DesiredState;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.ServiceSpec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Collects the parts of a configuration between its begin and its commit, and checks that they fit
 * together.
 *
 * <p>Every refusal is an {@link IllegalArgumentException} whose text goes to the client.
 */
final class ConfigTransaction {
    private final long correlationId;
    private final long revision;
    private final int serviceCount;
    private final int poolCount;
    private final int backendCount;
    private final int localAddressCount;
    private final List<ServiceSpec> services = new ArrayList<>();
    private final List<BackendSpec> backends = new ArrayList<>();
    private final List<String> pools = new ArrayList<>();
    private final List<IpAddress> localAddresses = new ArrayList<>();
    private final Set<String> serviceNames = new HashSet<>();
    private final Set<String> poolNames = new HashSet<>();
    private final Set<String> backendNames = new HashSet<>();

    ConfigTransaction(
            final long correlationId,
            final long revision,
            final int serviceCount,
            final int poolCount,
            final int backendCount,
            final int localAddressCount) {
        this.correlationId = correlationId;
        this.revision = revision;
        this.serviceCount = serviceCount;
        this.poolCount = poolCount;
        this.backendCount = backendCount;
        this.localAddressCount = localAddressCount;
    }

    long correlationId() {
        return correlationId;
    }

    void pool(final String name) {
        check(pools.size() < poolCount, "more pools than the " + poolCount + " announced");
        check(poolNames.add(name), "pool " + name + " is there twice");
        pools.add(name);
    }

    void backend(final BackendSpec backend) {
        final String name = backend.pool() + "/" + backend.name();
        check(
                backends.size() < backendCount,
                "more backends than the " + backendCount + " announced");
        check(backendNames.add(name), "backend " + name + " is there twice");
        backends.add(backend);
    }

    void localAddress(final IpAddress address) {
        check(
                localAddresses.size() < localAddressCount,
                "more local addresses than the " + localAddressCount + " announced");
        check(!localAddresses.contains(address), "local address " + address + " is there twice");
        localAddresses.add(address);
    }

    void service(final ServiceSpec service) {
        check(
                services.size() < serviceCount,
                "more services than the " + serviceCount + " announced");
        check(serviceNames.add(service.name()), "service " + service.name() + " is there twice");
        services.add(service);
    }

    /** The whole, once all parts are there. */
    DesiredState complete() {
        check(
                pools.size() == poolCount
                        && backends.size() == backendCount
                        && services.size() == serviceCount,
                "%d services, %d pools and %d backends were announced, but %d, %d and %d came"
                        .formatted(
                                serviceCount,
                                poolCount,
                                backendCount,
                                services.size(),
                                pools.size(),
                                backends.size()));
        check(
                localAddresses.size() == localAddressCount,
                "%d local addresses were announced, but %d came"
                        .formatted(localAddressCount, localAddresses.size()));
        for (final BackendSpec backend : backends) {
            check(
                    poolNames.contains(backend.pool()),
                    "backend " + backend.name() + ": there is no pool " + backend.pool());
        }
        for (final ServiceSpec service : services) {
            check(
                    poolNames.contains(service.pool()),
                    "service " + service.name() + ": there is no pool " + service.pool());
        }

        return new DesiredState(revision, pools, backends, services, localAddresses);
    }

    private static void check(final boolean condition, final String text) {
        if (!condition) {
            throw new IllegalArgumentException(text);
        }
    }
}
