package io.naru.linux.xdp;

import io.naru.linux.Libc;
import io.naru.linux.LinuxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.agrona.BufferUtil;

/**
 * Asks an interface for frames that it would filter out by their destination MAC, for as long as
 * this is open: a membership of a packet socket (packet(7)), which the kernel takes back when the
 * process ends, however it ends.
 */
public final class ReceiveMode implements AutoCloseable {
    /** What is wanted besides what is sent to the interface's own MAC. */
    public enum Wanted {
        /** All groups: neighbour solicitations go to one that depends on the address. */
        ALL_GROUPS(2),
        /** Everything. */
        EVERYTHING(1);

        private final int type; // PACKET_MR_ALLMULTI, PACKET_MR_PROMISC

        Wanted(final int type) {
            this.type = type;
        }
    }

    // linux/if_packet.h, linux/socket.h
    private static final int AF_PACKET = 17;
    private static final int SOL_PACKET = 263;
    private static final int PACKET_ADD_MEMBERSHIP = 1;
    private static final int MEMBERSHIP_LENGTH = 16;
    private static final int INDEX_OFFSET = 0;
    private static final int TYPE_OFFSET = 4;

    private int fd;

    private ReceiveMode(final int fd) {
        this.fd = fd;
    }

    /**
     * @throws LinuxException if the kernel refuses.
     */
    public static ReceiveMode open(
            final String interfaceName, final int interfaceIndex, final Wanted wanted) {
        // protocol 0: the socket itself receives nothing
        final int fd =
                LinuxException.check(
                        Libc.socket(AF_PACKET, XdpDescriptor.SOCK_RAW, 0),
                        "socket(AF_PACKET)",
                        interfaceName,
                        "needs CAP_NET_RAW");
        final ByteBuffer membership =
                ByteBuffer.allocateDirect(MEMBERSHIP_LENGTH).order(ByteOrder.nativeOrder());
        membership.putInt(INDEX_OFFSET, interfaceIndex);
        membership.putShort(TYPE_OFFSET, (short) wanted.type);
        final int result =
                Libc.setsockopt(
                        fd,
                        SOL_PACKET,
                        PACKET_ADD_MEMBERSHIP,
                        BufferUtil.address(membership),
                        MEMBERSHIP_LENGTH);
        if (result < 0) {
            Libc.close(fd);
        }
        LinuxException.check(result, "PACKET_ADD_MEMBERSHIP", interfaceName, "");
        return new ReceiveMode(fd);
    }

    @Override
    public void close() {
        if (fd >= 0) {
            Libc.close(fd);
            fd = -1;
        }
    }
}
