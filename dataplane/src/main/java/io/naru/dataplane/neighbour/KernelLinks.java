package io.naru.dataplane.neighbour;

import io.naru.linux.netlink.Link;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The kernel's links, and which of them is the kernel's side of which uplink: the one with the
 * box's own addresses, routes and neighbours on the same wire.
 *
 * <p>That is the link of the uplink's name; of an uplink in a VLAN the VLAN device on it, if there
 * is one. A copy that is kept in step by its owner, on one thread.
 */
final class KernelLinks {
    static final int NONE = -1;

    private final List<Uplink> uplinks;
    private final Map<Integer, Link> byIndex = new HashMap<>();

    KernelLinks(final List<Uplink> uplinks) {
        this.uplinks = List.copyOf(uplinks);
    }

    /** Forgets all, and takes these. */
    void reset(final Collection<Link> links) {
        byIndex.clear();
        links.forEach(this::put);
    }

    /** What it was before, or null. */
    Link put(final Link link) {
        return byIndex.put(link.index(), link);
    }

    /** What it was, or null. */
    Link remove(final Link link) {
        return byIndex.remove(link.index());
    }

    /** The link of an index, or null. */
    Link link(final int linkIndex) {
        return byIndex.get(linkIndex);
    }

    /**
     * The number of the uplink whose kernel side a link is; {@link #NONE} if it is that of none.
     */
    int uplinkOf(final int linkIndex) {
        for (int i = 0; i < uplinks.size(); i++) {
            final Link side = kernelSideOf(uplinks.get(i));
            if (side != null && side.index() == linkIndex) {
                return i;
            }
        }

        return NONE;
    }

    /** The kernel's side of an uplink, or null if there is no link of its name. */
    Link kernelSideOf(final Uplink uplink) {
        final Link port = named(uplink.name());
        if (port == null || uplink.vlan() == 0) {
            return port;
        }

        for (final Link link : byIndex.values()) {
            if (link.vlan() == uplink.vlan() && link.lowerIndex() == port.index()) {
                return link;
            }
        }

        return port;
    }

    private Link named(final String name) {
        for (final Link link : byIndex.values()) {
            if (link.name().equals(name)) {
                return link;
            }
        }

        return null;
    }
}
