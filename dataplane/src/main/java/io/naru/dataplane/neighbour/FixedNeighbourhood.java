package io.naru.dataplane.neighbour;

import io.naru.dataplane.protocol.IpAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * A neighbourhood of hosts that are listed: for tests, replays and demonstrations in one process,
 * where the network around is simulated too.
 *
 * <p>May be changed from any thread; the resolver learns of it at its next poll.
 */
public final class FixedNeighbourhood implements Neighbourhood {
    private final Map<IpAddress, Long> hops = new HashMap<>();
    private Set<LocalAddress> locals = Set.of();
    private boolean changed;

    /** Puts a host with that MAC on the wire of an interface, in place of what was there. */
    public synchronized FixedNeighbourhood host(
            final IpAddress address, final int interfaceIndex, final long macNet) {
        hops.put(address, Hop.of(macNet, interfaceIndex));
        changed = true;
        return this;
    }

    /** Takes a host off the wire. */
    public synchronized FixedNeighbourhood remove(final IpAddress address) {
        hops.remove(address);
        changed = true;
        return this;
    }

    /** Sets the box's own addresses. */
    public synchronized FixedNeighbourhood locals(final Set<LocalAddress> addresses) {
        locals = Set.copyOf(addresses);
        changed = true;
        return this;
    }

    @Override
    public synchronized int poll(final Changes changes) {
        if (!changed) {
            return 0;
        }

        changed = false;
        changes.onEverythingChanged();
        return 1;
    }

    @Override
    public synchronized Way wayTo(final IpAddress destination) {
        final Long hop = hops.get(destination);
        if (hop == null) {
            return Way.refused("there is no host " + destination);
        }

        final int interfaceIndex = Hop.interfaceIndex(hop);
        return Way.by(interfaceIndex, interfaceIndex, "interface " + interfaceIndex, destination);
    }

    @Override
    public synchronized Sighting sighting(final Way way) {
        final Long hop = hops.get(way.neighbour());
        return hop == null ? Sighting.NONE : new Sighting(Sighting.State.FIXED, Hop.macNet(hop));
    }

    @Override
    public String solicit(final Way way) {
        return "";
    }

    @Override
    public synchronized Set<LocalAddress> locals() {
        return locals;
    }

    @Override
    public void close() {}
}
