package io.naru.dataplane.neighbour;

import static java.util.stream.Collectors.toUnmodifiableSet;

import io.naru.dataplane.protocol.IpAddress;
import io.naru.linux.Errno;
import io.naru.linux.LinuxException;
import io.naru.linux.netlink.Addresses;
import io.naru.linux.netlink.InterfaceAddress;
import io.naru.linux.netlink.KernelEvents;
import io.naru.linux.netlink.Link;
import io.naru.linux.netlink.Links;
import io.naru.linux.netlink.Neighbour;
import io.naru.linux.netlink.Neighbours;
import io.naru.linux.netlink.NetlinkSocket;
import io.naru.linux.netlink.Route;
import io.naru.linux.netlink.Routes;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The neighbourhood as the kernel of our network namespace knows it.
 *
 * <p>Ways and neighbours are asked for one by one rather than kept as a copy of the kernel's
 * tables: the kernel's own answer takes rules, metrics, multipath and nexthop objects into account,
 * and a box with a full routing table costs no more than one with three routes.
 */
public final class KernelNeighbourhood implements Neighbourhood {
    /** Datagrams of changes taken in one poll; each has one to a few changes. */
    private static final int DATAGRAMS_PER_POLL = 64;

    private final boolean isBridge;
    private final KernelEvents events;
    private final NetlinkSocket socket;
    private final KernelLinks links;

    /**
     * Begins to follow the kernel of the calling thread's network namespace.
     *
     * @param uplinks the interfaces that packets can leave by, in the order of the configuration.
     * @throws LinuxException if one isn't there, or the kernel refuses.
     */
    public KernelNeighbourhood(final List<Uplink> uplinks) {
        this(uplinks, false);
    }

    /**
     * The same for a bridge: the box itself is a station of it, by a pair of veth one end of which
     * is a port of the bridge.
     */
    public KernelNeighbourhood(final List<Uplink> uplinks, final boolean isBridge) {
        this.isBridge = isBridge;
        links = new KernelLinks(uplinks);
        events = KernelEvents.open(); // before anything is read, so that no change is missed
        NetlinkSocket opened = null;
        try {
            opened = NetlinkSocket.open();
            socket = opened;
            links.reset(Links.dump(socket));
            for (final Uplink uplink : uplinks) {
                if (links.kernelSideOf(uplink) == null) {
                    throw new LinuxException(
                            "RTM_GETLINK",
                            uplink.name(),
                            Errno.ENODEV,
                            "'ip link' lists what there is");
                }
            }
        } catch (final RuntimeException e) {
            if (opened != null) {
                opened.close();
            }

            events.close();
            throw e;
        }
    }

    @Override
    public int poll(final Changes changes) {
        return events.poll(new Translator(changes), DATAGRAMS_PER_POLL);
    }

    @Override
    public Way wayTo(final IpAddress destination) {
        final Routes.Answer answer = Routes.lookup(socket, toKernel(destination));
        final Route route = answer.route();
        if (route == null) {
            return Way.refused(
                    "no route to %s (%s)".formatted(destination, Errno.name(answer.errno())));
        }

        if (route.isLocal()) {
            return Way.refused(destination + " is an address of the box itself");
        }

        if (!route.isUnicast() || route.nextHops().isEmpty()) {
            return Way.refused(destination + " is not the address of one host");
        }

        final Route.NextHop nextHop = route.nextHops().get(0);
        final Link link = links.link(nextHop.linkIndex());
        final String linkName = link == null ? "link " + nextHop.linkIndex() : link.name();
        final int interfaceIndex = wayOut(link);
        if (interfaceIndex < 0) {
            return Way.refused(
                    "the route to %s leaves by %s, which is not one of the balancer's interfaces"
                            .formatted(destination, linkName));
        }

        return Way.by(
                        interfaceIndex,
                        nextHop.linkIndex(),
                        linkName,
                        nextHop.gateway() == null ? destination : fromKernel(nextHop.gateway()))
                .withMtu(link.mtu());
    }

    /**
     * The interface that a link is, or {@link Hop#BRIDGED} if it leads into our bridge: its other
     * end is a port of it.
     */
    private int wayOut(final Link link) {
        if (link == null) {
            return KernelLinks.NONE;
        }

        final int index = links.uplinkOf(link.index());
        final boolean leadsIntoUs =
                isBridge && links.uplinkOf(link.lowerIndex()) != KernelLinks.NONE;
        return index == KernelLinks.NONE && leadsIntoUs ? Hop.BRIDGED : index;
    }

    @Override
    public Sighting sighting(final Way way) {
        final Optional<Neighbour> answer =
                Neighbours.get(socket, way.linkIndex(), toKernel(way.neighbour()));
        if (answer.isEmpty()) {
            return Sighting.NONE;
        }

        final Neighbour neighbour = answer.get();
        return new Sighting(state(neighbour), neighbour.macNet());
    }

    @Override
    public String solicit(final Way way) {
        final int result = Neighbours.solicit0(socket, way.linkIndex(), toKernel(way.neighbour()));
        if (result == 0) {
            return "";
        }

        final String errno = Errno.name(-result);
        return switch (-result) {
            case Errno.ENOBUFS ->
                    "the kernel's neighbour table is full, raise net.%s.neigh.default.gc_thresh3"
                            .formatted(way.neighbour().isIpv4() ? "ipv4" : "ipv6");
            case Errno.EPERM -> "the process lacks CAP_NET_ADMIN";
            default -> "RTM_NEWNEIGH: " + errno;
        };
    }

    @Override
    public Set<LocalAddress> locals() {
        return Addresses.dump(socket).stream()
                .map(
                        local ->
                                new LocalAddress(
                                        fromKernel(local.address()),
                                        local.prefixLength(),
                                        links.uplinkOf(local.linkIndex())))
                .collect(toUnmodifiableSet());
    }

    @Override
    public void close() {
        socket.close();
        events.close();
    }

    private static Sighting.State state(final Neighbour neighbour) {
        if (neighbour.isFixed()) {
            return Sighting.State.FIXED;
        }

        if (neighbour.hasFailed()) {
            return Sighting.State.FAILED;
        }

        if (!neighbour.isValid()) {
            return Sighting.State.UNKNOWN;
        }

        return neighbour.isStale() ? Sighting.State.STALE : Sighting.State.FRESH;
    }

    private static io.naru.linux.netlink.IpAddress toKernel(final IpAddress address) {
        return new io.naru.linux.netlink.IpAddress(address.high(), address.low());
    }

    private static IpAddress fromKernel(final io.naru.linux.netlink.IpAddress address) {
        return new IpAddress(address.high(), address.low());
    }

    /** Says what the kernel's events mean for ways and neighbours. */
    private final class Translator implements KernelEvents.Listener {
        private final Changes changes;

        private Translator(final Changes changes) {
            this.changes = changes;
        }

        @Override
        public void onLink(final Link link, final boolean removed) {
            final Link before = removed ? links.remove(link) : links.put(link);
            // When a link goes down, the kernel takes its IPv4 routes out and doesn't tell.
            if (removed
                    || before == null
                    || before.isUp() != link.isUp()
                    || before.hasCarrier() != link.hasCarrier()
                    || before.masterIndex() != link.masterIndex()
                    || before.mtu() != link.mtu()
                    || !before.name().equals(link.name())) {
                changes.onEverythingChanged();
            }
        }

        @Override
        public void onAddress(final InterfaceAddress address, final boolean removed) {
            changes.onLocalsChanged();
            if (removed) {
                changes.onEverythingChanged(); // routes with it as their source go untold
            }
        }

        @Override
        public void onNeighbour(final Neighbour neighbour, final boolean removed) {
            changes.onNeighbourChanged(neighbour.linkIndex(), fromKernel(neighbour.address()));
        }

        @Override
        public void onRoute(final Route route, final boolean removed) {
            final io.naru.linux.netlink.IpAddress destination = route.destination();
            changes.onWaysChanged(
                    fromKernel(destination.first(route.prefixLength())),
                    fromKernel(destination.last(route.prefixLength())));
        }

        @Override
        public void onRoutingPolicy() {
            changes.onEverythingChanged();
        }

        @Override
        public void onOverrun() {
            // Links are kept as a copy, so they are read anew here; the rest is looked up.
            links.reset(Links.dump(socket));
            changes.onEverythingChanged();
        }
    }
}
