package io.naru.dataplane.packet;

/**
 * The layout of an Ethernet II header (IEEE 802.3), with accessors by the address of its first
 * byte.
 *
 * <pre>
 *   0         2         4         6         8        10        12        14
 *  +---------+---------+---------+---------+---------+---------+---------+
 *  |        destination MAC      |          source MAC         |EtherType|
 *  +-----------------------------+-----------------------------+---------+
 * </pre>
 *
 * A MAC as a long is in the low 48 bits, first octet lowest, as it is loaded. Reading one takes an
 * 8-byte load, so a frame must reach 14 bytes for {@link #sourceMacNet}: what the parser checks.
 */
public final class EthernetHeader {
    public static final int DESTINATION_OFFSET = 0;
    public static final int SOURCE_OFFSET = 6;
    public static final int ETHER_TYPE_OFFSET = 12;
    public static final int LENGTH = 14;

    public static final int ETHER_TYPE_IPV4_NET = 0x0008;
    public static final int ETHER_TYPE_ARP_NET = 0x0608;
    public static final int ETHER_TYPE_IPV6_NET = 0xdd86;
    public static final int ETHER_TYPE_VLAN_NET = 0x0081;

    /** The bits of a long that a MAC takes. */
    public static final long MAC_MASK = 0xffff_ffff_ffffL;

    public static final long BROADCAST_MAC_NET = MAC_MASK;

    private EthernetHeader() {}

    public static long destinationMacNet(final long address) {
        return RawMemory.getLong(address + DESTINATION_OFFSET) & MAC_MASK;
    }

    public static long sourceMacNet(final long address) {
        return RawMemory.getLong(address + SOURCE_OFFSET) & MAC_MASK;
    }

    public static int etherTypeNet(final long address) {
        return RawMemory.getShort(address + ETHER_TYPE_OFFSET) & 0xffff;
    }

    /** Only the low 48 bits of each MAC are used, so a hop may be given as it is. */
    public static void putMacsNet(
            final long address, final long destinationMacNet, final long sourceMacNet) {
        RawMemory.putLong(
                address + DESTINATION_OFFSET,
                (destinationMacNet & MAC_MASK) | (sourceMacNet << 48));
        RawMemory.putInt(address + SOURCE_OFFSET + 2, (int) (sourceMacNet >>> 16));
    }

    public static void putEtherTypeNet(final long address, final int etherTypeNet) {
        RawMemory.putShort(address + ETHER_TYPE_OFFSET, (short) etherTypeNet);
    }
}
