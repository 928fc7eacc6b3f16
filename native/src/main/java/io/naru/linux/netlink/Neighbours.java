package io.naru.linux.netlink;

import static io.naru.linux.netlink.NetlinkMessageDescriptor.NLM_F_ACK;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.NLM_F_CREATE;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.NLM_F_DUMP;

import io.naru.linux.Errno;
import io.naru.linux.LinuxException;
import java.util.List;
import java.util.Optional;

/** Asks the kernel for neighbours, and to look for one (ARP, RFC 826; NDP, RFC 4861). */
public final class Neighbours {
    private Neighbours() {}

    /** All neighbours of a family on all links of the socket's namespace. */
    public static List<Neighbour> dump(final NetlinkSocket socket, final int family) {
        return Dump.of(
                socket,
                () -> request(RouteMessageType.RTM_GETNEIGH, NLM_F_DUMP, family, 0, 0),
                RouteMessageType.RTM_NEWNEIGH,
                Neighbours::decode,
                "RTM_GETNEIGH dump");
    }

    /** What the kernel knows of {@code address} on a link; none if it never heard of it. */
    public static Optional<Neighbour> get(
            final NetlinkSocket socket, final int linkIndex, final IpAddress address) {
        final Neighbour[] answer = new Neighbour[1];
        final int result =
                socket.request0(
                        request(RouteMessageType.RTM_GETNEIGH, 0, address.family(), linkIndex, 0)
                                .attribute(NeighbourDescriptor.NDA_DST, address),
                        message -> answer[0] = decode(message));
        // ENODEV: the link went away since we heard of it.
        if (result == -Errno.ENOENT || result == -Errno.ENODEV) {
            return Optional.empty();
        }

        LinuxException.check(result, "RTM_GETNEIGH", address.toString(), socket.refusal());
        return Optional.ofNullable(answer[0]);
    }

    /**
     * Lets the kernel do what it does when it has a packet to send to {@code address}: ask for an
     * unknown neighbour, check a stale one, leave a reachable one alone. Its answer comes as an
     * event. Needs CAP_NET_ADMIN.
     *
     * <p>Never for a neighbour that {@link Neighbour#isFixed()}: NTF_USE clears NUD_PERMANENT
     * (__neigh_update() in net/core/neighbour.c) and so would undo what the operator set.
     *
     * @return 0 or {@code -errno}; {@code -ENOBUFS} if the kernel's table is full (gc_thresh3).
     */
    public static int solicit0(
            final NetlinkSocket socket, final int linkIndex, final IpAddress address) {
        return socket.request0(solicitation(linkIndex, address), message -> {});
    }

    static NetlinkRequest solicitation(final int linkIndex, final IpAddress address) {
        return request(
                        RouteMessageType.RTM_NEWNEIGH,
                        NLM_F_ACK | NLM_F_CREATE,
                        address.family(),
                        linkIndex,
                        NeighbourDescriptor.NTF_USE)
                .attribute(NeighbourDescriptor.NDA_DST, address);
    }

    private static NetlinkRequest request(
            final int type,
            final int flags,
            final int family,
            final int linkIndex,
            final int neighbourFlags) {
        return new NetlinkRequest(type, flags)
                .putByte(family)
                .putByte(0)
                .putShort(0)
                .putInt(linkIndex)
                .putShort(NeighbourDescriptor.NUD_NONE)
                .putByte(neighbourFlags)
                .putByte(0);
    }

    /** Reads an RTM_NEWNEIGH or RTM_DELNEIGH; null if it isn't about an IP neighbour. */
    static Neighbour decode(final NetlinkMessageFlyweight message) {
        if (message.payloadLength() < NeighbourDescriptor.LENGTH) {
            return null;
        }

        final int family = message.getUnsignedByte(NeighbourDescriptor.FAMILY_OFFSET);
        final int flags = message.getUnsignedByte(NeighbourDescriptor.FLAGS_OFFSET);
        if ((family != AddressFamily.INET && family != AddressFamily.INET6)
                || (flags & NeighbourDescriptor.NTF_PROXY) != 0) {
            return null; // a bridge's table, or an address that we answer for others
        }

        IpAddress address = null;
        long macNet = MacAddress.NONE;
        final AttributeReader attributes = message.attributes(NeighbourDescriptor.LENGTH);
        while (attributes.next()) {
            switch (attributes.type()) {
                case NeighbourDescriptor.NDA_DST -> address = attributes.getIpAddress();
                case NeighbourDescriptor.NDA_LLADDR -> macNet = attributes.getMacNet();
                default -> {}
            }
        }

        return address == null
                ? null
                : new Neighbour(
                        message.getInt(NeighbourDescriptor.INDEX_OFFSET),
                        address,
                        message.getUnsignedShort(NeighbourDescriptor.STATE_OFFSET),
                        macNet);
    }
}
