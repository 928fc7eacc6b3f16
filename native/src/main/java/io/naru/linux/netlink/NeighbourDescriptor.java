package io.naru.linux.netlink;

/**
 * Layout of {@code struct ndmsg}, its attributes, states and flags, from {@code
 * include/uapi/linux/neighbour.h}.
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +---------------+---------------+-------------------------------+
 *  |    Family     |      pad      |             pad               |
 *  +---------------+---------------+-------------------------------+
 *  |                           Link index                          |
 *  +-------------------------------+---------------+---------------+
 *  |         State (NUD_…)         | Flags (NTF_…) |     Type      |
 *  +-------------------------------+---------------+---------------+
 * </pre>
 */
final class NeighbourDescriptor {
    static final int FAMILY_OFFSET = 0;
    static final int INDEX_OFFSET = 4;
    static final int STATE_OFFSET = 8;
    static final int FLAGS_OFFSET = 10;
    static final int TYPE_OFFSET = 11;
    static final int LENGTH = 12;

    static final int NDA_DST = 1;
    static final int NDA_LLADDR = 2;

    static final int NTF_USE = 0x01;
    static final int NTF_PROXY = 0x08;

    static final int NUD_NONE = 0x00;
    static final int NUD_INCOMPLETE = 0x01;
    static final int NUD_REACHABLE = 0x02;
    static final int NUD_STALE = 0x04;
    static final int NUD_DELAY = 0x08;
    static final int NUD_PROBE = 0x10;
    static final int NUD_FAILED = 0x20;
    static final int NUD_NOARP = 0x40;
    static final int NUD_PERMANENT = 0x80;

    private NeighbourDescriptor() {}
}
