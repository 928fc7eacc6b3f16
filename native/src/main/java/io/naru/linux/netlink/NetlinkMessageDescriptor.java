package io.naru.linux.netlink;

/**
 * Layout of a netlink message and of what is common to all of them, from {@code
 * include/uapi/linux/netlink.h}. Everything is in the machine's byte order and aligned to 4 bytes.
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +---------------------------------------------------------------+
 *  |                   Length, header included                     |   struct nlmsghdr
 *  +-------------------------------+-------------------------------+
 *  |             Type              |             Flags             |
 *  +-------------------------------+-------------------------------+
 *  |                           Sequence                            |
 *  +---------------------------------------------------------------+
 *  |                            Port id                            |
 *  +---------------------------------------------------------------+
 *  |                the family's own header, then                 ...
 *  +-------------------------------+-------------------------------+
 *  |   Length, header included     |             Type              |   struct nlattr, repeated
 *  +-------------------------------+-------------------------------+
 *  |                       value, padded to 4                     ...
 *  +---------------------------------------------------------------+
 * </pre>
 */
final class NetlinkMessageDescriptor {
    static final int LENGTH_OFFSET = 0;
    static final int TYPE_OFFSET = 4;
    static final int FLAGS_OFFSET = 6;
    static final int SEQUENCE_OFFSET = 8;
    static final int PORT_OFFSET = 12;
    static final int HEADER_LENGTH = 16;

    static final int ATTRIBUTE_LENGTH_OFFSET = 0;
    static final int ATTRIBUTE_TYPE_OFFSET = 2;
    static final int ATTRIBUTE_HEADER_LENGTH = 4;

    /** The two high bits of a type are flags: NLA_F_NESTED and NLA_F_NET_BYTEORDER. */
    static final int NLA_TYPE_MASK = 0x3fff;

    static final int NLA_F_NESTED = 0x8000;

    static final int NLMSG_NOOP = 1;
    static final int NLMSG_ERROR = 2;
    static final int NLMSG_DONE = 3;
    static final int NLMSG_OVERRUN = 4;

    static final int NLM_F_REQUEST = 0x1;
    static final int NLM_F_MULTI = 0x2;
    static final int NLM_F_ACK = 0x4;
    static final int NLM_F_DUMP_INTR = 0x10;
    static final int NLM_F_DUMP = 0x300;
    static final int NLM_F_REPLACE = 0x100;
    static final int NLM_F_EXCL = 0x200;
    static final int NLM_F_CREATE = 0x400;

    /** In an NLMSG_ERROR: the request was left out, attributes follow its header at once. */
    static final int NLM_F_CAPPED = 0x100;

    /** In an NLMSG_ERROR: attributes follow. */
    static final int NLM_F_ACK_TLVS = 0x200;

    /** In an NLMSG_ERROR: an int, 0 or -errno, then the request's header (struct nlmsgerr). */
    static final int ERROR_OFFSET = 0;

    static final int ERROR_LENGTH = 4 + HEADER_LENGTH;

    /** What the kernel has to say of an error, as text. */
    static final int NLMSGERR_ATTR_MSG = 1;

    private NetlinkMessageDescriptor() {}

    /** NLMSG_ALIGN and NLA_ALIGN. */
    static int align(final int length) {
        return (length + 3) & ~3;
    }
}
