package io.naru.linux.netlink;

import static io.naru.linux.netlink.NetlinkMessageDescriptor.NLM_F_ACK;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.NLM_F_DUMP;

import io.naru.linux.Errno;
import io.naru.linux.LinuxException;
import java.util.List;
import java.util.Optional;

/** Asks the kernel for network interfaces. */
public final class Links {
    private Links() {}

    /** All interfaces of the socket's namespace. */
    public static List<Link> dump(final NetlinkSocket socket) {
        return Dump.of(
                socket,
                () -> request(NLM_F_DUMP, 0),
                RouteMessageType.RTM_NEWLINK,
                Links::decode,
                "RTM_GETLINK dump");
    }

    /** The interface of that name; none if there is none. */
    public static Optional<Link> byName(final NetlinkSocket socket, final String name) {
        return get(socket, request(0, 0).attribute(LinkDescriptor.IFLA_IFNAME, name), name);
    }

    /** The interface of that index; none if there is none. */
    public static Optional<Link> byIndex(final NetlinkSocket socket, final int index) {
        return get(socket, request(0, index), "link " + index);
    }

    /**
     * Lets an interface carry packets. Needs CAP_NET_ADMIN.
     *
     * @throws LinuxException if the kernel refuses.
     */
    public static void bringUp(final NetlinkSocket socket, final int index, final int mtu) {
        socket.request(
                new NetlinkRequest(RouteMessageType.RTM_NEWLINK, NLM_F_ACK)
                        .putByte(AddressFamily.UNSPEC)
                        .putByte(0)
                        .putShort(0)
                        .putInt(index)
                        .putInt(LinkDescriptor.IFF_UP)
                        .putInt(LinkDescriptor.IFF_UP)
                        .attribute(LinkDescriptor.IFLA_MTU, mtu),
                message -> {},
                "RTM_NEWLINK up of link " + index);
    }

    private static Optional<Link> get(
            final NetlinkSocket socket, final NetlinkRequest request, final String what) {
        final Link[] answer = new Link[1];
        final int result = socket.request0(request, message -> answer[0] = decode(message));
        // ERANGE: a name longer than any interface can have.
        if (result == -Errno.ENODEV || result == -Errno.ERANGE) {
            return Optional.empty();
        }

        LinuxException.check(result, "RTM_GETLINK", what, socket.refusal());
        return Optional.ofNullable(answer[0]);
    }

    private static NetlinkRequest request(final int flags, final int index) {
        return new NetlinkRequest(RouteMessageType.RTM_GETLINK, flags)
                .putByte(AddressFamily.UNSPEC)
                .putByte(0)
                .putShort(0)
                .putInt(index)
                .putInt(0)
                .putInt(0);
    }

    /** Reads an RTM_NEWLINK or RTM_DELLINK; null if it isn't about an interface of this family. */
    static Link decode(final NetlinkMessageFlyweight message) {
        if (message.payloadLength() < LinkDescriptor.LENGTH
                || message.getUnsignedByte(0) != AddressFamily.UNSPEC) {
            return null; // AF_BRIDGE messages have the same type and only part of the attributes
        }

        String name = "";
        String kind = "";
        String memberKind = "";
        long macNet = MacAddress.NONE;
        int mtu = 0;
        int lower = 0;
        int master = 0;
        int rxQueues = 0;
        int txQueues = 0;
        int vlan = 0;
        int xdpAttached = 0;
        int xdpProgramId = 0;

        final AttributeReader attributes = message.attributes(LinkDescriptor.LENGTH);
        while (attributes.next()) {
            switch (attributes.type()) {
                case LinkDescriptor.IFLA_IFNAME -> name = attributes.getString();
                case LinkDescriptor.IFLA_ADDRESS -> macNet = attributes.getMacNet();
                case LinkDescriptor.IFLA_MTU -> mtu = attributes.getInt();
                case LinkDescriptor.IFLA_LINK -> lower = attributes.getInt();
                case LinkDescriptor.IFLA_MASTER -> master = attributes.getInt();
                case LinkDescriptor.IFLA_NUM_RX_QUEUES -> rxQueues = attributes.getInt();
                case LinkDescriptor.IFLA_NUM_TX_QUEUES -> txQueues = attributes.getInt();
                case LinkDescriptor.IFLA_LINKINFO -> {
                    final AttributeReader info = attributes.nested(0);
                    while (info.next()) {
                        switch (info.type()) {
                            case LinkDescriptor.IFLA_INFO_KIND -> kind = info.getString();
                            case LinkDescriptor.IFLA_INFO_DATA -> {
                                final AttributeReader data = info.nested(0);
                                while (data.next() && "vlan".equals(kind)) {
                                    if (data.type() == LinkDescriptor.IFLA_VLAN_ID) {
                                        vlan = data.getUnsignedShort();
                                    }
                                }
                            }
                            case LinkDescriptor.IFLA_INFO_SLAVE_KIND ->
                                    memberKind = info.getString();
                            default -> {}
                        }
                    }
                }
                case LinkDescriptor.IFLA_XDP -> {
                    final AttributeReader xdp = attributes.nested(0);
                    while (xdp.next()) {
                        switch (xdp.type()) {
                            case LinkDescriptor.IFLA_XDP_ATTACHED ->
                                    xdpAttached = xdp.getUnsignedByte();
                            case LinkDescriptor.IFLA_XDP_PROG_ID -> xdpProgramId = xdp.getInt();
                            default -> {}
                        }
                    }
                }
                default -> {}
            }
        }

        return new Link(
                message.getInt(LinkDescriptor.INDEX_OFFSET),
                name,
                macNet,
                mtu,
                message.getInt(LinkDescriptor.FLAGS_OFFSET),
                kind,
                vlan,
                lower,
                master,
                memberKind,
                rxQueues,
                txQueues,
                Link.XdpMode.of(xdpAttached),
                xdpProgramId);
    }
}
