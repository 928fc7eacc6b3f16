package io.naru.controlplane.health.way;

import static java.nio.ByteOrder.BIG_ENDIAN;

import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.linux.Errno;
import io.naru.linux.Libc;
import io.naru.linux.LinuxException;
import io.naru.linux.netlink.AddressFamily;
import io.naru.linux.netlink.Links;
import io.naru.linux.netlink.Neighbour;
import io.naru.linux.netlink.Neighbours;
import io.naru.linux.netlink.NetlinkSocket;
import io.naru.linux.netlink.Routes;
import io.naru.linux.netlink.Rules;
import io.naru.linux.socket.IcmpErrorSocket;
import io.naru.linux.socket.LinkSocket;
import io.naru.linux.socket.RawIpSocket;
import io.naru.linux.tun.TunDevice;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.agrona.CloseHelper;
import org.agrona.concurrent.UnsafeBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes checks' packets out of the TUN device, and sends each by its way, on a thread of its own.
 *
 * <p>What is from no check's socket is dropped: what the kernel sends by itself on a new interface,
 * and sockets that others gave our mark.
 */
final class WayDevice implements AutoCloseable {
    /** Room for the headers around a packet on a network of 1,500 bytes. */
    static final int MTU = 1_500 - Encapsulation.MAX_LENGTH;

    private static final Logger LOG = LoggerFactory.getLogger(WayDevice.class);

    private static final int HEADROOM = 64;
    private static final int CAPACITY = HEADROOM + 2_048;
    private static final int PACKETS_PER_CYCLE = 64;
    private static final int ERRORS_PER_CYCLE = 16;
    private static final int MAX_PARKED = 1_024;
    private static final long PARK_NS = TimeUnit.SECONDS.toNanos(1);
    private static final int PARKED_PAUSE_MS = 5;
    private static final int IDLE_PAUSE_MS = 100; // how long a close() may take

    // struct pollfd of include/uapi/asm-generic/poll.h
    private static final int POLLIN = 1;
    private static final int POLLFD_LENGTH = 8;
    private static final int POLLFD_COUNT = 3;
    private static final int EVENTS_OFFSET = 4;

    private static final int IPPROTO_ICMP = 1;
    private static final int IPPROTO_TCP = 6;
    private static final int IPPROTO_UDP = 17;
    private static final int IPPROTO_ICMPV6 = 58;
    private static final int ECHO_REQUEST = 8;
    private static final int ECHO_REQUEST6 = 128;

    /** A packet for a backend whose MAC the kernel does not know yet. */
    private record Parked(Lease lease, UnsafeBuffer packet, int length, long deadlineNs) {}

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final Deque<Parked> parked = new ArrayDeque<>();
    private final UnsafeBuffer packet = direct(CAPACITY);
    private final UnsafeBuffer pollfds = direct(POLLFD_COUNT * POLLFD_LENGTH);
    private final SenderTable senders;
    private final Troubles troubles;
    private final NetlinkSocket setup;
    private final TunDevice tun;
    private final int linkIndex;
    private final NetlinkSocket netlink;
    private final RawIpSocket raw4;
    private final RawIpSocket raw6;
    private final LinkSocket link;
    private final IcmpErrorSocket errors4;
    private final IcmpErrorSocket errors6;
    private final Thread thread;
    private volatile boolean closed;

    /**
     * Makes the device, its table and its rules. Needs CAP_NET_ADMIN and CAP_NET_RAW.
     *
     * @param setup for what the calling thread asks of the kernel; stays open as long as this.
     * @throws LinuxException if the kernel refuses; nothing is left then.
     */
    WayDevice(
            final String name,
            final NetlinkSocket setup,
            final SenderTable senders,
            final Troubles troubles) {
        this.setup = setup;
        this.senders = senders;
        this.troubles = troubles;
        try {
            tun = opened(TunDevice.open(name));
            raw4 = opened(RawIpSocket.open(AddressFamily.INET));
            errors4 = opened(IcmpErrorSocket.open(AddressFamily.INET));
            link = opened(LinkSocket.open());
            netlink = opened(NetlinkSocket.open());
            linkIndex = Links.byName(setup, name).orElseThrow().index();
            Links.bringUp(setup, linkIndex, MTU);
            takeMarked(AddressFamily.INET);
            raw6 = takeMarkedOfIpv6() ? opened(RawIpSocket.open(AddressFamily.INET6)) : null;
            errors6 = raw6 == null ? null : opened(IcmpErrorSocket.open(AddressFamily.INET6));
        } catch (final RuntimeException e) {
            closeAll();
            throw e;
        }

        addPollfd(0, tun.fd());
        addPollfd(1, errors4.fd());
        addPollfd(2, errors6 == null ? -1 : errors6.fd()); // poll(2) passes over negative ones
        thread = new Thread(this::run, name);
        thread.setDaemon(true);
        thread.start();
    }

    private <T extends AutoCloseable> T opened(final T resource) {
        open.push(resource);
        return resource;
    }

    private void takeMarked(final int family) {
        Routes.replaceDefault(setup, family, Ways.TABLE, linkIndex);
        final Rules.Rule rule = new Rules.Rule(family, Ways.PRIORITY, Ways.MARK, Ways.TABLE);
        Rules.add(setup, rule);
        opened((AutoCloseable) () -> Rules.delete(setup, rule));
    }

    /** A box may have no IPv6, and needs none for backends and VIPs of IPv4. */
    private boolean takeMarkedOfIpv6() {
        try {
            takeMarked(AddressFamily.INET6);
            return true;
        } catch (final LinuxException e) {
            LOG.info("IPv6 backends cannot be checked by way of their VIP: {}", e.getMessage());
            return false;
        }
    }

    private void addPollfd(final int index, final int fd) {
        pollfds.putInt(index * POLLFD_LENGTH, fd);
        pollfds.putShort(index * POLLFD_LENGTH + EVENTS_OFFSET, (short) POLLIN);
    }

    int linkIndex() {
        return linkIndex;
    }

    // -- duty cycle -------------------------------------------------------------------------------

    private void run() {
        try {
            while (!closed) {
                doWork();
                Libc.poll(
                        pollfds.addressOffset(),
                        POLLFD_COUNT,
                        parked.isEmpty() ? IDLE_PAUSE_MS : PARKED_PAUSE_MS);
            }
        } finally {
            Reference.reachabilityFence(pollfds);
        }
    }

    private void doWork() {
        try {
            takePackets();
            takeErrors(errors4, true);
            takeErrors(errors6, false);
            retryParked();
        } catch (final RuntimeException e) {
            LOG.error("a duty cycle of {} failed", tun.name(), e);
        }
    }

    private void takePackets() {
        for (int i = 0; i < PACKETS_PER_CYCLE; i++) {
            final int length = tun.read0(packet, HEADROOM, CAPACITY - HEADROOM);
            if (length <= 0) {
                return;
            }

            final Lease lease = leaseOf(packet, HEADROOM, length);
            if (lease != null) {
                lease.used();
                send(lease, length);
            }
        }
    }

    /** The lease of the socket that a packet is from; null if it is from no check's. */
    private Lease leaseOf(final UnsafeBuffer buffer, final int offset, final int length) {
        final boolean isIpv4 = (buffer.getByte(offset) & 0xf0) == 0x40;
        final int l3Length =
                isIpv4
                        ? (buffer.getByte(offset) & 0x0f) * Integer.BYTES
                        : Encapsulation.IPV6_LENGTH;
        if (length < l3Length + Long.BYTES) {
            return null;
        }

        final int protocol = buffer.getByte(offset + (isIpv4 ? 9 : 6)) & 0xff;
        final int l4 = offset + l3Length;
        final int port;
        if (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP) {
            port = buffer.getShort(l4, BIG_ENDIAN) & 0xffff;
        } else if (isEcho(protocol, buffer.getByte(l4) & 0xff)) {
            port = buffer.getShort(l4 + Integer.BYTES, BIG_ENDIAN) & 0xffff;
        } else {
            return null;
        }

        final Lease lease =
                senders.of(
                        new Sender(
                                address(buffer, offset + (isIpv4 ? 12 : 8), isIpv4),
                                protocol,
                                port));
        return lease != null
                        && lease.way()
                                .vip()
                                .equals(address(buffer, offset + (isIpv4 ? 16 : 24), isIpv4))
                ? lease
                : null;
    }

    private static boolean isEcho(final int protocol, final int type) {
        return (protocol == IPPROTO_ICMP && type == ECHO_REQUEST)
                || (protocol == IPPROTO_ICMPV6 && type == ECHO_REQUEST6);
    }

    private static IpAddress address(
            final UnsafeBuffer buffer, final int offset, final boolean isIpv4) {
        return isIpv4
                ? IpAddress.ipv4(buffer.getInt(offset, BIG_ENDIAN))
                : IpAddress.getFrom(buffer, offset);
    }

    // -- sending ----------------------------------------------------------------------------------

    private void send(final Lease lease, final int length) {
        if (lease.way().mode() == Mode.DSR_L2) {
            sendFrame(lease, packet, HEADROOM, length);
        } else {
            sendWrapped(lease, length);
        }
    }

    private void sendWrapped(final Lease lease, final int length) {
        final Way way = lease.way();
        // all packets of a socket alike, as the data plane does with those of a flow
        final int spread = lease.hashCode();
        final int start =
                Encapsulation.wrap(
                        packet, HEADROOM, length, way, lease.resolution().outerSource(), spread);
        final RawIpSocket raw = way.backend().isIpv4() ? raw4 : raw6;
        if (raw == null) {
            lease.trouble("this box has no IPv6");
            return;
        }

        final int result =
                raw.send0(packet, start, HEADROOM - start + length, Ways.linux(way.backend()));
        if (result < 0) {
            lease.trouble(notSent(-result));
        }
    }

    private static String notSent(final int errno) {
        return "could not be sent: %s (%s)".formatted(Errno.name(errno), Errno.text(errno));
    }

    /** Sends a packet to the backend's MAC, or parks it until the kernel knows that. */
    private void sendFrame(
            final Lease lease, final UnsafeBuffer buffer, final int offset, final int length) {
        final Neighbour neighbour = neighbour(lease);
        if (neighbour != null) {
            sendFrame(lease, buffer, offset, length, neighbour.macNet());
        } else if (parked.size() < MAX_PARKED) {
            solicit(lease);
            final UnsafeBuffer copy = direct(length);
            copy.putBytes(0, buffer, offset, length);
            parked.add(new Parked(lease, copy, length, System.nanoTime() + PARK_NS));
        }
    }

    private void sendFrame(
            final Lease lease,
            final UnsafeBuffer buffer,
            final int offset,
            final int length,
            final long macNet) {
        final int result =
                link.send0(
                        buffer,
                        offset,
                        length,
                        lease.way().vip().isIpv4() ? AddressFamily.INET : AddressFamily.INET6,
                        lease.resolution().linkIndex(),
                        macNet);
        if (result < 0) {
            lease.trouble(notSent(-result));
        }
    }

    /** The backend as a neighbour that can be sent to; null if the kernel does not know its MAC. */
    private Neighbour neighbour(final Lease lease) {
        final Optional<Neighbour> found =
                Neighbours.get(
                        netlink, lease.resolution().linkIndex(), Ways.linux(lease.way().backend()));
        if (found.isEmpty() || !found.get().isValid()) {
            return null;
        }
        if (found.get().isStale()) {
            solicit(lease); // our frames pass the kernel by: it would never look again by itself
        }

        return found.get();
    }

    private void solicit(final Lease lease) {
        final int result =
                Neighbours.solicit0(
                        netlink, lease.resolution().linkIndex(), Ways.linux(lease.way().backend()));
        if (result < 0) {
            lease.trouble("ARP or neighbour discovery: " + notSent(-result));
        }
    }

    private void retryParked() {
        for (int i = parked.size(); i > 0; i--) {
            final Parked next = parked.remove();
            final Neighbour neighbour = neighbour(next.lease());
            if (neighbour != null) {
                sendFrame(next.lease(), next.packet(), 0, next.length(), neighbour.macNet());
            } else if (System.nanoTime() - next.deadlineNs() < 0) {
                parked.add(next);
            }
            if (neighbour == null) {
                next.lease()
                        .trouble(
                                next.lease().way().backend()
                                        + (next.lease().way().backend().isIpv4()
                                                ? " does not answer ARP"
                                                : " does not answer neighbour discovery"));
            }
        }
    }

    // -- what comes back of it --------------------------------------------------------------------

    private void takeErrors(final IcmpErrorSocket errors, final boolean isIpv4) {
        for (int i = 0; errors != null && i < ERRORS_PER_CYCLE; i++) {
            final int length = errors.receive0(packet, 0, CAPACITY);
            if (length <= 0) {
                return;
            }

            onError(length, isIpv4);
        }
    }

    /** An ICMP error that quotes a packet of ours to a backend: RFC 792, RFC 4443 3. */
    private void onError(final int length, final boolean isIpv4) {
        final int icmp = isIpv4 ? (packet.getByte(0) & 0x0f) * Integer.BYTES : 0;
        final int quoted = icmp + Long.BYTES;
        final int quotedLength = isIpv4 ? Encapsulation.IPV4_LENGTH : Encapsulation.IPV6_LENGTH;
        if (length < quoted + quotedLength) {
            return;
        }

        final int type = packet.getByte(icmp) & 0xff;
        final int code = packet.getByte(icmp + 1) & 0xff;
        final int protocol = packet.getByte(quoted + (isIpv4 ? 9 : 6)) & 0xff;
        final IpAddress backend = address(packet, quoted + (isIpv4 ? 16 : 24), isIpv4);
        final String text = text(isIpv4, type, code, protocol);
        if (text != null) {
            troubles.put(backend, backend + " " + text);
        }
    }

    private static String text(
            final boolean isIpv4, final int type, final int code, final int protocol) {
        final String name =
                switch (protocol) {
                    case Encapsulation.PROTOCOL_GRE -> "GRE";
                    case Encapsulation.PROTOCOL_IPV4 -> "IPv4 in IP";
                    case Encapsulation.PROTOCOL_IPV6 -> "IPv6 in IP";
                    default -> null;
                };
        if (name == null) {
            return null; // of somebody else's packet
        }

        final boolean takesNone = isIpv4 ? type == 3 && code == 2 : type == 4 && code == 1;
        return takesNone
                ? "takes no " + name + " (it has no tunnel end for it)"
                : "cannot be reached with %s (ICMP type %d code %d)".formatted(name, type, code);
    }

    // -- end --------------------------------------------------------------------------------------

    @Override
    public void close() {
        closed = true;
        try {
            thread.join();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        closeAll();
    }

    /** In reverse order. */
    private void closeAll() {
        while (!open.isEmpty()) {
            CloseHelper.close(
                    e -> LOG.warn("closing {}: {}", Ways.DEVICE, e.getMessage()), open.pop());
        }
    }

    private static UnsafeBuffer direct(final int lengthBytes) {
        return new UnsafeBuffer(ByteBuffer.allocateDirect(lengthBytes));
    }
}
