package io.naru.dataplane.packet;

/**
 * The layout of an IPv6 header (RFC 8200 §3), by the address of its first byte.
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
 */
public final class Ipv6Header {
    public static final int PAYLOAD_LENGTH_OFFSET = 4;
    public static final int NEXT_HEADER_OFFSET = 6;
    public static final int HOP_LIMIT_OFFSET = 7;
    public static final int SOURCE_OFFSET = 8;
    public static final int DESTINATION_OFFSET = 24;
    public static final int LENGTH = 40;

    private Ipv6Header() {}

    public static int version(final long address) {
        return (RawMemory.getByte(address) & 0xff) >>> 4;
    }

    /** Length of what follows this header, host order. */
    public static int payloadLength(final long address) {
        return Short.reverseBytes(RawMemory.getShort(address + PAYLOAD_LENGTH_OFFSET)) & 0xffff;
    }
}
