package io.naru.dataplane.protocol;

import java.util.List;

/**
 * Everything that the control plane wants the data plane to serve; sent whole, compared by name,
 * applied at once or not at all.
 *
 * @param revision the control plane's own number of this state, kept in the cnc file.
 * @param pools names of the pools, also of empty ones.
 */
public record DesiredState(
        long revision, List<String> pools, List<BackendSpec> backends, List<ServiceSpec> services) {
    public static final DesiredState EMPTY = new DesiredState(0, List.of(), List.of(), List.of());

    public DesiredState {
        pools = List.copyOf(pools);
        backends = List.copyOf(backends);
        services = List.copyOf(services);
    }
}
