package io.naru.linux.netlink;

import static io.naru.linux.netlink.NetlinkMessageDescriptor.NLM_F_DUMP;

import java.util.List;

/** Asks the kernel for the box's own addresses. */
public final class Addresses {
    private Addresses() {}

    /** All addresses of all interfaces of the socket's namespace. */
    public static List<InterfaceAddress> dump(final NetlinkSocket socket) {
        return Dump.of(
                socket,
                () ->
                        new NetlinkRequest(RouteMessageType.RTM_GETADDR, NLM_F_DUMP)
                                .putByte(AddressFamily.UNSPEC)
                                .putByte(0)
                                .putShort(0)
                                .putInt(0),
                RouteMessageType.RTM_NEWADDR,
                Addresses::decode,
                "RTM_GETADDR dump");
    }

    /** Reads an RTM_NEWADDR or RTM_DELADDR; null if it has no IP address. */
    static InterfaceAddress decode(final NetlinkMessageFlyweight message) {
        if (message.payloadLength() < AddressDescriptor.LENGTH) {
            return null;
        }

        IpAddress address = null;
        IpAddress local = null;
        final AttributeReader attributes = message.attributes(AddressDescriptor.LENGTH);
        while (attributes.next()) {
            switch (attributes.type()) {
                case AddressDescriptor.IFA_ADDRESS -> address = attributes.getIpAddress();
                case AddressDescriptor.IFA_LOCAL -> local = attributes.getIpAddress();
                default -> {}
            }
        }

        final IpAddress own = local != null ? local : address;
        return own == null
                ? null
                : new InterfaceAddress(
                        message.getInt(AddressDescriptor.INDEX_OFFSET),
                        own,
                        message.getUnsignedByte(AddressDescriptor.PREFIX_LENGTH_OFFSET));
    }
}
