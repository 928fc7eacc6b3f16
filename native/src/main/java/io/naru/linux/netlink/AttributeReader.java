package io.naru.linux.netlink;

import static io.naru.linux.netlink.NetlinkMessageDescriptor.ATTRIBUTE_HEADER_LENGTH;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.ATTRIBUTE_LENGTH_OFFSET;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.ATTRIBUTE_TYPE_OFFSET;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.NLA_TYPE_MASK;

import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;

/**
 * Walks the attributes of a message; one that claims more bytes than there are ends the walk.
 *
 * <p>{@code while (attributes.next()) switch (attributes.type()) …}. A value that is shorter than
 * the type asked for reads as 0 or null: kernels add attributes, they don't shorten them.
 */
final class AttributeReader {
    private final DirectBuffer buffer;
    private final int limit;
    private int nextOffset;
    private int type;
    private int valueOffset;
    private int valueLength;

    AttributeReader(final DirectBuffer buffer, final int offset, final int limit) {
        this.buffer = buffer;
        this.nextOffset = offset;
        this.limit = limit;
    }

    boolean next() {
        if (nextOffset + ATTRIBUTE_HEADER_LENGTH > limit) {
            return false;
        }

        final int length = buffer.getShort(nextOffset + ATTRIBUTE_LENGTH_OFFSET) & 0xffff;
        if (length < ATTRIBUTE_HEADER_LENGTH || nextOffset + length > limit) {
            return false;
        }

        type = buffer.getShort(nextOffset + ATTRIBUTE_TYPE_OFFSET) & NLA_TYPE_MASK;
        valueOffset = nextOffset + ATTRIBUTE_HEADER_LENGTH;
        valueLength = length - ATTRIBUTE_HEADER_LENGTH;
        nextOffset += NetlinkMessageDescriptor.align(length);
        return true;
    }

    int type() {
        return type;
    }

    int offset() {
        return valueOffset;
    }

    int length() {
        return valueLength;
    }

    int getUnsignedByte() {
        return valueLength < Byte.BYTES ? 0 : buffer.getByte(valueOffset) & 0xff;
    }

    int getUnsignedShort() {
        return valueLength < Short.BYTES ? 0 : buffer.getShort(valueOffset) & 0xffff;
    }

    int getInt() {
        return valueLength < Integer.BYTES ? 0 : buffer.getInt(valueOffset);
    }

    long getLong() {
        return valueLength < Long.BYTES ? 0 : buffer.getLong(valueOffset);
    }

    /** Text without the terminating zero. */
    String getString() {
        int length = 0;
        while (length < valueLength && buffer.getByte(valueOffset + length) != 0) {
            length++;
        }

        final byte[] bytes = new byte[length];
        buffer.getBytes(valueOffset, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    IpAddress getIpAddress() {
        return IpAddress.read(buffer, valueOffset, valueLength);
    }

    long getMacNet() {
        return MacAddress.read(buffer, valueOffset, valueLength);
    }

    /** The attributes inside this one, behind {@code headerLength} bytes of another header. */
    AttributeReader nested(final int headerLength) {
        return new AttributeReader(buffer, valueOffset + headerLength, valueOffset + valueLength);
    }

    DirectBuffer buffer() {
        return buffer;
    }
}
