package io.naru.dataplane.packet;

/**
 * What TCP (RFC 9293 §3.1) and UDP (RFC 768) have in common, by the address of the header's first
 * byte: the ports, and a checksum whose place can be computed instead of branched for.
 *
 * <pre>
 *            0         2         4         6         8   ..   12   13   14        16        18
 *           +---------+---------+---------+---------+---------+----+----+---------+---------+
 *  TCP (6)  | source  |destinat.|  sequence number  |   ack   |off |flag| window  |checksum |
 *           +---------+---------+---------+---------+---------+----+----+---------+---------+
 *  UDP (17) | source  |destinat.| length  |checksum |
 *           +---------+---------+---------+---------+
 * </pre>
 */
public final class TransportHeader {
    public static final int SOURCE_PORT_OFFSET = 0;
    public static final int DESTINATION_PORT_OFFSET = 2;

    private TransportHeader() {}

    /** Source port in the low half, destination port in the high half, as loaded. */
    public static int portsNet(final long address) {
        return RawMemory.getInt(address);
    }

    public static void putSourcePortNet(final long address, final int portNet) {
        RawMemory.putShort(address + SOURCE_PORT_OFFSET, (short) portNet);
    }

    public static void putDestinationPortNet(final long address, final int portNet) {
        RawMemory.putShort(address + DESTINATION_PORT_OFFSET, (short) portNet);
    }

    /**
     * Where the checksum is: 16 for TCP (6, even), 6 for UDP (17, odd). A branch here would be
     * mispredicted on every other packet of mixed traffic.
     */
    public static int checksumOffset(final int protocol) {
        return TcpHeader.CHECKSUM_OFFSET
                - (TcpHeader.CHECKSUM_OFFSET - UdpHeader.CHECKSUM_OFFSET) * (protocol & 1);
    }
}
