package io.naru.dataplane;

import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Limits;
import io.naru.dataplane.service.ForwardingTableBuilder;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The ids of local addresses: of those that are configured, and of the VIPs that stand in for one
 * in {@code nat}. Immutable.
 *
 * <p>An address keeps its id for as long as the process runs, so that no flow ever takes another
 * one for its own. When there are no ids left a configured address is refused, and a VIP goes
 * without: its clients that are on the backends' own network are then not served.
 */
final class LocalIds {
    static final LocalIds EMPTY = new LocalIds(Map.of(), List.of(), Set.of());

    private final Map<IpAddress, Integer> ids;
    private final List<IpAddress> configured;
    private final Set<IpAddress> vips;

    private LocalIds(
            final Map<IpAddress, Integer> ids,
            final List<IpAddress> configured,
            final Set<IpAddress> vips) {
        this.ids = ids;
        this.configured = configured;
        this.vips = vips;
    }

    List<IpAddress> configured() {
        return configured;
    }

    /**
     * The ids of these and of all that were before.
     *
     * @throws IllegalArgumentException if there are more addresses than ids.
     */
    LocalIds with(final List<IpAddress> addresses, final List<IpAddress> natVips) {
        final Map<IpAddress, Integer> next = new LinkedHashMap<>(ids);
        for (final IpAddress address : addresses) {
            if (next.putIfAbsent(address, next.size()) == null
                    && next.size() > Limits.MAX_LOCAL_ADDRESSES) {
                throw new IllegalArgumentException(
                        "more than %d local addresses since the data plane was started; restart it"
                                .formatted(Limits.MAX_LOCAL_ADDRESSES));
            }
        }

        final Set<IpAddress> served = new HashSet<>();
        for (final IpAddress vip : natVips) {
            if (next.containsKey(vip) || next.size() < Limits.MAX_LOCAL_ADDRESSES) {
                next.putIfAbsent(vip, next.size());
                served.add(vip);
            }
        }

        return new LocalIds(next, List.copyOf(addresses), served);
    }

    /** Tells a table of those that are in use now, and of those that flows may still have. */
    void addTo(final ForwardingTableBuilder builder) {
        ids.forEach((address, id) -> builder.formerLocalAddress(id, address));
        for (final IpAddress address : configured) {
            builder.localAddress(ids.get(address), address, false);
        }
        for (final IpAddress vip : vips) {
            builder.localAddress(ids.get(vip), vip, true);
        }
    }
}
