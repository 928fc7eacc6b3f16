package io.naru.dataplane.pipeline;

/** Which addresses a packet from a client may have as its source. */
final class Sources {
    private static final int LOOPBACK = 127;
    private static final int FIRST_MULTICAST = 224;

    private Sources() {}

    /** Not 0/8, not loopback, not multicast, reserved or broadcast (RFC 1812 5.3.7). */
    static boolean isClient(final int ipNet) {
        final int first = ipNet & 0xff;
        return first != 0 && first != LOOPBACK && first < FIRST_MULTICAST;
    }
}
