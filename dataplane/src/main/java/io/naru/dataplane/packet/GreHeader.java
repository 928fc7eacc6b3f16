package io.naru.dataplane.packet;

/**
 * The layout of a GRE header (RFC 2784, with the key of RFC 2890), by the address of its first
 * byte. Checksum and key are there only if their flag is set.
 *
 * <pre>
 *   0        2        4        6        8        12
 *  +--------+--------+--------+--------+--------+
 *  |C..K..ve|protocol|checksum|   0    |  key   |
 *  +--------+--------+--------+--------+--------+
 * </pre>
 */
public final class GreHeader {
    public static final int PROTOCOL = 47;

    public static final int FLAGS_OFFSET = 0;
    public static final int PROTOCOL_TYPE_OFFSET = 2;

    /** Length without checksum and key. */
    public static final int LENGTH = 4;

    /** What a checksum adds to the header, and a key. */
    public static final int OPTION_LENGTH = 4;

    /** There is a checksum; in the first two bytes as loaded. */
    public static final int FLAG_CHECKSUM_NET = 0x0080;

    /** There is a key; in the first two bytes as loaded. */
    public static final int FLAG_KEY_NET = 0x0020;

    private GreHeader() {}
}
