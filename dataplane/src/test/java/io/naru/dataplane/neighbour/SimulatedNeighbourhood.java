package io.naru.dataplane.neighbour;

import io.naru.dataplane.protocol.IpAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A kernel and its network, as far as the resolver can tell: ways, neighbours that answer or don't,
 * and changes that are told late, all together, or not at all.
 */
final class SimulatedNeighbourhood implements Neighbourhood {
    final Map<IpAddress, Way> ways = new HashMap<>();
    final Map<IpAddress, Sighting> sightings = new HashMap<>();

    /** The hosts that answer, and their MACs. */
    final Map<IpAddress, Long> alive = new HashMap<>();

    final List<IpAddress> solicited = new ArrayList<>();
    final ArrayDeque<Consumer<Changes>> untold = new ArrayDeque<>();
    Set<LocalAddress> locals = Set.of();
    String obstacle = "";
    boolean closed;
    int lookups;

    void way(final IpAddress destination, final Way way) {
        ways.put(destination, way);
        untold.add(changes -> changes.onWaysChanged(destination, destination));
    }

    void sighting(final IpAddress neighbour, final Sighting sighting) {
        sightings.put(neighbour, sighting);
        untold.add(
                changes -> {
                    changes.onNeighbourChanged(100, neighbour);
                    changes.onNeighbourChanged(101, neighbour);
                });
    }

    /** The kernel lost count of what it should have told. */
    void overrun() {
        untold.clear();
        untold.add(Changes::onEverythingChanged);
    }

    /** What the kernel's timers do: whoever is asked for answers, or has failed to. */
    void settle(final IpAddress neighbour) {
        final Long macNet = alive.get(neighbour);
        sighting(
                neighbour,
                macNet == null
                        ? new Sighting(Sighting.State.FAILED, 0)
                        : new Sighting(Sighting.State.FRESH, macNet));
    }

    @Override
    public int poll(final Changes changes) {
        final int count = untold.size();
        while (!untold.isEmpty()) {
            untold.poll().accept(changes);
        }

        return count;
    }

    @Override
    public Way wayTo(final IpAddress destination) {
        lookups++;
        return ways.getOrDefault(destination, Way.refused("no route to " + destination));
    }

    @Override
    public Sighting sighting(final Way way) {
        lookups++;
        return sightings.getOrDefault(way.neighbour(), Sighting.NONE);
    }

    @Override
    public String solicit(final Way way) {
        solicited.add(way.neighbour());
        return obstacle;
    }

    @Override
    public Set<LocalAddress> locals() {
        return locals;
    }

    @Override
    public void close() {
        closed = true;
    }
}
