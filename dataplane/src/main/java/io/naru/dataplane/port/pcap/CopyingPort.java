package io.naru.dataplane.port.pcap;

import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.port.PacketPort;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A port over something that gives and takes packets as byte arrays: each packet is copied into a
 * free frame, and out of one when it is sent.
 *
 * <p>It costs a copy and an array a packet. That is what libpcap has to offer, and why this is for
 * captures and for machines without AF_XDP, not for speed.
 */
abstract class CopyingPort implements PacketPort {
    /** Where a received packet begins in its frame: the kernel's XDP_PACKET_HEADROOM. */
    static final int HEADROOM_BYTES = 256;

    /** Packets that may wait for {@link #flush()}. */
    static final int TRANSMIT_CAPACITY = 4 * PacketBurst.CAPACITY;

    private final int interfaceIndex;
    private final long macNet;
    private final FrameStack free;
    private final int roomBytes;
    private final long[] transmitAddress = new long[TRANSMIT_CAPACITY];
    private final int[] transmitLength = new int[TRANSMIT_CAPACITY];
    private final UnsafeBuffer frame = new UnsafeBuffer(0, 0);
    private int transmitCount;
    private long tooLong;

    CopyingPort(
            final int interfaceIndex,
            final long macNet,
            final FrameStack free,
            final int frameSizeBytes) {
        this.interfaceIndex = interfaceIndex;
        this.macNet = macNet;
        this.free = free;
        roomBytes = frameSizeBytes - HEADROOM_BYTES;
    }

    /** The next packet of this duty cycle, or null if there is none. */
    abstract byte[] nextPacket();

    abstract void send(byte[] packet);

    @Override
    public final int interfaceIndex() {
        return interfaceIndex;
    }

    @Override
    public final long macNet() {
        return macNet;
    }

    @Override
    public int receive(final PacketBurst burst) {
        int count = 0;
        while (count < PacketBurst.CAPACITY && free.size() > 0) {
            final byte[] packet = nextPacket();
            if (packet == null) {
                break;
            }
            if (packet.length > roomBytes) {
                tooLong++;
                continue;
            }

            final long address = free.pop() + HEADROOM_BYTES;
            frame.wrap(address, packet.length);
            frame.putBytes(0, packet);
            burst.address[count] = address;
            burst.length[count] = packet.length;
            burst.ingress[count] = interfaceIndex;
            count++;
        }

        burst.count = count;
        return count;
    }

    @Override
    public final boolean transmit(final long address, final int length) {
        if (transmitCount == TRANSMIT_CAPACITY) {
            return false;
        }

        transmitAddress[transmitCount] = address;
        transmitLength[transmitCount] = length;
        transmitCount++;
        return true;
    }

    @Override
    public final int flush() {
        final int count = transmitCount;
        for (int i = 0; i < count; i++) {
            final byte[] packet = new byte[transmitLength[i]];
            frame.wrap(transmitAddress[i], packet.length);
            frame.getBytes(0, packet);
            send(packet);
            free.push(transmitAddress[i]);
        }

        transmitCount = 0;
        return count;
    }

    @Override
    public final int framesHeld() {
        return transmitCount;
    }

    /** Packets that were left out because they do not fit a frame. */
    public final long tooLong() {
        return tooLong;
    }
}
