package io.naru.linux.socket;

import io.naru.linux.Libc;
import io.naru.linux.LinuxException;
import io.naru.linux.netlink.AddressFamily;
import io.naru.linux.netlink.MacAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Sends IP packets to a MAC address by a link, past the kernel's routes; the kernel writes the
 * Ethernet header ({@code packet(7)}, SOCK_DGRAM). It receives nothing.
 *
 * <p>Never waits. Used by one thread at a time; it belongs to the network namespace of the thread
 * that opened it.
 */
public final class LinkSocket implements AutoCloseable {
    // include/linux/socket.h, include/linux/net.h, include/uapi/linux/if_ether.h
    private static final int AF_PACKET = 17;
    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_NONBLOCK = 0x800;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int ETH_P_IP = 0x0800;
    private static final int ETH_P_IPV6 = 0x86dd;

    // struct sockaddr_ll of include/uapi/linux/if_packet.h
    private static final int PROTOCOL_OFFSET = 2;
    private static final int LINK_INDEX_OFFSET = 4;
    private static final int ADDRESS_LENGTH_OFFSET = 11;
    private static final int ADDRESS_OFFSET = 12;
    private static final int LENGTH = 20;

    private final UnsafeBuffer address = new UnsafeBuffer(ByteBuffer.allocateDirect(LENGTH));
    private final int fd;

    private LinkSocket(final int fd) {
        this.fd = fd;
    }

    /**
     * A socket for all links and both families. Needs CAP_NET_RAW.
     *
     * @throws LinuxException if the kernel refuses.
     */
    public static LinkSocket open() {
        // protocol 0: nothing is received
        final int fd = Libc.socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        return new LinkSocket(
                LinuxException.check(fd, "socket(AF_PACKET, SOCK_DGRAM)", "", "needs CAP_NET_RAW"));
    }

    /**
     * Sends one packet.
     *
     * @param family of the packet.
     * @param macNet to whom, as {@link MacAddress} has it.
     * @return its length, or {@code -errno}.
     */
    public int send0(
            final DirectBuffer packet,
            final int offset,
            final int length,
            final int family,
            final int linkIndex,
            final long macNet) {
        address.putShort(0, (short) AF_PACKET);
        address.putShort(
                PROTOCOL_OFFSET,
                (short) (family == AddressFamily.INET ? ETH_P_IP : ETH_P_IPV6),
                ByteOrder.BIG_ENDIAN);
        address.putInt(LINK_INDEX_OFFSET, linkIndex);
        address.putByte(ADDRESS_LENGTH_OFFSET, (byte) MacAddress.LENGTH);
        MacAddress.put(address, ADDRESS_OFFSET, macNet);
        return Libc.sendto(
                fd, packet.addressOffset() + offset, length, 0, address.addressOffset(), LENGTH);
    }

    @Override
    public void close() {
        Libc.close(fd);
    }
}
