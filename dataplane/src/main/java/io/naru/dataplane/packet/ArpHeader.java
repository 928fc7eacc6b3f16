package io.naru.dataplane.packet;

/**
 * The layout of an ARP message for IPv4 over Ethernet (RFC 826), by the address of its first byte.
 *
 * <pre>
 *   0         2         4    5    6         8
 *  +---------+---------+----+----+---------+
 *  |  htype  |  ptype  |hlen|plen|operation|
 *  +---------+---------+----+----+---------+-------------------+
 *  |          sender MAC         |         sender IPv4         |   8 .. 18
 *  +-----------------------------+-----------------------------+
 *  |          target MAC         |         target IPv4         |  18 .. 28
 *  +-----------------------------+-----------------------------+
 * </pre>
 */
public final class ArpHeader {
    public static final int HARDWARE_TYPE_OFFSET = 0;
    public static final int PROTOCOL_TYPE_OFFSET = 2;
    public static final int HARDWARE_LENGTH_OFFSET = 4;
    public static final int PROTOCOL_LENGTH_OFFSET = 5;
    public static final int OPERATION_OFFSET = 6;
    public static final int SENDER_MAC_OFFSET = 8;
    public static final int SENDER_IP_OFFSET = 14;
    public static final int TARGET_MAC_OFFSET = 18;
    public static final int TARGET_IP_OFFSET = 24;
    public static final int LENGTH = 28;

    /** Ethernet, IPv4, address lengths 6 and 4: the first six bytes as they are loaded. */
    public static final long ETHERNET_IPV4_NET = 0x0406_0008_0100L;

    public static final int OPERATION_REQUEST_NET = 0x0100;
    public static final int OPERATION_REPLY_NET = 0x0200;

    private ArpHeader() {}

    /** Whether this is ARP for IPv4 over Ethernet, the only kind we answer. */
    public static boolean isEthernetIpv4(final long address) {
        return (RawMemory.getLong(address) & EthernetHeader.MAC_MASK) == ETHERNET_IPV4_NET;
    }

    public static int operationNet(final long address) {
        return RawMemory.getShort(address + OPERATION_OFFSET) & 0xffff;
    }

    public static void putOperationNet(final long address, final int operationNet) {
        RawMemory.putShort(address + OPERATION_OFFSET, (short) operationNet);
    }

    public static long senderMacNet(final long address) {
        return RawMemory.getLong(address + SENDER_MAC_OFFSET) & EthernetHeader.MAC_MASK;
    }

    public static int senderIpNet(final long address) {
        return RawMemory.getInt(address + SENDER_IP_OFFSET);
    }

    public static void putSender(final long address, final long macNet, final int ipNet) {
        putMacNet(address + SENDER_MAC_OFFSET, macNet);
        RawMemory.putInt(address + SENDER_IP_OFFSET, ipNet);
    }

    public static int targetIpNet(final long address) {
        return RawMemory.getInt(address + TARGET_IP_OFFSET);
    }

    public static void putTarget(final long address, final long macNet, final int ipNet) {
        putMacNet(address + TARGET_MAC_OFFSET, macNet);
        RawMemory.putInt(address + TARGET_IP_OFFSET, ipNet);
    }

    private static void putMacNet(final long address, final long macNet) {
        RawMemory.putInt(address, (int) macNet);
        RawMemory.putShort(address + 4, (short) (macNet >>> 32));
    }
}
