package io.naru.dataplane.packet;

/**
 * The layout of IPv6's fragment header (RFC 8200 §4.5), by the address of its first byte.
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +---------------+---------------+-------------------------+---+-+
 *  |  next header  |   reserved    |     fragment offset     |res|M|   0
 *  +---------------+---------------+-------------------------+---+-+
 *  |                        identification                         |   4
 *  +---------------------------------------------------------------+
 * </pre>
 *
 * The offset counts units of 8 bytes, so the field without its low three bits counts bytes.
 */
public final class Ipv6FragmentHeader {
    public static final int NEXT_HEADER_OFFSET = 0;
    public static final int FRAGMENT_OFFSET = 2;
    public static final int IDENTIFICATION_OFFSET = 4;
    public static final int LENGTH = 8;

    private static final int START_MASK = 0xfff8;
    private static final int MORE_FRAGMENTS = 1;

    private Ipv6FragmentHeader() {}

    public static int nextHeader(final long address) {
        return RawMemory.getByte(address + NEXT_HEADER_OFFSET) & 0xff;
    }

    /** Where in its packet the fragment belongs, in bytes behind the IP headers. */
    public static int start(final long address) {
        return field(address) & START_MASK;
    }

    public static boolean isLast(final long address) {
        return (field(address) & MORE_FRAGMENTS) == 0;
    }

    public static int identificationNet(final long address) {
        return RawMemory.getInt(address + IDENTIFICATION_OFFSET);
    }

    /**
     * Writes the whole header.
     *
     * @param start a multiple of 8.
     * @param identification in host order.
     */
    public static void put(
            final long address,
            final int nextHeader,
            final int start,
            final boolean isLast,
            final int identification) {
        final int field = start | (isLast ? 0 : MORE_FRAGMENTS);
        RawMemory.putShort(address + NEXT_HEADER_OFFSET, (short) nextHeader);
        RawMemory.putShort(address + FRAGMENT_OFFSET, Short.reverseBytes((short) field));
        RawMemory.putInt(address + IDENTIFICATION_OFFSET, Integer.reverseBytes(identification));
    }

    private static int field(final long address) {
        return Short.reverseBytes(RawMemory.getShort(address + FRAGMENT_OFFSET)) & 0xffff;
    }
}
