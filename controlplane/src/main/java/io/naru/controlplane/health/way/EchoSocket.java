package io.naru.controlplane.health.way;

import io.naru.linux.Libc;
import io.naru.linux.LinuxException;
import java.lang.ref.Reference;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Opens raw sockets for ICMP echo, which hear of echo replies alone. Needs CAP_NET_RAW; ping
 * sockets would not, but are closed to everyone where {@code net.ipv4.ping_group_range} is as the
 * kernel sets it.
 */
public final class EchoSocket {
    // include/linux/socket.h
    private static final int AF_INET = 2;
    private static final int AF_INET6 = 10;
    // include/linux/net.h
    private static final int SOCK_RAW = 3;
    private static final int SOCK_NONBLOCK = 0x800;
    private static final int SOCK_CLOEXEC = 0x80000;
    // include/uapi/linux/in.h, in6.h
    private static final int IPPROTO_ICMP = 1;
    private static final int IPPROTO_ICMPV6 = 58;
    // include/uapi/asm-generic/socket.h
    private static final int SOL_SOCKET = 1;
    private static final int SO_MARK = 36;
    // include/linux/socket.h, include/uapi/linux/icmp.h: bits are types that are kept out
    private static final int SOL_RAW = 255;
    private static final int ICMP_FILTER = 1;
    private static final int ECHO_REPLY = 0;
    // include/uapi/linux/icmpv6.h: 256 bits
    private static final int ICMPV6_FILTER = 1;
    private static final int ICMPV6_FILTER_BYTES = 32;
    private static final int ECHO_REPLY_6 = 129;
    private static final int SOCKADDR_BYTES = 16;
    private static final int SOCKADDR6_BYTES = 28;

    private EchoSocket() {}

    /**
     * Opens one, which does not block.
     *
     * @param mark SO_MARK; 0 is none.
     * @param source that it is bound to; null is none.
     * @return its file descriptor, which is the caller's.
     * @throws LinuxException if the kernel refuses.
     */
    public static int open(final boolean isIpv4, final int mark, final InetAddress source) {
        final int fd =
                Libc.socket(
                        isIpv4 ? AF_INET : AF_INET6,
                        SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
                        isIpv4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
        LinuxException.check(
                fd,
                "socket",
                "SOCK_RAW for ICMP echo",
                "pings need CAP_NET_RAW: ./naru needs root or that capability");
        final UnsafeBuffer buffer = new UnsafeBuffer(ByteBuffer.allocateDirect(64));
        try {
            filter(fd, isIpv4, buffer);
            if (mark != 0) {
                buffer.putInt(0, mark);
                set(fd, SOL_SOCKET, SO_MARK, buffer, Integer.BYTES, "SO_MARK");
            }
            if (source != null) {
                bind(fd, isIpv4, source, buffer);
            }
            return fd;
        } catch (final LinuxException e) {
            Libc.close(fd);
            throw e;
        } finally {
            Reference.reachabilityFence(buffer);
        }
    }

    private static void filter(final int fd, final boolean isIpv4, final UnsafeBuffer buffer) {
        buffer.setMemory(0, ICMPV6_FILTER_BYTES, (byte) 0xff);
        if (isIpv4) {
            buffer.putInt(0, ~(1 << ECHO_REPLY));
            set(fd, SOL_RAW, ICMP_FILTER, buffer, Integer.BYTES, "ICMP_FILTER");
        } else {
            buffer.putInt(ECHO_REPLY_6 / 32 * Integer.BYTES, ~(1 << ECHO_REPLY_6 % 32));
            set(fd, IPPROTO_ICMPV6, ICMPV6_FILTER, buffer, ICMPV6_FILTER_BYTES, "ICMPV6_FILTER");
        }
    }

    private static void set(
            final int fd,
            final int level,
            final int option,
            final UnsafeBuffer value,
            final int length,
            final String name) {
        LinuxException.check(
                Libc.setsockopt(fd, level, option, value.addressOffset(), length),
                "setsockopt",
                name,
                null);
    }

    private static void bind(
            final int fd,
            final boolean isIpv4,
            final InetAddress source,
            final UnsafeBuffer buffer) {
        buffer.setMemory(0, SOCKADDR6_BYTES, (byte) 0);
        buffer.putShort(0, (short) (isIpv4 ? AF_INET : AF_INET6), ByteOrder.nativeOrder());
        // struct sockaddr_in: address at 4; sockaddr_in6: at 8, behind port and flow label
        buffer.putBytes(isIpv4 ? 4 : 8, source.getAddress());
        LinuxException.check(
                Libc.bind(fd, buffer.addressOffset(), isIpv4 ? SOCKADDR_BYTES : SOCKADDR6_BYTES),
                "bind",
                source.getHostAddress(),
                "is it an address of this box?");
    }
}
