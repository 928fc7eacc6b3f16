package io.naru.dataplane;

import static io.naru.dataplane.pipeline.Frame.ACK;
import static io.naru.dataplane.pipeline.Frame.PSH;
import static io.naru.dataplane.pipeline.Frame.SYN;
import static io.naru.dataplane.service.Specs.backend;
import static io.naru.dataplane.service.Specs.service;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.flow.FlowHash;
import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.pipeline.Checksums;
import io.naru.dataplane.pipeline.Frame;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.WorkerCounter;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.service.Specs;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WorkerTest {
    private static final String VIP = "192.0.2.10:80";
    private static final String S1 = "10.2.0.1:8080";
    private static final String ROUTER = "02:00:00:00:00:99";
    private static final String MAC1 = "02:00:00:00:02:01";
    private static final String FRONT = "02:00:00:00:00:01";
    private static final String BACK = "02:00:00:00:00:02";
    private static final ForwardingTable TABLE =
            ForwardingTable.builder(7)
                    .backend(1, backend("s1", S1), 1)
                    .service(0, service("web", VIP, Protocol.TCP, Mode.NAT), 1)
                    .build();

    private WorkerRig rig;

    @AfterEach
    void close() {
        if (rig != null) {
            rig.close();
        }
    }

    private WorkerRig rig(final int workers, final int handoverCapacity) {
        rig = new WorkerRig(workers, handoverCapacity, Frame.macNet(FRONT), Frame.macNet(BACK));
        rig.hops.hop(1, Hop.of(Frame.macNet(MAC1), 1));
        rig.adopt(TABLE);
        rig.cycle();
        rig.collect(0, 0); // announcements
        rig.collect(0, 1);
        return rig;
    }

    @Test
    void shouldForwardFromPortToPort() {
        rig(1, 0);

        rig.inject(0, 0, fromClient("198.51.100.7:4321", SYN));
        rig.cycle();

        final List<byte[]> sent = rig.collect(0, 1);
        assertEquals(1, sent.size());
        assertArrayEquals(
                Frame.tcp("198.51.100.7:4321", S1, SYN).macs(BACK, MAC1).ttl(63).bytes(),
                sent.get(0));
        assertEquals(1, rig.stats.get(0).get(WorkerCounter.RX_PACKETS));
        final long announcements = rig.stats.get(0).get(WorkerCounter.ANNOUNCEMENTS);
        assertEquals(2, announcements);
        assertEquals(1 + announcements, rig.stats.get(0).get(WorkerCounter.TX_PACKETS));
        assertEquals(60 * (1 + announcements), rig.stats.get(0).get(WorkerCounter.TX_BYTES));
        assertEquals(1, rig.stats.get(0).get(WorkerCounter.FLOW_ENTRIES));
        assertEquals("naru-wrk-0", rig.workers.get(0).roleName());
    }

    @Test
    void shouldTakeTagsOffAndPutThemOn() {
        rig =
                new WorkerRig(
                        1,
                        0,
                        1_024,
                        WorkerRig.Watch.NONE,
                        true,
                        null,
                        new int[] {0, 100},
                        Frame.macNet(FRONT),
                        Frame.macNet(BACK));
        rig.hops.hop(1, Hop.of(Frame.macNet(MAC1), 1));
        rig.adopt(TABLE);
        rig.cycle();

        final byte[] request = fromClient("198.51.100.7:4321", SYN);
        final long bytesBefore = rig.stats.get(0).get(WorkerCounter.TX_BYTES);
        rig.inject(0, 0, request);
        rig.cycle();
        assertArrayEquals(
                Frame.tcp("198.51.100.7:4321", S1, SYN).macs(BACK, MAC1).ttl(63).bytes(),
                rig.collect(0, 1).get(0)); // which the rig has found tagged
        assertEquals(
                request.length + 4,
                rig.stats.get(0).get(WorkerCounter.TX_BYTES) - bytesBefore,
                "bytes on the wire");

        final byte[] answer =
                Frame.tcp(S1, "198.51.100.7:4321", SYN | ACK).macs(MAC1, BACK).bytes();
        rig.injectAsIs(0, 1, answer);
        rig.injectAsIs(0, 1, WorkerRig.tagged(answer, 101));
        rig.inject(0, 1, answer);
        rig.cycle();

        assertEquals(2, rig.stats.get(0).dropped(DropReason.OTHER_VLAN));
        final List<byte[]> sent = rig.collect(0, 0);
        assertEquals(1, sent.size());
        assertArrayEquals(
                Frame.tcp(VIP, "198.51.100.7:4321", SYN | ACK).macs(FRONT, ROUTER).ttl(63).bytes(),
                sent.get(0));
        assertEquals(0, rig.workers.get(0).framesMissing());
    }

    @Test
    void shouldSayWhichEpochItHasAdopted() {
        rig(1, 0);
        final List<Long> epochs = new ArrayList<>();

        rig.outboxes.get(0).poll(new Answers(epochs, new ArrayList<>()), 10);

        assertEquals(List.of(7L), epochs);
        assertEquals(7, rig.stats.get(0).get(WorkerCounter.EPOCH));
    }

    @Test
    void shouldCountWhatItDropsAndTakeTheFrameBack() {
        rig(1, 0);

        rig.inject(0, 0, fromClient("198.51.100.7:4321", ACK));
        rig.cycle();

        assertEquals(1, rig.stats.get(0).dropped(DropReason.NO_FLOW));
        assertEquals(0, rig.workers.get(0).framesMissing());
        assertTrue(rig.collect(0, 1).isEmpty());
    }

    @Test
    void shouldCountAsTxFullWhatTheInterfaceDoesNotTake() {
        rig(1, 0);
        final int sent = 2 * WorkerRig.RING_SIZE;
        for (int i = 0; i < sent; i++) {
            rig.inject(0, 0, fromClient("198.51.100.7:" + (1000 + i), SYN));
            rig.cycle();
        }

        assertEquals(WorkerRig.RING_SIZE, rig.stats.get(0).dropped(DropReason.TX_FULL));
        assertEquals(WorkerRig.RING_SIZE, rig.stats.get(0).get(WorkerCounter.TX_RING_FULL));
        assertEquals(WorkerRig.RING_SIZE, rig.collect(0, 1).size());
        rig.cycle();
        assertEquals(0, rig.workers.get(0).framesMissing());
    }

    @Test
    void shouldCountAsNoPortWhatHasToLeaveByAnInterfaceItDoesNotServe() {
        rig(1, 0);
        rig.hops.hop(1, Hop.of(Frame.macNet(MAC1), 9));

        rig.inject(0, 0, fromClient("198.51.100.7:4321", SYN));
        rig.cycle();

        assertEquals(1, rig.stats.get(0).dropped(DropReason.NO_PORT));
    }

    @Test
    void shouldAnswerQueriesInSlices() {
        rig(1, 0);
        for (int i = 0; i < 100; i++) {
            rig.inject(0, 0, fromClient("198.51.100.7:" + (1000 + i), SYN));
            rig.cycle();
            rig.collect(0, 1);
        }
        final List<Long> ends = new ArrayList<>();
        final List<Long> flows = new ArrayList<>();
        final BitSet service = new BitSet();
        service.set(0);
        rig.inboxes.get(0).query(new FlowQuery(42, service, null, -1, 0, 0, 0, 0, 10));

        int cycles = 0;
        while (ends.isEmpty()) {
            rig.cycle();
            rig.outboxes.get(0).poll(new Answers(new ArrayList<>(), flows, ends), 1000);
            assertTrue(++cycles < 1000, "the query has no end");
        }

        assertEquals(10, flows.size());
        assertEquals(List.of(100L), ends);
        assertTrue(cycles > 10, "in slices: " + cycles);
    }

    @Test
    void shouldEndIdleFlowsByItself() {
        rig(1, 0);
        rig.inject(0, 0, fromClient("198.51.100.7:4321", SYN));
        rig.cycle();
        assertEquals(1, rig.flows.get(0).size());

        rig.clock.advance(300_000_000_000L);
        for (int i = 0; i < 1_000; i++) {
            rig.cycle();
        }

        assertEquals(0, rig.flows.get(0).size());
        assertEquals(1, rig.stats.get(0).get(WorkerCounter.FLOWS_EXPIRED));
    }

    @Test
    void shouldHandOverToTheOwnerOfTheFlowInBothDirections() {
        rig(2, 64);
        final String ofOne = clientOwnedBy(1);

        rig.inject(0, 0, fromClient(ofOne, SYN));
        rig.cycle();

        assertEquals(0, rig.flows.get(0).size());
        assertEquals(1, rig.flows.get(1).size());
        assertTrue(rig.collect(0, 1).isEmpty());
        assertArrayEquals(
                Frame.tcp(ofOne, S1, SYN).macs(BACK, MAC1).ttl(63).bytes(),
                rig.collect(1, 1).get(0));

        rig.inject(0, 1, Frame.tcp(S1, ofOne, SYN | ACK).macs(MAC1, BACK).bytes());
        rig.cycle();

        assertArrayEquals(
                Frame.tcp(VIP, ofOne, SYN | ACK).macs(FRONT, ROUTER).ttl(63).bytes(),
                rig.collect(1, 0).get(0));
        assertEquals(2, rig.stats.get(0).get(WorkerCounter.HANDOVERS_OUT));
        assertEquals(2, rig.stats.get(1).get(WorkerCounter.HANDOVERS_IN));
    }

    @Test
    void shouldCountAsHandoverFullWhatTheOwnerDoesNotTake() {
        rig(2, 8);
        final String ofOne = clientOwnedBy(1);
        for (int i = 0; i < 9; i++) {
            rig.inject(0, 0, fromClient(ofOne, SYN));
        }

        rig.workers.get(0).doWork();

        assertEquals(1, rig.stats.get(0).dropped(DropReason.HANDOVER_FULL));
        assertEquals(2 * WorkerRig.FRAMES_PER_WORKER, rig.framesAnywhere());
    }

    @Test
    void shouldGiveFramesBackSoThatNoWorkerStarves() {
        rig(2, 64);
        final String ofOne = clientOwnedBy(1);
        final int packets = 20 * WorkerRig.FRAMES_PER_WORKER;
        int received = 0;
        for (int i = 0; i < packets; i++) {
            assertTrue(rig.inject(0, 0, fromClient(ofOne, i == 0 ? SYN : ACK)), "starved at " + i);
            if (i % 7 == 0) {
                rig.cycle();
                received += rig.collect(1, 1).size();
                assertEquals(2 * WorkerRig.FRAMES_PER_WORKER, rig.framesAnywhere());
            }
        }
        rig.cycle();
        received += rig.collect(1, 1).size();

        assertEquals(packets, received);
    }

    @Test
    void shouldConserveFramesInAnyTraffic() {
        final long seed = System.nanoTime();
        System.out.println("WorkerTest.shouldConserveFramesInAnyTraffic seed " + seed);
        final Random random = new Random(seed);
        rig(3, 16);
        final List<String> clients = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            clients.add("198.51.100." + (1 + random.nextInt(200)) + ":" + (1024 + i));
        }

        int sent = 0;
        for (int step = 0; step < 20_000; step++) {
            final String client = clients.get(random.nextInt(clients.size()));
            final byte[] frame =
                    switch (random.nextInt(5)) {
                        case 0 -> fromClient(client, SYN);
                        case 1 -> fromClient(client, PSH | ACK);
                        case 2 -> Frame.tcp(S1, client, ACK).macs(MAC1, BACK).bytes();
                        case 3 -> Frame.cut(fromClient(client, ACK), 14 + random.nextInt(46));
                        default ->
                                Frame.icmp(client, "192.0.2.10:0", 8).macs(ROUTER, FRONT).bytes();
                    };
            final int ingress = frame[5] == 2 ? 1 : 0;
            rig.inject(random.nextInt(3), ingress, frame);
            if (random.nextInt(4) == 0) {
                rig.workers.get(random.nextInt(3)).doWork();
            }
            if (random.nextInt(16) == 0) {
                for (final byte[] out : rig.collect(random.nextInt(3), random.nextInt(2))) {
                    assertNull(Checksums.problem(out), () -> "seed " + seed);
                    sent++;
                }
            }
            assertEquals(
                    3 * WorkerRig.FRAMES_PER_WORKER, rig.framesAnywhere(), () -> "seed " + seed);
        }
        assertFalse(sent < 1_000, "only " + sent + " were sent, seed " + seed);
    }

    private String clientOwnedBy(final int worker) {
        for (int port = 1024; port < 2048; port++) {
            final long hash =
                    rig.flowHash.hash(Specs.ipNet("198.51.100.7"), Specs.portNet(port), 6);
            if (FlowHash.worker(hash, rig.workers.size()) == worker) {
                return "198.51.100.7:" + port;
            }
        }
        throw new AssertionError("nobody is owned by " + worker);
    }

    private static byte[] fromClient(final String client, final int flags) {
        return Frame.tcp(client, VIP, flags).macs(ROUTER, FRONT).bytes();
    }

    /** Keeps what workers say to the conductor. */
    private record Answers(List<Long> epochs, List<Long> flows, List<Long> ends)
            implements ConductorListener {
        Answers(final List<Long> epochs, final List<Long> flows) {
            this(epochs, flows, new ArrayList<>());
        }

        @Override
        public void onPathMtu(final IpAddress backend, final int mtu) {
            throw new AssertionError("no router said anything");
        }

        @Override
        public void onAdopted(final int workerId, final long epoch) {
            epochs.add(epoch);
        }

        @Override
        public void onFlow(
                final int workerId,
                final long correlationId,
                final long entry,
                final int nowTicks) {
            flows.add(correlationId);
        }

        @Override
        public void onFlowsEnd(final int workerId, final long correlationId, final long matched) {
            ends.add(matched);
        }
    }
}
