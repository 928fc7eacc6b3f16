package io.naru.dataplane.pipeline;

import static io.naru.dataplane.pipeline.Frame.ACK;
import static io.naru.dataplane.pipeline.Frame.FIN;
import static io.naru.dataplane.pipeline.Frame.PSH;
import static io.naru.dataplane.pipeline.Frame.RST;
import static io.naru.dataplane.pipeline.Frame.SYN;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.service.ForwardingTableBuilder;
import io.naru.dataplane.service.Specs;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * One seed makes clients, backends that answer, an operator who changes everything all the time,
 * neighbours that come and go, a clock that jumps, and frames that nobody should ever send; a
 * simple model says what may come out.
 *
 * <p>What it holds the pipeline to are the promises: a live flow keeps its backend whatever else
 * changes; a backend that is drained or stands by gets no new flow and loses none; a backend that
 * is down gets nothing; nothing that is sent has a wrong checksum or MAC; what is dropped is not
 * changed; a table that is refused changes nothing. {@code -Dnaru.test.seed=…} repeats a run.
 */
class SimulationTest {
    private static final int BACKENDS = 33;
    private static final int CLIENTS = 20;
    private static final int STEPS = 60_000;
    private static final long CERTAINLY_ALIVE_NS = 100 * Rig.SECOND_NS;
    private static final BackendState[] STATES = {
        BackendState.UP,
        BackendState.UP,
        BackendState.DRAIN,
        BackendState.STANDBY,
        BackendState.DOWN
    };
    private static final String[] ROUTERS = {"02:00:00:00:00:98", "02:00:00:00:00:99"};

    /** What is dropped for one of these has opened a flow, or moved its state, before. */
    private static final Set<DropReason> HAS_TOUCHED_FLOW =
            Set.of(
                    DropReason.NEXT_HOP_UNRESOLVED,
                    DropReason.TTL_EXPIRED,
                    DropReason.NO_PORT,
                    DropReason.VLAN_TAG,
                    DropReason.AMBIGUOUS_REPLY);

    /** Each with the backends from the first to the last but one; the first two share theirs. */
    private static final List<Service> SERVICES =
            List.of(
                    new Service(0, "192.0.2.10:80", Protocol.TCP, Mode.NAT, 0, 6),
                    new Service(1, "192.0.2.11:80", Protocol.TCP, Mode.NAT, 0, 6),
                    new Service(2, "192.0.2.10:53", Protocol.UDP, Mode.NAT, 6, 9),
                    new Service(3, "192.0.2.12:80", Protocol.TCP, Mode.DSR_L2, 9, 12),
                    new Service(4, "[2001:db8::10]:80", Protocol.TCP, Mode.NAT, 12, 15),
                    new Service(5, "192.0.2.13:80", Protocol.TCP, Mode.FULL_NAT, 15, 18),
                    new Service(6, "[2001:db8::13]:53", Protocol.UDP, Mode.FULL_NAT, 18, 21),
                    new Service(7, "192.0.2.14:80", Protocol.TCP, Mode.DSR_GRE, 21, 24),
                    new Service(8, "[2001:db8::14]:53", Protocol.UDP, Mode.DSR_IPIP, 24, 27),
                    new Service(9, "[2001:db8::12]:80", Protocol.TCP, Mode.DSR_L2, 27, 30),
                    new Service(10, "192.0.2.10:8080", Protocol.TCP, Mode.DSR_IPIP, 30, 33));

    private final long seed = Long.getLong("naru.test.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final BackendState[] states = new BackendState[BACKENDS];
    private final int[] weights = new int[BACKENDS];
    private final boolean[] resolved = new boolean[BACKENDS];
    private final boolean[][] isMember = new boolean[SERVICES.size()][BACKENDS];
    private final Map<String, Flow> flows = new HashMap<>();
    private final Map<DropReason, Integer> drops = new HashMap<>();
    private Rig rig;
    private int sent;
    private int certain;
    private long epoch;
    private int step;

    /** Broken packets may have opened flows of clients that sent nothing yet. */
    private boolean hasStrangers;

    @Test
    void shouldKeepItsPromisesWithRoomForEveryFlow() {
        simulate(4096, true);
        assertTrue(certain > STEPS / 50, () -> "only " + certain + " packets of live flows" + at());
    }

    @Test
    void shouldSendNothingWrongWhenTheFlowTableIsFull() {
        simulate(16, false);
        assertTrue(rig.pipeline.loosePackets() > 0);
    }

    private void simulate(final int flowCapacity, final boolean hasRoom) {
        System.out.println("SimulationTest naru.test.seed=" + seed);
        try (Rig closed = new Rig(flowCapacity, true)) {
            rig = closed;
            Arrays.fill(states, BackendState.UP);
            Arrays.fill(weights, 1);
            for (final boolean[] members : isMember) {
                Arrays.fill(members, true);
            }
            for (int i = 0; i < BACKENDS; i++) {
                resolve(i, true);
            }
            configure();

            for (step = 0; step < STEPS; step++) {
                switch (random.nextInt(200)) {
                    case 0 -> changeConfiguration();
                    case 1 -> resolve(random.nextInt(BACKENDS), random.nextInt(4) > 0);
                    case 2 -> tryBadConfiguration();
                    case 3 -> jump();
                    default -> sendBurst(hasRoom);
                }
            }
        }
        assertTrue(sent > STEPS / 4, () -> "only " + sent + " packets sent" + at() + drops);
    }

    // -- what the world does ----------------------------------------------------------------------

    private void changeConfiguration() {
        for (int changes = random.nextInt(4); changes >= 0; changes--) {
            final int backend = random.nextInt(BACKENDS);
            switch (random.nextInt(4)) {
                case 0 -> weights[backend] = random.nextInt(4);
                case 1 -> {
                    final boolean[] members = isMember[random.nextInt(SERVICES.size())];
                    members[backend] = !members[backend];
                }
                default -> states[backend] = STATES[random.nextInt(STATES.length)];
            }
        }
        configure();
    }

    private void configure() {
        rig.adopt(table());
    }

    private ForwardingTableBuilder table() {
        final ForwardingTableBuilder builder = ForwardingTable.builder(++epoch);
        for (int i = 0; i < BACKENDS; i++) {
            builder.backend(i, Specs.backend("s" + i, endpoint(i), weights[i], states[i]), i);
        }
        for (final Service service : SERVICES) {
            final int[] members =
                    java.util.stream.IntStream.range(service.first, service.last)
                            .filter(i -> isMember[service.id][i])
                            .toArray();
            final Algorithm algorithm = Algorithm.ofCode(random.nextInt(Algorithm.values().length));
            builder.service(
                    service.id,
                    Specs.service(
                            "v" + service.id,
                            service.vip,
                            service.protocol,
                            service.mode,
                            algorithm),
                    members);
        }
        return builder.localAddress(0, IpAddress.parse("10.2.0.200"), false)
                .localAddress(1, IpAddress.parse("2001:db8:2::c8"), false)
                .interfaceAddress(Rig.BACKEND_SIDE, IpAddress.parse("10.2.0.254"))
                .interfaceAddress(Rig.BACKEND_SIDE, IpAddress.parse("2001:db8:2::fe"));
    }

    private void tryBadConfiguration() {
        final ForwardingTableBuilder bad =
                table().service(11, Specs.service("x", "192.0.2.10:80", Protocol.TCP, Mode.NAT));
        assertThrows(IllegalArgumentException.class, () -> rig.adopt(bad));
    }

    private void resolve(final int backend, final boolean isResolved) {
        resolved[backend] = isResolved;
        rig.hops.hop(
                backend,
                isResolved ? Hop.of(Frame.macNet(mac(backend)), egress(backend)) : Hop.UNRESOLVED);
    }

    private void jump() {
        rig.advance(random.nextInt(3) == 0 ? random.nextInt(10_000) : random.nextInt(100));
    }

    // -- packets ----------------------------------------------------------------------------------

    private void sendBurst(final boolean hasRoom) {
        rig.nowNs += random.nextInt(50_000_000);
        final int count = 1 + random.nextInt(8);
        final List<Sent> packets = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            packets.add(packet());
        }

        final List<Rig.Outcome> outcomes =
                rig.sendAll(
                        packets.stream().mapToInt(packet -> packet.ingress).toArray(),
                        packets.stream().map(packet -> packet.bytes).toArray(byte[][]::new));
        for (int i = 0; i < count; i++) {
            check(packets.get(i), outcomes.get(i), hasRoom);
        }
        if (!rig.ready().isEmpty()) { // a broken packet was a fragment, another one the first
            flows.values().forEach(Flow::forget);
        }
        rig.forget();
    }

    private Sent packet() {
        final Service service = SERVICES.get(random.nextInt(SERVICES.size()));
        final String client =
                (service.isIpv6() ? "[2001:db8:51::" : "198.51.100.")
                        + (1 + random.nextInt(8))
                        + (service.isIpv6() ? "]:" : ":")
                        + (5000 + random.nextInt(CLIENTS / 10));
        final Flow flow =
                flows.computeIfAbsent(
                        service.vip + " " + client, k -> new Flow(service, client, !hasStrangers));
        final boolean isReply = !service.mode.isDsr() && flow.backend >= 0 && random.nextInt(5) < 2;
        final int flags = service.protocol == Protocol.UDP ? 0 : flags(isReply, flow);
        final String router = ROUTERS[random.nextInt(ROUTERS.length)];
        final Frame frame =
                isReply
                        ? frame(service, endpoint(flow.backend), flow.source, flags)
                                .macs(mac(flow.backend), Rig.BACKEND_SIDE_MAC)
                        : frame(service, client, service.vip, flags)
                                .macs(router, Rig.CLIENT_SIDE_MAC);
        final byte[] bytes = frame.payload(random.nextInt(40)).bytes();
        final boolean isBroken = random.nextInt(150) == 0;
        return new Sent(
                flow,
                isReply ? Rig.BACKEND_SIDE : Rig.CLIENT_SIDE,
                isReply,
                flags,
                router,
                isBroken ? broken(bytes.clone()) : bytes,
                bytes);
    }

    private static Frame frame(
            final Service service, final String from, final String to, final int flags) {
        return service.protocol == Protocol.UDP ? Frame.udp(from, to) : Frame.tcp(from, to, flags);
    }

    /** Mostly what a connection would do next, sometimes anything. */
    private int flags(final boolean isReply, final Flow flow) {
        if (random.nextInt(20) == 0) {
            return random.nextInt(32);
        }
        if (flow.backend < 0 || flow.isClosing) {
            return random.nextInt(3) == 0 ? FIN | ACK : SYN;
        }
        if (!flow.isAnswered) {
            return isReply ? SYN | ACK : random.nextInt(3) == 0 ? ACK : SYN;
        }
        return switch (random.nextInt(40)) {
            case 0 -> FIN | ACK;
            case 1 -> RST;
            case 2 -> isReply ? ACK : SYN;
            case 3, 4, 5 -> PSH | ACK;
            default -> ACK;
        };
    }

    private byte[] broken(final byte[] bytes) {
        if (random.nextInt(3) == 0) {
            return Frame.cut(bytes, random.nextInt(bytes.length));
        }
        for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
            bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
        return bytes;
    }

    // -- what may come out ------------------------------------------------------------------------

    private void check(final Sent in, final Rig.Outcome outcome, final boolean hasRoom) {
        if (outcome.verdict == Verdict.HELD) {
            return;
        }

        if (!outcome.isSent()) {
            drops.merge(outcome.reason(), 1, Integer::sum);
            expect(in.flow, outcome.isUnchanged(), "a dropped packet was changed");
        } else {
            sent++;
        }

        in.flow.note(
                "%d: %s flags %02x%s -> %s"
                        .formatted(
                                step,
                                in.isReply ? "reply" : "request",
                                in.flags,
                                in.isBroken ? " broken" : "",
                                outcome.isSent() ? new View(outcome.out) : outcome.reason()));
        if (in.isBroken) {
            if (outcome.isSent() && Checksums.problem(in.bytes) == null) {
                expect(in.flow, Checksums.problem(outcome.out) == null, "wrong checksum sent");
            }
            if (outcome.isSent() || HAS_TOUCHED_FLOW.contains(outcome.reason())) {
                forgetWhatItTouched(in);
            }
            return;
        }

        if (outcome.isSent()) {
            expect(in.flow, Checksums.problem(outcome.out) == null, "wrong checksum sent");
        }
        if (in.isReply) {
            checkReply(in, outcome, hasRoom);
        } else {
            checkRequest(in, outcome, hasRoom);
        }
    }

    /** What a broken packet has done to its flow is anybody's guess; maybe also which one it is. */
    private void forgetWhatItTouched(final Sent in) {
        // a reply may be of any flow of the client that has this backend
        flows.values().stream()
                .filter(flow -> flow.client.equals(in.flow.client))
                .forEach(Flow::forget);
        if (in.flow.service.mode == Mode.FULL_NAT
                || in.flow.service.isIpv6()
                || !Arrays.equals(in.bytes, 23, 38, in.original, 23, 38)) {
            flows.values().forEach(Flow::forget);
            hasStrangers = true;
        }
    }

    private void checkReply(final Sent in, final Rig.Outcome outcome, final boolean hasRoom) {
        final Flow flow = in.flow;
        // it may have moved in this burst
        final boolean isItsBackend = in.backend == flow.backend && in.source.equals(flow.source);
        final boolean isCertain = hasRoom && isItsBackend && isAlive(flow);
        if (!outcome.isSent()) {
            expect(flow, !isCertain, "a reply of a live flow was dropped: " + outcome.reason());
            return;
        }

        // if the flow is over it may be the client's flow by way of another VIP: whose it is by now
        final View view = new View(outcome.out);
        final String vip = view.source;
        final Flow owner = flows.get(vip + " " + view.target);
        if (isCertain) {
            certain++;
            expect(flow, owner == flow, "a reply comes from " + vip);
            expect(
                    flow,
                    new View(outcome.out).mac.equals(flow.router) || flow.routerStep == step,
                    "a reply goes to another router than the client came by");
        }
        if (owner == null) {
            return; // the local port belongs by now to a client that a broken packet made up
        }

        owner.lastNs = rig.nowNs;
        owner.isAnswered |= in.flags == (SYN | ACK);
        noteClosing(owner, in.flags);
    }

    private void checkRequest(final Sent in, final Rig.Outcome outcome, final boolean hasRoom) {
        final Flow flow = in.flow;
        final Service service = flow.service;
        final boolean isOpening =
                service.protocol == Protocol.UDP || (in.flags & (SYN | ACK | RST | FIN)) == SYN;
        if (!outcome.isSent()) {
            if (hasRoom && isAlive(flow) && !isOpening) {
                expect(
                        in.flow,
                        states[flow.backend] == BackendState.DOWN || !resolved[flow.backend],
                        "a packet of a live flow was dropped: " + outcome.reason());
            }
            if (outcome.reason() == DropReason.BACKEND_DOWN
                    || (isOpening && outcome.reason() != DropReason.NO_BACKEND)) {
                flow.forget();
            }
            return;
        }

        final int backend = backendOf(service, outcome.out);
        expect(in.flow, states[backend] != BackendState.DOWN, "sent to a backend that is down");
        expect(in.flow, resolved[backend], "sent by a hop that is not resolved");
        expect(
                in.flow,
                new View(outcome.out).mac.equals(mac(backend)),
                "sent to the MAC of another");
        expect(
                in.flow,
                backend >= service.first && backend < service.last,
                "sent to a backend of another service");
        final boolean isSame = backend == flow.backend;
        if (hasRoom && !isOpening && flow.isKnown) {
            expect(in.flow, isSame, "a flow went from backend " + flow.backend + " to " + backend);
            certain += isAlive(flow) ? 1 : 0;
        }
        if (hasRoom && isOpening && !isSame && flow.isKnown) {
            expect(in.flow, takesNew(service, backend), "a new flow went to backend " + backend);
            expect(
                    in.flow,
                    !isAlive(flow) || mayLeave(flow),
                    "a live flow left backend " + flow.backend);
        }

        if (isOpening && !isSame) {
            flow.isAnswered = false;
            flow.isClosing = !flow.isKnown;
        }
        flow.isKnown = true;
        flow.backend = backend;
        flow.routerStep = in.router.equals(flow.router) ? flow.routerStep : step;
        flow.router = in.router;
        flow.lastNs = rig.nowNs;
        flow.source = service.mode == Mode.FULL_NAT ? new View(outcome.out).source : flow.client;
        flow.isAnswered |= service.mode.isDsr() && (in.flags & ACK) != 0;
        noteClosing(flow, in.flags);
    }

    /** Whether a packet that may open a flow may go elsewhere though the old one is alive. */
    private boolean mayLeave(final Flow flow) {
        return flow.service.protocol == Protocol.UDP
                ? states[flow.backend] == BackendState.DOWN
                : states[flow.backend] != BackendState.UP || weights[flow.backend] == 0;
    }

    private static void noteClosing(final Flow flow, final int flags) {
        flow.isClosing |= (flags & (FIN | RST)) != 0;
    }

    /** Whether the flow must still be in the table, with the backend that the model knows. */
    private boolean isAlive(final Flow flow) {
        return flow.isKnown
                && flow.backend >= 0
                && !flow.isClosing
                && rig.nowNs - flow.lastNs < CERTAINLY_ALIVE_NS;
    }

    private boolean takesNew(final Service service, final int backend) {
        return states[backend] == BackendState.UP
                && weights[backend] > 0
                && isMember[service.id][backend];
    }

    private int backendOf(final Service service, final byte[] out) {
        final View view = new View(out);
        for (int i = service.first; i < service.last; i++) {
            final boolean isIt =
                    switch (service.mode) {
                        case NAT, FULL_NAT -> view.target.equals(endpoint(i));
                        case DSR_L2 -> view.mac.equals(mac(i));
                        case DSR_GRE, DSR_IPIP -> endpoint(i).startsWith(view.outerTarget + ":");
                    };
            if (isIt) {
                return i;
            }
        }
        throw new AssertionError("sent to nobody: " + view + at());
    }

    private void expect(final Flow flow, final boolean condition, final String text) {
        if (!condition) {
            throw new AssertionError(text + at() + "\n" + String.join("\n", flow.history));
        }
    }

    private String at() {
        return " (step " + step + ", seed " + seed + ")";
    }

    // -- names ------------------------------------------------------------------------------------

    private static int egress(final int backend) {
        return serviceOf(backend).mode == Mode.DSR_L2 ? Rig.CLIENT_SIDE : Rig.BACKEND_SIDE;
    }

    private static Service serviceOf(final int backend) {
        return SERVICES.stream()
                .filter(service -> backend >= service.first && backend < service.last)
                .findFirst()
                .orElseThrow();
    }

    /** Tunnels go to IPv4 from IPv6 and the other way round; port 0 keeps the service's. */
    private static String endpoint(final int backend) {
        final Service service = serviceOf(backend);
        final boolean isIpv6 = service.isIpv6() != (service.mode == Mode.DSR_IPIP);
        final int port = service.mode.isDsr() ? 0 : service.protocol == Protocol.UDP ? 5353 : 8080;
        return (isIpv6 ? "[2001:db8:2::%x]:%d" : "10.2.0.%d:%d").formatted(backend + 1, port);
    }

    private static String mac(final int backend) {
        return "02:00:00:00:02:%02x".formatted(backend + 1);
    }

    /** What a frame that was sent says; of one with a tunnel's header, what is inside. */
    private static final class View {
        final String mac;
        final String source;
        final String target;
        final String outerTarget; // "" without a tunnel

        View(final byte[] frame) {
            mac = HexFormat.ofDelimiter(":").formatHex(frame, 0, 6);
            int at = 14;
            String outer = "";
            int protocol = protocol(frame, at);
            if (protocol == 47 || protocol == 4 || protocol == 41) {
                outer = address(frame, at, 1);
                at += headerLength(frame, at) + (protocol == 47 ? 4 : 0);
                protocol = protocol(frame, at);
            }
            outerTarget = outer;
            final int l4 = at + headerLength(frame, at);
            source = address(frame, at, 0) + ":" + u16(frame, l4);
            target = address(frame, at, 1) + ":" + u16(frame, l4 + 2);
        }

        private static boolean isIpv6(final byte[] frame, final int at) {
            return (frame[at] & 0xf0) == 0x60;
        }

        private static int protocol(final byte[] frame, final int at) {
            return frame[at + (isIpv6(frame, at) ? 6 : 9)];
        }

        private static int headerLength(final byte[] frame, final int at) {
            return isIpv6(frame, at) ? 40 : (frame[at] & 0xf) * 4;
        }

        private static String address(final byte[] frame, final int at, final int which) {
            final int length = isIpv6(frame, at) ? 16 : 4;
            final int from = at + (isIpv6(frame, at) ? 8 : 12) + which * length;
            final byte[] bytes = Arrays.copyOfRange(frame, from, from + length);
            final ByteBuffer buffer = ByteBuffer.wrap(bytes);
            final String text =
                    length == 4
                            ? IpAddress.ipv4(buffer.getInt()).toString()
                            : new IpAddress(buffer.getLong(), buffer.getLong()).toString();
            return length == 4 ? text : "[" + text + "]";
        }

        private static int u16(final byte[] frame, final int at) {
            return (frame[at] & 0xff) << 8 | (frame[at + 1] & 0xff);
        }

        @Override
        public String toString() {
            return "%s %s -> %s %s".formatted(mac, source, target, outerTarget);
        }
    }

    private record Service(int id, String vip, Protocol protocol, Mode mode, int first, int last) {
        boolean isIpv6() {
            return vip.startsWith("[");
        }
    }

    /** What the model knows of a client's flow with a service. */
    private static final class Flow {
        final Service service;
        final String client;
        int backend = -1;
        boolean isKnown;
        boolean isAnswered;
        boolean isClosing;
        long lastNs;
        String source; // as its backend sees it
        String router;
        int routerStep; // a burst finds the way back as it was before the burst
        final Deque<String> history = new ArrayDeque<>();

        Flow(final Service service, final String client, final boolean isKnown) {
            this.isKnown = isKnown;
            this.isClosing = !isKnown;
            this.service = service;
            this.client = client;
            this.source = client;
        }

        void note(final String event) {
            history.addLast(event);
            if (history.size() > 20) {
                history.removeFirst();
            }
        }

        /** The table may have another backend for it, or none, and it may be over. */
        void forget() {
            isKnown = false;
            isClosing = true;
        }
    }

    /** A packet, and what the model knows of it. */
    private static final class Sent {
        final Flow flow;
        final int ingress;
        final boolean isReply;
        final int flags;
        final String router;
        final byte[] bytes;
        final byte[] original;
        final boolean isBroken;
        final int backend; // of the flow, when the burst began
        final String source; // likewise

        Sent(
                final Flow flow,
                final int ingress,
                final boolean isReply,
                final int flags,
                final String router,
                final byte[] bytes,
                final byte[] original) {
            this.flow = flow;
            this.ingress = ingress;
            this.isReply = isReply;
            this.flags = flags;
            this.router = router;
            this.bytes = bytes;
            this.original = original;
            this.isBroken = bytes != original;
            this.backend = flow.backend;
            this.source = flow.source;
        }
    }
}
