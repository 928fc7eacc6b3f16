package io.naru.dataplane.neighbour;

/**
 * Where a packet goes next, in one long that one thread can publish to another.
 *
 * <pre>
 *   63        56 55        48 47                                          0
 *  +-+----------+------------+--------------------------------------------+
 *  |R|    0     | interface  |   destination MAC, as loaded from a frame   |
 *  +-+----------+------------+--------------------------------------------+
 * </pre>
 *
 * <p>R says that the hop is resolved, so a resolved hop is a negative number.
 */
public final class Hop {
    /** Nothing is known; no packet may be sent. */
    public static final long UNRESOLVED = 0;

    /** In place of an interface: the port of the bridge that the station was last seen behind. */
    public static final int BRIDGED = 0xff;

    private static final long RESOLVED = 1L << 63;
    private static final int INTERFACE_SHIFT = 48;
    private static final long MAC_MASK = 0xffff_ffff_ffffL;

    private Hop() {}

    /**
     * @param macNet destination MAC in the low 48 bits; the others are ignored.
     * @param interfaceIndex index of the interface in the configuration, 0 to 255.
     */
    public static long of(final long macNet, final int interfaceIndex) {
        return RESOLVED | ((long) interfaceIndex << INTERFACE_SHIFT) | (macNet & MAC_MASK);
    }

    public static boolean isResolved(final long hop) {
        return hop < 0;
    }

    /** Index of the interface to send by. */
    public static int interfaceIndex(final long hop) {
        return (int) (hop >>> INTERFACE_SHIFT) & 0xff;
    }

    /** The destination MAC, in the low 48 bits. */
    public static long macNet(final long hop) {
        return hop & MAC_MASK;
    }
}
