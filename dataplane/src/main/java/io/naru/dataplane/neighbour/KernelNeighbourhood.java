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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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

    private final List<Uplink> uplinks;
    private final boolean isBridge;
    private final KernelEvents events;
    private final NetlinkSocket socket;
    private final Map<Integer, Link> linkByIndex = new HashMap<>();

    /**
     * Begins to follow the kernel of the calling thread's network namespace.
     *
     * @param uplinks the interfaces that packets can leave by, in the order of the configuration.
     *     The kernel's side of one with a VLAN is the VLAN device on it, if there is one.
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
        this.uplinks = List.copyOf(uplinks);
        events = KernelEvents.open(); // before anything is read, so that no change is missed
        NetlinkSocket opened = null;
        try {
            opened = NetlinkSocket.open();
            socket = opened;
            Links.dump(socket).forEach(link -> linkByIndex.put(link.index(), link));
            for (final Uplink uplink : uplinks) {
                if (kernelSideOf(uplink) == null) {
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
        final Link link = linkByIndex.get(nextHop.linkIndex());
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
        final int index = uplinkOf(link);
        if (index >= 0 || !isBridge || link == null) {
            return index;
        }

        return uplinkOf(linkByIndex.get(link.lowerIndex())) >= 0 ? Hop.BRIDGED : -1;
    }

    /** The uplink whose kernel side is this link; -1 if it is that of none, or null. */
    private int uplinkOf(final Link link) {
        for (int i = 0; link != null && i < uplinks.size(); i++) {
            final Link side = kernelSideOf(uplinks.get(i));
            if (side != null && side.index() == link.index()) {
                return i;
            }
        }

        return -1;
    }

    private Link kernelSideOf(final Uplink uplink) {
        Link side = null;
        for (final Link link : linkByIndex.values()) {
            if (link.name().equals(uplink.name())) {
                side = link;
            }
        }
        for (final Link link : linkByIndex.values()) {
            if (side != null
                    && uplink.vlan() != 0
                    && link.vlan() == uplink.vlan()
                    && link.lowerIndex() == side.index()) {
                return link;
            }
        }

        return side;
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
                                        interfaceIndex(local.linkIndex())))
                .collect(toUnmodifiableSet());
    }

    private int interfaceIndex(final int linkIndex) {
        return uplinkOf(linkByIndex.get(linkIndex));
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
            final Link before =
                    removed
                            ? linkByIndex.remove(link.index())
                            : linkByIndex.put(link.index(), link);
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
            linkByIndex.clear();
            Links.dump(socket).forEach(link -> linkByIndex.put(link.index(), link));
            changes.onEverythingChanged();
        }
    }
}
