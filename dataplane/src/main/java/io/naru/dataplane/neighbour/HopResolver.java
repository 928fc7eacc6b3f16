package io.naru.dataplane.neighbour;

import io.naru.dataplane.protocol.IpAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Keeps the {@link HopTable} true: finds the way to each backend's address and the MAC at its next
 * hop, and follows both as they change.
 *
 * <p>Changes are taken as hints: what may have changed is looked up anew, so that neither a lost
 * nor a late nor a misordered message can leave a wrong MAC behind. A neighbour is asked for as
 * soon as it is needed, then at growing intervals; a known one is checked before the kernel lets it
 * go stale unnoticed; and one that stops answering makes its hops unresolved. What one call of
 * {@link #poll} does is bounded, and so is the rate of asking.
 *
 * <p>Used by the conductor's thread only.
 */
public final class HopResolver implements AutoCloseable {
    /** Returned by {@link #hopFor} when the table has no room. */
    public static final int NO_ID = -1;

    /** What Linux believes at least (net.ipv4.route.min_pmtu): less would be an attack. */
    static final int MIN_LEARNED_MTU = 552;

    private static final long LEARNED_MTU_NS = TimeUnit.MINUTES.toNanos(10);

    /** Ways and neighbours looked up, and neighbours considered for asking, in one poll. */
    static final int LOOKUPS_PER_POLL = 64;

    /** New addresses that are looked up at once between two polls; the others have to wait. */
    static final int LOOKUPS_AT_ONCE = 256;

    /** Neighbours asked for in any second, over all. */
    static final int SOLICITATIONS_PER_SECOND = 1_000;

    /** Neighbours asked for at once after a quiet time. */
    static final int SOLICITATION_BURST = 128;

    /** A neighbour is asked for at most this often, whatever happens to it. */
    static final long SHORTEST_INTERVAL_NS = 1_000_000_000L;

    /** A neighbour that does not answer is asked for at least this often: it may be booting. */
    static final long LONGEST_INTERVAL_NS = 8_000_000_000L;

    /**
     * A known neighbour is checked this often. The kernel calls one reachable for 15 to 45 seconds
     * (base_reachable_time, RFC 4861 6.3.2) and tells us when it becomes stale, which we answer at
     * once; this is for neighbours that stay stale for want of packets of the kernel's own.
     */
    static final long REFRESH_INTERVAL_NS = 30_000_000_000L;

    /** Everything is looked up again this often, should a change ever go untold. */
    static final long AUDIT_INTERVAL_NS = 60_000_000_000L;

    private record NeighbourKey(int linkIndex, IpAddress address) {}

    /** A backend's address and where its packets go. */
    private static final class HopState {
        private final int id;
        private final IpAddress address;
        private Way way;
        private NeighbourState neighbour;
        private long value = Hop.UNRESOLVED;
        private String reason = "not looked up yet";
        private boolean dirty;
        private boolean released;
        private int learnedMtu;
        private long learnedUntilNs;

        private HopState(final int id, final IpAddress address) {
            this.id = id;
            this.address = address;
        }
    }

    /** A host or router next to us, and the hops that lead to it. */
    private static final class NeighbourState {
        private final Way way;
        private final Set<HopState> hops = new LinkedHashSet<>();
        private int position;
        private Sighting sighting = Sighting.NONE;
        private boolean failed;
        private String obstacle = "";
        private boolean dirty;
        private boolean released;
        private boolean asked;
        private int attempts;
        private long askedNs;
        private long dueNs;

        private NeighbourState(final Way way) {
            this.way = way;
        }
    }

    private final HopTable table;
    private final Neighbourhood neighbourhood;
    private final HopListener listener;

    private final NavigableMap<IpAddress, HopState> hops = new TreeMap<>();
    private final Map<NeighbourKey, NeighbourState> neighbourByKey = new HashMap<>();
    private final List<NeighbourState> neighbours = new ArrayList<>();
    private final ArrayDeque<HopState> dirtyHops = new ArrayDeque<>();
    private final ArrayDeque<NeighbourState> dirtyNeighbours = new ArrayDeque<>();
    private final ArrayDeque<Integer> freeIds = new ArrayDeque<>();
    private final Neighbourhood.Changes changes = new ChangeMarker();

    private Set<LocalAddress> locals;
    private boolean localsDirty;
    private int nextId;
    private int cursor;
    private int lookupsAtOnce;
    private long nowNs;
    private long auditDueNs;
    private long tokenNs;

    /**
     * @param neighbourhood is closed with the resolver.
     * @param listener must not call the resolver back.
     * @param nowNs the time on the clock that {@link #poll} is given.
     */
    public HopResolver(
            final HopTable table,
            final Neighbourhood neighbourhood,
            final HopListener listener,
            final long nowNs) {
        this.table = table;
        this.neighbourhood = neighbourhood;
        this.listener = listener;
        this.nowNs = nowNs;
        auditDueNs = nowNs + AUDIT_INTERVAL_NS;
        tokenNs = nowNs - SOLICITATION_BURST * nsPerSolicitation();
        locals = neighbourhood.locals();
    }

    /**
     * Follows changes, looks up what they concern and asks for neighbours that are due.
     *
     * @return the amount of work done, 0 if there was nothing to do.
     */
    public int poll(final long nowNs) {
        this.nowNs = nowNs;
        lookupsAtOnce = 0;
        int work = neighbourhood.poll(changes);
        work += lookUpWays();
        work += lookUpNeighbours();
        work += askWhoIsDue();
        work += updateLocals();
        work += audit();
        return work;
    }

    /**
     * The id of an address's hop. A new one is looked up at once, so that it is resolved before its
     * first packet if its neighbour is known; of very many new ones, the last in the next polls.
     *
     * @return an id that stays the same until {@link #retain} leaves the address out, or {@link
     *     #NO_ID} if the table is full.
     */
    public int hopFor(final IpAddress address) {
        final HopState known = hops.get(address);
        if (known != null) {
            return known.id;
        }

        final Integer freed = freeIds.poll();
        final int id = freed != null ? freed : nextId;
        if (id == table.capacity()) {
            return NO_ID;
        }

        nextId = Math.max(nextId, id + 1);
        final HopState hop = new HopState(id, address);
        hops.put(address, hop);
        if (lookupsAtOnce < LOOKUPS_AT_ONCE) {
            lookupsAtOnce++;
            lookUpWay(hop);
        } else {
            markHop(hop);
        }

        return id;
    }

    /**
     * Forgets every address that is not among {@code addresses}. Their ids are given to new ones,
     * so call it when no worker has a forwarding table with them any more.
     */
    public void retain(final Set<IpAddress> addresses) {
        final List<HopState> dropped =
                hops.values().stream().filter(hop -> !addresses.contains(hop.address)).toList();
        for (final HopState hop : dropped) {
            hops.remove(hop.address);
            hop.released = true;
            leaveNeighbour(hop);
            table.hop(hop.id, Hop.UNRESOLVED);
            freeIds.add(hop.id);
        }
    }

    /** Why packets for an address can't be sent; empty if they can or it has no hop here. */
    public String reason(final IpAddress address) {
        final HopState hop = hops.get(address);
        return hop == null ? "" : hop.reason;
    }

    /** The box's own addresses as of the last poll. */
    public Set<LocalAddress> locals() {
        return locals;
    }

    /** Addresses that have a hop. */
    public int size() {
        return hops.size();
    }

    @Override
    public void close() {
        neighbourhood.close();
    }

    private int lookUpWays() {
        int count = 0;
        while (count < LOOKUPS_PER_POLL && !dirtyHops.isEmpty()) {
            final HopState hop = dirtyHops.poll();
            hop.dirty = false;
            if (!hop.released) {
                lookUpWay(hop);
                count++;
            }
        }

        return count;
    }

    private int lookUpNeighbours() {
        int count = 0;
        while (count < LOOKUPS_PER_POLL && !dirtyNeighbours.isEmpty()) {
            final NeighbourState neighbour = dirtyNeighbours.poll();
            neighbour.dirty = false;
            if (!neighbour.released) {
                lookUpNeighbour(neighbour);
                count++;
            }
        }

        return count;
    }

    private int askWhoIsDue() {
        final int candidates = Math.min(LOOKUPS_PER_POLL, neighbours.size());
        int count = 0;
        for (int i = 0; i < candidates; i++) {
            cursor = cursor + 1 < neighbours.size() ? cursor + 1 : 0;
            final NeighbourState neighbour = neighbours.get(cursor);
            if (isDue(neighbour)) {
                if (!takeToken()) {
                    cursor--; // it is the first one next time
                    break;
                }

                ask(neighbour);
                count++;
            }
        }

        return count;
    }

    private int updateLocals() {
        if (!localsDirty) {
            return 0;
        }

        localsDirty = false;
        final Set<LocalAddress> latest = neighbourhood.locals();
        if (!latest.equals(locals)) {
            locals = latest;
            listener.onLocalsChanged(latest);
        }

        return 1;
    }

    private int audit() {
        if (auditDueNs - nowNs > 0) {
            return 0;
        }

        auditDueNs = nowNs + AUDIT_INTERVAL_NS;
        changes.onEverythingChanged();
        return 1;
    }

    private void lookUpWay(final HopState hop) {
        final Way way = neighbourhood.wayTo(hop.address);
        if (!way.equals(hop.way)) {
            leaveNeighbour(hop);
            hop.way = way;
            if (!way.isRefused()) {
                joinNeighbour(hop);
            }
        }

        publish(hop);
    }

    private void joinNeighbour(final HopState hop) {
        final NeighbourKey key = new NeighbourKey(hop.way.linkIndex(), hop.way.neighbour());
        final NeighbourState known = neighbourByKey.get(key);
        if (known != null) {
            hop.neighbour = known;
            known.hops.add(hop);
            return;
        }

        final NeighbourState neighbour = new NeighbourState(hop.way);
        hop.neighbour = neighbour;
        neighbour.hops.add(hop);
        neighbour.position = neighbours.size();
        neighbours.add(neighbour);
        neighbourByKey.put(key, neighbour);
        neighbour.dueNs = nowNs;
        lookUpNeighbour(neighbour);
    }

    private void leaveNeighbour(final HopState hop) {
        final NeighbourState neighbour = hop.neighbour;
        hop.neighbour = null;
        if (neighbour == null) {
            return;
        }

        neighbour.hops.remove(hop);
        if (neighbour.hops.isEmpty()) {
            neighbour.released = true;
            neighbourByKey.remove(
                    new NeighbourKey(neighbour.way.linkIndex(), neighbour.way.neighbour()));
            final NeighbourState last = neighbours.remove(neighbours.size() - 1);
            if (last != neighbour) {
                last.position = neighbour.position;
                neighbours.set(last.position, last);
            }
        }
    }

    private void lookUpNeighbour(final NeighbourState neighbour) {
        final boolean wasUsable = neighbour.sighting.isUsable();
        final Sighting sighting = neighbourhood.sighting(neighbour.way);
        neighbour.sighting = sighting;
        if (sighting.isUsable()) {
            neighbour.failed = false;
            neighbour.obstacle = "";
            neighbour.attempts = 0;
            if (!wasUsable) {
                neighbour.dueNs = nowNs + REFRESH_INTERVAL_NS;
            }

            if (sighting.state() == Sighting.State.STALE) {
                askSoon(neighbour);
            }
        } else {
            // Being asked for again doesn't mean that it answers: failed until it is seen.
            neighbour.failed |= sighting.state() == Sighting.State.FAILED;
            if (wasUsable) {
                askSoon(neighbour);
            }
        }

        for (final HopState hop : neighbour.hops) {
            publish(hop);
        }
    }

    private void askSoon(final NeighbourState neighbour) {
        neighbour.dueNs = nowNs;
        if (neighbour.asked && nowNs - neighbour.askedNs < SHORTEST_INTERVAL_NS) {
            neighbour.dueNs = neighbour.askedNs + SHORTEST_INTERVAL_NS;
        }
    }

    private boolean isDue(final NeighbourState neighbour) {
        return neighbour.sighting.state() != Sighting.State.FIXED && neighbour.dueNs - nowNs <= 0;
    }

    private void ask(final NeighbourState neighbour) {
        neighbour.asked = true;
        neighbour.askedNs = nowNs;
        neighbour.dueNs = nowNs + nextInterval(neighbour);
        neighbour.attempts++;
        final String obstacle = neighbourhood.solicit(neighbour.way);
        if (!obstacle.equals(neighbour.obstacle)) {
            neighbour.obstacle = obstacle;
            neighbour.hops.forEach(this::publish);
        }
    }

    private static long nextInterval(final NeighbourState neighbour) {
        return neighbour.sighting.isUsable()
                ? REFRESH_INTERVAL_NS
                : Math.min(
                        SHORTEST_INTERVAL_NS << Math.min(neighbour.attempts, Byte.SIZE),
                        LONGEST_INTERVAL_NS);
    }

    /** A token bucket: {@code tokenNs} is the time at which the bucket would have been empty. */
    private boolean takeToken() {
        final long fullNs = nowNs - SOLICITATION_BURST * nsPerSolicitation();
        if (tokenNs - fullNs < 0) {
            tokenNs = fullNs;
        }

        if (nowNs - tokenNs < nsPerSolicitation()) {
            return false;
        }

        tokenNs += nsPerSolicitation();
        return true;
    }

    private static long nsPerSolicitation() {
        return 1_000_000_000L / SOLICITATIONS_PER_SECOND;
    }

    /** Brings the table and the listener up to date with what is known of a hop. */
    private void publish(final HopState hop) {
        final NeighbourState neighbour = hop.neighbour;
        final long value =
                neighbour != null && neighbour.sighting.isUsable()
                        ? Hop.of(neighbour.sighting.macNet(), hop.way.interfaceIndex())
                        : Hop.UNRESOLVED;
        final String reason = Hop.isResolved(value) ? "" : reason(hop);

        final boolean changed = value != hop.value;
        final boolean newReason = !reason.equals(hop.reason) && isFinding(hop);
        hop.value = value;
        hop.reason = reason;
        if (changed) {
            table.hop(hop.id, value);
        }
        table.mtu(hop.id, mtuOf(hop));

        if (changed && Hop.isResolved(value)) {
            listener.onHopResolved(hop.address, value);
        } else if (!Hop.isResolved(value) && (changed || newReason)) {
            listener.onHopUnresolved(hop.address, reason);
        }
    }

    private int mtuOf(final HopState hop) {
        final int ofWay = hop.way == null ? 0 : hop.way.mtu();
        if (hop.learnedMtu == 0 || hop.learnedUntilNs - nowNs <= 0) {
            return ofWay;
        }

        return ofWay == 0 ? hop.learnedMtu : Math.min(ofWay, hop.learnedMtu);
    }

    /**
     * Takes a router's word that the way to an address takes less than was thought. It is forgotten
     * after ten minutes (RFC 1191 §6.3), when the way may be another one.
     *
     * @param mtu below {@link #MIN_LEARNED_MTU} it is not believed.
     */
    public void learnMtu(final IpAddress address, final int mtu) {
        final HopState hop = hops.get(address);
        final int ofWay = hop == null || hop.way == null ? 0 : hop.way.mtu();
        if (hop == null || mtu < MIN_LEARNED_MTU || (ofWay != 0 && mtu >= ofWay)) {
            return;
        }

        hop.learnedMtu = mtu;
        hop.learnedUntilNs = nowNs + LEARNED_MTU_NS;
        table.mtu(hop.id, mtuOf(hop));
    }

    /** More than that the answer is still out. */
    private static boolean isFinding(final HopState hop) {
        final NeighbourState neighbour = hop.neighbour;
        return neighbour == null || neighbour.failed || !neighbour.obstacle.isEmpty();
    }

    private static String reason(final HopState hop) {
        final Way way = hop.way;
        final NeighbourState neighbour = hop.neighbour;
        if (neighbour == null) {
            return way.refusal();
        }

        final String who = way.neighbour() + " on " + way.linkName();
        if (!neighbour.obstacle.isEmpty()) {
            return "can't ask for " + who + ": " + neighbour.obstacle;
        }

        return neighbour.failed ? who + " does not answer" : "asking for " + who;
    }

    private void markHop(final HopState hop) {
        if (!hop.dirty) {
            hop.dirty = true;
            dirtyHops.add(hop);
        }
    }

    private void markNeighbour(final NeighbourState neighbour) {
        if (!neighbour.dirty) {
            neighbour.dirty = true;
            dirtyNeighbours.add(neighbour);
        }
    }

    /** Notes what is to be looked up again. */
    private final class ChangeMarker implements Neighbourhood.Changes {
        @Override
        public void onNeighbourChanged(final int linkIndex, final IpAddress neighbour) {
            final NeighbourState state = neighbourByKey.get(new NeighbourKey(linkIndex, neighbour));
            if (state != null) {
                markNeighbour(state);
            }
        }

        @Override
        public void onWaysChanged(final IpAddress first, final IpAddress last) {
            hops.subMap(first, true, last, true).values().forEach(HopResolver.this::markHop);
        }

        @Override
        public void onLocalsChanged() {
            localsDirty = true;
        }

        @Override
        public void onEverythingChanged() {
            hops.values().forEach(HopResolver.this::markHop);
            neighbours.forEach(HopResolver.this::markNeighbour);
            localsDirty = true;
        }
    }
}
