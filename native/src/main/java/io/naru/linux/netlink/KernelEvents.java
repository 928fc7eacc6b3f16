package io.naru.linux.netlink;

/**
 * Tells of every change to links, addresses, neighbours, routes and routing rules.
 *
 * <p>Polled, never waits. Changes made after {@link #open} are not missed: open it first, read the
 * tables then. Used by one thread.
 */
public final class KernelEvents implements AutoCloseable {
    // enum rtnetlink_groups of include/uapi/linux/rtnetlink.h
    private static final int RTNLGRP_LINK = 1;
    private static final int RTNLGRP_NEIGH = 3;
    private static final int RTNLGRP_IPV4_IFADDR = 5;
    private static final int RTNLGRP_IPV4_ROUTE = 7;
    private static final int RTNLGRP_IPV4_RULE = 8;
    private static final int RTNLGRP_IPV6_IFADDR = 9;
    private static final int RTNLGRP_IPV6_ROUTE = 11;
    private static final int RTNLGRP_IPV6_RULE = 19;
    private static final int RTNLGRP_NEXTHOP = 32;

    /** Is told of changes. {@code removed} says that the thing is gone, not new or different. */
    public interface Listener {
        void onLink(Link link, boolean removed);

        void onAddress(InterfaceAddress address, boolean removed);

        void onNeighbour(Neighbour neighbour, boolean removed);

        void onRoute(Route route, boolean removed);

        /** A rule or a nexthop object changed: any destination may now go another way. */
        void onRoutingPolicy();

        /** More happened than the kernel could keep for us: read everything anew. */
        void onOverrun();
    }

    private final NetlinkSocket socket;

    private KernelEvents(final NetlinkSocket socket) {
        this.socket = socket;
    }

    /**
     * Begins to listen in the calling thread's network namespace.
     *
     * @throws io.naru.linux.LinuxException if the kernel refuses.
     */
    public static KernelEvents open() {
        return new KernelEvents(
                NetlinkSocket.openGroups(
                        RTNLGRP_LINK,
                        RTNLGRP_NEIGH,
                        RTNLGRP_IPV4_IFADDR,
                        RTNLGRP_IPV4_ROUTE,
                        RTNLGRP_IPV4_RULE,
                        RTNLGRP_IPV6_IFADDR,
                        RTNLGRP_IPV6_ROUTE,
                        RTNLGRP_IPV6_RULE,
                        RTNLGRP_NEXTHOP));
    }

    /**
     * Hands over what has happened.
     *
     * @param limit of datagrams to read.
     * @return how many changes there were, an overrun counts as one.
     */
    public int poll(final Listener listener, final int limit) {
        final int messages = socket.poll(message -> dispatch(message, listener), limit);
        if (messages == NetlinkSocket.OVERRUN) {
            listener.onOverrun();
            return 1;
        }

        return messages;
    }

    @Override
    public void close() {
        socket.close();
    }

    private static void dispatch(final NetlinkMessageFlyweight message, final Listener listener) {
        final int type = message.type();
        switch (type) {
            case RouteMessageType.RTM_NEWLINK, RouteMessageType.RTM_DELLINK -> {
                final Link link = Links.decode(message);
                if (link != null) {
                    listener.onLink(link, type == RouteMessageType.RTM_DELLINK);
                }
            }
            case RouteMessageType.RTM_NEWADDR, RouteMessageType.RTM_DELADDR -> {
                final InterfaceAddress address = Addresses.decode(message);
                if (address != null) {
                    listener.onAddress(address, type == RouteMessageType.RTM_DELADDR);
                }
            }
            case RouteMessageType.RTM_NEWNEIGH, RouteMessageType.RTM_DELNEIGH -> {
                final Neighbour neighbour = Neighbours.decode(message);
                if (neighbour != null) {
                    listener.onNeighbour(neighbour, type == RouteMessageType.RTM_DELNEIGH);
                }
            }
            case RouteMessageType.RTM_NEWROUTE, RouteMessageType.RTM_DELROUTE -> {
                final Route route = Routes.decode(message);
                if (route != null) {
                    listener.onRoute(route, type == RouteMessageType.RTM_DELROUTE);
                }
            }
            case RouteMessageType.RTM_NEWRULE,
                    RouteMessageType.RTM_DELRULE,
                    RouteMessageType.RTM_NEWNEXTHOP,
                    RouteMessageType.RTM_DELNEXTHOP ->
                    listener.onRoutingPolicy();
            default -> {}
        }
    }
}
