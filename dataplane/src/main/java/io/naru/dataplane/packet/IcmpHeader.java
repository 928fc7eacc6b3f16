package io.naru.dataplane.packet;

/**
 * The layout of an ICMP message (RFC 792), with accessors by the address of its first byte.
 *
 * <pre>
 *   0    1    2         4                   8
 *  +----+----+---------+-------------------+----
 *  |type|code|checksum | rest of the header| echo data, or the packet that an error is about
 *  +----+----+---------+-------------------+----
 * </pre>
 */
public final class IcmpHeader {
    public static final int TYPE_OFFSET = 0;
    public static final int CODE_OFFSET = 1;
    public static final int CHECKSUM_OFFSET = 2;
    public static final int REST_OFFSET = 4;
    public static final int LENGTH = 8;

    public static final int TYPE_ECHO_REPLY = 0;
    public static final int TYPE_DESTINATION_UNREACHABLE = 3;
    public static final int TYPE_ECHO_REQUEST = 8;
    public static final int TYPE_TIME_EXCEEDED = 11;
    public static final int TYPE_PARAMETER_PROBLEM = 12;

    /** Of an unreachable destination: the packet must not be fragmented and is too long. */
    public static final int CODE_FRAGMENTATION_NEEDED = 4;

    // ICMPv6 (RFC 4443)
    public static final int TYPE_DESTINATION_UNREACHABLE_6 = 1;
    public static final int TYPE_PACKET_TOO_BIG_6 = 2;
    public static final int TYPE_TIME_EXCEEDED_6 = 3;
    public static final int TYPE_PARAMETER_PROBLEM_6 = 4;
    public static final int TYPE_ECHO_REQUEST_6 = 128;
    public static final int TYPE_ECHO_REPLY_6 = 129;

    private IcmpHeader() {}

    public static int type(final long address) {
        return RawMemory.getByte(address + TYPE_OFFSET) & 0xff;
    }

    public static void putType(final long address, final int type) {
        RawMemory.putByte(address + TYPE_OFFSET, (byte) type);
    }

    public static int code(final long address) {
        return RawMemory.getByte(address + CODE_OFFSET) & 0xff;
    }

    public static int checksumNet(final long address) {
        return RawMemory.getShort(address + CHECKSUM_OFFSET) & 0xffff;
    }

    public static void putChecksumNet(final long address, final int checksumNet) {
        RawMemory.putShort(address + CHECKSUM_OFFSET, (short) checksumNet);
    }
}
