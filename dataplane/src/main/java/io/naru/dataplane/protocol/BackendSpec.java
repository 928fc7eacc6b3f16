package io.naru.dataplane.protocol;

/**
 * The desired state of one backend.
 *
 * @param pool name of its pool; with {@code name} it identifies the backend for as long as it is
 *     configured.
 * @param port host order; 0 keeps the service's port.
 * @param weight 0 to {@link Limits#MAX_WEIGHT}; 0 gets no new flows.
 */
public record BackendSpec(
        String pool, String name, IpAddress address, int port, int weight, BackendState state) {}
