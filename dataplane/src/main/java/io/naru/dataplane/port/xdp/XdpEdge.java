package io.naru.dataplane.port.xdp;

import io.naru.dataplane.packet.Bounds;
import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.PacketPort;
import io.naru.dataplane.port.TrafficFilter;
import io.naru.linux.Errno;
import io.naru.linux.LinuxException;
import io.naru.linux.bpf.BpfMap;
import io.naru.linux.bpf.BpfProgram;
import io.naru.linux.bpf.XdpLink;
import io.naru.linux.bpf.XdpMode;
import io.naru.linux.ethtool.Channels;
import io.naru.linux.ethtool.Ethtool;
import io.naru.linux.netlink.Link;
import io.naru.linux.netlink.Links;
import io.naru.linux.netlink.MacAddress;
import io.naru.linux.netlink.NetlinkSocket;
import io.naru.linux.xdp.CopyMode;
import io.naru.linux.xdp.FilterVerdict;
import io.naru.linux.xdp.ReceiveMode;
import io.naru.linux.xdp.Umem;
import io.naru.linux.xdp.XskQueue;
import io.naru.linux.xdp.XskSocket;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import org.agrona.CloseHelper;

/**
 * Everything that the process has at the kernel for its packets: the frames, a socket for each
 * queue of each interface, and the XDP program that feeds them.
 *
 * <p>Opening it prepares all and disturbs nobody: traffic is touched by {@link #attach}, the last
 * step of starting, and no more after {@link #detach}, the first of stopping. Opened, attached and
 * closed by one thread, in whose network namespace it works; a worker's ports and frames are that
 * worker's.
 */
public final class XdpEdge implements AutoCloseable {
    /** Ethernet header and one VLAN tag: what a frame has on top of the MTU. */
    private static final int ETHERNET_OVERHEAD_BYTES = 18;

    /** Refusals of zero-copy that a copy may not meet. */
    private static final Set<Integer> NO_ZERO_COPY_ERRNOS =
            Set.of(Errno.EOPNOTSUPP, Errno.EINVAL, Errno.ENOSPC, Errno.ENOMEM);

    /** One interface, from link to program. */
    private static final class Interface {
        final XdpSettings.Interface settings;
        final Link link;
        final int queues;
        BpfMap sockets;
        BpfMap settingsMap;
        BpfProgram program;
        XdpLink attached;
        ReceiveMode receiveMode;

        Interface(final XdpSettings.Interface settings, final Link link, final int queues) {
            this.settings = settings;
            this.link = link;
            this.queues = queues;
        }
    }

    private final List<Interface> interfaces = new ArrayList<>();
    private final List<FrameStack> frames = new ArrayList<>();
    private final List<List<XdpPort>> ports = new ArrayList<>();
    private final Deque<AutoCloseable> resources = new ArrayDeque<>(); // the last opened first
    private final XdpSettings settings;
    private Umem umem;
    private XdpTrafficFilter filter;
    private CopyMode copyMode;
    private String zeroCopyRefusal = "";

    private XdpEdge(final XdpSettings settings) {
        this.settings = settings;
    }

    /**
     * Opens sockets on all queues of all interfaces and loads the program, without attaching it.
     *
     * @throws LinuxException if the kernel refuses something.
     * @throws IllegalArgumentException if the interfaces aren't such as the settings want them.
     */
    public static XdpEdge open(final XdpSettings settings) {
        final XdpEdge edge = new XdpEdge(settings);
        try {
            edge.findInterfaces();
            final int workers = edge.countWorkers();
            edge.openFrames(workers);
            edge.openPorts(edge.openSockets());
            edge.openPrograms();
            return edge;
        } catch (final RuntimeException e) {
            edge.close();
            throw e;
        }
    }

    /** How many workers there are ports for. */
    public int workers() {
        return frames.size();
    }

    /**
     * A worker's ports, at least one on every interface; ordered by interface, then queue.
     *
     * @param worker from 0.
     */
    public List<PacketPort> ports(final int worker) {
        return List.copyOf(ports.get(worker));
    }

    /** A worker's free frames, from which its ports take what they receive into. */
    public FrameStack frames(final int worker) {
        return frames.get(worker);
    }

    /** Says which traffic is ours; nothing is, at first. Used by one thread at a time. */
    public TrafficFilter filter() {
        return filter;
    }

    /** Frames on all interfaces with this verdict so far; by the thread that uses the filter. */
    public long count(final FilterVerdict verdict) {
        return filter.count(verdict);
    }

    /**
     * Attaches the program to all interfaces: from now on traffic that the filter lets in comes to
     * the ports.
     *
     * @throws LinuxException if one of them refuses; then it is attached to none.
     */
    public void attach() {
        try {
            for (final Interface one : interfaces) {
                one.receiveMode =
                        ReceiveMode.open(
                                one.link.name(),
                                one.link.index(),
                                settings.isBridge()
                                        ? ReceiveMode.Wanted.EVERYTHING
                                        : ReceiveMode.Wanted.ALL_GROUPS);
                one.attached =
                        switch (one.settings.mode()) {
                            case AUTO -> XdpLink.attach(one.program, one.link);
                            case NATIVE -> XdpLink.attach(one.program, one.link, XdpMode.NATIVE);
                            case GENERIC -> XdpLink.attach(one.program, one.link, XdpMode.GENERIC);
                        };
            }
        } catch (final RuntimeException e) {
            detach();
            throw e;
        }
    }

    /** All traffic is the kernel's again; the ports can still send. */
    public void detach() {
        for (final Interface one : interfaces) {
            if (one.attached != null) {
                one.attached.close();
                one.attached = null;
            }
            if (one.receiveMode != null) {
                one.receiveMode.close();
                one.receiveMode = null;
            }
        }
    }

    /** What it turned out to be. */
    public XdpFacts facts() {
        return new XdpFacts(
                interfaces.stream().map(XdpEdge::factsOf).toList(),
                workers(),
                umem.frameCount(),
                umem.frameSizeBytes(),
                umem.pages(),
                copyMode,
                zeroCopyRefusal);
    }

    /** Detaches first; the workers have stopped, or must not touch a frame any more. */
    @Override
    public void close() {
        detach();
        while (!resources.isEmpty()) {
            CloseHelper.quietClose(resources.pop());
        }
    }

    private void findInterfaces() {
        try (NetlinkSocket netlink = NetlinkSocket.open();
                Ethtool ethtool = Ethtool.open()) {
            for (final XdpSettings.Interface one : settings.interfaces()) {
                final Link link =
                        Links.byName(netlink, one.name())
                                .orElseThrow(
                                        () ->
                                                new IllegalArgumentException(
                                                        "there is no interface " + one.name()));
                requireUsable(link);
                final int present = ethtool.channels(one.name()).map(Channels::rxQueues).orElse(1);
                interfaces.add(new Interface(one, link, queuesOf(one, Math.max(1, present))));
            }
        }
    }

    private void requireUsable(final Link link) {
        final String name = "interface " + link.name();
        require(link.isUp(), name + " is down: `ip link set dev " + link.name() + " up`");
        require(
                link.macNet() != MacAddress.NONE && !link.isLoopback(),
                name + " is no Ethernet interface");

        final int packetMax = settings.frameSizeBytes() - Umem.HEADROOM_BYTES;
        require(
                link.mtu() + ETHERNET_OVERHEAD_BYTES <= packetMax,
                "%s has MTU %d, and a frame of %d bytes holds packets of up to %d: lower the MTU%s"
                        .formatted(
                                name,
                                link.mtu(),
                                settings.frameSizeBytes(),
                                packetMax - ETHERNET_OVERHEAD_BYTES,
                                settings.frameSizeBytes() < 4096
                                        ? " or set the frame size to 4096"
                                        : ""));
    }

    private static int queuesOf(final XdpSettings.Interface one, final int present) {
        require(
                one.queues() <= present,
                "interface %s has %d receive queue%s, not %d: `ethtool -L %s combined %d`"
                        .formatted(
                                one.name(),
                                present,
                                present == 1 ? "" : "s",
                                one.queues(),
                                one.name(),
                                one.queues()));
        return one.queues() == XdpSettings.AUTO ? present : one.queues();
    }

    /** Each worker must be able to send on each interface, on a queue of its own. */
    private int countWorkers() {
        Interface fewest = interfaces.get(0);
        for (final Interface one : interfaces) {
            if (one.queues < fewest.queues) {
                fewest = one;
            }
        }

        require(
                settings.workers() <= fewest.queues,
                "%d workers need as many queues on every interface, and %s has %d"
                        .formatted(settings.workers(), fewest.link.name(), fewest.queues));
        return settings.workers() == XdpSettings.AUTO ? fewest.queues : settings.workers();
    }

    /** Frame {@code n} goes to the worker whose port it was meant for. */
    private void openFrames(final int workers) {
        final int portCount = interfaces.stream().mapToInt(one -> one.queues).sum();
        final int frameCount = portCount * settings.framesPerPort();
        umem = Umem.create(frameCount, settings.frameSizeBytes(), settings.hugePages());
        resources.push(umem);
        final long address = umem.address();
        Bounds.add(address, umem.lengthBytes());
        resources.push(() -> Bounds.remove(address));

        for (int worker = 0; worker < workers; worker++) {
            frames.add(new FrameStack(frameCount, settings.frameSizeBytes()));
            ports.add(new ArrayList<>());
        }

        long frame = address;
        for (final Interface one : interfaces) {
            for (int queue = 0; queue < one.queues; queue++) {
                for (int i = 0; i < settings.framesPerPort(); i++) {
                    frames.get(workerOf(queue)).push(frame);
                    frame += settings.frameSizeBytes();
                }
            }
        }
    }

    /** In zero-copy mode if all interfaces may and can, else all in copy mode. */
    private List<XskSocket> openSockets() {
        final boolean isAllowed =
                interfaces.stream()
                        .noneMatch(one -> one.settings.zeroCopy() == XdpSettings.ZeroCopy.OFF);
        final boolean isDemanded =
                interfaces.stream()
                        .anyMatch(one -> one.settings.zeroCopy() == XdpSettings.ZeroCopy.ON);
        require(
                isAllowed || !isDemanded,
                "zero-copy is on for one interface and off for another, but all of them share their"
                        + " frames and with them the mode");
        if (isAllowed) {
            try {
                return openSockets(CopyMode.ZERO_COPY);
            } catch (final LinuxException e) {
                if (isDemanded || !NO_ZERO_COPY_ERRNOS.contains(e.errno())) {
                    throw e;
                }

                zeroCopyRefusal =
                        "%s: %s (%s)"
                                .formatted(
                                        e.object(), Errno.name(e.errno()), Errno.text(e.errno()));
            }
        }

        return openSockets(CopyMode.COPY);
    }

    private List<XskSocket> openSockets(final CopyMode wanted) {
        final List<XskSocket> sockets = new ArrayList<>();
        try {
            for (final Interface one : interfaces) {
                for (int queue = 0; queue < one.queues; queue++) {
                    sockets.add(
                            XskSocket.open(
                                    umem,
                                    new XskQueue(one.link.name(), one.link.index(), queue),
                                    settings.framesPerPort() / 2,
                                    wanted));
                }
            }
        } catch (final RuntimeException e) {
            CloseHelper.quietCloseAll(sockets);
            throw e;
        }

        sockets.forEach(resources::push);
        copyMode = sockets.get(0).copyMode();
        return sockets;
    }

    private void openPorts(final List<XskSocket> sockets) {
        int next = 0;
        for (int i = 0; i < interfaces.size(); i++) {
            for (int queue = 0; queue < interfaces.get(i).queues; queue++) {
                final int worker = workerOf(queue);
                ports.get(worker)
                        .add(
                                new XdpPort(
                                        sockets.get(next++),
                                        umem.address(),
                                        frames.get(worker),
                                        i,
                                        interfaces.get(i).link.macNet(),
                                        interfaces.get(i).settings.vlan()));
            }
        }
    }

    private void openPrograms() {
        filter = new XdpTrafficFilter();
        resources.push(filter);
        for (int i = 0; i < interfaces.size(); i++) {
            final Interface one = interfaces.get(i);
            one.sockets = filter.createSocketsMap(one.queues);
            resources.push(one.sockets);
            for (final List<XdpPort> workersPorts : ports) {
                for (final XdpPort port : workersPorts) {
                    if (port.interfaceIndex() == i) {
                        one.sockets.put(port.queue(), port.socketFd());
                    }
                }
            }

            one.settingsMap = filter.createSettingsMap(settings.isBridge(), one.settings.vlan());
            resources.push(one.settingsMap);
            one.program = filter.load(one.sockets, one.settingsMap);
            resources.push(one.program);
        }
    }

    private int workerOf(final int queue) {
        return queue % frames.size();
    }

    private static XdpFacts.Interface factsOf(final Interface one) {
        return new XdpFacts.Interface(
                one.link.name(),
                one.link.index(),
                one.link.macNet(),
                one.link.mtu(),
                one.queues,
                one.settings.vlan(),
                one.attached == null ? null : one.attached.mode(),
                one.attached == null ? "" : one.attached.nativeRefusal());
    }

    private static void require(final boolean condition, final String otherwise) {
        if (!condition) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
