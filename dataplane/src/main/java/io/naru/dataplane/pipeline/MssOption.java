package io.naru.dataplane.pipeline;

import io.naru.dataplane.packet.InternetChecksum;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.packet.TcpHeader;

/** The maximum segment size that a SYN offers (RFC 9293 §3.7.1, RFC 6691). */
final class MssOption {
    private static final int END = 0;
    private static final int NOTHING = 1;
    private static final int MSS = 2;
    private static final int MSS_LENGTH = 4;
    private static final int VALUE_OFFSET = 2;

    private MssOption() {}

    /**
     * Lowers the offer, if there is one and it is greater; keeps the checksum right.
     *
     * @param l4 address of a TCP header that is in the packet with all its options.
     * @param limit in bytes.
     */
    static void lower(final long l4, final int limit) {
        final long value = find(l4);
        if (value == 0) {
            return;
        }

        final int offered = Short.reverseBytes(RawMemory.getShort(value)) & 0xffff;
        if (offered <= limit || limit < 1) {
            return;
        }

        // The sum goes over words from the header's start; a value across two of them is swapped.
        final boolean isOdd = ((value - l4) & 1) != 0;
        final int oldWord = isOdd ? offered : Short.reverseBytes((short) offered) & 0xffff;
        final int newWord = isOdd ? limit : Short.reverseBytes((short) limit) & 0xffff;
        RawMemory.putShort(value, Short.reverseBytes((short) limit));
        final long checksum = l4 + TcpHeader.CHECKSUM_OFFSET;
        RawMemory.putShort(
                checksum,
                (short)
                        InternetChecksum.update(
                                RawMemory.getShort(checksum) & 0xffff,
                                InternetChecksum.delta16(oldWord, newWord)));
    }

    /** The address of the value, or 0. */
    private static long find(final long l4) {
        final long end = l4 + TcpHeader.headerLength(l4);
        long option = l4 + TcpHeader.LENGTH;
        while (option < end) {
            final int kind = RawMemory.getByte(option) & 0xff;
            if (kind == END) {
                return 0;
            }
            if (kind == NOTHING) {
                option++;
                continue;
            }

            final int length = option + 1 < end ? RawMemory.getByte(option + 1) & 0xff : 0;
            if (length < 2 || option + length > end) {
                return 0;
            }
            if (kind == MSS) {
                return length == MSS_LENGTH ? option + VALUE_OFFSET : 0;
            }
            option += length;
        }

        return 0;
    }
}
