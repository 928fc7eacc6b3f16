package io.naru.dataplane.pipeline;

import io.naru.dataplane.FrameChecker;

/** The Internet checksum (RFC 1071) of byte arrays, computed whole: the slow twin. */
public final class Checksums {
    private Checksums() {}

    /** The checksum of a range whose checksum field is zero. */
    public static int of(final byte[] bytes, final int offset, final int length) {
        return ~fold(sum(bytes, offset, length)) & 0xffff;
    }

    /** The checksum of a TCP or UDP segment whose checksum field is zero. */
    public static int ofTransport(
            final byte[] from, final byte[] to, final int protocol, final byte[] segment) {
        return ~fold(
                        sum(from, 0, from.length)
                                + sum(to, 0, to.length)
                                + protocol
                                + segment.length
                                + sum(segment, 0, segment.length))
                & 0xffff;
    }

    /**
     * What is wrong with a frame's checksums.
     *
     * @return null if all are right.
     */
    public static String problem(final byte[] frame) {
        final int l3 = u16(frame, 12) == 0x8100 ? 18 : 14;
        if (u16(frame, l3 - 2) == 0x86dd) {
            return FrameChecker.problem(frame);
        }
        if (u16(frame, l3 - 2) != 0x0800) {
            return null;
        }

        final int headerLength = (frame[l3] & 0xf) * 4;
        if (fold(sum(frame, l3, headerLength)) != 0xffff) {
            return "IPv4 header checksum is wrong";
        }

        if (Fragments.isFragment(frame)) {
            return null; // what it is a part of has a checksum, see Fragments.together
        }

        final int l4 = l3 + headerLength;
        final int length = u16(frame, l3 + 2) - headerLength;
        final int protocol = frame[l3 + 9] & 0xff;
        long sum = sum(frame, l4, length);
        if (protocol == 6 || protocol == 17) {
            if (protocol == 17 && u16(frame, l4 + 6) == 0) {
                return null;
            }
            sum += sum(frame, l3 + 12, 8) + protocol + length;
        }

        return fold(sum) == 0xffff ? null : "checksum of protocol %d is wrong".formatted(protocol);
    }

    private static long sum(final byte[] bytes, final int offset, final int length) {
        long sum = 0;
        for (int i = 0; i < length; i++) {
            sum += (i & 1) == 0 ? (bytes[offset + i] & 0xff) << 8 : bytes[offset + i] & 0xff;
        }
        return sum;
    }

    private static int fold(final long sum) {
        long folded = sum;
        while (folded >>> 16 != 0) {
            folded = (folded & 0xffff) + (folded >>> 16);
        }
        return (int) folded;
    }

    private static int u16(final byte[] bytes, final int offset) {
        return (bytes[offset] & 0xff) << 8 | (bytes[offset + 1] & 0xff);
    }
}
