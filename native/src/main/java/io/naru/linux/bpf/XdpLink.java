package io.naru.linux.bpf;

import io.naru.linux.Errno;
import io.naru.linux.Libc;
import io.naru.linux.LinuxException;
import io.naru.linux.netlink.Link;
import io.naru.linux.netlink.Links;
import io.naru.linux.netlink.NetlinkSocket;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * An XDP program attached to an interface for as long as this object, or the process, lives.
 *
 * <p>Attached with a BPF link: the kernel detaches the program when the link's last descriptor is
 * closed, and so also when the process is killed. Needs Linux 5.9. Used by one thread at a time.
 */
public final class XdpLink implements AutoCloseable {
    private static final int BPF_XDP = 37; // include/uapi/linux/bpf.h, enum bpf_attach_type

    /** How long a killed predecessor may take to let go of the interface. */
    private static final long PREDECESSOR_LIMIT_NS = TimeUnit.SECONDS.toNanos(3);

    private static final long RETRY_NS = TimeUnit.MILLISECONDS.toNanos(10);

    /** Refusals that another mode does nothing about. */
    private static final Set<Integer> FINAL_ERRNOS =
            Set.of(Errno.EPERM, Errno.ENODEV, Errno.EBUSY, Errno.EEXIST);

    private final String interfaceName;
    private final XdpMode mode;
    private final String nativeRefusal;
    private final int fd;
    private boolean closed;

    private XdpLink(
            final String interfaceName,
            final XdpMode mode,
            final String nativeRefusal,
            final int fd) {
        this.interfaceName = interfaceName;
        this.mode = mode;
        this.nativeRefusal = nativeRefusal;
        this.fd = fd;
    }

    /**
     * Attaches in native mode where the driver has it, else in generic mode.
     *
     * @throws LinuxException if neither works, or a program is attached already.
     */
    public static XdpLink attach(final BpfProgram program, final Link link) {
        try {
            return attach(program, link, XdpMode.NATIVE);
        } catch (final LinuxException e) {
            if (FINAL_ERRNOS.contains(e.errno())) {
                throw e;
            }

            final String refusal = Errno.name(e.errno()) + " (" + Errno.text(e.errno()) + ")";
            return attach(program, link, XdpMode.GENERIC, refusal);
        }
    }

    /**
     * Attaches in this mode only.
     *
     * <p>A program by the same name that is still attached belongs to a predecessor: if that was
     * killed a moment ago it gets a little time to go.
     *
     * @throws LinuxException if the kernel refuses, or a program is attached already.
     */
    public static XdpLink attach(final BpfProgram program, final Link link, final XdpMode mode) {
        return attach(program, link, mode, "");
    }

    private static XdpLink attach(
            final BpfProgram program,
            final Link link,
            final XdpMode mode,
            final String nativeRefusal) {
        final long deadlineNs = System.nanoTime() + PREDECESSOR_LIMIT_NS;
        int result = attach0(program, link.index(), mode);
        while (isOccupied(result)
                && isNamed(linkNow(link.index()), program.name())
                && System.nanoTime() - deadlineNs < 0) {
            LockSupport.parkNanos(RETRY_NS);
            result = attach0(program, link.index(), mode);
        }

        if (result == -Errno.EINVAL && linkNow(link.index()).isEmpty()) {
            result = -Errno.ENODEV; // which the kernel does not tell apart
        }
        if (result < 0) {
            throw new LinuxException(
                    "bpf(BPF_LINK_CREATE, XDP %s)".formatted(mode.word()),
                    link.name(),
                    -result,
                    remedy(program, link, mode, -result));
        }

        return new XdpLink(link.name(), mode, nativeRefusal, result);
    }

    public String interfaceName() {
        return interfaceName;
    }

    public XdpMode mode() {
        return mode;
    }

    /** Why the driver did not take the program, if it is attached in generic mode; else empty. */
    public String nativeRefusal() {
        return nativeRefusal;
    }

    /** Detaches: once this returns, no frame meets the program any more. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            // Closing alone would detach too, but where it is not the last reference only later.
            new BpfAttributes()
                    .putInt(BpfAttributes.LINK_FD_OFFSET, fd)
                    .call0(BpfAttributes.LINK_DETACH);
            Libc.close(fd);
        }
    }

    private static int attach0(
            final BpfProgram program, final int interfaceIndex, final XdpMode mode) {
        return new BpfAttributes()
                .putInt(BpfAttributes.LINK_PROG_FD_OFFSET, program.fd())
                .putInt(BpfAttributes.LINK_TARGET_IFINDEX_OFFSET, interfaceIndex)
                .putInt(BpfAttributes.LINK_ATTACH_TYPE_OFFSET, BPF_XDP)
                .putInt(BpfAttributes.LINK_FLAGS_OFFSET, mode.flag())
                .call0(BpfAttributes.LINK_CREATE);
    }

    /** net/core/dev.c, dev_xdp_attach(): EBUSY in the same mode, EEXIST in the other one. */
    private static boolean isOccupied(final int result) {
        return result == -Errno.EBUSY || result == -Errno.EEXIST;
    }

    private static boolean isNamed(final Optional<Link> link, final String name) {
        return link.isPresent()
                && (link.get().xdpProgramId() == 0 // gone in this moment
                        || BpfProgram.nameOf(link.get().xdpProgramId()).equals(name));
    }

    private static Optional<Link> linkNow(final int interfaceIndex) {
        try (NetlinkSocket socket = NetlinkSocket.open()) {
            return Links.byIndex(socket, interfaceIndex);
        }
    }

    private static String remedy(
            final BpfProgram program, final Link link, final XdpMode mode, final int errno) {
        return switch (errno) {
            case Errno.EBUSY, Errno.EEXIST -> occupied(program, link);
            case Errno.EPERM -> BpfProgram.privilegeRemedy(errno);
            case Errno.ENODEV -> "the interface is gone";
            case Errno.EOPNOTSUPP ->
                    mode == XdpMode.NATIVE
                            ? "its driver knows no XDP: set the interface's mode to generic or auto"
                            : "";
            case Errno.ERANGE, Errno.EINVAL ->
                    "its driver takes no XDP program as it is set now (MTU %d): lower the MTU, switch"
                                    .formatted(link.mtu())
                            + " LRO off, or set the interface's mode to generic";
            default -> "";
        };
    }

    private static String occupied(final BpfProgram program, final Link link) {
        final Optional<Link> now = linkNow(link.index());
        final int id = now.map(Link::xdpProgramId).orElse(0);
        final String name = id == 0 ? "" : BpfProgram.nameOf(id);
        if (name.equals(program.name())) {
            return "another Naru data plane works on it (XDP program %s, id %d): stop that one first"
                    .formatted(name, id);
        }

        return "another XDP program is attached%s, and Naru replaces none that is not its own: stop"
                        .formatted(id == 0 ? "" : " (%s, id %d)".formatted(quoted(name), id))
                + " what attached it, or detach it with `ip link set dev %s xdp off`"
                        .formatted(link.name());
    }

    private static String quoted(final String name) {
        return name.isEmpty() ? "without a name" : "'" + name + "'";
    }
}
