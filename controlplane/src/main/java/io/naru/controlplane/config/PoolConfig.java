package io.naru.controlplane.config;

import java.util.List;
import java.util.Optional;

/** The backends behind one or more services, with their health check. */
public record PoolConfig(String name, CheckConfig check, List<BackendConfig> backends) {
    public PoolConfig {
        backends = List.copyOf(backends);
    }

    public Optional<BackendConfig> backend(final String backendName) {
        return backends.stream().filter(b -> b.name().equals(backendName)).findFirst();
    }
}
