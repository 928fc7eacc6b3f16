package io.naru.dataplane;

import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;

/** Makes a small packet for {@link WarmUp}, with right checksums. */
final class WarmUpPacket {
    private static final int LENGTH = 60;
    private static final int L3 = 14;
    private static final int L4 = L3 + 20;
    private static final int UDP = 17;

    private final UnsafeBuffer packet = new UnsafeBuffer(new byte[LENGTH]);

    WarmUpPacket(final long destinationMacNet, final long sourceMacNet) {
        packet.putLong(0, destinationMacNet);
        packet.putLong(6, sourceMacNet);
        putShort(12, 0x0800);
    }

    /** Addresses are big-endian numbers. */
    WarmUpPacket ip(final int protocol, final int source, final int destination) {
        putShort(L3, 0x4500);
        putShort(L3 + 2, LENGTH - L3);
        packet.putByte(L3 + 8, (byte) 64);
        packet.putByte(L3 + 9, (byte) protocol);
        putInt(L3 + 12, source);
        putInt(L3 + 16, destination);
        putShort(L3 + 10, checksum(L3, L4, 0));
        return this;
    }

    UnsafeBuffer transport(final int sourcePort, final int destinationPort, final int flags) {
        final boolean isUdp = packet.getByte(L3 + 9) == UDP;
        putShort(L4, sourcePort);
        putShort(L4 + 2, destinationPort);
        if (isUdp) {
            putShort(L4 + 4, LENGTH - L4);
        } else {
            packet.putByte(L4 + 12, (byte) 0x50);
            packet.putByte(L4 + 13, (byte) flags);
        }

        final int pseudoHeader = sum(L3 + 12, L4) + (packet.getByte(L3 + 9) & 0xff) + (LENGTH - L4);
        putShort(L4 + (isUdp ? 6 : 16), checksum(L4, LENGTH, pseudoHeader));
        return packet;
    }

    UnsafeBuffer echoRequest() {
        packet.putByte(L4, (byte) 8);
        putShort(L4 + 2, checksum(L4, LENGTH, 0));
        return packet;
    }

    /** Asked of everybody. */
    UnsafeBuffer arpRequest(final int sender, final int target) {
        packet.putInt(0, -1);
        packet.putShort(4, (short) -1);
        putShort(12, 0x0806);
        putShort(L3, 1);
        putShort(L3 + 2, 0x0800);
        putShort(L3 + 4, 0x0604);
        putShort(L3 + 6, 1);
        packet.putBytes(L3 + 8, packet, 6, 6);
        putInt(L3 + 14, sender);
        putInt(L3 + 24, target);
        return packet;
    }

    private void putShort(final int offset, final int value) {
        packet.putShort(offset, (short) value, ByteOrder.BIG_ENDIAN);
    }

    private void putInt(final int offset, final int value) {
        packet.putInt(offset, value, ByteOrder.BIG_ENDIAN);
    }

    private int checksum(final int start, final int end, final int initial) {
        int sum = initial + sum(start, end);
        sum = (sum & 0xffff) + (sum >>> 16);
        sum = (sum & 0xffff) + (sum >>> 16);
        return ~sum & 0xffff;
    }

    private int sum(final int start, final int end) {
        int sum = 0;
        for (int offset = start; offset < end; offset += 2) {
            sum += packet.getShort(offset, ByteOrder.BIG_ENDIAN) & 0xffff;
        }

        return sum;
    }
}
