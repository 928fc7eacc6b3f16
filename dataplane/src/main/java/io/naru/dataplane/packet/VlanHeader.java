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

    private VlanHeader() {}

    /** EtherType of the tagged payload; {@code address} is that of the frame. */
    public static int etherTypeNet(final long address) {
        return RawMemory.getShort(address + ETHER_TYPE_OFFSET) & 0xffff;
    }

    /** VLAN id, 0 to 4095, host order; {@code address} is that of the frame. */
    public static int vlanId(final long address) {
        return Short.reverseBytes(RawMemory.getShort(address + CONTROL_OFFSET)) & 0x0fff;
    }
}
