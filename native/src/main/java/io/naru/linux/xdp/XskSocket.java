package io.naru.linux.xdp;

import static io.naru.linux.xdp.XdpDescriptor.AF_XDP;
import static io.naru.linux.xdp.XdpDescriptor.COMPLETION_OFFSETS;
import static io.naru.linux.xdp.XdpDescriptor.DESCRIPTORS_OFFSET;
import static io.naru.linux.xdp.XdpDescriptor.DESC_LENGTH;
import static io.naru.linux.xdp.XdpDescriptor.FILL_OFFSETS;
import static io.naru.linux.xdp.XdpDescriptor.MSG_DONTWAIT;
import static io.naru.linux.xdp.XdpDescriptor.OFFSETS_LENGTH;
import static io.naru.linux.xdp.XdpDescriptor.POLLIN;
import static io.naru.linux.xdp.XdpDescriptor.POLLOUT;
import static io.naru.linux.xdp.XdpDescriptor.RX_DROPPED_OFFSET;
import static io.naru.linux.xdp.XdpDescriptor.RX_FILL_RING_EMPTY_DESCS_OFFSET;
import static io.naru.linux.xdp.XdpDescriptor.RX_INVALID_DESCS_OFFSET;
import static io.naru.linux.xdp.XdpDescriptor.RX_OFFSETS;
import static io.naru.linux.xdp.XdpDescriptor.RX_RING_FULL_OFFSET;
import static io.naru.linux.xdp.XdpDescriptor.SOCKADDR_FAMILY_OFFSET;
import static io.naru.linux.xdp.XdpDescriptor.SOCKADDR_FLAGS_OFFSET;
import static io.naru.linux.xdp.XdpDescriptor.SOCKADDR_IFINDEX_OFFSET;
import static io.naru.linux.xdp.XdpDescriptor.SOCKADDR_LENGTH;
import static io.naru.linux.xdp.XdpDescriptor.SOCKADDR_QUEUE_ID_OFFSET;
import static io.naru.linux.xdp.XdpDescriptor.SOCKADDR_SHARED_UMEM_FD_OFFSET;
import static io.naru.linux.xdp.XdpDescriptor.SOCK_CLOEXEC;
import static io.naru.linux.xdp.XdpDescriptor.SOCK_RAW;
import static io.naru.linux.xdp.XdpDescriptor.SOL_XDP;
import static io.naru.linux.xdp.XdpDescriptor.STATISTICS_LENGTH;
import static io.naru.linux.xdp.XdpDescriptor.TX_INVALID_DESCS_OFFSET;
import static io.naru.linux.xdp.XdpDescriptor.TX_OFFSETS;
import static io.naru.linux.xdp.XdpDescriptor.XDP_COPY;
import static io.naru.linux.xdp.XdpDescriptor.XDP_MAX_TX_SKB_BUDGET;
import static io.naru.linux.xdp.XdpDescriptor.XDP_MMAP_OFFSETS;
import static io.naru.linux.xdp.XdpDescriptor.XDP_OPTIONS;
import static io.naru.linux.xdp.XdpDescriptor.XDP_OPTIONS_ZEROCOPY;
import static io.naru.linux.xdp.XdpDescriptor.XDP_PGOFF_RX_RING;
import static io.naru.linux.xdp.XdpDescriptor.XDP_PGOFF_TX_RING;
import static io.naru.linux.xdp.XdpDescriptor.XDP_RX_RING;
import static io.naru.linux.xdp.XdpDescriptor.XDP_SHARED_UMEM;
import static io.naru.linux.xdp.XdpDescriptor.XDP_STATISTICS;
import static io.naru.linux.xdp.XdpDescriptor.XDP_TX_RING;
import static io.naru.linux.xdp.XdpDescriptor.XDP_UMEM_COMPLETION_RING;
import static io.naru.linux.xdp.XdpDescriptor.XDP_UMEM_FILL_RING;
import static io.naru.linux.xdp.XdpDescriptor.XDP_UMEM_PGOFF_COMPLETION_RING;
import static io.naru.linux.xdp.XdpDescriptor.XDP_UMEM_PGOFF_FILL_RING;
import static io.naru.linux.xdp.XdpDescriptor.XDP_USE_NEED_WAKEUP;
import static io.naru.linux.xdp.XdpDescriptor.XDP_ZEROCOPY;

import io.naru.linux.Errno;
import io.naru.linux.Libc;
import io.naru.linux.LinuxException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.agrona.BitUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * An AF_XDP socket: one queue of one interface with its four rings.
 *
 * <p>Opened and closed by one thread; in between the rings and {@link #wake} belong to one (other)
 * thread, and {@link #statistics} to anybody. Only sees packets that an XDP program redirects to
 * it.
 */
public final class XskSocket implements AutoCloseable {
    /**
     * Packets that one wake-up may send in copy mode, where the kernel lets us say (since 6.17; its
     * own limit is 32, which makes two calls of one full burst).
     */
    private static final int TX_BUDGET = 256;

    /** How long a killed predecessor may take to let go of the queue. */
    private static final long PREDECESSOR_LIMIT_NS = TimeUnit.SECONDS.toNanos(3);

    private static final long RETRY_NS = TimeUnit.MILLISECONDS.toNanos(10);

    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_SHARED_POPULATE = 0x8001;
    private static final int POLLFD_LENGTH = 8;

    private final Umem umem;
    private final XskQueue queue;
    private final UnsafeBuffer pollfd = new UnsafeBuffer(ByteBuffer.allocateDirect(POLLFD_LENGTH));
    private final UnsafeBuffer argument = // of the calls while opening
            new UnsafeBuffer(ByteBuffer.allocateDirect(SOCKADDR_LENGTH));
    private final long[] mappedAddresses = new long[4];
    private final long[] mappedLengths = new long[4];
    private final int fd;
    private int mappedCount;
    private boolean closed;

    private RxRing rx;
    private TxRing tx;
    private FillRing fill;
    private CompletionRing completion;
    private CopyMode copyMode;

    private XskSocket(final Umem umem, final XskQueue queue) {
        this.umem = umem;
        this.queue = queue;
        final int result = Libc.socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
        fd = LinuxException.check(result, "socket(AF_XDP)", "", socketRemedy(-result));
        pollfd.putInt(0, fd);
        pollfd.putShort(4, (short) (POLLIN | POLLOUT));
    }

    /**
     * Opens a socket and binds it to its queue.
     *
     * <p>All sockets on one UMEM are in the same copy mode: the kernel asks it of the first one and
     * gives it to the others.
     *
     * @param umem registered here if this is its first socket.
     * @param ringSize descriptors on each of the four rings, a power of two.
     * @throws LinuxException if the kernel refuses; for {@link CopyMode#ZERO_COPY} it does where
     *     the driver doesn't offer it.
     */
    public static XskSocket open(
            final Umem umem, final XskQueue queue, final int ringSize, final CopyMode copyMode) {
        if (!BitUtil.isPowerOfTwo(ringSize)) {
            throw new IllegalArgumentException("ringSize must be a power of two: " + ringSize);
        }

        final XskSocket socket = new XskSocket(umem, queue);
        try {
            if (umem.registeredFd() < 0) {
                umem.register(socket.fd);
            }

            socket.makeRings(ringSize);
            socket.raiseTxBudget(ringSize);
            socket.bind(copyMode);
            socket.copyMode = socket.probeCopyMode();
            return socket;
        } catch (final RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    public XskQueue queue() {
        return queue;
    }

    public RxRing rx() {
        return rx;
    }

    public TxRing tx() {
        return tx;
    }

    public FillRing fill() {
        return fill;
    }

    public CompletionRing completion() {
        return completion;
    }

    /** As the kernel says it is, whatever was asked for. */
    public CopyMode copyMode() {
        return copyMode;
    }

    public int fd() {
        return fd;
    }

    /**
     * Makes the kernel look at the rings, with one system call. Allocates nothing.
     *
     * @param forTx there are packets to be sent.
     * @param forRx there are frames to receive into.
     * @return true if it did; false if it could not right now (the rings keep what they hold).
     * @throws LinuxException for an error that is none of the usual ones.
     */
    public boolean wake(final boolean forTx, final boolean forRx) {
        final int result;
        if (forTx && forRx) {
            result = Libc.poll(pollfd.addressOffset(), 1, 0); // wakes both ways
        } else if (forTx) {
            result = Libc.send(fd, 0, 0, MSG_DONTWAIT);
        } else {
            result = Libc.recv(fd, 0, 0, MSG_DONTWAIT);
        }

        return result >= 0 || refused(-result);
    }

    /** What the kernel has counted; by any thread. */
    public XskStatistics statistics() {
        final UnsafeBuffer buffer = option(XDP_STATISTICS, STATISTICS_LENGTH, "XDP_STATISTICS");
        return new XskStatistics(
                buffer.getLong(RX_DROPPED_OFFSET),
                buffer.getLong(RX_RING_FULL_OFFSET),
                buffer.getLong(RX_FILL_RING_EMPTY_DESCS_OFFSET),
                buffer.getLong(RX_INVALID_DESCS_OFFSET),
                buffer.getLong(TX_INVALID_DESCS_OFFSET));
    }

    /** Frames on the rings are lost to the kernel with it: they come back with the UMEM only. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            while (mappedCount > 0) {
                mappedCount--;
                Libc.munmap(mappedAddresses[mappedCount], mappedLengths[mappedCount]);
            }

            Libc.close(fd);
            umem.onClosed(fd);
        }
    }

    private void makeRings(final int ringSize) {
        setRingSize(XDP_UMEM_FILL_RING, ringSize, "XDP_UMEM_FILL_RING");
        setRingSize(XDP_UMEM_COMPLETION_RING, ringSize, "XDP_UMEM_COMPLETION_RING");
        setRingSize(XDP_RX_RING, ringSize, "XDP_RX_RING");
        setRingSize(XDP_TX_RING, ringSize, "XDP_TX_RING");

        final UnsafeBuffer offsets = option(XDP_MMAP_OFFSETS, OFFSETS_LENGTH, "XDP_MMAP_OFFSETS");
        final long packets = (long) ringSize * DESC_LENGTH;
        final long frames = (long) ringSize * Long.BYTES;
        rx =
                new RxRing(
                        map(XDP_PGOFF_RX_RING, offsets, RX_OFFSETS, packets),
                        offsets,
                        RX_OFFSETS,
                        ringSize);
        tx =
                new TxRing(
                        map(XDP_PGOFF_TX_RING, offsets, TX_OFFSETS, packets),
                        offsets,
                        TX_OFFSETS,
                        ringSize);
        fill =
                new FillRing(
                        map(XDP_UMEM_PGOFF_FILL_RING, offsets, FILL_OFFSETS, frames),
                        offsets,
                        FILL_OFFSETS,
                        ringSize);
        completion =
                new CompletionRing(
                        map(XDP_UMEM_PGOFF_COMPLETION_RING, offsets, COMPLETION_OFFSETS, frames),
                        offsets,
                        COMPLETION_OFFSETS,
                        ringSize);
    }

    private long map(
            final long pageOffset,
            final UnsafeBuffer offsets,
            final int index,
            final long descriptorsBytes) {
        final long length = offsets.getLong(index + DESCRIPTORS_OFFSET) + descriptorsBytes;
        final long address =
                Libc.mmap(0, length, PROT_READ_WRITE, MAP_SHARED_POPULATE, fd, pageOffset);
        LinuxException.check((int) Math.min(address, 0), "mmap(ring)", queue.toString(), "");
        mappedAddresses[mappedCount] = address;
        mappedLengths[mappedCount] = length;
        mappedCount++;
        return address;
    }

    private void raiseTxBudget(final int ringSize) {
        // Older kernels don't know it: then a full burst takes two wake-ups.
        setOption0(XDP_MAX_TX_SKB_BUDGET, Math.min(TX_BUDGET, ringSize));
    }

    private void bind(final CopyMode wanted) {
        final boolean first = umem.registeredFd() == fd;
        final int modeFlag = wanted == CopyMode.ZERO_COPY ? XDP_ZEROCOPY : XDP_COPY;
        argument.putShort(SOCKADDR_FAMILY_OFFSET, (short) AF_XDP);
        argument.putShort(
                SOCKADDR_FLAGS_OFFSET,
                (short) (first ? modeFlag | XDP_USE_NEED_WAKEUP : XDP_SHARED_UMEM));
        argument.putInt(SOCKADDR_IFINDEX_OFFSET, queue.interfaceIndex());
        argument.putInt(SOCKADDR_QUEUE_ID_OFFSET, queue.queue());
        argument.putInt(SOCKADDR_SHARED_UMEM_FD_OFFSET, first ? 0 : umem.registeredFd());

        final long deadlineNs = System.nanoTime() + PREDECESSOR_LIMIT_NS;
        int result = Libc.bind(fd, argument.addressOffset(), SOCKADDR_LENGTH);
        while (result == -Errno.EBUSY && System.nanoTime() - deadlineNs < 0) {
            LockSupport.parkNanos(RETRY_NS);
            result = Libc.bind(fd, argument.addressOffset(), SOCKADDR_LENGTH);
        }

        LinuxException.check(result, "bind(AF_XDP)", queue.toString(), bindRemedy(-result));
    }

    private CopyMode probeCopyMode() {
        final UnsafeBuffer options = option(XDP_OPTIONS, Integer.BYTES, "XDP_OPTIONS");
        return (options.getInt(0) & XDP_OPTIONS_ZEROCOPY) != 0 ? CopyMode.ZERO_COPY : CopyMode.COPY;
    }

    /** False for what is normal; net/xdp/xsk.c, xsk_sendmsg() and __xsk_generic_xmit(). */
    private boolean refused(final int errno) {
        return switch (errno) {
            case Errno.EAGAIN, // more to send than one call may; or nothing to do
                    Errno.EBUSY, // the driver is at it
                    Errno.ENOBUFS, // its queue is full
                    Errno.EINTR,
                    Errno.ENETDOWN, // switched off
                    Errno.ENXIO -> // taken away
                    false;
            default ->
                    throw new LinuxException(
                            "wake-up of AF_XDP socket", queue.toString(), errno, "");
        };
    }

    private void setRingSize(final int option, final int ringSize, final String name) {
        LinuxException.check(
                setOption0(option, ringSize), "setsockopt(" + name + ")", queue.toString(), "");
    }

    private int setOption0(final int option, final int value) {
        argument.putInt(0, value);
        return Libc.setsockopt(fd, SOL_XDP, option, argument.addressOffset(), Integer.BYTES);
    }

    private UnsafeBuffer option(final int option, final int length, final String name) {
        final UnsafeBuffer value = new UnsafeBuffer(ByteBuffer.allocateDirect(length));
        final UnsafeBuffer lengthInOut = new UnsafeBuffer(ByteBuffer.allocateDirect(Integer.BYTES));
        lengthInOut.putInt(0, length);
        LinuxException.check(
                Libc.getsockopt(
                        fd, SOL_XDP, option, value.addressOffset(), lengthInOut.addressOffset()),
                "getsockopt(" + name + ")",
                queue.toString(),
                lengthInOut.getInt(0) == length ? "" : "the kernel is too old");
        return value;
    }

    private static String socketRemedy(final int errno) {
        return switch (errno) {
            case Errno.EPERM -> "run as root, or grant CAP_NET_RAW and CAP_NET_ADMIN";
            case Errno.EAFNOSUPPORT -> "the kernel has no AF_XDP (CONFIG_XDP_SOCKETS)";
            default -> "";
        };
    }

    private static String bindRemedy(final int errno) {
        return switch (errno) {
            case Errno.EBUSY ->
                    "another AF_XDP socket has the queue: stop the program that it belongs to";
            case Errno.EOPNOTSUPP -> "the driver offers no zero-copy: set zero-copy to auto or off";
            case Errno.EINVAL ->
                    "there is no such queue, or not the same mode for all interfaces: compare"
                            + " `ethtool -l` with the queues configured";
            case Errno.ENETDOWN -> "switch the interface on first (`ip link set … up`)";
            case Errno.ENODEV -> "the interface is gone";
            default -> "";
        };
    }
}
