package io.naru.linux.netlink;

/**
 * Layout of {@code struct ifaddrmsg} and the attributes we read, from {@code
 * include/uapi/linux/if_addr.h}.
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +---------------+---------------+---------------+---------------+
 *  |    Family     | Prefix length |     Flags     |     Scope     |
 *  +---------------+---------------+---------------+---------------+
 *  |                           Link index                          |
 *  +---------------------------------------------------------------+
 * </pre>
 */
final class AddressDescriptor {
    static final int FAMILY_OFFSET = 0;
    static final int PREFIX_LENGTH_OFFSET = 1;
    static final int FLAGS_OFFSET = 2;
    static final int SCOPE_OFFSET = 3;
    static final int INDEX_OFFSET = 4;
    static final int LENGTH = 8;

    /** With a peer (point to point) this is the peer's address and IFA_LOCAL is ours. */
    static final int IFA_ADDRESS = 1;

    static final int IFA_LOCAL = 2;

    private AddressDescriptor() {}
}
