package io.naru.dataplane;

import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.PacketPort;
import io.naru.dataplane.port.TrafficFilter;
import io.naru.dataplane.port.xdp.XdpEdge;
import io.naru.dataplane.port.xdp.XdpFacts;
import io.naru.dataplane.port.xdp.XdpSettings;
import io.naru.dataplane.protocol.InterfaceInfo;
import io.naru.linux.xdp.CopyMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The edge to the kernel: AF_XDP sockets, and the XDP program that feeds them. */
final class XdpPacketEdge implements PacketEdge {
    private final XdpEdge edge;

    XdpPacketEdge(final XdpSettings settings) {
        edge = XdpEdge.open(settings);
    }

    @Override
    public int workers() {
        return edge.workers();
    }

    @Override
    public List<PacketPort> ports(final int worker) {
        return edge.ports(worker);
    }

    @Override
    public FrameStack frames(final int worker) {
        return edge.frames(worker);
    }

    @Override
    public TrafficFilter filter() {
        return edge.filter();
    }

    @Override
    public List<InterfaceInfo> interfaces() {
        final XdpFacts facts = edge.facts();
        final boolean isZeroCopy = facts.copyMode() == CopyMode.ZERO_COPY;
        final List<InterfaceInfo> infos = new ArrayList<>();
        for (final XdpFacts.Interface one : facts.interfaces()) {
            final String mode =
                    one.mode() == null ? "detached" : one.mode().name().toLowerCase(Locale.ROOT);
            infos.add(
                    new InterfaceInfo(
                            infos.size(),
                            one.name(),
                            one.linkIndex(),
                            one.macNet(),
                            mode,
                            isZeroCopy,
                            one.queues(),
                            one.mtu(),
                            note(one, facts.zeroCopyRefusal())));
        }

        return infos;
    }

    private static String note(final XdpFacts.Interface one, final String zeroCopyRefusal) {
        final List<String> notes = new ArrayList<>();
        if (one.vlan() != XdpSettings.UNTAGGED) {
            notes.add("VLAN " + one.vlan());
        }
        if (!one.nativeRefusal().isEmpty()) {
            notes.add("not native: " + one.nativeRefusal());
        } else if (!zeroCopyRefusal.isEmpty()) {
            notes.add("no zero-copy: " + zeroCopyRefusal);
        }

        return String.join("; ", notes);
    }

    @Override
    public void attach() {
        edge.attach();
    }

    @Override
    public void detach() {
        edge.detach();
    }

    @Override
    public void close() {
        edge.close();
    }
}
