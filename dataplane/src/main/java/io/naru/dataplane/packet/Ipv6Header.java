package io.naru.dataplane.packet;

/**
 * The layout of an IPv6 header (RFC 8200 §3), with accessors by the address of its first byte.
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-------+---------------+---------------------------------------+
 *  |version| traffic class |              flow label               |   0
 *  +-------+---------------+-------+---------------+---------------+
 *  |        payload length         |  next header  |   hop limit   |   4
 *  +-------------------------------+---------------+---------------+
 *  |                    source address, 16 bytes                   |   8
 *  +---------------------------------------------------------------+
 *  |                 destination address, 16 bytes                 |  24
 *  +---------------------------------------------------------------+
 * </pre>
 *
 * An address is two longs as loaded: the first 8 bytes and the last 8 bytes.
 */
public final class Ipv6Header {
    public static final int PAYLOAD_LENGTH_OFFSET = 4;
    public static final int NEXT_HEADER_OFFSET = 6;
    public static final int HOP_LIMIT_OFFSET = 7;
    public static final int SOURCE_OFFSET = 8;
    public static final int DESTINATION_OFFSET = 24;
    public static final int LENGTH = 40;

    public static final int NEXT_HOP_BY_HOP = 0;
    public static final int NEXT_IPV4 = 4;
    public static final int NEXT_IPV6 = 41;
    public static final int NEXT_ROUTING = 43;
    public static final int NEXT_FRAGMENT = 44;
    public static final int NEXT_ICMPV6 = 58;
    public static final int NEXT_DESTINATION_OPTIONS = 60;

    private Ipv6Header() {}

    public static int version(final long address) {
        return (RawMemory.getByte(address) & 0xff) >>> 4;
    }

    /** Version, traffic class and flow label as a number, host order. */
    public static int firstWord(final long address) {
        return Integer.reverseBytes(RawMemory.getInt(address));
    }

    public static void putFirstWord(final long address, final int word) {
        RawMemory.putInt(address, Integer.reverseBytes(word));
    }

    /** DSCP and ECN, 8 bits. */
    public static int trafficClass(final long address) {
        return (firstWord(address) >>> 20) & 0xff;
    }

    /** Length of what follows this header, host order. */
    public static int payloadLength(final long address) {
        return Short.reverseBytes(RawMemory.getShort(address + PAYLOAD_LENGTH_OFFSET)) & 0xffff;
    }

    public static void putPayloadLength(final long address, final int length) {
        RawMemory.putShort(address + PAYLOAD_LENGTH_OFFSET, Short.reverseBytes((short) length));
    }

    public static int nextHeader(final long address) {
        return RawMemory.getByte(address + NEXT_HEADER_OFFSET) & 0xff;
    }

    public static void putNextHeader(final long address, final int nextHeader) {
        RawMemory.putByte(address + NEXT_HEADER_OFFSET, (byte) nextHeader);
    }

    public static int hopLimit(final long address) {
        return RawMemory.getByte(address + HOP_LIMIT_OFFSET) & 0xff;
    }

    public static void putHopLimit(final long address, final int hopLimit) {
        RawMemory.putByte(address + HOP_LIMIT_OFFSET, (byte) hopLimit);
    }

    public static long sourceHighNet(final long address) {
        return RawMemory.getLong(address + SOURCE_OFFSET);
    }

    public static long sourceLowNet(final long address) {
        return RawMemory.getLong(address + SOURCE_OFFSET + Long.BYTES);
    }

    public static long destinationHighNet(final long address) {
        return RawMemory.getLong(address + DESTINATION_OFFSET);
    }

    public static long destinationLowNet(final long address) {
        return RawMemory.getLong(address + DESTINATION_OFFSET + Long.BYTES);
    }

    public static void putSourceNet(final long address, final long highNet, final long lowNet) {
        RawMemory.putLong(address + SOURCE_OFFSET, highNet);
        RawMemory.putLong(address + SOURCE_OFFSET + Long.BYTES, lowNet);
    }

    public static void putDestinationNet(
            final long address, final long highNet, final long lowNet) {
        RawMemory.putLong(address + DESTINATION_OFFSET, highNet);
        RawMemory.putLong(address + DESTINATION_OFFSET + Long.BYTES, lowNet);
    }
}
