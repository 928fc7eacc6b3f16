package io.naru.linux.netlink;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.agrona.DirectBuffer;

/**
 * An IPv4 or IPv6 address as a number of 128 bits, so that addresses sort and prefixes are ranges.
 *
 * @param high the first 8 bytes of an IPv6 address, big-endian value; 0 for IPv4.
 * @param low the last 8 bytes; for IPv4 {@code 0x0000ffff_aabbccdd}, the mapped form (RFC 4291
 *     2.5.5.2).
 */
public record IpAddress(long high, long low) implements Comparable<IpAddress> {
    private static final long MAPPED = 0xffff_0000_0000L;

    /** {@code hostOrder} is the address as a big-endian number: 192.0.2.1 is 0xc0000201. */
    public static IpAddress ipv4(final int hostOrder) {
        return new IpAddress(0, MAPPED | (hostOrder & 0xffff_ffffL));
    }

    /**
     * Reads an address as written; names are not looked up.
     *
     * @throws IllegalArgumentException if it is neither an IPv4 nor an IPv6 address.
     */
    public static IpAddress parse(final String text) {
        // Text that could be a name never reaches InetAddress, so nothing asks a name server.
        if (!text.matches("\\d+(\\.\\d+){3}") && !text.matches("[0-9a-fA-F:.]*:[0-9a-fA-F:.]*")) {
            throw new IllegalArgumentException("not an IP address: " + text);
        }

        try {
            return ofBytes(InetAddress.getByName(text).getAddress());
        } catch (final UnknownHostException e) {
            throw new IllegalArgumentException("not an IP address: " + text, e);
        }
    }

    /** {@code bytes} are 4 or 16 in network order. */
    public static IpAddress ofBytes(final byte[] bytes) {
        if (bytes.length == 4) {
            return ipv4((int) bigEndian(bytes, 0, 4));
        }

        if (bytes.length == 16) {
            return new IpAddress(bigEndian(bytes, 0, 8), bigEndian(bytes, 8, 8));
        }

        throw new IllegalArgumentException("an address has 4 or 16 bytes, not " + bytes.length);
    }

    /** The 4 or 16 bytes at {@code offset}, in network order; null if it is another length. */
    static IpAddress read(final DirectBuffer buffer, final int offset, final int length) {
        if (length != 4 && length != 16) {
            return null;
        }

        final byte[] bytes = new byte[length];
        buffer.getBytes(offset, bytes);
        return ofBytes(bytes);
    }

    /** The lowest address of a family: what a default route is to. */
    static IpAddress any(final int family) {
        return family == AddressFamily.INET ? ipv4(0) : new IpAddress(0, 0);
    }

    public boolean isIpv4() {
        return high == 0 && low >>> 32 == 0xffff;
    }

    /** {@link AddressFamily#INET} or {@link AddressFamily#INET6}. */
    public int family() {
        return isIpv4() ? AddressFamily.INET : AddressFamily.INET6;
    }

    /** Bits of an address of this family: 32 or 128. */
    public int bits() {
        return isIpv4() ? Integer.SIZE : 2 * Long.SIZE;
    }

    /** 4 or 16 bytes in network order. */
    public byte[] toBytes() {
        final int length = bits() / Byte.SIZE;
        final byte[] bytes = new byte[length];
        for (int i = 0; i < Math.min(length, 8); i++) {
            bytes[length - 1 - i] = (byte) (low >>> (i * Byte.SIZE));
        }

        for (int i = 8; i < length; i++) {
            bytes[length - 1 - i] = (byte) (high >>> ((i - 8) * Byte.SIZE));
        }

        return bytes;
    }

    /** The first address of the prefix of {@code prefixLength} bits that this address is in. */
    public IpAddress first(final int prefixLength) {
        final int hostBits = bits() - prefixLength;
        return new IpAddress(high & ~highMask(hostBits), low & ~lowMask(hostBits));
    }

    /** The last address of the prefix of {@code prefixLength} bits that this address is in. */
    public IpAddress last(final int prefixLength) {
        final int hostBits = bits() - prefixLength;
        return new IpAddress(high | highMask(hostBits), low | lowMask(hostBits));
    }

    /** Orders by number: all of a prefix lies between its first and its last address. */
    @Override
    public int compareTo(final IpAddress other) {
        final int byHigh = Long.compareUnsigned(high, other.high);
        return byHigh != 0 ? byHigh : Long.compareUnsigned(low, other.low);
    }

    /** As people write it: dotted, or the shortest form of RFC 5952. */
    @Override
    public String toString() {
        if (isIpv4()) {
            return "%d.%d.%d.%d"
                    .formatted(low >>> 24 & 0xff, low >>> 16 & 0xff, low >>> 8 & 0xff, low & 0xff);
        }

        final int[] groups = new int[8];
        for (int i = 0; i < 4; i++) {
            groups[i] = (int) (high >>> (48 - 16 * i)) & 0xffff;
            groups[4 + i] = (int) (low >>> (48 - 16 * i)) & 0xffff;
        }

        return Ipv6Text.format(groups);
    }

    private static long highMask(final int hostBits) {
        return hostBits <= Long.SIZE ? 0 : ones(hostBits - Long.SIZE);
    }

    private static long lowMask(final int hostBits) {
        return ones(Math.min(hostBits, Long.SIZE));
    }

    private static long ones(final int bits) {
        return bits == Long.SIZE ? -1L : (1L << bits) - 1;
    }

    private static long bigEndian(final byte[] bytes, final int offset, final int length) {
        long value = 0;
        for (int i = 0; i < length; i++) {
            value = value << Byte.SIZE | (bytes[offset + i] & 0xff);
        }

        return value;
    }

    private static final class Ipv6Text {
        private static String format(final int[] groups) {
            int longest = 0;
            int longestStart = -1;
            for (int start = 0; start < groups.length; start++) {
                int end = start;
                while (end < groups.length && groups[end] == 0) {
                    end++;
                }

                // RFC 5952 4.2.2 and 4.2.3: never a single group, and the first of equal runs.
                if (end - start > Math.max(longest, 1)) {
                    longest = end - start;
                    longestStart = start;
                }
            }

            final StringBuilder text = new StringBuilder();
            for (int i = 0; i < groups.length; i++) {
                if (i == longestStart) {
                    text.append("::");
                    i += longest - 1;
                    continue;
                }

                if (!text.isEmpty() && text.charAt(text.length() - 1) != ':') {
                    text.append(':');
                }

                text.append(Integer.toHexString(groups[i]));
            }

            return text.toString();
        }
    }
}
