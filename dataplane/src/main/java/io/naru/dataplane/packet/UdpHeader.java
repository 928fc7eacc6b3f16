package io.naru.dataplane.packet;

/**
 * The layout of a UDP header (RFC 768), with accessors by the address of its first byte.
 *
 * <pre>
 *   0         2         4         6         8
 *  +---------+---------+---------+---------+
 *  | source  |destinat.| length  |checksum |
 *  +---------+---------+---------+---------+
 * </pre>
 *
 * A checksum of zero means that there is none.
 */
public final class UdpHeader {
    public static final int LENGTH_OFFSET = 4;
    public static final int CHECKSUM_OFFSET = 6;
    public static final int LENGTH = 8;

    private UdpHeader() {}

    /** Length of header and data, as the header says itself, host order. */
    public static int length(final long address) {
        return Short.reverseBytes(RawMemory.getShort(address + LENGTH_OFFSET)) & 0xffff;
    }
}
