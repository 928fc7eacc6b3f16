package io.naru.dataplane.pipeline;

/** Which addresses a packet from a client may have as its source. */
final class Sources {
    private static final int LOOPBACK = 127;
    private static final int FIRST_MULTICAST = 224;
    private static final int LINK_LOCAL_NET = 0xfea9; // 169.254

    private static final int MULTICAST_6 = 0xff;
    private static final int LINK_LOCAL_6_NET = 0x80fe;
    private static final int LINK_LOCAL_6_MASK_NET = 0xc0ff;

    private Sources() {}

    /**
     * Not 0/8, not loopback, not multicast, reserved or broadcast (RFC 1812 5.3.7), and not
     * link-local, which no router may pass on (RFC 3927 §2.7).
     */
    static boolean isClient(final int ipNet) {
        final int first = ipNet & 0xff;
        return first != 0
                && first != LOOPBACK
                && first < FIRST_MULTICAST
                && (ipNet & 0xffff) != LINK_LOCAL_NET;
    }

    /**
     * Not unspecified, loopback or IPv4 in IPv6 (::/64 altogether), not multicast and not
     * link-local, which no router may pass on (RFC 4291 §2.5.6).
     *
     * @param highNet the first 8 bytes as loaded.
     */
    static boolean isClient6(final long highNet) {
        return isNeighbour6(highNet) && ((int) highNet & LINK_LOCAL_6_MASK_NET) != LINK_LOCAL_6_NET;
    }

    /** As a client, but it may be link-local. */
    static boolean isNeighbour6(final long highNet) {
        return highNet != 0 && ((int) highNet & 0xff) != MULTICAST_6;
    }

    /** Whether a MAC is that of one of our interfaces: two of them may be on one segment. */
    static boolean isOneOf(final long[] macsNet, final long macNet) {
        for (final long our : macsNet) {
            if (our == macNet) {
                return true;
            }
        }

        return false;
    }
}
