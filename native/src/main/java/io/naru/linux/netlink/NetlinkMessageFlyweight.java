package io.naru.linux.netlink;

import static io.naru.linux.netlink.NetlinkMessageDescriptor.FLAGS_OFFSET;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.HEADER_LENGTH;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.LENGTH_OFFSET;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.SEQUENCE_OFFSET;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.TYPE_OFFSET;

import org.agrona.DirectBuffer;

/**
 * A view over one received netlink message; offsets of the payload are relative to its first byte.
 */
final class NetlinkMessageFlyweight {
    private DirectBuffer buffer;
    private int offset;

    /** The message must lie within the buffer, as {@link NetlinkSocket} has checked. */
    NetlinkMessageFlyweight wrap(final DirectBuffer buffer, final int offset) {
        this.buffer = buffer;
        this.offset = offset;
        return this;
    }

    DirectBuffer buffer() {
        return buffer;
    }

    int length() {
        return buffer.getInt(offset + LENGTH_OFFSET);
    }

    int type() {
        return buffer.getShort(offset + TYPE_OFFSET) & 0xffff;
    }

    int flags() {
        return buffer.getShort(offset + FLAGS_OFFSET) & 0xffff;
    }

    int sequence() {
        return buffer.getInt(offset + SEQUENCE_OFFSET);
    }

    int payloadLength() {
        return length() - HEADER_LENGTH;
    }

    int getUnsignedByte(final int index) {
        return buffer.getByte(offset + HEADER_LENGTH + index) & 0xff;
    }

    int getUnsignedShort(final int index) {
        return buffer.getShort(offset + HEADER_LENGTH + index) & 0xffff;
    }

    int getInt(final int index) {
        return buffer.getInt(offset + HEADER_LENGTH + index);
    }

    /** The attributes that follow {@code headerLength} bytes of the family's own header. */
    AttributeReader attributes(final int headerLength) {
        return new AttributeReader(
                buffer, offset + HEADER_LENGTH + headerLength, offset + length());
    }
}
