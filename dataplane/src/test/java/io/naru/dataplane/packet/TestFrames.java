package io.naru.dataplane.packet;

import java.nio.ByteBuffer;
import java.util.HexFormat;

/**
 * Frames for tests, written the slow and obvious way: big-endian, every checksum in full, nothing
 * shared with the code under test.
 */
public final class TestFrames {
    public static final int TCP = 6;
    public static final int UDP = 17;
    public static final int ICMP = 1;

    private TestFrames() {}

    /** The bytes of hexadecimal digits; blanks are for the eye. */
    public static byte[] hex(final String digits) {
        return HexFormat.of().parseHex(digits.replaceAll("\\s", ""));
    }

    public static byte[] tcp(
            final String source,
            final int sourcePort,
            final String destination,
            final int destinationPort,
            final int flags,
            final byte[] data) {
        final ByteBuffer segment = ByteBuffer.allocate(20 + data.length);
        segment.putShort((short) sourcePort).putShort((short) destinationPort);
        segment.putInt(0x1000_0000).putInt(0x2000_0000);
        segment.put((byte) 0x50).put((byte) flags).putShort((short) 0xfaf0);
        segment.putShort((short) 0).putShort((short) 0).put(data);
        return ethernet(
                0x0800,
                ipv4(source, destination, TCP, checksummed(segment, source, destination, TCP, 16)));
    }

    public static byte[] udp(
            final String source,
            final int sourcePort,
            final String destination,
            final int destinationPort,
            final byte[] data) {
        final ByteBuffer datagram = ByteBuffer.allocate(8 + data.length);
        datagram.putShort((short) sourcePort).putShort((short) destinationPort);
        datagram.putShort((short) (8 + data.length)).putShort((short) 0).put(data);
        return ethernet(
                0x0800,
                ipv4(source, destination, UDP, checksummed(datagram, source, destination, UDP, 6)));
    }

    public static byte[] icmp(
            final String source, final String destination, final int type, final byte[] data) {
        final ByteBuffer message = ByteBuffer.allocate(8 + data.length);
        message.put((byte) type).put((byte) 0).putShort((short) 0).putInt(0x0001_0001).put(data);
        message.putShort(2, (short) ~sum(message.array(), 0, message.capacity(), 0));
        return ethernet(0x0800, ipv4(source, destination, ICMP, message.array()));
    }

    /** An IPv4 packet without options around {@code payload}. */
    public static byte[] ipv4(
            final String source,
            final String destination,
            final int protocol,
            final byte[] payload) {
        final ByteBuffer packet = ByteBuffer.allocate(20 + payload.length);
        packet.put((byte) 0x45).put((byte) 0).putShort((short) (20 + payload.length));
        packet.putShort((short) 0x1234).putShort((short) 0x4000);
        packet.put((byte) 64).put((byte) protocol).putShort((short) 0);
        packet.putInt(ip(source)).putInt(ip(destination)).put(payload);
        packet.putShort(10, (short) ~sum(packet.array(), 0, 20, 0));
        return packet.array();
    }

    public static byte[] ethernet(final int etherType, final byte[] payload) {
        final ByteBuffer frame = ByteBuffer.allocate(14 + payload.length);
        frame.put(hex("02 00 00 00 00 02  02 00 00 00 00 01"));
        return frame.putShort((short) etherType).put(payload).array();
    }

    /** The same frame with a VLAN tag. */
    public static byte[] tagged(final int vlanId, final byte[] frame) {
        final ByteBuffer tagged = ByteBuffer.allocate(frame.length + 4);
        tagged.put(frame, 0, 12).putShort((short) 0x8100).putShort((short) vlanId);
        return tagged.put(frame, 12, frame.length - 12).array();
    }

    /** The same frame with bytes replaced from {@code offset} on. */
    public static byte[] with(final byte[] frame, final int offset, final String digits) {
        final byte[] changed = frame.clone();
        final byte[] bytes = hex(digits);
        System.arraycopy(bytes, 0, changed, offset, bytes.length);
        return changed;
    }

    /** An address as a big-endian number. */
    public static int ip(final String dotted) {
        int ip = 0;
        for (final String octet : dotted.split("\\.", 4)) {
            ip = ip << 8 | Integer.parseInt(octet);
        }

        return ip;
    }

    /** An address as it is loaded from a packet. */
    public static int ipNet(final String dotted) {
        return Integer.reverseBytes(ip(dotted));
    }

    /** A port as it is loaded from a packet. */
    public static int portNet(final int port) {
        return Short.reverseBytes((short) port) & 0xffff;
    }

    /** One's complement sum of big-endian 16-bit words, one after the other. */
    public static int sum(
            final byte[] bytes, final int offset, final int length, final int initial) {
        int sum = initial;
        for (int i = 0; i < length; i += 2) {
            final int high = bytes[offset + i] & 0xff;
            final int low = i + 1 < length ? bytes[offset + i + 1] & 0xff : 0;
            sum += high << 8 | low;
            if (sum > 0xffff) {
                sum -= 0xffff;
            }
        }

        return sum;
    }

    @SuppressWarnings("ByteBufferBackingArray") // header was allocated above, from offset 0
    private static byte[] checksummed(
            final ByteBuffer header,
            final String source,
            final String destination,
            final int protocol,
            final int checksumOffset) {
        final int length = header.capacity();
        final ByteBuffer pseudoHeader = ByteBuffer.allocate(12);
        pseudoHeader.putInt(ip(source)).putInt(ip(destination));
        pseudoHeader.putShort((short) protocol).putShort((short) length);
        final int sum = sum(header.array(), 0, length, sum(pseudoHeader.array(), 0, 12, 0));
        final int checksum = ~sum & 0xffff;
        header.putShort(
                checksumOffset, (short) (checksum == 0 && protocol == UDP ? 0xffff : checksum));
        return header.array();
    }
}
