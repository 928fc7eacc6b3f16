package io.naru.linux.netlink;

import io.naru.linux.Errno;
import io.naru.linux.LinuxException;
import java.util.Optional;

/**
 * What a device's driver can do with XDP, as it says itself: asking attaches nothing and so
 * disturbs nobody, while attaching a program makes many drivers set up their queues anew.
 *
 * @param bits NETDEV_XDP_ACT_… of {@code include/uapi/linux/netdev.h}.
 */
public record XdpFeatures(long bits) {
    // include/uapi/linux/genetlink.h
    private static final int GENL_ID_CTRL = 16;
    private static final int CTRL_CMD_GETFAMILY = 3;
    private static final int CTRL_ATTR_FAMILY_ID = 1;
    private static final int CTRL_ATTR_FAMILY_NAME = 2;

    /** struct genlmsghdr: command, version, 16 bits reserved. */
    static final int GENERIC_HEADER_LENGTH = 4;

    // include/uapi/linux/netdev.h
    private static final String NETDEV_FAMILY_NAME = "netdev";
    private static final int NETDEV_CMD_DEV_GET = 1;
    private static final int NETDEV_A_DEV_IFINDEX = 1;
    private static final int NETDEV_A_DEV_XDP_FEATURES = 3;
    private static final long NETDEV_XDP_ACT_BASIC = 1;
    private static final long NETDEV_XDP_ACT_REDIRECT = 1 << 1;
    private static final long NETDEV_XDP_ACT_XSK_ZEROCOPY = 1 << 3;

    /**
     * Asks for one device.
     *
     * @return none if the kernel can't say (before 6.3) or the device is gone.
     */
    public static Optional<XdpFeatures> of(final int linkIndex) {
        try (NetlinkSocket socket = NetlinkSocket.open(NetlinkSocket.NETLINK_GENERIC)) {
            final int family = familyId(socket);
            if (family == 0) {
                return Optional.empty();
            }

            final XdpFeatures[] answer = new XdpFeatures[1];
            final int result =
                    socket.request0(
                            request(family, NETDEV_CMD_DEV_GET)
                                    .attribute(NETDEV_A_DEV_IFINDEX, linkIndex),
                            message -> answer[0] = decode(message));
            if (result == -Errno.ENODEV) {
                return Optional.empty();
            }

            LinuxException.check(
                    result, "NETDEV_CMD_DEV_GET", "link " + linkIndex, socket.refusal());
            return Optional.ofNullable(answer[0]);
        }
    }

    /** The driver runs XDP programs itself, before it makes a socket buffer of the frame. */
    public boolean isNative() {
        final long needed = NETDEV_XDP_ACT_BASIC | NETDEV_XDP_ACT_REDIRECT;
        return (bits & needed) == needed;
    }

    /** AF_XDP sockets can be given the very memory that the NIC writes to. */
    public boolean isZeroCopy() {
        return (bits & NETDEV_XDP_ACT_XSK_ZEROCOPY) != 0;
    }

    private static int familyId(final NetlinkSocket socket) {
        final int[] id = new int[1];
        final int result =
                socket.request0(
                        request(GENL_ID_CTRL, CTRL_CMD_GETFAMILY)
                                .attribute(CTRL_ATTR_FAMILY_NAME, NETDEV_FAMILY_NAME),
                        message -> {
                            final AttributeReader attributes =
                                    message.attributes(GENERIC_HEADER_LENGTH);
                            while (attributes.next()) {
                                if (attributes.type() == CTRL_ATTR_FAMILY_ID) {
                                    id[0] = attributes.getUnsignedShort();
                                }
                            }
                        });
        return result < 0 ? 0 : id[0];
    }

    static XdpFeatures decode(final NetlinkMessageFlyweight message) {
        long bits = 0;
        final AttributeReader attributes = message.attributes(GENERIC_HEADER_LENGTH);
        while (attributes.next()) {
            if (attributes.type() == NETDEV_A_DEV_XDP_FEATURES) {
                bits = attributes.getLong();
            }
        }

        return new XdpFeatures(bits);
    }

    private static NetlinkRequest request(final int type, final int command) {
        return new NetlinkRequest(type, 0).putByte(command).putByte(1).putShort(0);
    }
}
