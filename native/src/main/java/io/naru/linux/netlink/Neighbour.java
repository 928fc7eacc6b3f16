package io.naru.linux.netlink;

import static io.naru.linux.netlink.NeighbourDescriptor.NUD_DELAY;
import static io.naru.linux.netlink.NeighbourDescriptor.NUD_FAILED;
import static io.naru.linux.netlink.NeighbourDescriptor.NUD_NOARP;
import static io.naru.linux.netlink.NeighbourDescriptor.NUD_PERMANENT;
import static io.naru.linux.netlink.NeighbourDescriptor.NUD_PROBE;
import static io.naru.linux.netlink.NeighbourDescriptor.NUD_REACHABLE;
import static io.naru.linux.netlink.NeighbourDescriptor.NUD_STALE;

/**
 * What the kernel knows of a host on a link (RFC 4861 7.3.2 has the states).
 *
 * @param state NUD_… bits, of which one is set.
 * @param macNet as {@link MacAddress} has it; {@link MacAddress#NONE} if it isn't known.
 */
public record Neighbour(int linkIndex, IpAddress address, int state, long macNet) {
    private static final int VALID =
            NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_NOARP | NUD_PERMANENT;

    /** The kernel itself would send to {@link #macNet} (NUD_VALID of include/net/neighbour.h). */
    public boolean isValid() {
        return (state & VALID) != 0 && macNet != MacAddress.NONE;
    }

    /** The address is old and nobody is checking it: the next use should make the kernel probe. */
    public boolean isStale() {
        return (state & NUD_STALE) != 0;
    }

    /** Asked for, several times, without an answer. */
    public boolean hasFailed() {
        return (state & NUD_FAILED) != 0;
    }

    /** Set by hand or needless: the kernel never probes it, nor may we ask it to. */
    public boolean isFixed() {
        return (state & (NUD_PERMANENT | NUD_NOARP)) != 0;
    }
}
