package io.naru.linux.netlink;

import static io.naru.linux.netlink.NetlinkMessageDescriptor.NLM_F_DUMP;

import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;

/** Asks the kernel for routes. */
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
        final Route[] answer = new Route[1];
        final int result =
                socket.request0(
                        request(0, destination.family(), destination.bits())
                                .attribute(RouteDescriptor.RTA_DST, destination),
                        message -> answer[0] = lookupAnswer(message));
        return new Answer(result < 0 ? null : answer[0], -result);
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
