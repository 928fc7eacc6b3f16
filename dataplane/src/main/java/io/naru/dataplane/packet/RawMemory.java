package io.naru.dataplane.packet;

import org.agrona.UnsafeApi;

/**
 * Loads and stores at raw addresses: the one door through which the packet path touches memory.
 *
 * <p>Values are in the machine's order (little-endian on every machine we run on), so a 16- or
 * 32-bit field of a packet header read here is a raw wire value and its variable is named {@code
 * …Net}. No bounds are checked in production; with assertions on (as in every test) each access
 * must lie inside a region announced with {@link Bounds}, which is how the tests prove that a frame
 * cannot make us read or write outside it.
 */
public final class RawMemory {
    private RawMemory() {}

    public static byte getByte(final long address) {
        assert Bounds.allow(address, Byte.BYTES);
        return UnsafeApi.getByte(null, address);
    }

    public static void putByte(final long address, final byte value) {
        assert Bounds.allow(address, Byte.BYTES);
        UnsafeApi.putByte(null, address, value);
    }

    public static short getShort(final long address) {
        assert Bounds.allow(address, Short.BYTES);
        return UnsafeApi.getShort(null, address);
    }

    public static void putShort(final long address, final short value) {
        assert Bounds.allow(address, Short.BYTES);
        UnsafeApi.putShort(null, address, value);
    }

    public static int getInt(final long address) {
        assert Bounds.allow(address, Integer.BYTES);
        return UnsafeApi.getInt(null, address);
    }

    public static void putInt(final long address, final int value) {
        assert Bounds.allow(address, Integer.BYTES);
        UnsafeApi.putInt(null, address, value);
    }

    /** Publishes the writes before it to whoever reads this value with acquire semantics. */
    public static void putIntRelease(final long address, final int value) {
        assert Bounds.allow(address, Integer.BYTES);
        UnsafeApi.putIntRelease(null, address, value);
    }

    public static long getLong(final long address) {
        assert Bounds.allow(address, Long.BYTES);
        return UnsafeApi.getLong(null, address);
    }

    public static void putLong(final long address, final long value) {
        assert Bounds.allow(address, Long.BYTES);
        UnsafeApi.putLong(null, address, value);
    }

    /** Copies between two regions that do not overlap. */
    public static void copy(final long source, final long target, final long lengthBytes) {
        assert Bounds.allow(source, lengthBytes) && Bounds.allow(target, lengthBytes);
        UnsafeApi.copyMemory(source, target, lengthBytes);
    }

    public static void fill(final long address, final long lengthBytes, final byte value) {
        assert Bounds.allow(address, lengthBytes);
        UnsafeApi.setMemory(null, address, lengthBytes, value);
    }
}
