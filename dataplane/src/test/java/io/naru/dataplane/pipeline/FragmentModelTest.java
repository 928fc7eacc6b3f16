package io.naru.dataplane.pipeline;

import static io.naru.dataplane.service.Specs.backend;
import static io.naru.dataplane.service.Specs.service;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.flow.FlowHash;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.service.ForwardingTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Fragments of many datagrams come mixed, in any order, some twice, some overlapping, some never;
 * what comes out is put together by a host that is as slow as it is simple.
 *
 * <p>Of a datagram whose fragments were all sent, in time and once, the host gets every byte; of
 * one with an overlap it gets nothing. Whatever it gets is what was sent. {@code
 * -Dnaru.test.seed=…} repeats a run.
 */
class FragmentModelTest {
    private static final int ROUNDS = 4_000;
    private static final int AT_ONCE = 12;
    private static final String ROUTER = "02:00:00:00:00:99";

    private final long seed = Long.getLong("naru.test.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final FragmentLimits limits =
            new FragmentLimits(64, 512, 30 * Rig.SECOND_NS, 100_000_000L);
    private final Map<Integer, List<byte[]>> received = new HashMap<>();
    private int whole;
    private int condemned;

    @Test
    void shouldDeliverWhatIsWholeAndNothingElse() {
        System.out.println("FragmentModelTest naru.test.seed=" + seed);
        final PipelineSettings settings = new PipelineSettings(0, 1, true, true, 64, limits);
        try (Rig rig = new Rig(4_096, settings, new FlowHash(11, 13))) {
            rig.hop(1, "02:00:00:00:02:01", Rig.BACKEND_SIDE);
            rig.adopt(
                    ForwardingTable.builder(1)
                            .backend(1, backend("d1", "10.2.0.1:5353"), 1)
                            .backend(2, backend("d2", "[2001:db8:2::1]:5353"), 1)
                            .service(0, service("d", "192.0.2.10:53", Protocol.UDP, Mode.NAT), 1)
                            .service(
                                    1,
                                    service("d6", "[2001:db8::10]:53", Protocol.UDP, Mode.NAT),
                                    2));
            for (int round = 0; round < ROUNDS; round++) {
                rounds(rig, round);
                rig.nowNs += random.nextInt(200_000_000);
            }

            rig.advance(31);
            rig.forget();
            assertEquals(0, rig.pipeline.framesHeld(), this::at);
        }
        assertTrue(whole > ROUNDS, "only " + whole + " datagrams" + at());
        assertTrue(condemned > ROUNDS / 10, "only " + condemned + " overlaps" + at());
    }

    private void rounds(final Rig rig, final int round) {
        final List<Datagram> datagrams = new ArrayList<>();
        final List<byte[]> wire = new ArrayList<>();
        for (int k = 0; k < AT_ONCE; k++) {
            final Datagram datagram = new Datagram(round * AT_ONCE + k);
            datagrams.add(datagram);
            wire.addAll(datagram.fragments);
        }
        if (random.nextInt(4) > 0) {
            Collections.shuffle(wire, random);
        }

        received.clear();
        while (!wire.isEmpty()) {
            final int count = Math.min(wire.size(), 1 + random.nextInt(64));
            note(rig.sendAll(Rig.CLIENT_SIDE, wire.subList(0, count).toArray(new byte[0][])));
            note(rig.ready());
            wire.subList(0, count).clear();
            rig.forget();
        }

        for (final Datagram datagram : datagrams) {
            datagram.check(received);
        }
    }

    private void note(final List<Rig.Outcome> outcomes) {
        for (final Rig.Outcome outcome : outcomes) {
            if (outcome.isSent()) {
                assertNull(Checksums.problem(outcome.out), this::at);
                received.computeIfAbsent(identification(outcome.out), k -> new ArrayList<>())
                        .add(outcome.out);
            }
        }
    }

    /** A whole packet of IPv6 has none: then the payload, which follows from it, will do. */
    private static int identification(final byte[] frame) {
        return frame[14] >>> 4 == 6 && !Fragments.isFragment(frame)
                ? Arrays.hashCode(frame)
                : Fragments.identification(frame) & 0xffff;
    }

    private String at() {
        return " (seed " + seed + ")";
    }

    /** One datagram, the fragments of it that are sent, and what may come of it. */
    private final class Datagram {
        final int identification;
        final List<byte[]> fragments;
        private final boolean isIpv6 = random.nextBoolean();
        private final Frame frame;
        private boolean isWhole = true;
        private boolean hasOverlap;

        Datagram(final int number) {
            identification = number & 0xffff;
            final String address = isIpv6 ? "[2001:db8:1::" : "198.51.100.";
            final String client =
                    address + number % 5 + (isIpv6 ? "]:" : ":") + (1000 + number % 100);
            frame =
                    Frame.udp(client, isIpv6 ? "[2001:db8::10]:53" : "192.0.2.10:53")
                            .macs(ROUTER, Rig.CLIENT_SIDE_MAC)
                            .fragment(0)
                            .identification(identification)
                            .payload(100 + random.nextInt(3_000));
            final byte[] bytes = frame.bytes();
            final int mtu = 100 + random.nextInt(1_400);
            fragments = new ArrayList<>(Fragments.of(bytes, mtu, identification));
            if (fragments.size() == 1) {
                fragments.set(0, bytes);
            }
            if (fragments.size() > FragmentLimits.FRAGMENTS_PER_PACKET) {
                isWhole = false;
            }
            change(bytes);
        }

        private void change(final byte[] bytes) {
            switch (random.nextInt(8)) {
                case 0 -> {
                    fragments.remove(random.nextInt(fragments.size()));
                    isWhole = false;
                }
                case 1 -> {
                    if (fragments.size() > 1) {
                        fragments.add(fragments.get(random.nextInt(fragments.size())));
                    }
                }
                case 2 -> {
                    if (fragments.size() > 1) {
                        addOverlap(bytes);
                    }
                }
                default -> {
                    // all of them once
                }
            }
        }

        private void addOverlap(final byte[] bytes) {
            final byte[] victim = fragments.get(random.nextInt(fragments.size()));
            final int end = Fragments.end(fragments.get(fragments.size() - 1));
            final int start = random.nextInt(end / 8) * 8;
            final int stop = Math.min(end, start + 8 + random.nextInt(20) * 8);
            if (stop % 8 != 0
                    || (start == 0 && stop < 16)
                    || (start == Fragments.start(victim) && stop == Fragments.end(victim))) {
                return;
            }
            final byte[] extra = Fragments.piece(bytes, start, stop, true, identification);
            final BitSet seen = new BitSet();
            boolean isCopy = false;
            for (final byte[] fragment : fragments) {
                isCopy |= Arrays.equals(fragment, extra);
                seen.set(Fragments.start(fragment), Fragments.end(fragment));
            }
            hasOverlap = !isCopy && seen.get(start, stop).cardinality() > 0;
            fragments.add(extra);
        }

        /** The host puts together what it got. */
        void check(final Map<Integer, List<byte[]>> byIdentification) {
            final byte[] expected =
                    frame.macs(Rig.BACKEND_SIDE_MAC, "02:00:00:00:02:01")
                            .to(isIpv6 ? "[2001:db8:2::1]:5353" : "10.2.0.1:5353")
                            .ttl(63)
                            .bytes();
            final int key =
                    fragments.size() == 1 && isIpv6 ? Arrays.hashCode(expected) : identification;
            final List<byte[]> packets =
                    Fragments.together(byIdentification.getOrDefault(key, List.of()));
            for (final byte[] packet : packets) {
                assertArrayEquals(expected, packet, FragmentModelTest.this::at);
            }
            if (hasOverlap) {
                // unless all had gone before it came
                condemned += packets.isEmpty() ? 1 : 0;
            } else {
                assertEquals(isWhole ? 1 : 0, packets.size(), FragmentModelTest.this::at);
                whole += packets.size();
            }
        }
    }
}
