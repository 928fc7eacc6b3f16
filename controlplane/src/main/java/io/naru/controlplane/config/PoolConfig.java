package io.naru.controlplane.config;

import java.util.List;
import java.util.Optional;

/**
 * The backends behind one or more services, with their health check.
 *
 * @param backends the sorry server among them, the last one.
 * @param agent on the backends that the file lists, or null.
 */
public record PoolConfig(
        String name,
        CheckConfig check,
        List<BackendConfig> backends,
        PoolRules rules,
        AgentConfig agent) {
    /** Name of the backend that the key {@code sorry-server} makes. */
    public static final String SORRY_NAME = "sorry-server";

    public PoolConfig {
        backends = List.copyOf(backends);
    }

    /** A pool that follows its checks and nothing else. */
    public PoolConfig(
            final String name, final CheckConfig check, final List<BackendConfig> backends) {
        this(name, check, backends, PoolRules.NONE, null);
    }

    public Optional<BackendConfig> backend(final String backendName) {
        return backends.stream().filter(b -> b.name().equals(backendName)).findFirst();
    }

    /** The backends that the file lists. */
    public List<BackendConfig> listed() {
        return backends.stream().filter(b -> b.role() != Role.SORRY).toList();
    }

    /** Who serves when nobody else does, or null. */
    public BackendConfig sorryServer() {
        return backends.stream().filter(b -> b.role() == Role.SORRY).findFirst().orElse(null);
    }
}
