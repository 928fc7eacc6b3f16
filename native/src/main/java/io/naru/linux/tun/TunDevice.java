package io.naru.linux.tun;

import io.naru.linux.Errno;
import io.naru.linux.Libc;
import io.naru.linux.LinuxException;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * An interface that hands IP packets which the kernel sends by it to us instead of to a wire.
 *
 * <p>It exists as long as it is open, and its routes with it, however the process ends. It belongs
 * to the network namespace of the thread that opened it. Used by one thread at a time.
 */
public final class TunDevice implements AutoCloseable {
    // include/uapi/linux/if_tun.h
    private static final long TUNSETIFF = 0x4004_54caL;
    private static final int IFF_TUN = 0x1;
    private static final int IFF_NO_PI = 0x1000;

    // struct ifreq of include/uapi/linux/if.h: 16 bytes of name, then a union
    private static final int NAME_LENGTH = 16;
    private static final int FLAGS_OFFSET = NAME_LENGTH;
    private static final int REQUEST_LENGTH = 40;

    // include/uapi/asm-generic/fcntl.h
    private static final int O_RDWR = 0x2;
    private static final int O_NONBLOCK = 0x800;
    private static final int O_CLOEXEC = 0x80000;

    private static final String CONTROL_FILE = "/dev/net/tun";

    private final String name;
    private final int fd;

    private TunDevice(final String name, final int fd) {
        this.name = name;
        this.fd = fd;
    }

    /**
     * Makes the interface; it is down at first. Needs CAP_NET_ADMIN and access to {@code
     * /dev/net/tun}.
     *
     * @param name of fewer than 16 bytes.
     * @throws LinuxException if the kernel refuses.
     */
    public static TunDevice open(final String name) {
        final byte[] nameBytes = name.getBytes(StandardCharsets.UTF_8);
        assert nameBytes.length < NAME_LENGTH : name;

        final int fd = Libc.open(CONTROL_FILE, O_RDWR | O_NONBLOCK | O_CLOEXEC, 0);
        LinuxException.check(fd, "open", CONTROL_FILE, remedyOfOpen(-fd));
        final UnsafeBuffer request = new UnsafeBuffer(ByteBuffer.allocateDirect(REQUEST_LENGTH));
        request.putBytes(0, nameBytes);
        request.putShort(FLAGS_OFFSET, (short) (IFF_TUN | IFF_NO_PI));
        final int result = attach0(fd, request);
        if (result < 0) {
            Libc.close(fd);
            throw new LinuxException("ioctl(TUNSETIFF)", name, -result, remedyOfName(-result));
        }

        return new TunDevice(name, fd);
    }

    // int ioctl(int fd, TUNSETIFF, struct ifreq *request);
    private static int attach0(final int fd, final UnsafeBuffer request) {
        try {
            return Libc.ioctl(fd, TUNSETIFF, request.addressOffset());
        } finally {
            Reference.reachabilityFence(request);
        }
    }

    private static String remedyOfOpen(final int errno) {
        return switch (errno) {
            case Errno.ENOENT, Errno.ENODEV, Errno.ENXIO -> "modprobe tun";
            case Errno.EACCES, Errno.EPERM -> "let this process open it";
            default -> "";
        };
    }

    private static String remedyOfName(final int errno) {
        return switch (errno) {
            case Errno.EPERM -> "needs CAP_NET_ADMIN";
            case Errno.EBUSY -> "another process has it open";
            default -> "";
        };
    }

    public String name() {
        return name;
    }

    /** For {@code poll(2)}. */
    public int fd() {
        return fd;
    }

    /**
     * Takes the next packet that the kernel has sent; it begins with its IP header.
     *
     * @return its length, or {@code -errno}; {@code -EAGAIN} if there is none.
     */
    public int read0(final DirectBuffer buffer, final int offset, final int capacity) {
        return Libc.read(fd, buffer.addressOffset() + offset, capacity);
    }

    @Override
    public void close() {
        Libc.close(fd);
    }
}
