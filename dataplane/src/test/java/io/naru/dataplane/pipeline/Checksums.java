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
        return FrameChecker.problem(frame);
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
}
