package io.naru.dataplane.packet;

/**
 * The layout of an IEEE 802.1Q tag, which stands between the source MAC and the EtherType.
 *
 * <pre>
 *   12        14              16        18        of the frame
 *  +---------+---+-+-----------+---------+
 *  | 0x8100  |PCP|D|  VLAN id  |EtherType|
 *  +---------+---+-+-----------+---------+
 * </pre>
 */
public final class VlanHeader {
    /** The tag control information, by the address of the frame's first byte. */
    public static final int CONTROL_OFFSET = 14;

    /** The EtherType of what follows, by the address of the frame's first byte. */
    public static final int ETHER_TYPE_OFFSET = 16;

    /** What a tag adds to a frame. */
    public static final int LENGTH = 4;

    /** The tag's type and VLAN id as loaded; priority and drop eligibility are anybody's. */
    private static final int ID_MASK_NET = 0xff0f_ffff;

    private VlanHeader() {}

    /** The four bytes of a tag as loaded, of priority 0. */
    public static int tagNet(final int vlanId) {
        return EthernetHeader.ETHER_TYPE_VLAN_NET
                | (Short.reverseBytes((short) vlanId) & 0xffff) << Short.SIZE;
    }

    /** Whether a frame of at least 18 bytes has a tag of this VLAN. */
    public static boolean hasTag(final long address, final int tagNet) {
        return ((RawMemory.getInt(address + EthernetHeader.ETHER_TYPE_OFFSET) ^ tagNet)
                        & ID_MASK_NET)
                == 0;
    }

    /**
     * Takes the tag off: the MACs move towards what follows.
     *
     * @return where the frame begins now, 4 bytes later.
     */
    public static long remove(final long address) {
        final long first = RawMemory.getLong(address);
        final int last = RawMemory.getInt(address + Long.BYTES);
        RawMemory.putLong(address + LENGTH, first);
        RawMemory.putInt(address + LENGTH + Long.BYTES, last);
        return address + LENGTH;
    }

    /**
     * Puts a tag in: the MACs move into the headroom.
     *
     * @return where the frame begins now, 4 bytes earlier.
     */
    public static long insert(final long address, final int tagNet) {
        final long first = RawMemory.getLong(address);
        final int last = RawMemory.getInt(address + Long.BYTES);
        RawMemory.putLong(address - LENGTH, first);
        RawMemory.putInt(address - LENGTH + Long.BYTES, last);
        RawMemory.putInt(address - LENGTH + EthernetHeader.ETHER_TYPE_OFFSET, tagNet);
        return address - LENGTH;
    }

    /** EtherType of the tagged payload; {@code address} is that of the frame. */
    public static int etherTypeNet(final long address) {
        return RawMemory.getShort(address + ETHER_TYPE_OFFSET) & 0xffff;
    }

    /** VLAN id, 0 to 4095, host order; {@code address} is that of the frame. */
    public static int vlanId(final long address) {
        return Short.reverseBytes(RawMemory.getShort(address + CONTROL_OFFSET)) & 0x0fff;
    }
}
