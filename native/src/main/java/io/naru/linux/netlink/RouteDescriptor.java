package io.naru.linux.netlink;

/**
 * Layout of {@code struct rtmsg} and {@code struct rtnexthop}, attributes and types, from {@code
 * include/uapi/linux/rtnetlink.h}.
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +---------------+---------------+---------------+---------------+
 *  |    Family     | Dest. length  | Source length |      TOS      |   struct rtmsg
 *  +---------------+---------------+---------------+---------------+
 *  |     Table     |   Protocol    |     Scope     |     Type      |
 *  +---------------+---------------+---------------+---------------+
 *  |                        Flags (RTM_F_…)                        |
 *  +---------------------------------------------------------------+
 *
 *  +-------------------------------+---------------+---------------+
 *  |            Length             |     Flags     | Weight minus 1|   struct rtnexthop, repeated
 *  +-------------------------------+---------------+---------------+   in RTA_MULTIPATH
 *  |                           Link index                          |
 *  +---------------------------------------------------------------+
 *  |                 attributes (RTA_GATEWAY, RTA_VIA)            ...
 *  +---------------------------------------------------------------+
 * </pre>
 */
final class RouteDescriptor {
    static final int FAMILY_OFFSET = 0;
    static final int DESTINATION_LENGTH_OFFSET = 1;
    static final int TABLE_OFFSET = 4;
    static final int TYPE_OFFSET = 7;
    static final int FLAGS_OFFSET = 8;
    static final int LENGTH = 12;

    static final int NEXT_HOP_LENGTH_OFFSET = 0;
    static final int NEXT_HOP_INDEX_OFFSET = 4;
    static final int NEXT_HOP_LENGTH = 8;

    /** RTA_VIA is {@code struct rtvia}: a 16-bit family, then the address. */
    static final int VIA_ADDRESS_OFFSET = 2;

    static final int RTA_DST = 1;
    static final int RTA_SRC = 2;
    static final int RTA_IIF = 3;
    static final int RTA_OIF = 4;
    static final int RTA_GATEWAY = 5;
    static final int RTA_PRIORITY = 6;
    static final int RTA_PREFSRC = 7;
    static final int RTA_MULTIPATH = 9;
    static final int RTA_TABLE = 15;
    static final int RTA_MARK = 16;

    /** A gateway of the other family: an IPv4 route by way of an IPv6 router (RFC 5549). */
    static final int RTA_VIA = 18;

    static final int RTN_UNICAST = 1;
    static final int RTN_LOCAL = 2;
    static final int RTPROT_STATIC = 4;
    static final int RT_SCOPE_UNIVERSE = 0;
    static final int RT_SCOPE_LINK = 253;

    /** A route of the kernel's own cache (PMTU, redirects), not of a table. */
    static final int RTM_F_CLONED = 0x200;

    private RouteDescriptor() {}
}
