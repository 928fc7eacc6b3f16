package io.naru.dataplane.service;

import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.ServiceSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which service is at an endpoint: a VIP with a protocol and a port. One with a single port goes
 * before those with a range around it. Immutable; part of a {@link ForwardingTable}.
 */
final class ServiceEndpoints {
    private static final int RANGE = 0x80; // marks a key that leads to a PortRanges

    private final VipSet vips;
    private final AddressTable vips6;
    private final LongIntTable exactServices;
    private final LongIntTable rangeIndices;
    private final PortRanges[] ranges;

    /**
     * @param services by id, null where there is none.
     */
    ServiceEndpoints(final ServiceSpec... services) {
        final Set<Integer> vipsNet = new HashSet<>();
        final Map<IpAddress, Integer> vipNumbers = new HashMap<>();
        final Map<Long, Integer> exact = new HashMap<>();
        final Map<Long, List<PortRanges.Range>> rangesByKey = new HashMap<>();
        for (int id = 0; id < services.length; id++) {
            final ServiceSpec spec = services[id];
            if (spec == null) {
                continue;
            }

            final int protocol = spec.protocol().code();
            if (spec.vip().isIpv4()) {
                vipsNet.add(Integer.reverseBytes(spec.vip().ipv4()));
            }
            if (spec.portFirst() == spec.portLast()) {
                exact.put(EndpointKey.of(spec.vip(), vipNumbers, protocol, spec.portFirst()), id);
            } else {
                rangesByKey
                        .computeIfAbsent(
                                EndpointKey.of(spec.vip(), vipNumbers, protocol | RANGE, 0),
                                k -> new ArrayList<>())
                        .add(new PortRanges.Range(id, spec.portFirst(), spec.portLast()));
            }
        }

        vips = new VipSet(vipsNet);
        vips6 = new AddressTable(vipNumbers);
        exactServices = new LongIntTable(exact);
        ranges = new PortRanges[rangesByKey.size()];
        final Map<Long, Integer> indices = new HashMap<>();
        rangesByKey.forEach(
                (key, list) -> {
                    ranges[indices.size()] = new PortRanges(list);
                    indices.put(key, indices.size());
                });
        rangeIndices = new LongIntTable(indices);
    }

    VipSet vips() {
        return vips;
    }

    /** The IPv6 VIPs. */
    AddressTable vips6() {
        return vips6;
    }

    int serviceOf(final int vipNet, final int protocol, final int portNet) {
        final int port = EndpointKey.hostOrder(portNet);
        final int exact = exactServices.get(EndpointKey.of(vipNet, protocol, port));
        if (exact != LongIntTable.MISSING) {
            return exact;
        }

        final int index = rangeIndices.get(EndpointKey.of(vipNet, protocol | RANGE, 0));
        return index == LongIntTable.MISSING ? ForwardingTable.NONE : ranges[index].serviceOf(port);
    }

    int serviceOf6(
            final long vipHighNet, final long vipLowNet, final int protocol, final int portNet) {
        final int vip = vips6.get(vipHighNet, vipLowNet);
        if (vip == AddressTable.MISSING) {
            return ForwardingTable.NONE;
        }

        final int port = EndpointKey.hostOrder(portNet);
        final int exact = exactServices.get(EndpointKey.of6(vip, protocol, port));
        if (exact != LongIntTable.MISSING) {
            return exact;
        }

        final int index = rangeIndices.get(EndpointKey.of6(vip, protocol | RANGE, 0));
        return index == LongIntTable.MISSING ? ForwardingTable.NONE : ranges[index].serviceOf(port);
    }
}
