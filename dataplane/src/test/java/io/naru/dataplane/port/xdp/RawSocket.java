package io.naru.dataplane.port.xdp;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.linux.Errno;
import io.naru.linux.Libc;
import io.naru.linux.LinuxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;

/** Whole frames from and to an interface of the calling thread's namespace: packet(7). */
final class RawSocket implements AutoCloseable {
    private static final int AF_PACKET = 17;
    private static final int SOCK_RAW = 3;
    private static final int ETH_P_ALL = 3;
    private static final int PACKET_OUTGOING = 4;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int POLLIN = 1;
    private static final int LIMIT_MS = 10_000;

    // struct sockaddr_ll of linux/if_packet.h
    private static final int SLL_PROTOCOL_OFFSET = 2;
    private static final int SLL_IFINDEX_OFFSET = 4;
    private static final int SLL_PKTTYPE_OFFSET = 10;
    private static final int SLL_LENGTH = 20;

    private final UnsafeBuffer address = direct(SLL_LENGTH);
    private final UnsafeBuffer addressLength = direct(Integer.BYTES);
    private final UnsafeBuffer content = direct(4096);
    private final UnsafeBuffer pollfd = direct(8);
    private final int fd;

    RawSocket(final int interfaceIndex) {
        final int protocolNet = Short.reverseBytes((short) ETH_P_ALL) & 0xffff;
        fd = Libc.socket(AF_PACKET, SOCK_RAW, protocolNet);
        LinuxException.check(fd, "socket(AF_PACKET)", "", "");
        address.putShort(0, (short) AF_PACKET);
        address.putShort(SLL_PROTOCOL_OFFSET, (short) ETH_P_ALL, ByteOrder.BIG_ENDIAN);
        address.putInt(SLL_IFINDEX_OFFSET, interfaceIndex);
        LinuxException.check(
                Libc.bind(fd, address.addressOffset(), SLL_LENGTH), "bind(AF_PACKET)", "", "");
        pollfd.putInt(0, fd);
        pollfd.putShort(4, (short) POLLIN);
    }

    void send(final byte[] frame) {
        content.putBytes(0, frame);
        LinuxException.check(
                Libc.send(fd, content.addressOffset(), frame.length, 0), "send", "", "");
    }

    /** The next frame that came in; a VLAN tag is taken off by the kernel. */
    byte[] receive() {
        while (true) {
            addressLength.putInt(0, SLL_LENGTH);
            final int length =
                    Libc.recvfrom(
                            fd,
                            content.addressOffset(),
                            content.capacity(),
                            MSG_DONTWAIT,
                            address.addressOffset(),
                            addressLength.addressOffset());
            if (length == -Errno.EAGAIN) {
                assertTrue(
                        Libc.poll(pollfd.addressOffset(), 1, LIMIT_MS) == 1, "never saw a frame");
            } else if (address.getByte(SLL_PKTTYPE_OFFSET) != PACKET_OUTGOING) {
                final byte[] frame = new byte[LinuxException.check(length, "recvfrom", "", "")];
                content.getBytes(0, frame);
                return frame;
            }
        }
    }

    @Override
    public void close() {
        Libc.close(fd);
    }

    private static UnsafeBuffer direct(final int lengthBytes) {
        return new UnsafeBuffer(ByteBuffer.allocateDirect(lengthBytes));
    }
}
