package io.naru.linux.socket;

import io.naru.linux.Libc;
import io.naru.linux.LinuxException;
import io.naru.linux.netlink.AddressFamily;
import io.naru.linux.netlink.IpAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Sends IP packets whose IP header is ours too: any protocol, any source.
 *
 * <p>The kernel routes them and finds the MAC; of the header it writes the length, the checksum
 * and, where it is zero and may be used, the identification of IPv4 ({@code raw(7)}). Never waits.
 * Used by one thread at a time; it belongs to the network namespace of the thread that opened it.
 */
public final class RawIpSocket implements AutoCloseable {
    // include/linux/net.h, include/uapi/linux/in.h
    private static final int SOCK_RAW = 3;
    private static final int SOCK_NONBLOCK = 0x800;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int IPPROTO_RAW = 255;

    // struct sockaddr_in and struct sockaddr_in6
    private static final int ADDRESS4_OFFSET = 4;
    private static final int ADDRESS4_LENGTH = 16;
    private static final int ADDRESS6_OFFSET = 8;
    private static final int ADDRESS6_LENGTH = 28;

    private final UnsafeBuffer address = new UnsafeBuffer(ByteBuffer.allocateDirect(32));
    private final int family;
    private final int fd;

    private RawIpSocket(final int family, final int fd) {
        this.family = family;
        this.fd = fd;
    }

    /**
     * A socket for one family. Needs CAP_NET_RAW.
     *
     * @param family {@link AddressFamily#INET} or {@link AddressFamily#INET6}.
     * @throws LinuxException if the kernel refuses.
     */
    public static RawIpSocket open(final int family) {
        final int fd = Libc.socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_RAW);
        LinuxException.check(
                fd,
                "socket(" + (family == AddressFamily.INET ? "AF_INET" : "AF_INET6") + ", SOCK_RAW)",
                "",
                "needs CAP_NET_RAW");
        return new RawIpSocket(family, fd);
    }

    /**
     * Sends one packet.
     *
     * @param destination of the header, by which it is routed.
     * @return its length, or {@code -errno}.
     */
    public int send0(
            final DirectBuffer packet,
            final int offset,
            final int length,
            final IpAddress destination) {
        assert destination.family() == family : destination;
        final boolean isIpv4 = family == AddressFamily.INET;
        address.putShort(0, (short) family);
        if (isIpv4) {
            address.putInt(ADDRESS4_OFFSET, (int) destination.low(), ByteOrder.BIG_ENDIAN);
        } else {
            address.putLong(ADDRESS6_OFFSET, destination.high(), ByteOrder.BIG_ENDIAN);
            address.putLong(ADDRESS6_OFFSET + Long.BYTES, destination.low(), ByteOrder.BIG_ENDIAN);
        }

        return Libc.sendto(
                fd,
                packet.addressOffset() + offset,
                length,
                0,
                address.addressOffset(),
                isIpv4 ? ADDRESS4_LENGTH : ADDRESS6_LENGTH);
    }

    @Override
    public void close() {
        Libc.close(fd);
    }
}
