package io.naru.linux.netlink;

import static io.naru.linux.netlink.NetlinkMessageDescriptor.NLM_F_ACK;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.NLM_F_CREATE;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.NLM_F_DUMP;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.NLM_F_REPLACE;

import io.naru.linux.LinuxException;
import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;

/** Asks the kernel for routes, and makes those of a table of our own. */
public final class Routes {
    /**
     * The kernel's answer for one destination.
     *
     * @param route null if there is none.
     * @param errno why there is none: ENETUNREACH (no route), EHOSTUNREACH, EACCES or EINVAL (a
     *     route of type unreachable, prohibit or blackhole); 0 if there is one.
     */
    public record Answer(Route route, int errno) {}

    private Routes() {}

    /** All routes of a family in all tables of the socket's namespace. */
    public static List<Route> dump(final NetlinkSocket socket, final int family) {
        return Dump.of(
                socket,
                () -> request(NLM_F_DUMP, family, 0),
                RouteMessageType.RTM_NEWROUTE,
                Routes::decode,
                "RTM_GETROUTE dump");
    }

    /**
     * How the box itself would send to {@code destination} now: rules, tables, metrics, multipath
     * and nexthop objects are all the kernel's, and so is the choice.
     */
    public static Answer lookup(final NetlinkSocket socket, final IpAddress destination) {
        return lookup(socket, destination, 0);
    }

    /**
     * As {@link #lookup(NetlinkSocket, IpAddress)}, for the packets of a socket with a mark.
     *
     * @param mark SO_MARK; 0 is none.
     */
    public static Answer lookup(
            final NetlinkSocket socket, final IpAddress destination, final int mark) {
        final NetlinkRequest request =
                request(0, destination.family(), destination.bits())
                        .attribute(RouteDescriptor.RTA_DST, destination);
        if (mark != 0) {
            request.attribute(RouteDescriptor.RTA_MARK, mark);
        }

        final Route[] answer = new Route[1];
        final int result = socket.request0(request, message -> answer[0] = lookupAnswer(message));
        return new Answer(result < 0 ? null : answer[0], -result);
    }

    /** The address of its own that the box would send to {@code destination} from; or null. */
    public static IpAddress source(final NetlinkSocket socket, final IpAddress destination) {
        final IpAddress[] source = new IpAddress[1];
        socket.request0(
                request(0, destination.family(), destination.bits())
                        .attribute(RouteDescriptor.RTA_DST, destination),
                message -> {
                    final AttributeReader attributes = message.attributes(RouteDescriptor.LENGTH);
                    while (attributes.next()) {
                        if (attributes.type() == RouteDescriptor.RTA_PREFSRC) {
                            source[0] = attributes.getIpAddress();
                        }
                    }
                });
        return source[0];
    }

    /**
     * What the box would do with a packet that arrives by a link.
     *
     * @return 0, or {@code -errno} if it would not take it (IPv4 only): for its reverse path filter
     *     (RFC 3704), or because the source is an address of its own. Older kernels tell these two
     *     apart, newer ones say {@code -EINVAL} to both.
     */
    public static int arrival0(
            final NetlinkSocket socket,
            final IpAddress source,
            final IpAddress destination,
            final int linkIndex) {
        return socket.request0(
                new NetlinkRequest(RouteMessageType.RTM_GETROUTE, 0)
                        .putByte(destination.family())
                        .putByte(destination.bits())
                        .putByte(source.bits())
                        .putByte(0)
                        .putInt(0)
                        .putInt(0)
                        .attribute(RouteDescriptor.RTA_DST, destination)
                        .attribute(RouteDescriptor.RTA_SRC, source)
                        .attribute(RouteDescriptor.RTA_IIF, linkIndex),
                message -> {});
    }

    /**
     * Makes a link the way to everywhere in a table of its own, in place of what was there. It goes
     * when the link goes. Needs CAP_NET_ADMIN.
     *
     * @param table number of the table, above 255.
     * @throws LinuxException if the kernel refuses.
     */
    public static void replaceDefault(
            final NetlinkSocket socket, final int family, final int table, final int linkIndex) {
        socket.request(
                new NetlinkRequest(
                                RouteMessageType.RTM_NEWROUTE,
                                NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE)
                        .putByte(family)
                        .putByte(0)
                        .putByte(0)
                        .putByte(0)
                        .putByte(0)
                        .putByte(RouteDescriptor.RTPROT_STATIC)
                        .putByte(
                                family == AddressFamily.INET
                                        ? RouteDescriptor.RT_SCOPE_LINK
                                        : RouteDescriptor.RT_SCOPE_UNIVERSE)
                        .putByte(RouteDescriptor.RTN_UNICAST)
                        .putInt(0)
                        .attribute(RouteDescriptor.RTA_TABLE, table)
                        .attribute(RouteDescriptor.RTA_OIF, linkIndex),
                message -> {},
                "RTM_NEWROUTE default in table " + table);
    }

    private static NetlinkRequest request(
            final int flags, final int family, final int destinationLength) {
        return new NetlinkRequest(RouteMessageType.RTM_GETROUTE, flags)
                .putByte(family)
                .putByte(destinationLength)
                .putByte(0)
                .putByte(0)
                .putByte(0)
                .putByte(0)
                .putByte(0)
                .putByte(0)
                .putInt(0);
    }

    /** Reads an RTM_NEWROUTE or RTM_DELROUTE; null if it isn't a route of an IP table. */
    static Route decode(final NetlinkMessageFlyweight message) {
        return message.payloadLength() < RouteDescriptor.LENGTH
                        || (message.getInt(RouteDescriptor.FLAGS_OFFSET)
                                        & RouteDescriptor.RTM_F_CLONED)
                                != 0
                ? null
                : lookupAnswer(message);
    }

    /** Reads a route of any kind; null if it isn't about IP. */
    static Route lookupAnswer(final NetlinkMessageFlyweight message) {
        final int family = message.getUnsignedByte(RouteDescriptor.FAMILY_OFFSET);
        if (family != AddressFamily.INET && family != AddressFamily.INET6) {
            return null; // multicast and MPLS routes have the same type
        }

        IpAddress destination = IpAddress.any(family);
        IpAddress gateway = null;
        int linkIndex = 0;
        int metric = 0;
        int table = message.getUnsignedByte(RouteDescriptor.TABLE_OFFSET);
        final List<Route.NextHop> nextHops = new ArrayList<>();

        final AttributeReader attributes = message.attributes(RouteDescriptor.LENGTH);
        while (attributes.next()) {
            switch (attributes.type()) {
                case RouteDescriptor.RTA_DST -> destination = attributes.getIpAddress();
                case RouteDescriptor.RTA_OIF -> linkIndex = attributes.getInt();
                case RouteDescriptor.RTA_PRIORITY -> metric = attributes.getInt();
                case RouteDescriptor.RTA_TABLE -> table = attributes.getInt();
                case RouteDescriptor.RTA_GATEWAY, RouteDescriptor.RTA_VIA ->
                        gateway = gateway(attributes);
                case RouteDescriptor.RTA_MULTIPATH -> decodeMultipath(attributes, nextHops);
                default -> {}
            }
        }

        if (nextHops.isEmpty() && linkIndex != 0) {
            nextHops.add(new Route.NextHop(linkIndex, gateway));
        }

        return destination == null
                ? null
                : new Route(
                        destination,
                        message.getUnsignedByte(RouteDescriptor.DESTINATION_LENGTH_OFFSET),
                        table,
                        message.getUnsignedByte(RouteDescriptor.TYPE_OFFSET),
                        metric,
                        nextHops);
    }

    private static void decodeMultipath(
            final AttributeReader multipath, final List<Route.NextHop> nextHops) {
        final DirectBuffer buffer = multipath.buffer();
        final int limit = multipath.offset() + multipath.length();
        int offset = multipath.offset();
        while (offset + RouteDescriptor.NEXT_HOP_LENGTH <= limit) {
            final int length =
                    buffer.getShort(offset + RouteDescriptor.NEXT_HOP_LENGTH_OFFSET) & 0xffff;
            if (length < RouteDescriptor.NEXT_HOP_LENGTH || offset + length > limit) {
                break;
            }

            IpAddress gateway = null;
            final AttributeReader attributes =
                    new AttributeReader(
                            buffer, offset + RouteDescriptor.NEXT_HOP_LENGTH, offset + length);
            while (attributes.next()) {
                switch (attributes.type()) {
                    case RouteDescriptor.RTA_GATEWAY, RouteDescriptor.RTA_VIA ->
                            gateway = gateway(attributes);
                    default -> {}
                }
            }

            nextHops.add(
                    new Route.NextHop(
                            buffer.getInt(offset + RouteDescriptor.NEXT_HOP_INDEX_OFFSET),
                            gateway));
            offset += NetlinkMessageDescriptor.align(length);
        }
    }

    private static IpAddress gateway(final AttributeReader attribute) {
        return attribute.type() == RouteDescriptor.RTA_GATEWAY
                ? attribute.getIpAddress()
                : IpAddress.read(
                        attribute.buffer(),
                        attribute.offset() + RouteDescriptor.VIA_ADDRESS_OFFSET,
                        attribute.length() - RouteDescriptor.VIA_ADDRESS_OFFSET);
    }
}
