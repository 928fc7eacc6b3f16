package io.naru.dataplane.protocol;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * An IPv4 or IPv6 address as both planes exchange it: 16 bytes in network order, IPv4 in its mapped
 * form {@code ::ffff:a.b.c.d} (RFC 4291 2.5.5.2).
 *
 * @param high the first 8 bytes as a big-endian number.
 * @param low the last 8 bytes as a big-endian number.
 */
public record IpAddress(long high, long low) implements Comparable<IpAddress> {
    /** Bytes that an address takes in a message. */
    public static final int LENGTH = 16;

    /** {@code ::}, which stands for "no address". */
    public static final IpAddress NONE = new IpAddress(0, 0);

    private static final long IPV4_PREFIX = 0xffff_0000_0000L;

    /** {@code hostOrder} is the address as a big-endian number: 192.0.2.1 is 0xc0000201. */
    public static IpAddress ipv4(final int hostOrder) {
        return new IpAddress(0, IPV4_PREFIX | (hostOrder & 0xffff_ffffL));
    }

    /**
     * Reads an address literal; names are never looked up.
     *
     * @return null if {@code text} is not an IPv4 address in four decimal parts or an IPv6 address.
     */
    public static IpAddress parse(final String text) {
        return text.indexOf(':') < 0 ? parseIpv4(text) : parseIpv6(text);
    }

    private static IpAddress parseIpv4(final String text) {
        int value = 0;
        int part = -1;
        int parts = 0;
        int digits = 0;
        for (int i = 0; i <= text.length(); i++) {
            final char c = i < text.length() ? text.charAt(i) : '.';
            if (c == '.') {
                if (part < 0 || ++parts > 4) {
                    return null;
                }
                value = value << 8 | part;
                part = -1;
                digits = 0;
            } else if (c >= '0' && c <= '9') {
                // 010 is 8 to some readers and 10 to others: refused
                part = Math.max(part, 0) * 10 + (c - '0');
                if ((++digits > 1 && part < 10) || part > 255) {
                    return null;
                }
            } else {
                return null;
            }
        }

        return parts == 4 ? ipv4(value) : null;
    }

    private static IpAddress parseIpv6(final String text) {
        for (int i = 0; i < text.length(); i++) {
            final char c = text.charAt(i);
            if (Character.digit(c, 16) < 0 && c != ':' && c != '.') {
                return null; // also refuses a zone, which means nothing on another box
            }
        }

        try {
            final byte[] bytes = InetAddress.getByName(text).getAddress(); // a literal: no look-up
            long high = 0;
            long low = 0;
            if (bytes.length == 4) {
                low = 0xffff;
                for (int i = 0; i < 4; i++) {
                    low = low << 8 | (bytes[i] & 0xff);
                }
            } else {
                for (int i = 0; i < 8; i++) {
                    high = high << 8 | (bytes[i] & 0xff);
                    low = low << 8 | (bytes[i + 8] & 0xff);
                }
            }

            return new IpAddress(high, low);
        } catch (final UnknownHostException ex) {
            return null;
        }
    }

    /** Whether this is an IPv4 address in its mapped form. */
    public boolean isIpv4() {
        return high == 0 && low >>> 32 == 0xffff;
    }

    /** Whether this is an IPv6 address that means something on its link only (fe80::/10). */
    public boolean isLinkLocal() {
        return high >>> 54 == 0xfe80 >>> 6;
    }

    /** Whether this is {@code ::}. */
    public boolean isNone() {
        return high == 0 && low == 0;
    }

    /** The IPv4 address as a big-endian number; only if {@link #isIpv4()}. */
    public int ipv4() {
        return (int) low;
    }

    /** The same address for sockets. */
    public InetAddress inetAddress() {
        final byte[] bytes =
                isIpv4()
                        ? ByteBuffer.allocate(Integer.BYTES).putInt(ipv4()).array()
                        : ByteBuffer.allocate(LENGTH).putLong(high).putLong(low).array();
        try {
            return InetAddress.getByAddress(bytes);
        } catch (final UnknownHostException e) {
            throw new IllegalStateException(e); // 4 and 16 bytes are always an address
        }
    }

    /** Writes the 16 bytes in network order. */
    public void putTo(final MutableDirectBuffer buffer, final int offset) {
        buffer.putLong(offset, high, ByteOrder.BIG_ENDIAN);
        buffer.putLong(offset + Long.BYTES, low, ByteOrder.BIG_ENDIAN);
    }

    /** Reads the 16 bytes that {@link #putTo} wrote. */
    public static IpAddress getFrom(final DirectBuffer buffer, final int offset) {
        return new IpAddress(
                buffer.getLong(offset, ByteOrder.BIG_ENDIAN),
                buffer.getLong(offset + Long.BYTES, ByteOrder.BIG_ENDIAN));
    }

    /** As unsigned numbers, so that lists are in the order that people expect. */
    @Override
    public int compareTo(final IpAddress other) {
        final int order = Long.compareUnsigned(high, other.high);
        return order != 0 ? order : Long.compareUnsigned(low, other.low);
    }

    /** {@code 192.0.2.1}, or the text form of RFC 5952. */
    @Override
    public String toString() {
        if (isIpv4()) {
            return (low >>> 24 & 0xff)
                    + "."
                    + (low >>> 16 & 0xff)
                    + "."
                    + (low >>> 8 & 0xff)
                    + "."
                    + (low & 0xff);
        }

        return ipv6Text();
    }

    private String ipv6Text() {
        int bestStart = -1;
        int bestLength = 1; // RFC 5952 4.2.2: a single zero group is not shortened
        for (int i = 0; i < 8; i++) {
            int length = 0;
            while (i + length < 8 && group(i + length) == 0) {
                length++;
            }
            if (length > bestLength) {
                bestStart = i;
                bestLength = length;
            }
        }

        final StringBuilder text = new StringBuilder(39);
        for (int i = 0; i < 8; ) {
            if (i == bestStart) {
                text.append("::");
                i += bestLength;
            } else {
                if (i > 0 && text.charAt(text.length() - 1) != ':') {
                    text.append(':');
                }
                text.append(Integer.toHexString(group(i++)));
            }
        }

        return text.toString();
    }

    private int group(final int index) {
        final long half = index < 4 ? high : low;
        return (int) (half >>> ((3 - (index & 3)) * 16)) & 0xffff;
    }
}
