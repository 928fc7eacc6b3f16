package io.naru.linux.socket;

import io.naru.linux.Libc;
import io.naru.linux.LinuxException;
import io.naru.linux.netlink.AddressFamily;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Receives a copy of each ICMP error that tells this box that a packet of its did not arrive:
 * "destination unreachable" of IPv4 (RFC 792), "destination unreachable" and "parameter problem" of
 * IPv6 (RFC 4443).
 *
 * <p>Never waits. Used by one thread at a time; it belongs to the network namespace of the thread
 * that opened it.
 */
public final class IcmpErrorSocket implements AutoCloseable {
    // include/linux/net.h, include/uapi/linux/in.h, include/uapi/linux/icmp.h, icmpv6.h
    private static final int SOCK_RAW = 3;
    private static final int SOCK_NONBLOCK = 0x800;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int IPPROTO_ICMP = 1;
    private static final int IPPROTO_ICMPV6 = 58;
    private static final int SOL_RAW = 255;
    private static final int ICMP_FILTER = 1;
    private static final int ICMPV6_FILTER = 1;
    private static final int ICMPV6_FILTER_LENGTH = 32;

    private static final int UNREACHABLE = 3;
    private static final int UNREACHABLE6 = 1;
    private static final int PARAMETER_PROBLEM6 = 4;

    private final int fd;

    private IcmpErrorSocket(final int fd) {
        this.fd = fd;
    }

    /**
     * A socket for one family. Needs CAP_NET_RAW.
     *
     * @param family {@link AddressFamily#INET} or {@link AddressFamily#INET6}.
     * @throws LinuxException if the kernel refuses.
     */
    public static IcmpErrorSocket open(final int family) {
        final boolean isIpv4 = family == AddressFamily.INET;
        final int fd =
                Libc.socket(
                        family,
                        SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
                        isIpv4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
        LinuxException.check(
                fd, "socket(SOCK_RAW, " + (isIpv4 ? "ICMP)" : "ICMPv6)"), "", "needs CAP_NET_RAW");
        final int result = filter0(fd, isIpv4);
        if (result < 0) {
            Libc.close(fd);
            throw new LinuxException("setsockopt(ICMP_FILTER)", "", -result, "");
        }

        return new IcmpErrorSocket(fd);
    }

    // int setsockopt(int sockfd, SOL_RAW, ICMP_FILTER, struct icmp_filter *, 4);
    // int setsockopt(int sockfd, IPPROTO_ICMPV6, ICMPV6_FILTER, struct icmp6_filter *, 32);
    // a bit that is set keeps messages of its type out
    private static int filter0(final int fd, final boolean isIpv4) {
        final UnsafeBuffer filter =
                new UnsafeBuffer(ByteBuffer.allocateDirect(ICMPV6_FILTER_LENGTH));
        filter.setMemory(0, ICMPV6_FILTER_LENGTH, (byte) 0xff);
        filter.putInt(
                0, isIpv4 ? ~(1 << UNREACHABLE) : ~(1 << UNREACHABLE6 | 1 << PARAMETER_PROBLEM6));
        try {
            return isIpv4
                    ? Libc.setsockopt(
                            fd, SOL_RAW, ICMP_FILTER, filter.addressOffset(), Integer.BYTES)
                    : Libc.setsockopt(
                            fd,
                            IPPROTO_ICMPV6,
                            ICMPV6_FILTER,
                            filter.addressOffset(),
                            ICMPV6_FILTER_LENGTH);
        } finally {
            Reference.reachabilityFence(filter);
        }
    }

    /** For {@code poll(2)}. */
    public int fd() {
        return fd;
    }

    /**
     * Takes the next error: of IPv4 with its IP header in front, of IPv6 from its ICMP header on.
     *
     * @return its length, or {@code -errno}; {@code -EAGAIN} if there is none.
     */
    public int receive0(final DirectBuffer buffer, final int offset, final int capacity) {
        return Libc.recv(fd, buffer.addressOffset() + offset, capacity, 0);
    }

    @Override
    public void close() {
        Libc.close(fd);
    }
}
