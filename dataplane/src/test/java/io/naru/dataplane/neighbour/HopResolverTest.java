package io.naru.dataplane.neighbour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.neighbour.Sighting.State;
import io.naru.dataplane.protocol.IpAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HopResolverTest {
    private static final long SECOND_NS = 1_000_000_000L;
    private static final List<State> STATES = List.of(State.values());
    private static final long MAC_A = 0x0a00_0000_0002L;
    private static final long MAC_B = 0x0b00_0000_0002L;
    private static final IpAddress BACKEND = IpAddress.parse("10.1.0.9");
    private static final IpAddress FAR_BACKEND = IpAddress.parse("10.2.0.1");
    private static final IpAddress ROUTER = IpAddress.parse("10.1.0.254");

    private final SimulatedNeighbourhood network = new SimulatedNeighbourhood();
    private final HopTable table = new HopTable(64);
    private final Log log = new Log();
    private long nowNs = Long.MAX_VALUE - 5 * SECOND_NS; // the clock may wrap at any time
    private HopResolver resolver = new HopResolver(table, network, log, nowNs);

    @Test
    void shouldBeResolvedAtOnceWhenNeighbourIsKnown() {
        network.way(BACKEND, onLink(0, BACKEND));
        network.sightings.put(BACKEND, new Sighting(State.FRESH, MAC_A));

        final int id = resolver.hopFor(BACKEND);

        assertEquals(Hop.of(MAC_A, 0), table.hop(id));
        assertEquals(List.of("10.1.0.9 resolved"), log.lines);
        assertEquals(id, resolver.hopFor(BACKEND));
    }

    @Test
    void shouldAskForUnknownNeighbourAndResolveWhenItAnswers() {
        network.way(BACKEND, onLink(1, BACKEND));
        final int id = resolver.hopFor(BACKEND);
        assertEquals(Hop.UNRESOLVED, table.hop(id));
        assertEquals("asking for 10.1.0.9 on eth1", resolver.reason(BACKEND));

        poll();
        assertEquals(List.of(BACKEND), network.solicited);

        network.sighting(BACKEND, new Sighting(State.FRESH, MAC_A));
        poll();

        assertEquals(Hop.of(MAC_A, 1), table.hop(id));
        assertEquals("", resolver.reason(BACKEND));
    }

    @Test
    void shouldAskForRouterOnceHoweverManyBackendsAreBehindIt() {
        for (int i = 1; i <= 20; i++) {
            final IpAddress backend = IpAddress.parse("10.2.0." + i);
            network.way(backend, onLink(0, ROUTER));
            resolver.hopFor(backend);
        }

        poll();
        assertEquals(List.of(ROUTER), network.solicited);

        network.sighting(ROUTER, new Sighting(State.FRESH, MAC_B));
        poll();

        for (int id = 0; id < 20; id++) {
            assertEquals(Hop.of(MAC_B, 0), table.hop(id));
        }
    }

    @Test
    void shouldTakeNewMacAndNewWay() {
        network.way(FAR_BACKEND, onLink(0, ROUTER));
        network.sightings.put(ROUTER, new Sighting(State.FRESH, MAC_A));
        network.sightings.put(FAR_BACKEND, new Sighting(State.FRESH, MAC_B));
        final int id = resolver.hopFor(FAR_BACKEND);

        network.sighting(ROUTER, new Sighting(State.FRESH, MAC_B));
        poll();
        assertEquals(Hop.of(MAC_B, 0), table.hop(id));

        network.way(FAR_BACKEND, onLink(1, FAR_BACKEND));
        poll();
        assertEquals(Hop.of(MAC_B, 1), table.hop(id));
    }

    @Test
    void shouldKeepSendingToStaleNeighbourButHaveItChecked() {
        network.way(BACKEND, onLink(0, BACKEND));
        network.sightings.put(BACKEND, new Sighting(State.FRESH, MAC_A));
        final int id = resolver.hopFor(BACKEND);
        poll();
        assertEquals(List.of(), network.solicited);

        network.sighting(BACKEND, new Sighting(State.STALE, MAC_A));
        poll();

        assertEquals(Hop.of(MAC_A, 0), table.hop(id));
        assertEquals(List.of(BACKEND), network.solicited);
    }

    @Test
    void shouldCheckKnownNeighbourFromTimeToTime() {
        network.way(BACKEND, onLink(0, BACKEND));
        network.sightings.put(BACKEND, new Sighting(State.FRESH, MAC_A));
        resolver.hopFor(BACKEND);

        advance(HopResolver.REFRESH_INTERVAL_NS - SECOND_NS);
        assertEquals(List.of(), network.solicited);
        advance(SECOND_NS);

        assertEquals(List.of(BACKEND), network.solicited);
    }

    @Test
    void shouldNeverAskForNeighbourSetByHand() {
        network.way(BACKEND, onLink(0, BACKEND));
        network.sightings.put(BACKEND, new Sighting(State.FIXED, MAC_A));
        final int id = resolver.hopFor(BACKEND);

        for (int i = 0; i < 200; i++) {
            advance(SECOND_NS);
        }

        assertEquals(Hop.of(MAC_A, 0), table.hop(id));
        assertEquals(List.of(), network.solicited);
    }

    @Test
    void shouldNotSendToNeighbourThatFailed() {
        network.way(BACKEND, onLink(0, BACKEND));
        network.sightings.put(BACKEND, new Sighting(State.FRESH, MAC_A));
        final int id = resolver.hopFor(BACKEND);

        network.sighting(BACKEND, new Sighting(State.FAILED, MAC_A));
        poll();

        assertEquals(Hop.UNRESOLVED, table.hop(id));
        assertEquals(
                List.of(
                        "10.1.0.9 resolved",
                        "10.1.0.9 unresolved: 10.1.0.9 on eth0 does not answer"),
                log.lines);
    }

    @Test
    void shouldAskAtGrowingIntervalsForNeighbourThatDoesNotAnswer() {
        network.way(BACKEND, onLink(0, BACKEND));
        resolver.hopFor(BACKEND);
        poll();
        final List<Integer> seconds = new ArrayList<>();
        for (int second = 1; second <= 32; second++) {
            network.solicited.clear();
            advance(SECOND_NS);
            if (!network.solicited.isEmpty()) {
                network.sighting(BACKEND, Sighting.NONE);
                network.sighting(BACKEND, new Sighting(State.FAILED, 0));
                seconds.add(second);
            }
        }

        assertEquals(List.of(1, 3, 7, 15, 23, 31), seconds);
        assertEquals(
                List.of("10.1.0.9 unresolved: 10.1.0.9 on eth0 does not answer"),
                log.lines,
                "said once, not each time it is asked for again");
    }

    @Test
    void shouldSayWhyThereIsNoWay() {
        final int id = resolver.hopFor(BACKEND);

        assertEquals(Hop.UNRESOLVED, table.hop(id));
        assertEquals("no route to 10.1.0.9", resolver.reason(BACKEND));
        assertEquals(List.of("10.1.0.9 unresolved: no route to 10.1.0.9"), log.lines);
    }

    @Test
    void shouldSayWhyItCannotAsk() {
        network.way(BACKEND, onLink(0, BACKEND));
        network.obstacle = "the table is full";
        resolver.hopFor(BACKEND);

        poll();

        assertEquals(
                List.of("10.1.0.9 unresolved: can't ask for 10.1.0.9 on eth0: the table is full"),
                log.lines);
    }

    @Test
    void shouldLookEverythingUpAgainShouldAChangeGoUntold() {
        network.way(BACKEND, onLink(0, BACKEND));
        network.sightings.put(BACKEND, new Sighting(State.FRESH, MAC_A));
        final int id = resolver.hopFor(BACKEND);

        network.sightings.put(BACKEND, new Sighting(State.FRESH, MAC_B));
        network.untold.clear();
        advance(HopResolver.AUDIT_INTERVAL_NS);

        assertEquals(Hop.of(MAC_B, 0), table.hop(id));
    }

    @Test
    void shouldForgetWhatIsNotRetainedAndUseItsIdAgain() {
        network.way(BACKEND, onLink(0, BACKEND));
        network.way(FAR_BACKEND, onLink(0, ROUTER));
        network.sightings.put(BACKEND, new Sighting(State.FRESH, MAC_A));
        network.sightings.put(ROUTER, new Sighting(State.FRESH, MAC_B));
        final int id = resolver.hopFor(BACKEND);
        final int farId = resolver.hopFor(FAR_BACKEND);

        resolver.retain(Set.of(FAR_BACKEND));

        assertEquals(Hop.UNRESOLVED, table.hop(id));
        assertEquals(Hop.of(MAC_B, 0), table.hop(farId));
        assertEquals(1, resolver.size());
        network.sighting(BACKEND, new Sighting(State.FRESH, MAC_B));
        poll();
        assertEquals(Hop.UNRESOLVED, table.hop(id), "of no concern any more");
        assertEquals(id, resolver.hopFor(IpAddress.parse("10.1.0.10")));
    }

    @Test
    void shouldSayWhenTableIsFull() {
        for (int i = 0; i < table.capacity(); i++) {
            assertEquals(i, resolver.hopFor(IpAddress.ipv4(i)));
        }

        assertEquals(HopResolver.NO_ID, resolver.hopFor(BACKEND));
        assertEquals(7, resolver.hopFor(IpAddress.ipv4(7)));
    }

    @Test
    void shouldTellWhenLocalAddressesChange() {
        network.locals = Set.of(new LocalAddress(ROUTER, 24, 0));
        network.untold.add(Neighbourhood.Changes::onLocalsChanged);
        poll();
        network.untold.add(Neighbourhood.Changes::onLocalsChanged);
        poll();

        assertEquals(Set.of(new LocalAddress(ROUTER, 24, 0)), resolver.locals());
        assertEquals(List.of("locals [10.1.0.254]"), log.lines, "only what is different");
    }

    @Test
    void shouldBoundTheRateOfAskingAndTheWorkOfAPoll() {
        final int count = 5_000;
        resolver = new HopResolver(new HopTable(count), network, log, nowNs);
        for (int i = 0; i < count; i++) {
            final IpAddress backend = IpAddress.ipv4(0x0a01_0000 + i);
            network.ways.put(backend, onLink(0, backend));
            resolver.hopFor(backend);
        }

        final Set<IpAddress> asked = new HashSet<>();
        for (int second = 0; second < 5; second++) {
            network.solicited.clear();
            for (int i = 0; i < 1_000; i++) {
                network.lookups = 0;
                nowNs += SECOND_NS / 1_000;
                resolver.poll(nowNs);
                assertTrue(network.lookups <= 2 * HopResolver.LOOKUPS_PER_POLL);
            }

            asked.addAll(network.solicited);
            final int allowed =
                    HopResolver.SOLICITATIONS_PER_SECOND
                            + (second == 0 ? HopResolver.SOLICITATION_BURST : 0);
            assertTrue(network.solicited.size() <= allowed, network.solicited.size() + " asked");
            assertTrue(network.solicited.size() >= HopResolver.SOLICITATIONS_PER_SECOND - 1);
        }

        assertTrue(asked.size() > count / 2, "turns are taken: " + asked.size());
    }

    @Test
    void shouldBoundWhatIsLookedUpAtOnce() {
        final int count = 2 * HopResolver.LOOKUPS_AT_ONCE;
        final HopTable large = new HopTable(count);
        resolver = new HopResolver(large, network, log, nowNs);
        for (int i = 0; i < count; i++) {
            final IpAddress backend = IpAddress.ipv4(0x0a01_0000 + i);
            network.ways.put(backend, onLink(0, ROUTER));
            network.sightings.put(ROUTER, new Sighting(State.FRESH, MAC_A));
            resolver.hopFor(backend);
        }

        assertTrue(Hop.isResolved(large.hop(HopResolver.LOOKUPS_AT_ONCE - 1)));
        assertEquals(Hop.UNRESOLVED, large.hop(HopResolver.LOOKUPS_AT_ONCE));
        poll();
        assertTrue(Hop.isResolved(large.hop(count - 1)));
    }

    @Test
    void shouldCloseNeighbourhood() {
        resolver.close();

        assertTrue(network.closed);
    }

    /** Whatever happens and however it is told, the table says what the network is like. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void shouldAgreeWithTheNetworkWhateverHappens(final int run) {
        final long seed = run == 8 ? System.nanoTime() : run;
        final Random random = new Random(seed);
        final Model model = new Model(random);

        for (int step = 0; step < 2_000; step++) {
            final String what = model.step();
            for (int i = 0; i < 10 && resolver.poll(nowNs) > 0; i++) {
                assertTrue(i < 9, "comes to rest");
            }

            model.check("seed " + seed + ", step " + step + ": " + what);
        }
    }

    @Test
    void shouldResolveEverythingThatAnswersWithinSeconds() {
        final Random random = new Random(42);
        final Model model = new Model(random);
        for (int step = 0; step < 500; step++) {
            model.step();
            poll();
        }

        for (final IpAddress address : model.addresses) {
            network.way(address, onLink(0, address));
            network.alive.put(address, MAC_A + address.low());
            if (network.sightings.getOrDefault(address, Sighting.NONE).state() == State.FIXED) {
                network.sighting(address, Sighting.NONE);
            }

            resolver.hopFor(address);
        }

        for (int i = 0; i < 10; i++) {
            network.solicited.clear();
            advance(SECOND_NS);
            List.copyOf(network.solicited).forEach(network::settle);
        }

        poll();
        for (final IpAddress address : model.addresses) {
            assertTrue(
                    Hop.isResolved(table.hop(resolver.hopFor(address))),
                    address + ": " + resolver.reason(address));
        }
    }

    private static Way onLink(final int interfaceIndex, final IpAddress neighbour) {
        return Way.by(interfaceIndex, 100 + interfaceIndex, "eth" + interfaceIndex, neighbour);
    }

    private void poll() {
        for (int i = 0; i < 100 && resolver.poll(nowNs) > 0; i++) {
            assertTrue(i < 99, "comes to rest");
        }
    }

    private void advance(final long durationNs) {
        nowNs += durationNs;
        poll();
    }

    /** Random events, and what must be true after them. */
    private final class Model {
        private final Random random;
        private final List<IpAddress> addresses = new ArrayList<>();
        private final Set<IpAddress> wanted = new HashSet<>();
        private final Map<IpAddress, Long> lastAskedNs = new HashMap<>();

        private Model(final Random random) {
            this.random = random;
            for (int i = 1; i <= 12; i++) {
                addresses.add(IpAddress.parse("10.1.0." + i));
            }
        }

        private String step() {
            final IpAddress address = addresses.get(random.nextInt(addresses.size()));
            final IpAddress other = addresses.get(random.nextInt(addresses.size()));
            return switch (random.nextInt(12)) {
                case 0 -> {
                    wanted.add(address);
                    resolver.hopFor(address);
                    yield "want " + address;
                }
                case 1 -> {
                    wanted.remove(address);
                    resolver.retain(wanted);
                    yield "drop " + address;
                }
                case 2, 3 -> {
                    network.way(address, onLink(random.nextInt(2), other));
                    yield "way to " + address + " by " + other;
                }
                case 4 -> {
                    network.way(address, Way.refused("no route to " + address));
                    yield "no way to " + address;
                }
                case 5, 6 -> {
                    final State state = STATES.get(random.nextInt(STATES.size()));
                    final boolean known = state != State.UNKNOWN && random.nextInt(8) > 0;
                    final long macNet = known ? 1 + random.nextInt(1 << 20) : 0;
                    network.sighting(address, new Sighting(state, macNet));
                    yield address + " is " + state + " " + macNet;
                }
                case 7 -> {
                    network.alive.put(address, 1L + random.nextInt(1 << 20));
                    yield address + " boots";
                }
                case 8 -> {
                    network.alive.remove(address);
                    yield address + " dies";
                }
                case 9 -> {
                    network.way(other, onLink(random.nextInt(2), address));
                    network.sighting(address, new Sighting(State.FRESH, 1 + random.nextInt(99)));
                    network.overrun();
                    yield "changes that are lost: " + other + " by " + address;
                }
                case 10 -> {
                    if (lastAskedNs.containsKey(address)) {
                        network.settle(address);
                    }

                    yield "the kernel's verdict on " + address;
                }
                default -> {
                    nowNs += (long) (random.nextDouble() * 3 * SECOND_NS);
                    yield "time";
                }
            };
        }

        private void check(final String context) {
            for (final IpAddress address : wanted) {
                final int id = resolver.hopFor(address);
                final Way way =
                        network.ways.getOrDefault(address, Way.refused("no route to " + address));
                final Sighting sighting =
                        network.sightings.getOrDefault(way.neighbour(), Sighting.NONE);
                final long expected =
                        way.isRefused() || !sighting.isUsable()
                                ? Hop.UNRESOLVED
                                : Hop.of(sighting.macNet(), way.interfaceIndex());
                assertEquals(expected, table.hop(id), context);
                assertEquals(Hop.isResolved(expected), resolver.reason(address).isEmpty(), context);
                assertEquals(expected, log.hops.getOrDefault(address, 0L), context);
                if (!way.isRefused() && sighting.state() == State.UNKNOWN) {
                    assertTrue(
                            lastAskedNs.containsKey(way.neighbour())
                                    || network.solicited.contains(way.neighbour()),
                            context + ": nobody asked for " + way.neighbour());
                }
            }

            for (final IpAddress asked : network.solicited) {
                assertNotEquals(
                        State.FIXED,
                        network.sightings.getOrDefault(asked, Sighting.NONE).state(),
                        context);
                lastAskedNs.put(asked, nowNs);
            }

            assertFalse(network.solicited.size() > 2 * addresses.size(), context);
            network.solicited.clear();
            log.hops.keySet().retainAll(wanted);
        }
    }

    private static final class Log implements HopListener {
        private final List<String> lines = new ArrayList<>();
        private final Map<IpAddress, Long> hops = new HashMap<>();

        @Override
        public void onHopResolved(final IpAddress address, final long hop) {
            hops.put(address, hop);
            lines.add(address + " resolved");
        }

        @Override
        public void onHopUnresolved(final IpAddress address, final String reason) {
            hops.put(address, Hop.UNRESOLVED);
            lines.add(address + " unresolved: " + reason);
        }

        @Override
        public void onLocalsChanged(final Set<LocalAddress> locals) {
            lines.add("locals " + locals.stream().map(LocalAddress::address).toList());
        }
    }
}
