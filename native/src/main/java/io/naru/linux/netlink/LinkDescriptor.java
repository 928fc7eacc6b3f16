package io.naru.linux.netlink;

/**
 * Layout of {@code struct ifinfomsg} ({@code include/uapi/linux/rtnetlink.h}) and the attributes we
 * read ({@code include/uapi/linux/if_link.h}).
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +---------------+---------------+-------------------------------+
 *  |    Family     |      pad      |     ARP hardware type         |
 *  +---------------+---------------+-------------------------------+
 *  |                           Link index                          |
 *  +---------------------------------------------------------------+
 *  |                        Flags (IFF_…)                          |
 *  +---------------------------------------------------------------+
 *  |                         Change mask                           |
 *  +---------------------------------------------------------------+
 * </pre>
 */
final class LinkDescriptor {
    static final int TYPE_OFFSET = 2;
    static final int INDEX_OFFSET = 4;
    static final int FLAGS_OFFSET = 8;
    static final int CHANGE_OFFSET = 12;
    static final int LENGTH = 16;

    static final int IFLA_ADDRESS = 1;
    static final int IFLA_IFNAME = 3;
    static final int IFLA_MTU = 4;
    static final int IFLA_LINK = 5;
    static final int IFLA_MASTER = 10;
    static final int IFLA_OPERSTATE = 16;
    static final int IFLA_LINKINFO = 18;
    static final int IFLA_NUM_TX_QUEUES = 31;
    static final int IFLA_NUM_RX_QUEUES = 32;
    static final int IFLA_XDP = 43;

    static final int IFLA_INFO_KIND = 1;
    static final int IFLA_INFO_DATA = 2;
    static final int IFLA_VLAN_ID = 1;
    static final int IFLA_INFO_SLAVE_KIND = 4;

    static final int IFLA_XDP_ATTACHED = 2;
    static final int IFLA_XDP_PROG_ID = 4;

    // include/uapi/linux/if.h
    static final int IFF_UP = 0x1;
    static final int IFF_LOOPBACK = 0x8;
    static final int IFF_LOWER_UP = 0x10000;

    private LinkDescriptor() {}
}
