package io.naru.dataplane.packet;

/**
 * The layout of a TCP header (RFC 9293 §3.1), with accessors by the address of its first byte.
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-------------------------------+-------------------------------+
 *  |          source port          |       destination port        |   0
 *  +-------------------------------+-------------------------------+
 *  |                        sequence number                        |   4
 *  +---------------------------------------------------------------+
 *  |                     acknowledgment number                     |   8
 *  +-------+-------+-+-+-+-+-+-+-+-+-------------------------------+
 *  |offset |       |C|E|U|A|P|R|S|F|            window             |  12
 *  +-------+-------+-+-+-+-+-+-+-+-+-------------------------------+
 *  |           checksum            |        urgent pointer         |  16
 *  +-------------------------------+-------------------------------+
 * </pre>
 */
public final class TcpHeader {
    public static final int SEQUENCE_OFFSET = 4;
    public static final int ACKNOWLEDGEMENT_OFFSET = 8;
    public static final int DATA_OFFSET_OFFSET = 12;
    public static final int FLAGS_OFFSET = 13;
    public static final int CHECKSUM_OFFSET = 16;

    /** Length of a header without options. */
    public static final int LENGTH = 20;

    public static final int FIN = 0x01;
    public static final int SYN = 0x02;
    public static final int RST = 0x04;
    public static final int PSH = 0x08;
    public static final int ACK = 0x10;

    private TcpHeader() {}

    /** The sequence number of the first byte, host order. */
    public static int sequence(final long address) {
        return Integer.reverseBytes(RawMemory.getInt(address + SEQUENCE_OFFSET));
    }

    /** Length of the header in bytes, as it says itself: 0 to 60. */
    public static int headerLength(final long address) {
        return (RawMemory.getByte(address + DATA_OFFSET_OFFSET) & 0xf0) >>> 2;
    }

    public static int flags(final long address) {
        return RawMemory.getByte(address + FLAGS_OFFSET) & 0xff;
    }
}
