package io.naru.dataplane.pipeline;

import static io.naru.dataplane.pipeline.Rig.BACKEND_SIDE;
import static io.naru.dataplane.pipeline.Rig.BACKEND_SIDE_MAC;
import static io.naru.dataplane.pipeline.Rig.CLIENT_SIDE;
import static io.naru.dataplane.pipeline.Rig.CLIENT_SIDE_MAC;
import static io.naru.dataplane.service.Specs.backend;
import static io.naru.dataplane.service.Specs.service;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.service.ForwardingTable;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What becomes of fragments: the same in both families, but for what the subclasses add. */
abstract class FragmentFixtures {
    static final String ROUTER = "02:00:00:00:00:99";
    static final String MAC1 = "02:00:00:00:02:01";
    static final int MTU = 1500;
    private static final int LARGE = 9_000 - 28;

    final String client;
    final String dns;
    private final String web;
    private final String d1;
    final Hosts hosts;
    private final FragmentLimits limits = new FragmentLimits(8, 16, 30 * Rig.SECOND_NS, 1_000);
    private final PipelineSettings settings = new PipelineSettings(0, 1, true, true, 64, limits);
    final Rig rig = new Rig(64, settings, new io.naru.dataplane.flow.FlowHash(11, 13));

    FragmentFixtures(final Hosts hosts) {
        this.hosts = hosts;
        client = hosts.client;
        dns = hosts.vip + 53;
        web = hosts.vip + 80;
        d1 = hosts.backend + 5353;
    }

    /** Who is there: endpoints, endpoints that lack a port, addresses. */
    record Hosts(
            String client,
            String vip,
            String dsr,
            String full,
            String gre,
            String ipip,
            String backend,
            String local,
            String box) {}

    @BeforeEach
    void setUp() {
        rig.hop(1, MAC1, BACKEND_SIDE).hop(2, MAC1, CLIENT_SIDE);
        rig.adopt(
                ForwardingTable.builder(1)
                        .localAddress(0, IpAddress.parse(hosts.local), false)
                        .interfaceAddress(BACKEND_SIDE, IpAddress.parse(hosts.box))
                        .backend(1, backend("d1", d1), 1)
                        .backend(2, backend("d2", hosts.backend + 0), 2)
                        .backend(3, backend("w1", hosts.backend + 8080), 1)
                        .backend(4, backend("t1", hosts.backend + 0), 1)
                        .service(0, service("dns", dns, Protocol.UDP, Mode.NAT), 1)
                        .service(1, service("web", web, Protocol.TCP, Mode.NAT), 3)
                        .service(2, service("dsr", hosts.dsr, Protocol.UDP, Mode.DSR_L2), 2)
                        .service(3, service("full", hosts.full, Protocol.UDP, Mode.FULL_NAT), 1)
                        .service(4, service("gre", hosts.gre, Protocol.UDP, Mode.DSR_GRE), 4)
                        .service(5, service("ipip", hosts.ipip, Protocol.UDP, Mode.DSR_IPIP), 4));
    }

    @AfterEach
    void close() {
        rig.forget();
        rig.close();
    }

    Frame query() {
        return Frame.udp(client, dns).macs(ROUTER, CLIENT_SIDE_MAC).fragment(0).payload(LARGE);
    }

    Frame queryAtBackend() {
        return query().endpoints(client, d1).macs(BACKEND_SIDE_MAC, MAC1).ttl(63);
    }

    List<byte[]> sendEach(final int ingress, final List<byte[]> fragments) {
        final List<byte[]> sent = new ArrayList<>();
        for (final byte[] fragment : fragments) {
            addSent(sent, List.of(rig.send(ingress, fragment)));
            addSent(sent, rig.ready());
        }
        return sent;
    }

    private static void addSent(final List<byte[]> sent, final List<Rig.Outcome> outcomes) {
        for (final Rig.Outcome outcome : outcomes) {
            if (outcome.isSent()) {
                assertNull(Checksums.problem(outcome.out));
                sent.add(outcome.out);
            }
        }
    }

    static void assertOne(final Frame expected, final List<byte[]> sent) {
        final List<byte[]> whole = Fragments.together(sent);
        assertEquals(1, whole.size());
        assertArrayEquals(expected.bytes(), whole.get(0));
        assertNull(Checksums.problem(whole.get(0)));
    }

    @Test
    @DisplayName("a datagram of 9,000 bytes in seven fragments reaches the backend whole")
    void inOrder() {
        final List<byte[]> fragments = Fragments.of(query().bytes(), MTU);
        assertEquals(7, fragments.size());

        final List<byte[]> sent = sendEach(CLIENT_SIDE, fragments);

        assertEquals(7, sent.size());
        assertOne(queryAtBackend(), sent);
        assertEquals(1, rig.flows.size());
    }

    @Test
    @DisplayName("each fragment leaves as it came but for what nat changes in its IP header")
    void laterFragmentKeepsItsBytes() {
        final byte[] in = query().bytes();
        final byte[] out = queryAtBackend().bytes();

        for (int k = 0; k < 7; k++) {
            rig.send(CLIENT_SIDE, Fragments.of(in, MTU).get(k))
                    .assertSent(BACKEND_SIDE, Fragments.of(out, MTU).get(k));
        }
    }

    @Test
    @DisplayName("all fragments in one burst, the first one last: those held follow it")
    void firstOneLast() {
        final List<byte[]> fragments = Fragments.reversed(Fragments.of(query().bytes(), MTU));

        final List<Rig.Outcome> outcomes =
                rig.sendAll(CLIENT_SIDE, fragments.toArray(new byte[0][]));

        final List<byte[]> sent = new ArrayList<>();
        addSent(sent, outcomes);
        assertEquals(1, sent.size());
        assertEquals(Verdict.HELD, outcomes.get(0).verdict);
        assertEquals(6, rig.pipeline.framesHeld());
        addSent(sent, rig.ready());
        assertEquals(0, rig.pipeline.framesHeld());
        assertOne(queryAtBackend(), sent);
    }

    @Test
    @DisplayName("an answer in fragments, the first one late, comes from the VIP")
    void answer() {
        sendEach(CLIENT_SIDE, Fragments.of(query().bytes(), MTU));
        final Frame answer =
                Frame.udp(d1, client).macs(MAC1, BACKEND_SIDE_MAC).fragment(0).payload(LARGE);

        final List<byte[]> sent =
                sendEach(BACKEND_SIDE, Fragments.reversed(Fragments.of(answer.bytes(), MTU)));

        assertOne(answer.endpoints(dns, client).macs(CLIENT_SIDE_MAC, ROUTER).ttl(63), sent);
    }

    @Test
    @DisplayName("fragments of a TCP segment follow its connection")
    void tcp() {
        final Frame syn = Frame.tcp(client, web, Frame.SYN).macs(ROUTER, CLIENT_SIDE_MAC);
        assertTrue(rig.send(CLIENT_SIDE, syn.bytes()).isSent());
        final Frame data =
                Frame.tcp(client, web, Frame.ACK)
                        .macs(ROUTER, CLIENT_SIDE_MAC)
                        .fragment(0)
                        .payload(1400);

        final List<byte[]> sent = sendEach(CLIENT_SIDE, Fragments.of(data.bytes(), 576));

        assertEquals(3, sent.size());
        assertOne(
                data.endpoints(client, hosts.backend + 8080).macs(BACKEND_SIDE_MAC, MAC1).ttl(63),
                sent);
    }

    @Test
    @DisplayName("fragments to a dsr-l2 service change their MACs and nothing else")
    void dsr() {
        final Frame query = query().endpoints(client, hosts.dsr);

        final List<byte[]> sent =
                sendEach(CLIENT_SIDE, Fragments.reversed(Fragments.of(query.bytes(), MTU)));

        assertOne(query.macs(CLIENT_SIDE_MAC, MAC1), sent);
    }

    @Test
    @DisplayName("a copy of a fragment is dropped, and the datagram arrives once")
    void duplicate() {
        final List<byte[]> sent = new ArrayList<>();
        for (final byte[] fragment : Fragments.of(query().bytes(), MTU)) {
            addSent(sent, List.of(rig.send(CLIENT_SIDE, fragment)));
            rig.send(CLIENT_SIDE, fragment).assertDropped(DropReason.FRAGMENT_DUPLICATE);
        }

        assertOne(queryAtBackend(), sent);
    }

    @Test
    @DisplayName(
            "a fragment that overlaps another condemns the datagram, what is still to come too")
    void overlap() {
        final byte[] query = query().bytes();
        final List<byte[]> fragments = Fragments.of(query, MTU);
        assertTrue(rig.send(CLIENT_SIDE, fragments.get(0)).isSent());

        rig.send(CLIENT_SIDE, Fragments.piece(query, 1440, 2928, true))
                .assertDropped(DropReason.FRAGMENT_OVERLAP);

        for (final byte[] fragment : fragments) {
            rig.send(CLIENT_SIDE, fragment).assertDropped(DropReason.FRAGMENT_OVERLAP);
        }
    }

    @Test
    @DisplayName("an overlap before the first fragment has come drops those that were held")
    void overlapOfHeld() {
        final byte[] query = query().bytes();
        assertEquals(Verdict.HELD, rig.send(CLIENT_SIDE, Fragments.of(query, MTU).get(1)).verdict);

        rig.send(CLIENT_SIDE, Fragments.piece(query, 1440, 2928, true))
                .assertDropped(DropReason.FRAGMENT_OVERLAP);

        rig.forget();
        assertEquals(1, rig.stats.dropped(DropReason.FRAGMENT_OVERLAP));
        rig.send(CLIENT_SIDE, Fragments.of(query, MTU).get(0))
                .assertDropped(DropReason.FRAGMENT_OVERLAP);
    }

    @Test
    @DisplayName("bytes beyond the end that the last fragment told condemn the datagram")
    void beyondEnd() {
        final byte[] query = query().bytes();
        final List<byte[]> fragments = Fragments.of(query, MTU);
        rig.send(CLIENT_SIDE, fragments.get(0));
        rig.send(CLIENT_SIDE, fragments.get(6));

        rig.send(CLIENT_SIDE, Fragments.piece(query, 9_000, 9_016, true))
                .assertDropped(DropReason.BAD_FRAGMENT);

        rig.send(CLIENT_SIDE, fragments.get(1)).assertDropped(DropReason.BAD_FRAGMENT);
    }

    @Test
    @DisplayName("a last fragment that ends before another one condemns the datagram")
    void endBeforeAnother() {
        final byte[] query = query().bytes();
        rig.send(CLIENT_SIDE, Fragments.of(query, MTU).get(3));

        rig.send(CLIENT_SIDE, Fragments.piece(query, 1480, 1500, false))
                .assertDropped(DropReason.BAD_FRAGMENT);
    }

    @Test
    @DisplayName("fragments whose first one never comes are dropped after 30 seconds")
    void neverFinished() {
        final List<byte[]> fragments = Fragments.of(query().bytes(), MTU);
        sendEach(CLIENT_SIDE, fragments.subList(1, 7));
        rig.advance(29);
        rig.forget();
        assertEquals(6, rig.pipeline.framesHeld());

        rig.advance(1);
        rig.forget();

        assertEquals(0, rig.pipeline.framesHeld());
        assertEquals(6, rig.stats.dropped(DropReason.FRAGMENT_TIMEOUT));
        assertTrue(rig.send(CLIENT_SIDE, fragments.get(0)).isSent());
        assertEquals(0, rig.ready().size());
    }

    @Test
    @DisplayName("the same identification is another datagram once the first one is complete")
    void identificationComesAgain() {
        final List<byte[]> fragments = Fragments.of(query().bytes(), MTU);
        assertOne(queryAtBackend(), sendEach(CLIENT_SIDE, fragments));
        rig.nowNs += limits.lingerNs();

        assertOne(queryAtBackend(), sendEach(CLIENT_SIDE, Fragments.reversed(fragments)));
    }

    @Test
    @DisplayName("a datagram in 64 fragments passes, the 65th fragment of one condemns it")
    void tooMany() {
        final byte[] query = query().bytes();
        for (int k = 0; k < 64; k++) {
            final byte[] piece = Fragments.piece(query, k * 8, k * 8 + 8, true);
            assertTrue(rig.send(CLIENT_SIDE, piece).isSent());
        }

        rig.send(CLIENT_SIDE, Fragments.piece(query, 512, 520, false))
                .assertDropped(DropReason.TOO_MANY_FRAGMENTS);
    }

    @Test
    @DisplayName("when no more can be held, those go that have waited longest")
    void noRoomToHold() {
        for (int id = 0; id < limits.heldFrames() / 4; id++) {
            sendEach(
                    CLIENT_SIDE,
                    Fragments.of(query().identification(id).bytes(), MTU, id).subList(1, 4));
        }
        final List<byte[]> newest = Fragments.of(query().identification(99).bytes(), MTU, 99);
        sendEach(CLIENT_SIDE, newest.subList(1, 7));

        rig.forget();

        assertEquals(3, rig.stats.dropped(DropReason.FRAGMENTS_FULL));
        assertOne(queryAtBackend().identification(99), sendAllOf(newest.get(0)));
    }

    private List<byte[]> sendAllOf(final byte[] first) {
        return sendEach(CLIENT_SIDE, List.of(first));
    }

    @Test
    @DisplayName("when no more packets can be followed, the oldest of those that are many goes")
    void noRoomToFollow() {
        for (int id = 0; id < 3; id++) {
            sendEach(
                    CLIENT_SIDE,
                    Fragments.of(query().identification(id).bytes(), MTU, id).subList(1, 2));
        }
        for (int id = 10; id < 40; id++) {
            sendEach(
                    CLIENT_SIDE,
                    Fragments.of(query().identification(id).bytes(), MTU, id).subList(0, 1));
        }

        assertEquals(3, rig.pipeline.framesHeld(), "a flood of first fragments drives none out");
        rig.forget();
        assertEquals(0, rig.stats.dropped(DropReason.FRAGMENTS_FULL));
    }

    @Test
    @DisplayName("a first fragment without the whole TCP or UDP header is dropped")
    void tinyFirst() {
        final byte[] segment =
                Frame.tcp(client, web, Frame.SYN).macs(ROUTER, CLIENT_SIDE_MAC).payload(64).bytes();

        rig.send(CLIENT_SIDE, Fragments.piece(segment, 0, 16, true))
                .assertDropped(DropReason.BAD_FRAGMENT);
        rig.send(CLIENT_SIDE, Fragments.piece(query().bytes(), 0, 0, true))
                .assertDropped(DropReason.BAD_FRAGMENT);
    }

    @Test
    @DisplayName("a length that is no multiple of 8 is the last fragment's alone")
    void ragged() {
        rig.send(CLIENT_SIDE, Fragments.piece(query().bytes(), 0, 1_001, true))
                .assertDropped(DropReason.BAD_FRAGMENT);
    }

    @Test
    @DisplayName("a packet of more than 64 KiB is dropped")
    void pingOfDeath() {
        rig.send(CLIENT_SIDE, Fragments.piece(query().bytes(), 65_528, 65_552, false))
                .assertDropped(DropReason.BAD_FRAGMENT);
    }

    @Test
    @DisplayName("fragments for another machine's MAC, or from a group, are dropped")
    void badMac() {
        final byte[] elsewhere = query().macs(ROUTER, "02:00:00:00:00:77").bytes();
        final byte[] group = query().macs("01:00:00:00:00:99", CLIENT_SIDE_MAC).bytes();

        rig.send(CLIENT_SIDE, Fragments.of(elsewhere, MTU).get(0))
                .assertDropped(DropReason.NOT_OUR_MAC);
        rig.send(CLIENT_SIDE, Fragments.of(group, MTU).get(0)).assertDropped(DropReason.BAD_SOURCE);
    }

    @Test
    @DisplayName("fragments of a ping are dropped: nobody puts them together")
    void ping() {
        final byte[] ping = ping(client, dns).macs(ROUTER, CLIENT_SIDE_MAC).payload(2_000).bytes();

        for (final byte[] fragment : Fragments.of(ping, MTU)) {
            rig.send(CLIENT_SIDE, fragment).assertDropped(DropReason.FRAGMENT);
        }
    }

    abstract Frame ping(String from, String to);

    @Test
    @DisplayName("fragments to a full-nat service come from one local port, and answers find back")
    void fullNat() {
        final Frame query = query().endpoints(client, hosts.full);

        final List<byte[]> sent =
                sendEach(CLIENT_SIDE, Fragments.reversed(Fragments.of(query.bytes(), MTU)));

        final byte[] whole = Fragments.together(sent).get(0);
        final int l4 = whole.length - LARGE - 8;
        final int port = (whole[l4] & 0xff) << 8 | (whole[l4 + 1] & 0xff);
        final String local = hosts.local.contains(":") ? "[" + hosts.local + "]" : hosts.local;
        assertOne(
                query.endpoints(local + ":" + port, d1).macs(BACKEND_SIDE_MAC, MAC1).ttl(63), sent);

        final byte[] answer =
                Frame.udp(d1, local + ":" + port)
                        .macs(MAC1, BACKEND_SIDE_MAC)
                        .fragment(0)
                        .payload(LARGE)
                        .bytes();
        assertOne(
                Frame.udp(hosts.full, client)
                        .macs(CLIENT_SIDE_MAC, ROUTER)
                        .fragment(0)
                        .ttl(63)
                        .payload(LARGE),
                sendEach(BACKEND_SIDE, Fragments.reversed(Fragments.of(answer, MTU))));
    }

    @Test
    @DisplayName("each fragment to a tunnel service is wrapped by itself")
    void tunnels() {
        for (final String vip : List.of(hosts.gre, hosts.ipip)) {
            final Frame query = query().endpoints(client, vip);

            final List<byte[]> sent =
                    sendEach(CLIENT_SIDE, Fragments.reversed(Fragments.of(query.bytes(), 1400)));

            final List<byte[]> inner = new ArrayList<>();
            for (final byte[] outer : sent) {
                inner.add(unwrapped(outer));
            }
            assertOne(query.macs(BACKEND_SIDE_MAC, MAC1).ttl(63), inner);
        }
    }

    /** The frame without its outer IP header, and without GRE's. */
    private static byte[] unwrapped(final byte[] outer) {
        final boolean isOuter6 = outer[14] >>> 4 == 6;
        final boolean isGre = outer[14 + (isOuter6 ? 6 : 9)] == 47;
        final int from = 14 + (isOuter6 ? 40 : 20) + (isGre ? 4 : 0);
        final byte[] inner = new byte[14 + outer.length - from];
        System.arraycopy(outer, 0, inner, 0, 14);
        System.arraycopy(outer, from, inner, 14, outer.length - from);
        return inner;
    }

    @Test
    @DisplayName("fragments to a port that no service has are dropped as whole packets are")
    void noService() {
        final byte[] query = query().endpoints(client, hosts.vip + 99).bytes();

        for (final byte[] fragment : Fragments.of(query, MTU)) {
            rig.send(CLIENT_SIDE, fragment).assertDropped(DropReason.NO_SERVICE);
        }
    }
}
