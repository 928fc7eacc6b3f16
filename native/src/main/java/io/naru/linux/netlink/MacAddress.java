package io.naru.linux.netlink;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * Ethernet addresses as the packet path keeps them: in the low 48 bits of a long, first octet
 * lowest, as a little-endian machine loads them from a frame.
 */
public final class MacAddress {
    /** Octets in an address. */
    public static final int LENGTH = 6;

    /** No address: no host has the all-zero address. */
    public static final long NONE = 0;

    private MacAddress() {}

    /**
     * Reads {@code 02:00:5e:10:00:01}.
     *
     * @throws IllegalArgumentException if it is anything else.
     */
    public static long parse(final String text) {
        if (!text.matches("[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}")) {
            throw new IllegalArgumentException("not a MAC address: " + text);
        }

        long macNet = 0;
        for (int i = 0; i < LENGTH; i++) {
            macNet |= Long.parseLong(text, 3 * i, 3 * i + 2, 16) << (i * Byte.SIZE);
        }

        return macNet;
    }

    /** The lower 48 bits as {@code 02:00:5e:10:00:01}. */
    public static String format(final long macNet) {
        return "%02x:%02x:%02x:%02x:%02x:%02x"
                .formatted(
                        macNet & 0xff,
                        macNet >>> 8 & 0xff,
                        macNet >>> 16 & 0xff,
                        macNet >>> 24 & 0xff,
                        macNet >>> 32 & 0xff,
                        macNet >>> 40 & 0xff);
    }

    /** Writes its six octets. */
    public static void put(final MutableDirectBuffer buffer, final int offset, final long macNet) {
        for (int i = 0; i < LENGTH; i++) {
            buffer.putByte(offset + i, (byte) (macNet >>> (i * Byte.SIZE)));
        }
    }

    /** The address at {@code offset}, or {@link #NONE} if its length isn't Ethernet's. */
    static long read(final DirectBuffer buffer, final int offset, final int length) {
        if (length != LENGTH) {
            return NONE;
        }

        long macNet = 0;
        for (int i = 0; i < LENGTH; i++) {
            macNet |= (buffer.getByte(offset + i) & 0xffL) << (i * Byte.SIZE);
        }

        return macNet;
    }
}
