package io.naru.linux.netlink;

import java.util.List;

/**
 * A route of a table, or the kernel's answer for one destination.
 *
 * @param destination the network's first address; the destination itself in an answer.
 * @param prefixLength bits of {@code destination} that count.
 * @param table RT_TABLE_…: 254 is main, 255 local.
 * @param type RTN_…: 1 is a unicast route.
 * @param metric the smaller one wins; 0 if none was given.
 * @param nextHops one or, for a multipath route, several; none for a route that refuses.
 */
public record Route(
        IpAddress destination,
        int prefixLength,
        int table,
        int type,
        int metric,
        List<NextHop> nextHops) {

    /**
     * A way out of the box.
     *
     * @param linkIndex the interface to leave by.
     * @param gateway the router to send to, perhaps of the other family (RFC 5549); null if the
     *     destination is on the link.
     */
    public record NextHop(int linkIndex, IpAddress gateway) {}

    public Route {
        nextHops = List.copyOf(nextHops);
    }

    /** Leads out of the box: neither to itself nor to nowhere. */
    public boolean isUnicast() {
        return type == RouteDescriptor.RTN_UNICAST;
    }

    /** Leads to an address of the box itself. */
    public boolean isLocal() {
        return type == RouteDescriptor.RTN_LOCAL;
    }
}
