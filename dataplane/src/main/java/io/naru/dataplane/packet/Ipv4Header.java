package io.naru.dataplane.packet;

/**
 * The layout of an IPv4 header (RFC 791 §3.1), with accessors by the address of its first byte.
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-------+-------+---------------+-------------------------------+
 *  |version|  IHL  | DSCP      ECN |         total length          |   0
 *  +-------+-------+---------------+-----+-------------------------+
 *  |         identification        |0|D|M|    fragment offset      |   4
 *  +---------------+---------------+-----+-------------------------+
 *  |      TTL      |   protocol    |        header checksum        |   8
 *  +---------------+---------------+-------------------------------+
 *  |                        source address                         |  12
 *  +---------------------------------------------------------------+
 *  |                     destination address                       |  16
 *  +---------------------------------------------------------------+
 *  |                  options, up to 40 bytes                      |  20
 * </pre>
 */
public final class Ipv4Header {
    public static final int VERSION_AND_IHL_OFFSET = 0;
    public static final int DSCP_OFFSET = 1;
    public static final int TOTAL_LENGTH_OFFSET = 2;
    public static final int IDENTIFICATION_OFFSET = 4;
    public static final int FRAGMENT_OFFSET = 6;
    public static final int TTL_OFFSET = 8;
    public static final int PROTOCOL_OFFSET = 9;
    public static final int CHECKSUM_OFFSET = 10;
    public static final int SOURCE_OFFSET = 12;
    public static final int DESTINATION_OFFSET = 16;

    /** Length of a header without options. */
    public static final int LENGTH = 20;

    /** Version 4 and a header of five words: no options. */
    public static final int VERSION_AND_IHL_PLAIN = 0x45;

    /** More-fragments and the fragment offset: anything but zero is a fragment. */
    public static final int FRAGMENT_MASK_NET = 0xff3f;

    public static final int PROTOCOL_ICMP = 1;
    public static final int PROTOCOL_TCP = 6;
    public static final int PROTOCOL_UDP = 17;

    private Ipv4Header() {}

    public static int versionAndIhl(final long address) {
        return RawMemory.getByte(address + VERSION_AND_IHL_OFFSET) & 0xff;
    }

    /** Length of the header in bytes, as it says itself: 0 to 60. */
    public static int headerLength(final long address) {
        return (versionAndIhl(address) & 0x0f) << 2;
    }

    /** Length of the packet from this header on, host order. */
    public static int totalLength(final long address) {
        return Short.reverseBytes(RawMemory.getShort(address + TOTAL_LENGTH_OFFSET)) & 0xffff;
    }

    public static void putTotalLength(final long address, final int totalLength) {
        RawMemory.putShort(address + TOTAL_LENGTH_OFFSET, Short.reverseBytes((short) totalLength));
    }

    public static boolean isFragment(final long address) {
        return (RawMemory.getShort(address + FRAGMENT_OFFSET) & FRAGMENT_MASK_NET) != 0;
    }

    public static int ttl(final long address) {
        return RawMemory.getByte(address + TTL_OFFSET) & 0xff;
    }

    public static void putTtl(final long address, final int ttl) {
        RawMemory.putByte(address + TTL_OFFSET, (byte) ttl);
    }

    public static int protocol(final long address) {
        return RawMemory.getByte(address + PROTOCOL_OFFSET) & 0xff;
    }

    public static int checksumNet(final long address) {
        return RawMemory.getShort(address + CHECKSUM_OFFSET) & 0xffff;
    }

    public static void putChecksumNet(final long address, final int checksumNet) {
        RawMemory.putShort(address + CHECKSUM_OFFSET, (short) checksumNet);
    }

    public static int sourceNet(final long address) {
        return RawMemory.getInt(address + SOURCE_OFFSET);
    }

    public static void putSourceNet(final long address, final int ipNet) {
        RawMemory.putInt(address + SOURCE_OFFSET, ipNet);
    }

    public static int destinationNet(final long address) {
        return RawMemory.getInt(address + DESTINATION_OFFSET);
    }

    public static void putDestinationNet(final long address, final int ipNet) {
        RawMemory.putInt(address + DESTINATION_OFFSET, ipNet);
    }
}
