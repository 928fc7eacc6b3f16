package io.naru.dataplane.service;

import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.ServiceSpec;

/** Short ways to say services and backends in tests. */
public final class Specs {
    private Specs() {}

    public static BackendSpec backend(final String name, final String endpoint) {
        return backend(name, endpoint, 1, BackendState.UP);
    }

    /**
     * @param endpoint {@code 10.2.0.1:8080} or {@code [2001:db8::1]:8080}; port 0 keeps the
     *     service's.
     */
    public static BackendSpec backend(
            final String name, final String endpoint, final int weight, final BackendState state) {
        return new BackendSpec("pool", name, address(endpoint), port(endpoint), weight, state);
    }

    /**
     * @param endpoint {@code 192.0.2.10:80} or {@code 192.0.2.10:8000-8010}.
     */
    public static ServiceSpec service(
            final String name, final String endpoint, final Protocol protocol, final Mode mode) {
        return service(name, endpoint, protocol, mode, Algorithm.RR);
    }

    public static ServiceSpec service(
            final String name,
            final String endpoint,
            final Protocol protocol,
            final Mode mode,
            final Algorithm algorithm) {
        final String[] ports = endpoint.substring(endpoint.lastIndexOf(':') + 1).split("-");
        return new ServiceSpec(
                name,
                address(endpoint),
                protocol,
                Integer.parseInt(ports[0]),
                Integer.parseInt(ports[ports.length - 1]),
                mode,
                algorithm,
                "pool",
                ServiceSpec.Timeouts.DEFAULT);
    }

    /** The raw form of a dotted address. */
    public static int ipNet(final String dotted) {
        return Integer.reverseBytes(IpAddress.parse(dotted).ipv4());
    }

    /** The raw form of a port. */
    public static int portNet(final int port) {
        return Short.reverseBytes((short) port) & 0xffff;
    }

    private static IpAddress address(final String endpoint) {
        final String address = endpoint.substring(0, endpoint.lastIndexOf(':'));
        return IpAddress.parse(address.replace("[", "").replace("]", ""));
    }

    private static int port(final String endpoint) {
        return Integer.parseInt(endpoint.substring(endpoint.lastIndexOf(':') + 1));
    }
}
