package io.naru.dataplane;

import static io.naru.dataplane.pipeline.Frame.ACK;
import static io.naru.dataplane.pipeline.Frame.FIN;
import static io.naru.dataplane.pipeline.Frame.SYN;
import static io.naru.dataplane.service.Specs.backend;
import static io.naru.dataplane.service.Specs.service;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.pipeline.Fragments;
import io.naru.dataplane.pipeline.Frame;
import io.naru.dataplane.port.memory.MemoryPort;
import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.WorkerCounter;
import io.naru.dataplane.service.ForwardingTable;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** No packet costs the heap a byte: in no mode, on no path, whatever becomes of it. */
class WorkerAllocationTest {
    @Test
    void shouldAllocateNothingOnAnyPath() throws Exception {
        final Map<String, Long> bytes = AssertionsOff.call(Measurement.class);

        assertEquals(26, bytes.size());
        bytes.forEach((what, allocated) -> assertEquals(0, allocated, what + ": bytes allocated"));
    }

    /**
     * Sends each kind of traffic through two workers, in passes that all do the same, and keeps the
     * least that each kind has cost.
     *
     * <p>What our code allocates it allocates in every pass. The virtual machine allocates some
     * hundred bytes on our thread now and then while it still compiles that code: with the
     * interpreter, with C1, and with C2 after some ten passes it is exactly nothing.
     */
    public static final class Measurement implements Callable<Map<String, Long>> {
        private static final int FLOWS = 512;
        private static final int ROUNDS = 4;
        private static final int MAX_PASSES = 20;
        private static final String ROUTER = "02:00:00:00:00:99";
        private static final String MAC1 = "02:00:00:00:02:01";
        private static final String FRONT = "02:00:00:00:00:01";
        private static final String BACK = "02:00:00:00:00:02";
        private static final String VIP = "192.0.2.10:80";
        private static final String DSR = "192.0.2.11:80";
        private static final String DNS = "192.0.2.10:53";
        private static final String FULL = "192.0.2.12:80";
        private static final String GRE = "192.0.2.13:80";
        private static final String IPIP = "192.0.2.14:80";
        private static final String VIP6 = "[2001:db8::10]:80";
        private static final String DNS6 = "[2001:db8::10]:53";
        private static final String FULL6 = "[2001:db8::12]:80";
        private static final String GRE6 = "[2001:db8::13]:80";
        private static final String IPIP6 = "[2001:db8::14]:80";
        private static final String S6 = "[2001:db8:2::1]:8080";
        private static final String S1 = "10.2.0.1:8080";

        private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        private final Map<String, Long> bytes = new LinkedHashMap<>();
        private WorkerRig rig;
        private long collected;

        @Override
        public Map<String, Long> call() {
            for (int pass = 0; pass < MAX_PASSES; pass++) {
                try (WorkerRig workers =
                        new WorkerRig(2, 64, 256, Frame.macNet(FRONT), Frame.macNet(BACK))) {
                    rig = workers;
                    rig.hops.hop(1, Hop.of(Frame.macNet(MAC1), 1));
                    rig.hops.hop(2, Hop.of(Frame.macNet(MAC1), 0));
                    rig.adopt(table(BackendState.UP));
                    rig.cycle();
                    measureAll();
                }
                if (pass > 0 && bytes.values().stream().allMatch(least -> least == 0)) {
                    break;
                }
            }
            return bytes;
        }

        private static ForwardingTable table(final BackendState state) {
            return ForwardingTable.builder(1)
                    .backend(1, backend("s1", S1, 1, state), 1)
                    .backend(2, backend("s2", "192.0.2.21:0", 1, state), 2)
                    .backend(3, backend("d1", "10.2.0.1:5353", 1, state), 1)
                    .service(0, service("web", VIP, Protocol.TCP, Mode.NAT, Algorithm.MAGLEV), 1)
                    .service(1, service("dsr", DSR, Protocol.TCP, Mode.DSR_L2), 2)
                    .service(2, service("dns", DNS, Protocol.UDP, Mode.NAT, Algorithm.LC), 3)
                    .backend(4, backend("t1", "10.3.0.1:0", 1, state), 1)
                    .backend(5, backend("t2", "[2001:db8:3::1]:0", 1, state), 1)
                    .backend(6, backend("s6", S6, 1, state), 1)
                    .service(3, service("full", FULL, Protocol.TCP, Mode.FULL_NAT), 1)
                    .service(4, service("gre", GRE, Protocol.TCP, Mode.DSR_GRE), 4)
                    .service(5, service("ipip", IPIP, Protocol.TCP, Mode.DSR_IPIP), 5)
                    .service(6, service("web6", VIP6, Protocol.TCP, Mode.NAT), 6)
                    .service(7, service("full6", FULL6, Protocol.TCP, Mode.FULL_NAT), 6)
                    .service(8, service("gre6", GRE6, Protocol.TCP, Mode.DSR_GRE), 4)
                    .service(9, service("ipip6", IPIP6, Protocol.TCP, Mode.DSR_IPIP), 5)
                    .service(10, service("dns6", DNS6, Protocol.UDP, Mode.NAT), 6)
                    .localAddress(0, IpAddress.parse("10.2.0.99"), false)
                    .localAddress(1, IpAddress.parse("2001:db8:2::99"), false)
                    .interfaceAddress(1, IpAddress.parse("10.2.0.254"))
                    .interfaceAddress(1, IpAddress.parse("2001:db8:2::fe"))
                    .build();
        }

        private void measureAll() {
            measure("nat, new flows", 0, 100, i -> tcp(client(i), VIP, SYN));
            measure("nat, answers", 1, 100, i -> answer(client(i), SYN | ACK));
            measure("nat, hits", 0, 100, i -> tcp(client(i), VIP, ACK));
            measure("nat, closing", 0, 100, i -> tcp(client(i), VIP, FIN | ACK));
            measure("udp, new flows and hits", 0, 100, i -> udp(client(i)));
            measure("dsr-l2, new flows and hits", 0, 100, i -> tcp(client(i), DSR, SYN));
            measure("full-nat, new flows", 0, 24, i -> tcp(client(i), FULL, SYN));
            measure("full-nat, hits", 0, 24, i -> tcp(client(i), FULL, ACK));
            measure("full-nat, answers", 1, 64, Measurement::answerToLocalPort);
            measure("dsr-gre", 0, 24, i -> tcp(client(i), GRE, SYN));
            measure("dsr-ipip to IPv6", 0, 24, i -> tcp(client(i), IPIP, SYN));
            measure("nat of IPv6", 0, 24, i -> tcp(client6(i), VIP6, SYN));
            measure("nat of IPv6, answers", 1, 24, i -> answer6(client6(i)));
            measure("full-nat of IPv6", 0, 24, i -> tcp(client6(i), FULL6, SYN));
            measure("dsr-gre of IPv6", 0, 24, i -> tcp(client6(i), GRE6, SYN));
            measure("dsr-ipip of IPv6", 0, 24, i -> tcp(client6(i), IPIP6, SYN));
            measure("fragments of IPv6, the first one last", 0, 96, i -> fragment6(i, 2 - i % 3));
            measure("icmp errors about what was sent", 0, 24, Measurement::error);
            measure("flood of new flows, table full", 0, FLOWS, i -> tcp(flood(i), VIP, SYN));
            establish();
            measure(
                    "full, nobody to end",
                    0,
                    FLOWS,
                    i -> tcp(late(i), VIP, i % 2 == 0 ? SYN : ACK));
            measure("dropped, each in its way", 0, 64, Measurement::refused);
            measure("fragments in order", 0, 96, i -> fragment(i, i % 3, 0));
            measure("fragments, the first one last", 0, 96, i -> fragment(i, 2 - i % 3, 99));
            measure("arp and ping", 0, 64, Measurement::question);
            rig.adopt(table(BackendState.DOWN));
            rig.cycle();
            measure("nothing sent: backend down", 0, 100, i -> tcp(client(i), DSR, ACK));
            measure(
                    "nothing sent: no backend",
                    0,
                    100,
                    i -> tcp("203.0.113.9:" + (1 + i), DSR, SYN));
            check(WorkerCounter.HANDOVERS_OUT);
            check(WorkerCounter.FLOW_TABLE_FULL);
            check(WorkerCounter.FLOWS_EVICTED);
            check(WorkerCounter.ARP_REPLIES);
            check(WorkerCounter.ECHO_REPLIES);
            check(DropReason.BACKEND_DOWN);
            check(DropReason.NO_BACKEND);
            check(DropReason.NO_FLOW);
            check(DropReason.FRAGMENT);
            check(DropReason.BAD_FRAGMENT);
            check(DropReason.FRAGMENT_DUPLICATE);
            if (collected == 0) {
                throw new IllegalStateException("nothing was sent");
            }
        }

        private void establish() {
            rig.flows.forEach(
                    table ->
                            table.visit(
                                    0,
                                    table.bucketCount(),
                                    entry -> io.naru.dataplane.flow.FlowEntry.state(entry, 3)));
        }

        private void measure(
                final String what, final int ingress, final int count, final FrameSource source) {
            final List<UnsafeBuffer> frames = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                frames.add(new UnsafeBuffer(source.frame(i)));
            }

            final long collectedBefore = collected;
            final long before = threads.getCurrentThreadAllocatedBytes();
            for (int round = 0; round < ROUNDS; round++) {
                for (int i = 0; i < frames.size(); i++) {
                    final UnsafeBuffer frame = frames.get(i);
                    rig.ports.get(0)[ingress].wire().inject(frame, 0, frame.capacity());
                    if ((i & 31) == 31) {
                        cycle();
                    }
                }
                cycle();
            }
            bytes.merge(what, threads.getCurrentThreadAllocatedBytes() - before, Math::min);
            if (collected == collectedBefore && !what.startsWith("nothing sent: ")) {
                throw new IllegalStateException(what + ": nothing was sent");
            }
        }

        private void cycle() {
            rig.cycle();
            for (int worker = 0; worker < 2; worker++) {
                final MemoryPort[] ports = rig.ports.get(worker);
                for (int i = 0; i < ports.length; i++) {
                    collected += ports[i].wire().collect(IGNORE, 1000);
                }
            }
        }

        private static final io.naru.dataplane.port.memory.MemoryWire.PacketHandler IGNORE =
                (packet, length) -> {};

        private void check(final WorkerCounter counter) {
            if (rig.stats.get(0).get(counter) + rig.stats.get(1).get(counter) == 0) {
                throw new IllegalStateException(counter.label() + " did not happen");
            }
        }

        private void check(final DropReason reason) {
            if (rig.stats.get(0).dropped(reason) + rig.stats.get(1).dropped(reason) == 0) {
                throw new IllegalStateException(reason.label() + " did not happen");
            }
        }

        private static byte[] refused(final int i) {
            final Frame frame = Frame.tcp(client(i), VIP, ACK).macs(ROUTER, FRONT);
            return switch (i % 10) {
                case 0 -> frame.fragment(0x2000).protocol(i % 20 == 0 ? 1 : 6).bytes();
                case 1 -> Frame.cut(frame.bytes(), 20 + i % 30);
                case 2 -> frame.protocol(47).bytes();
                case 3 -> frame.endpoints("203.0.113.1:" + (1 + i), VIP).bytes();
                case 4 -> frame.endpoints(client(i), "192.0.2.10:1").bytes();
                case 5 -> frame.badIpChecksum(1).bytes();
                case 6 -> frame.ttl(1).bytes();
                case 7 -> frame.macs(ROUTER, BACK).bytes();
                case 8 -> frame.etherType(0x86dd).bytes();
                default -> frame.endpoints("10.2.0.1:22", "203.0.113.1:" + (1 + i)).bytes();
            };
        }

        /** Three make a datagram. */
        private static byte[] fragment(final int i, final int part, final int number) {
            return Frame.udp(client(i / 3), DNS)
                    .macs(ROUTER, FRONT)
                    .identification(number + i / 3)
                    .payload(64 - 8)
                    .fragment(part * 8 + (part == 2 ? 0 : 0x2000))
                    .bytes();
        }

        private static byte[] question(final int i) {
            return i % 2 == 0
                    ? Frame.icmp(client(i), VIP, 8).macs(ROUTER, FRONT).bytes()
                    : Frame.arp(
                            1,
                            "ff:ff:ff:ff:ff:ff",
                            ROUTER,
                            "192.0.2.1",
                            "00:00:00:00:00:00",
                            "192.0.2.10");
        }

        private static byte[] tcp(final String client, final String vip, final int flags) {
            return Frame.tcp(client, vip, flags).macs(ROUTER, FRONT).bytes();
        }

        private static byte[] udp(final String client) {
            return Frame.udp(client, DNS).macs(ROUTER, FRONT).bytes();
        }

        private static byte[] answer(final String client, final int flags) {
            return Frame.tcp(S1, client, flags).macs(MAC1, BACK).bytes();
        }

        /** Some of the local ports belong to a flow, each reply finds the owner of its port. */
        private static byte[] answerToLocalPort(final int i) {
            return Frame.tcp(S1, "10.2.0.99:" + (40_000 + i), SYN | ACK).macs(MAC1, BACK).bytes();
        }

        private static byte[] answer6(final String client) {
            return Frame.tcp(S6, client, SYN | ACK).macs(MAC1, BACK).bytes();
        }

        private static byte[] fragment6(final int i, final int part) {
            final byte[] query =
                    Frame.udp(client6(i / 3), DNS6).macs(ROUTER, FRONT).payload(184).bytes();
            return Fragments.piece(query, part * 64, part * 64 + 64, part < 2, i / 3);
        }

        /** The client's host says that it does not listen where an answer was sent. */
        private static byte[] error(final int i) {
            final byte[] about = Frame.tcp(VIP, client(i), ACK).unpadded().bytes();
            return Frame.icmp(client(i), VIP, 3)
                    .macs(ROUTER, FRONT)
                    .payload(Arrays.copyOfRange(about, 14, about.length))
                    .bytes();
        }

        private static String client6(final int i) {
            return "[2001:db8:51::7]:" + (1024 + i);
        }

        private static String client(final int i) {
            return "198.51.100.7:" + (1024 + i);
        }

        private static String flood(final int i) {
            return "203.0." + (i & 127) + ".7:" + (1024 + i);
        }

        private static String late(final int i) {
            return "203.1." + (i & 127) + ".7:" + (1024 + i);
        }

        /** Makes the frames of a scenario, before it is measured. */
        private interface FrameSource {
            byte[] frame(int i);
        }
    }
}
