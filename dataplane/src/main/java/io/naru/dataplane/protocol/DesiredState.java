package io.naru.dataplane.protocol;

import java.util.List;

/**
 * Everything that the control plane wants the data plane to serve; sent whole, compared by name,
 * applied at once or not at all.
 *
 * @param revision the control plane's own number of this state, kept in the cnc file.
 * @param pools names of the pools, also of empty ones.
 * @param localAddresses source addresses of ours in {@code full-nat}.
 */
public record DesiredState(
        long revision,
        List<String> pools,
        List<BackendSpec> backends,
        List<ServiceSpec> services,
        List<IpAddress> localAddresses) {
    public static final DesiredState EMPTY = new DesiredState(0, List.of(), List.of(), List.of());

    public DesiredState {
        pools = List.copyOf(pools);
        backends = List.copyOf(backends);
        services = List.copyOf(services);
        localAddresses = List.copyOf(localAddresses);
    }

    /** A state without local addresses. */
    public DesiredState(
            final long revision,
            final List<String> pools,
            final List<BackendSpec> backends,
            final List<ServiceSpec> services) {
        this(revision, pools, backends, services, List.of());
    }
}
