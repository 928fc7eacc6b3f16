package io.naru.dataplane.service;

import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.ServiceSpec;
import java.util.HashMap;
import java.util.Map;

/**
 * The endpoints and addresses of the backends of {@code nat} services, whose answers come with
 * these as their source. Immutable; part of a {@link ForwardingTable}.
 */
final class NatBackends {
    /** Of a backend that answers from each port that its service has. */
    private static final int ANY_PORT = 0;

    private final AddressTable addresses6;
    private final LongIntTable addresses;
    private final LongIntTable endpoints;

    NatBackends(
            final ServiceSpec[] services,
            final int[][] backendIdsByService,
            final BackendSpec... backends) {
        final Map<Long, Integer> serviceByEndpoint = new HashMap<>();
        final Map<Long, Integer> backendByIpv4 = new HashMap<>();
        final Map<IpAddress, Integer> numbers = new HashMap<>();
        for (int id = 0; id < services.length; id++) {
            final ServiceSpec spec = services[id];
            if (spec == null || spec.mode() != Mode.NAT) {
                continue;
            }

            for (final int backendId : backendIdsByService[id]) {
                final BackendSpec backend = backends[backendId];
                final IpAddress address = backend.address();
                if (address.isIpv4()) {
                    backendByIpv4.put(
                            EndpointKey.ofAddress(Integer.reverseBytes(address.ipv4())), backendId);
                }
                serviceByEndpoint.put(
                        EndpointKey.of(
                                address, numbers, spec.protocol().code(), portOf(backend, spec)),
                        id);
            }
        }

        addresses6 = new AddressTable(numbers);
        addresses = new LongIntTable(backendByIpv4);
        endpoints = new LongIntTable(serviceByEndpoint);
    }

    private static int portOf(final BackendSpec backend, final ServiceSpec service) {
        if (backend.port() != 0) {
            return backend.port();
        }

        return service.portFirst() == service.portLast() ? service.portFirst() : ANY_PORT;
    }

    boolean hasEndpoint(final int ipNet, final int protocol, final int portNet) {
        final int port = EndpointKey.hostOrder(portNet);
        return endpoints.get(EndpointKey.of(ipNet, protocol, port)) != LongIntTable.MISSING
                || endpoints.get(EndpointKey.of(ipNet, protocol, ANY_PORT)) != LongIntTable.MISSING;
    }

    boolean hasEndpoint6(
            final long highNet, final long lowNet, final int protocol, final int portNet) {
        final int number = addresses6.get(highNet, lowNet);
        if (number == AddressTable.MISSING) {
            return false;
        }

        final int port = EndpointKey.hostOrder(portNet);
        return endpoints.get(EndpointKey.of6(number, protocol, port)) != LongIntTable.MISSING
                || endpoints.get(EndpointKey.of6(number, protocol, ANY_PORT))
                        != LongIntTable.MISSING;
    }

    boolean hasAddress(final int ipNet) {
        return addresses.get(EndpointKey.ofAddress(ipNet)) != LongIntTable.MISSING;
    }

    boolean hasAddress6(final long highNet, final long lowNet) {
        return addresses6.get(highNet, lowNet) != AddressTable.MISSING;
    }
}
