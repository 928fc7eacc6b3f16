package io.naru.linux.xdp;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/** Builds frames for tests of the filter, layer by layer; lengths and checksums are not filled. */
final class TestFrame {
    static final int VLAN_ID = 42;
    static final int TCP = 6;
    static final int UDP = 17;

    private static final byte[] UNICAST = {2, 0, 0, 0, 0, 1};
    private static final byte[] BROADCAST = {-1, -1, -1, -1, -1, -1};
    private static final byte[] NEIGHBOURS = {0x33, 0x33, -1, 0, 0, 0x10};
    private static final byte[] SENDER = {2, 0, 0, 0, 0, 2};

    private final ByteBuffer buffer = ByteBuffer.allocate(512);

    static TestFrame toUs() {
        return new TestFrame().bytes(UNICAST).bytes(SENDER);
    }

    static TestFrame toAll() {
        return new TestFrame().bytes(BROADCAST).bytes(SENDER);
    }

    static TestFrame toNeighbours() {
        return new TestFrame().bytes(NEIGHBOURS).bytes(SENDER);
    }

    TestFrame vlan(final int protocol) {
        return shorts(protocol, VLAN_ID);
    }

    TestFrame type(final int etherType) {
        return shorts(etherType);
    }

    TestFrame ipv4(final String source, final String destination, final int protocol) {
        return shorts(0x0800).ipv4Header(source, destination, protocol, 5, 0x4000);
    }

    /** A header as it is also quoted in an ICMP error. */
    TestFrame ipv4Header(
            final String source,
            final String destination,
            final int protocol,
            final int headerWords,
            final int fragment) {
        buffer.put((byte) (0x40 | headerWords)).put((byte) 0);
        shorts(0, 0, fragment);
        buffer.put((byte) 64).put((byte) protocol);
        shorts(0).address(source).address(destination);
        for (int i = 5; i < headerWords; i++) {
            buffer.putInt(0x01010101); // no-operation options
        }

        return this;
    }

    TestFrame ipv6(final String source, final String destination, final int nextHeader) {
        return shorts(0x86dd).ipv6Header(source, destination, nextHeader);
    }

    TestFrame ipv6Header(final String source, final String destination, final int nextHeader) {
        buffer.putInt(0x60000000);
        shorts(0);
        buffer.put((byte) nextHeader).put((byte) 64);
        return address(source).address(destination);
    }

    TestFrame ports(final int source, final int destination) {
        shorts(source, destination);
        return bytes(new byte[16]);
    }

    TestFrame icmp(final int type) {
        return icmp(type, 0);
    }

    TestFrame icmp(final int type, final int code) {
        buffer.put((byte) type).put((byte) code);
        return shorts(0, 0, 0);
    }

    TestFrame arp(final int operation, final String sender, final String target) {
        shorts(0x0806, 1, 0x0800, 0x0604, operation);
        return bytes(SENDER).address(sender).bytes(new byte[6]).address(target);
    }

    TestFrame address(final String text) {
        try {
            return bytes(InetAddress.getByName(text).getAddress());
        } catch (final UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }

    TestFrame bytes(final byte[] bytes) {
        buffer.put(bytes);
        return this;
    }

    byte[] build() {
        return cut(0);
    }

    /** Without its last bytes. */
    byte[] cut(final int count) {
        final byte[] frame = new byte[buffer.position() - count];
        buffer.get(0, frame);
        return frame;
    }

    private TestFrame shorts(final int... values) {
        for (final int value : values) {
            buffer.putShort((short) value);
        }

        return this;
    }
}
