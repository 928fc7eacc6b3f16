package io.naru.linux.xdp;

import static io.naru.linux.xdp.XdpDescriptor.SOL_XDP;
import static io.naru.linux.xdp.XdpDescriptor.UMEM_REG_ADDR_OFFSET;
import static io.naru.linux.xdp.XdpDescriptor.UMEM_REG_CHUNK_SIZE_OFFSET;
import static io.naru.linux.xdp.XdpDescriptor.UMEM_REG_HEADROOM_OFFSET;
import static io.naru.linux.xdp.XdpDescriptor.UMEM_REG_LENGTH;
import static io.naru.linux.xdp.XdpDescriptor.UMEM_REG_LEN_OFFSET;
import static io.naru.linux.xdp.XdpDescriptor.XDP_UMEM_REG;

import io.naru.linux.Errno;
import io.naru.linux.Libc;
import io.naru.linux.LinuxException;
import io.naru.linux.memory.HugePages;
import io.naru.linux.memory.MappedRegion;
import io.naru.linux.memory.PageKind;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import org.agrona.BitUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The memory that we and the kernel exchange frames in, cut into chunks of one size.
 *
 * <p>One for the whole process: it is registered by the first socket that opens on it and shared by
 * all others. Which of its frames belongs to whom is not its business. Closed after its sockets.
 */
public final class Umem implements AutoCloseable {
    /** Bytes in front of a received packet: XDP_PACKET_HEADROOM of {@code linux/bpf.h}. */
    public static final int HEADROOM_BYTES = 256;

    private static final int FRAME_SIZE_MIN_BYTES = 2048; // XDP_UMEM_MIN_CHUNK_SIZE
    private static final int FRAME_SIZE_MAX_BYTES = 4096; // a chunk has to fit into a page
    private static final int NOT_REGISTERED = -1;

    private final MappedRegion region;
    private final int frameCount;
    private final int frameSizeBytes;
    private int registeredFd = NOT_REGISTERED;

    private Umem(final MappedRegion region, final int frameCount, final int frameSizeBytes) {
        this.region = region;
        this.frameCount = frameCount;
        this.frameSizeBytes = frameSizeBytes;
    }

    /**
     * Maps the memory for so many frames.
     *
     * @param frameSizeBytes 2048 or 4096.
     */
    public static Umem create(
            final int frameCount, final int frameSizeBytes, final HugePages hugePages) {
        if (!BitUtil.isPowerOfTwo(frameSizeBytes)
                || frameSizeBytes < FRAME_SIZE_MIN_BYTES
                || frameSizeBytes > FRAME_SIZE_MAX_BYTES) {
            throw new IllegalArgumentException(
                    "frameSizeBytes must be 2048 or 4096: " + frameSizeBytes);
        }

        final long lengthBytes = (long) frameCount * frameSizeBytes;
        return new Umem(MappedRegion.anonymous(lengthBytes, hugePages), frameCount, frameSizeBytes);
    }

    /** The address of the first frame; frame {@code n} is {@code n * frameSizeBytes} behind it. */
    public long address() {
        return region.address();
    }

    public long lengthBytes() {
        return region.lengthBytes();
    }

    public int frameCount() {
        return frameCount;
    }

    public int frameSizeBytes() {
        return frameSizeBytes;
    }

    /** The longest packet that can be received; longer ones are dropped by the kernel. */
    public int packetLengthMax() {
        return frameSizeBytes - HEADROOM_BYTES;
    }

    /** What kind of pages the memory got. */
    public PageKind pages() {
        return region.pages();
    }

    @Override
    public void close() {
        region.close();
    }

    /** The socket that other sockets name to share this memory, or -1. */
    int registeredFd() {
        return registeredFd;
    }

    // setsockopt(fd, SOL_XDP, XDP_UMEM_REG, struct xdp_umem_reg *, length)
    void register(final int fd) {
        final UnsafeBuffer registration =
                new UnsafeBuffer(ByteBuffer.allocateDirect(UMEM_REG_LENGTH));
        registration.putLong(UMEM_REG_ADDR_OFFSET, region.address());
        registration.putLong(UMEM_REG_LEN_OFFSET, region.lengthBytes());
        registration.putInt(UMEM_REG_CHUNK_SIZE_OFFSET, frameSizeBytes);
        registration.putInt(UMEM_REG_HEADROOM_OFFSET, 0);
        try {
            final int result =
                    Libc.setsockopt(
                            fd,
                            SOL_XDP,
                            XDP_UMEM_REG,
                            registration.addressOffset(),
                            UMEM_REG_LENGTH);
            LinuxException.check(
                    result,
                    "setsockopt(XDP_UMEM_REG)",
                    region.lengthBytes() + " bytes",
                    result == -Errno.ENOBUFS || result == -Errno.EPERM
                            ? "more than may be locked in memory: grant CAP_IPC_LOCK, raise the limit"
                                    + " (LimitMEMLOCK=infinity, ulimit -l), or configure fewer frames"
                            : "");
            registeredFd = fd;
        } finally {
            Reference.reachabilityFence(registration);
        }
    }

    /** The registering socket is closed. */
    void onClosed(final int fd) {
        if (registeredFd == fd) {
            registeredFd = NOT_REGISTERED;
        }
    }
}
