package io.naru.dataplane.protocol;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * A short text in a field of fixed size: one byte of length, then UTF-8, then zeros.
 *
 * <pre>
 *   0        1                                              size
 *  +--------+----------------------------------------------+
 *  | length |  UTF-8 ...                    zeros          |
 *  +--------+----------------------------------------------+
 * </pre>
 */
final class TextField {
    /** Size of a field that holds a name. */
    static final int NAME_LENGTH = 1 + Limits.MAX_NAME_BYTES;

    /** Size of a field that holds a word such as a worker's state. */
    static final int WORD_LENGTH = 16;

    /** Size of a field that holds the state of a flow. */
    static final int STATE_LENGTH = 24;

    private TextField() {}

    /** Writes {@code text}; throws if it does not fit. */
    static void put(
            final MutableDirectBuffer buffer,
            final int offset,
            final int fieldLength,
            final String text) {
        checkFits(text, fieldLength);
        final byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        buffer.putByte(offset, (byte) bytes.length);
        buffer.putBytes(offset + 1, bytes);
        buffer.setMemory(offset + 1 + bytes.length, fieldLength - 1 - bytes.length, (byte) 0);
    }

    static void checkFits(final String text, final int fieldLength) {
        if (text.getBytes(StandardCharsets.UTF_8).length >= fieldLength) {
            throw new IllegalArgumentException(
                    "'" + text + "' is longer than " + (fieldLength - 1) + " bytes");
        }
    }

    /**
     * The text, or null if the bytes are no text: too long, not UTF-8, or with control characters.
     */
    static String get(final DirectBuffer buffer, final int offset, final int fieldLength) {
        final int length = buffer.getByte(offset) & 0xff;
        return length < fieldLength ? decode(buffer, offset + 1, length) : null;
    }

    static String decode(final DirectBuffer buffer, final int offset, final int length) {
        final byte[] bytes = new byte[length];
        buffer.getBytes(offset, bytes);
        try {
            final String text =
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .onMalformedInput(CodingErrorAction.REPORT)
                            .onUnmappableCharacter(CodingErrorAction.REPORT)
                            .decode(ByteBuffer.wrap(bytes))
                            .toString();
            return text.chars().anyMatch(Character::isISOControl) ? null : text;
        } catch (final CharacterCodingException ex) {
            return null;
        }
    }

    /** UTF-8 of {@code text} cut to {@code limit} bytes, never in the middle of a character. */
    static byte[] cut(final String text, final int limit) {
        final byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length <= limit) {
            return bytes;
        }

        int end = limit;
        while (end > 0 && (bytes[end] & 0xc0) == 0x80) {
            end--;
        }

        return Arrays.copyOf(bytes, end);
    }
}
