package io.naru.linux.netlink;

import static io.naru.linux.netlink.NetlinkMessageDescriptor.ATTRIBUTE_HEADER_LENGTH;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.ATTRIBUTE_LENGTH_OFFSET;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.ATTRIBUTE_TYPE_OFFSET;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.FLAGS_OFFSET;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.HEADER_LENGTH;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.LENGTH_OFFSET;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.PORT_OFFSET;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.SEQUENCE_OFFSET;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.TYPE_OFFSET;

import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Writes one request, front to back: {@code new NetlinkRequest(type,
 * flags).putByte(…).attribute(…)}.
 */
final class NetlinkRequest {
    /** The longest request that we make has far less than this. */
    static final int CAPACITY = 256;

    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[CAPACITY]);
    private int length = HEADER_LENGTH;

    NetlinkRequest(final int type, final int flags) {
        buffer.putShort(TYPE_OFFSET, (short) type);
        buffer.putShort(FLAGS_OFFSET, (short) (flags | NetlinkMessageDescriptor.NLM_F_REQUEST));
        buffer.putInt(PORT_OFFSET, 0);
    }

    NetlinkRequest putByte(final int value) {
        buffer.putByte(length, (byte) value);
        length += Byte.BYTES;
        return this;
    }

    NetlinkRequest putShort(final int value) {
        buffer.putShort(length, (short) value);
        length += Short.BYTES;
        return this;
    }

    NetlinkRequest putInt(final int value) {
        buffer.putInt(length, value);
        length += Integer.BYTES;
        return this;
    }

    NetlinkRequest attribute(final int type, final int value) {
        final int offset = beginAttribute(type);
        return putInt(value).endAttribute(offset);
    }

    /** Text with a terminating zero. */
    NetlinkRequest attribute(final int type, final String text) {
        final int offset = beginAttribute(type);
        final byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        buffer.putBytes(length, bytes);
        length += bytes.length;
        return putByte(0).endAttribute(offset);
    }

    NetlinkRequest attribute(final int type, final IpAddress address) {
        final int offset = beginAttribute(type);
        final byte[] bytes = address.toBytes();
        buffer.putBytes(length, bytes);
        length += bytes.length;
        return endAttribute(offset);
    }

    /** Completes the header; the request can be sent as often as one likes. */
    NetlinkRequest finish(final int sequence) {
        buffer.putInt(LENGTH_OFFSET, length);
        buffer.putInt(SEQUENCE_OFFSET, sequence);
        return this;
    }

    boolean wantsAcknowledgement() {
        return (buffer.getShort(FLAGS_OFFSET) & NetlinkMessageDescriptor.NLM_F_ACK) != 0;
    }

    UnsafeBuffer buffer() {
        return buffer;
    }

    int length() {
        return length;
    }

    private int beginAttribute(final int type) {
        final int offset = length;
        buffer.putShort(offset + ATTRIBUTE_TYPE_OFFSET, (short) type);
        length += ATTRIBUTE_HEADER_LENGTH;
        return offset;
    }

    private NetlinkRequest endAttribute(final int offset) {
        buffer.putShort(offset + ATTRIBUTE_LENGTH_OFFSET, (short) (length - offset));
        while (length != NetlinkMessageDescriptor.align(length)) {
            putByte(0);
        }

        return this;
    }
}
