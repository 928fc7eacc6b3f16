package io.naru.dataplane.packet;

/**
 * The layout of neighbour solicitations and advertisements (RFC 4861 §4.3, 4.4), by the address of
 * the ICMPv6 header's first byte.
 *
 * <pre>
 *   0        1        2        3        4        5        6        7
 *  +--------+--------+-----------------+--------+--------------------------+
 *  |  type  | code 0 |    checksum     | R S O  |        reserved          |   0
 *  +--------+--------+-----------------+--------+--------------------------+
 *  |                      target address, 16 bytes                         |   8
 *  +--------+--------+-----------------------------------------------------+
 *  | option |length 1|             link-layer address                      |  24
 *  +--------+--------+-----------------------------------------------------+
 * </pre>
 */
public final class NdpMessage {
    public static final int TYPE_SOLICITATION = 135;
    public static final int TYPE_ADVERTISEMENT = 136;

    public static final int FLAGS_OFFSET = 4;
    public static final int TARGET_OFFSET = 8;
    public static final int OPTIONS_OFFSET = 24;

    /** Length with one option that holds a MAC. */
    public static final int LENGTH_WITH_MAC = 32;

    public static final int OPTION_SOURCE_MAC = 1;
    public static final int OPTION_TARGET_MAC = 2;

    /** It answers a solicitation. */
    public static final int FLAG_SOLICITED = 0x40;

    /** What was known before is to be replaced. */
    public static final int FLAG_OVERRIDE = 0x20;

    /** Hop limit of every message: it has passed no router. */
    public static final int HOP_LIMIT = 255;

    /** All nodes on the link, ff02::1, as loaded, and their MAC (RFC 2464 §7). */
    public static final long ALL_NODES_HIGH_NET = 0x02ff;

    public static final long ALL_NODES_LOW_NET = 1L << 56;
    public static final long ALL_NODES_MAC_NET = 0x0100_0000_3333L;

    private static final int OPTION_LENGTH_UNIT = 8;

    private NdpMessage() {}

    public static long targetHighNet(final long address) {
        return RawMemory.getLong(address + TARGET_OFFSET);
    }

    public static long targetLowNet(final long address) {
        return RawMemory.getLong(address + TARGET_OFFSET + Long.BYTES);
    }

    /**
     * Finds the MAC in the options of a message.
     *
     * @param length of the message, at least {@link #OPTIONS_OFFSET}.
     * @param type the option that is looked for.
     * @return the MAC in the low 48 bits, 0 if there is none, -1 if the options are garbled.
     */
    public static long macNet(final long address, final int length, final int type) {
        final long end = address + length;
        long option = address + OPTIONS_OFFSET;
        while (option + OPTION_LENGTH_UNIT <= end) {
            final int optionLength = (RawMemory.getByte(option + 1) & 0xff) * OPTION_LENGTH_UNIT;
            if (optionLength == 0 || option + optionLength > end) {
                return -1;
            }
            if ((RawMemory.getByte(option) & 0xff) == type) {
                return RawMemory.getLong(option) >>> 16;
            }
            option += optionLength;
        }

        return option == end ? 0 : -1;
    }

    /** Makes an advertisement of everything but its checksum. */
    public static void putAdvertisement(
            final long address,
            final int flags,
            final long targetHighNet,
            final long targetLowNet,
            final long macNet) {
        RawMemory.putLong(address, TYPE_ADVERTISEMENT | ((long) flags << Integer.SIZE));
        RawMemory.putLong(address + TARGET_OFFSET, targetHighNet);
        RawMemory.putLong(address + TARGET_OFFSET + Long.BYTES, targetLowNet);
        RawMemory.putLong(
                address + OPTIONS_OFFSET,
                OPTION_TARGET_MAC | (1 << Byte.SIZE) | (macNet << Short.SIZE));
    }
}
