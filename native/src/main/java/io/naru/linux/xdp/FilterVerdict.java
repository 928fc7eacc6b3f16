package io.naru.linux.xdp;

/**
 * What became of a frame in {@code naru_filter.c}, and is counted as.
 *
 * <p>The same as {@code enum verdict} there.
 */
public enum FilterVerdict {
    /** Nothing to do with us: passed on to the kernel. */
    PASS_OTHER(0),
    /** To one of the box's own addresses: passed on to the kernel. */
    PASS_LOCAL(1),
    /** To a VIP: redirected. */
    TAKE_VIP(2),
    /** ARP or NDP asks for a VIP, or ARP claims one: redirected. */
    TAKE_NEIGHBOUR(3),
    /** From a NAT backend's endpoint: redirected. */
    TAKE_RETURN(4),
    /** ICMP error about a packet to a NAT backend's endpoint: redirected. */
    TAKE_ERROR(5),
    /** Ours, but no socket serves the queue it came in by: passed on to the kernel. */
    PASS_NO_SOCKET(6),
    /** Whatever it is, by a bridge: redirected. */
    TAKE_BRIDGED(7);

    private final int index;

    FilterVerdict(final int index) {
        this.index = index;
    }

    /** The index of its counter. */
    public int index() {
        return index;
    }
}
