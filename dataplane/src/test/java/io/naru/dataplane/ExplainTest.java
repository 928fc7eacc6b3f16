package io.naru.dataplane;

import static io.naru.dataplane.pipeline.Frame.ACK;
import static io.naru.dataplane.pipeline.Frame.FIN;
import static io.naru.dataplane.pipeline.Frame.PSH;
import static io.naru.dataplane.pipeline.Frame.RST;
import static io.naru.dataplane.pipeline.Frame.SYN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.pipeline.Frame;
import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.AtLimit;
import io.naru.dataplane.protocol.BackendInfo;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.DesiredState;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.FlowLimits;
import io.naru.dataplane.protocol.FlowRule;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.OversizeRule;
import io.naru.dataplane.protocol.PacketAnswer;
import io.naru.dataplane.protocol.PacketQuery;
import io.naru.dataplane.protocol.Persistence;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.Selection;
import io.naru.dataplane.protocol.ServiceOptions;
import io.naru.dataplane.protocol.ServiceSpec;
import io.naru.dataplane.protocol.TunnelSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What is said of a packet is what the pipeline then does with it, whatever is configured and
 * whatever flows there are; and asking changes nothing.
 */
class ExplainTest {
    private static final int STEPS = 600;
    private static final int BACKENDS = 5;
    private static final int CLIENTS = 12;
    private static final int VIPS = 2;
    private static final int STATIONS = 9;
    private static final Mode[] MODES = {
        Mode.NAT, Mode.NAT, Mode.FULL_NAT, Mode.DSR_L2, Mode.DSR_GRE, Mode.DSR_IPIP
    };

    @TempDir Path runDirectory;

    private Random random;
    private LivePlane plane;
    private String life = "";

    @ParameterizedTest
    @CsvSource({
        "routed, 1", "routed, 2", "routed, 3", "routed, 0",
        "bridge, 1", "bridge, 2", "bridge, 3", "bridge, 0"
    })
    void shouldSayWhatThePipelineThenDoes(final String topology, final long fixedSeed) {
        final long seed = fixedSeed == 0 ? System.nanoTime() : fixedSeed;
        random = new Random(seed);
        plane =
                new LivePlane(
                        runDirectory,
                        random,
                        "bridge".equals(topology) ? Topology.BRIDGE : Topology.ROUTED);
        final Set<Mode> modes = EnumSet.noneOf(Mode.class);
        int sent = 0;
        int found = 0;
        try {
            hearStations();
            plane.apply(randomState());
            for (int step = 0; step < STEPS; step++) {
                life = topology + ", seed " + seed + ", step " + step;
                plane.clock.advance(random.nextInt(1_000_000));
                final int dice = random.nextInt(100);
                if (dice < 6) {
                    plane.apply(randomState());
                } else if (dice < 10) {
                    plane.clock.advance(TimeUnit.SECONDS.toNanos(random.nextInt(400)));
                    plane.cycle();
                } else if (dice < 14) {
                    hearStations();
                } else {
                    final PacketAnswer answer = askAndSend();
                    sent += answer.isSent() ? 1 : 0;
                    found += answer.flow() == PacketAnswer.Flow.LIVE ? 1 : 0;
                    if (answer.mode() >= 0) {
                        modes.add(Mode.ofCode(answer.mode()));
                    }
                }
            }

            assertTrue(sent > STEPS / 8, life + ": only " + sent + " were sent");
            assertTrue(found > STEPS / 40, life + ": only " + found + " had flows");
            assertEquals(EnumSet.allOf(Mode.class), modes, life);
        } finally {
            plane.close();
        }
    }

    @Test
    void shouldSayThatABridgeSendsOnWhatIsForNoVip() {
        random = new Random(1);
        plane = new LivePlane(runDirectory, random, Topology.BRIDGE);
        try {
            plane.apply(randomState());
            plane.hear(9, LivePlane.SERVER);
            final String client = "198.51.100.7:1024";
            final String host = "10.2.0.9:80";

            final PacketAnswer answer = plane.explain(query(false, Protocol.TCP, client, host));

            assertTrue(answer.isSent(), answer::toString);
            assertEquals(-1, answer.backendId());
            final byte[] frame =
                    Frame.tcp(client, host, SYN).macs(LivePlane.ROUTER, LivePlane.mac(9)).bytes();
            assertEquals(1, plane.send(frame).size());
        } finally {
            plane.close();
        }
    }

    /** Most of them behind the servers' side, some behind the clients'. */
    private void hearStations() {
        for (int station = 1; station <= STATIONS; station++) {
            plane.hear(station, random.nextInt(5) == 0 ? LivePlane.CLIENT : LivePlane.SERVER);
        }
    }

    private PacketAnswer askAndSend() {
        final boolean isIpv6 = random.nextBoolean();
        final boolean isNeighbour = random.nextInt(5) == 0;
        final Protocol protocol = random.nextInt(3) == 0 ? Protocol.UDP : Protocol.TCP;
        final String client =
                clientAddress(isNeighbour, isIpv6) + ":" + (1_024 + random.nextInt(CLIENTS));
        final int dice = random.nextInt(20);
        final int last = dice == 0 ? 99 : 10 + random.nextInt(VIPS);
        final String vip =
                (isIpv6 ? "[2001:db8::%d]:" : "192.0.2.%d:").formatted(last)
                        + (dice == 1 ? 81 : 80);
        final PacketQuery query = query(isNeighbour, protocol, client, vip);

        final PacketAnswer answer = plane.explain(query);
        assertEquals(answer, again(answer, plane.explain(query)), life);

        final long[] dropsBefore = plane.drops();
        final List<byte[]> sent = send(isNeighbour, protocol, client, vip, SYN);
        sent.removeIf(ExplainTest::isReset); // of the flow that another one takes the place of
        final long[] drops = plane.drops();
        if (isLeftOpen(answer)) {
            assertTrue(sent.size() <= 1, () -> life + ": " + answer);
        } else if (answer.isSent()) {
            assertEquals(1, sent.size(), () -> life + ": " + query + " " + answer);
            assertEquals(
                    station(answer),
                    LivePlane.station(sent.get(0)),
                    () -> life + ": " + algorithm(answer) + " " + answer);
        } else {
            assertEquals(0, sent.size(), () -> life + ": " + query + " " + answer);
            assertEquals(
                    List.of(DropReason.ofCode(answer.dropCode())),
                    reasons(dropsBefore, drops),
                    () -> life + ": " + query + " " + answer);
        }
        if (answer.formerId() >= 0 && sent.size() == 1) {
            checkHasMoved(query, answer);
        }
        goOn(isNeighbour, protocol, client, vip);
        return answer;
    }

    private static List<DropReason> reasons(final long[] before, final long[] after) {
        final List<DropReason> reasons = new ArrayList<>();
        for (int code = 0; code < after.length; code++) {
            for (long count = before[code]; count < after[code]; count++) {
                reasons.add(DropReason.ofCode(code));
            }
        }

        return reasons;
    }

    /** A client that has left its backend is remembered with another one. */
    private void checkHasMoved(final PacketQuery query, final PacketAnswer answer) {
        final PacketQuery other =
                new PacketQuery(
                        query.protocol(),
                        query.client(),
                        query.clientPort() + CLIENTS,
                        query.vip(),
                        query.vipPort(),
                        query.interfaceIndex());
        assertEquals(-1, plane.explain(other).formerId(), () -> life + ": " + answer);
    }

    /** Some connections are established, and some are over. */
    private void goOn(
            final boolean isNeighbour,
            final Protocol protocol,
            final String client,
            final String vip) {
        if (protocol == Protocol.TCP) {
            final int[] flags = {ACK, ACK | PSH, ACK | FIN, ACK | RST};
            for (int i = random.nextInt(3); i > 0; i--) {
                send(isNeighbour, protocol, client, vip, flags[random.nextInt(flags.length)]);
            }
        }
    }

    /** The times go on between two questions. */
    private static PacketAnswer again(final PacketAnswer first, final PacketAnswer second) {
        return new PacketAnswer(
                second.workerId(),
                second.epoch(),
                second.serviceId(),
                second.flow(),
                second.flowBackendId(),
                second.flowMode(),
                second.flowState(),
                first.ageMs(),
                first.idleMs(),
                first.expiresInMs(),
                second.opensAnew(),
                second.backendId(),
                second.mode(),
                second.dropCode(),
                second.rememberedId(),
                second.formerId(),
                second.fullId(),
                second.slot(),
                second.slots(),
                second.conflicts(),
                second.hop(),
                second.localAddress(),
                second.localPort());
    }

    private static boolean isReset(final byte[] frame) {
        final boolean isIpv4 = frame[12] == 0x08;
        return frame[isIpv4 ? 23 : 20] == 6 && (frame[isIpv4 ? 47 : 67] & RST) != 0;
    }

    /**
     * Whether the answer is not the last word: the flow that ends counts for nobody any more when
     * another one is opened by load, and what is chosen in place of a full backend is left open.
     */
    private boolean isLeftOpen(final PacketAnswer answer) {
        return (answer.isSent() && answer.backendId() < 0)
                || (answer.opensAnew() && answer.serviceId() >= 0 && goesByLoad(answer));
    }

    private boolean goesByLoad(final PacketAnswer answer) {
        return switch (algorithm(answer)) {
            case LC, WLC, SED, NQ, P2C, LRT, LB, FO, OVF -> true;
            default -> false;
        };
    }

    private Algorithm algorithm(final PacketAnswer answer) {
        return plane.client.directory().service(answer.serviceId()).spec().algorithm();
    }

    private int station(final PacketAnswer answer) {
        final BackendInfo backend = plane.client.directory().backend(answer.backendId());
        final String address = backend.spec().address().toString();
        return address.charAt(address.length() - 1) - '0';
    }

    private static PacketQuery query(
            final boolean isNeighbour,
            final Protocol protocol,
            final String client,
            final String vip) {
        return new PacketQuery(
                protocol,
                address(client),
                port(client),
                address(vip),
                port(vip),
                isNeighbour ? LivePlane.SERVER : LivePlane.CLIENT);
    }

    private static String clientAddress(final boolean isNeighbour, final boolean isIpv6) {
        if (isNeighbour) {
            return isIpv6 ? "[2001:db8:2::77]" : "10.2.0.77";
        }

        return isIpv6 ? "[2001:db8:99::7]" : "198.51.100.7";
    }

    private static IpAddress address(final String endpoint) {
        return IpAddress.parse(
                endpoint.substring(0, endpoint.lastIndexOf(':')).replace("[", "").replace("]", ""));
    }

    private static int port(final String endpoint) {
        return Integer.parseInt(endpoint.substring(endpoint.lastIndexOf(':') + 1));
    }

    private List<byte[]> send(
            final boolean isNeighbour,
            final Protocol protocol,
            final String client,
            final String vip,
            final int flags) {
        final Frame frame =
                protocol == Protocol.TCP ? Frame.tcp(client, vip, flags) : Frame.udp(client, vip);
        return isNeighbour
                ? plane.send(
                        LivePlane.SERVER, frame.macs(LivePlane.NEIGHBOUR, LivePlane.BACK).bytes())
                : plane.send(
                        LivePlane.CLIENT, frame.macs(LivePlane.ROUTER, LivePlane.FRONT).bytes());
    }

    // -- configurations ---------------------------------------------------------------------------

    private DesiredState randomState() {
        final List<BackendSpec> backends = new ArrayList<>();
        final List<ServiceSpec> services = new ArrayList<>();
        for (final boolean isIpv6 : new boolean[] {false, true}) {
            for (int i = 1; i <= BACKENDS; i++) {
                if (random.nextInt(5) > 0) {
                    backends.add(backend(pool(isIpv6), i, isIpv6));
                }
            }
            Mode mode = MODES[random.nextInt(MODES.length)];
            for (int vip = 0; vip < VIPS; vip++) {
                for (final Protocol protocol : Protocol.values()) {
                    services.add(service(10 + vip, isIpv6, protocol, mode));
                }
                mode = random.nextInt(3) > 0 ? mode : MODES[random.nextInt(MODES.length)];
            }
        }

        final List<IpAddress> locals =
                random.nextInt(4) == 0
                        ? List.of()
                        : List.of(IpAddress.parse("10.2.0.200"), IpAddress.parse("2001:db8:2::c8"));
        return new DesiredState(1, List.of("four", "six"), backends, services, locals);
    }

    private static String pool(final boolean isIpv6) {
        return isIpv6 ? "six" : "four";
    }

    /** Its name changes now and then, which makes another service of it; its endpoint does not. */
    private ServiceSpec service(
            final int last, final boolean isIpv6, final Protocol protocol, final Mode mode) {
        return new ServiceSpec(
                "%s-%s-%d-%d".formatted(pool(isIpv6), protocol, last, random.nextInt(5) / 4),
                IpAddress.parse((isIpv6 ? "2001:db8::" : "192.0.2.") + last),
                protocol,
                80,
                80,
                mode,
                Algorithm.ofCode(random.nextInt(Algorithm.values().length)),
                pool(mode.isTunnel() ? random.nextBoolean() : isIpv6),
                ServiceSpec.Timeouts.DEFAULT,
                options());
    }

    private ServiceOptions options() {
        final FlowRule[] rules = FlowRule.values();
        return new ServiceOptions(
                        false, false, false, ServiceOptions.MSS_AUTO, OversizeRule.INNER, tunnel())
                .with(
                        new Selection(random.nextBoolean(), Selection.SMALL),
                        rules[random.nextInt(rules.length)],
                        rules[random.nextInt(rules.length)],
                        random.nextInt(4) == 0
                                ? new FlowLimits(
                                        1 + random.nextInt(6),
                                        random.nextBoolean() ? 0 : 1 + random.nextInt(9),
                                        AtLimit.ofCode(random.nextInt(AtLimit.values().length)))
                                : FlowLimits.DEFAULT,
                        random.nextInt(3) == 0
                                ? new Persistence(
                                        1 + random.nextInt(600), 24, 64, random.nextInt(2))
                                : Persistence.NONE);
    }

    /** Where a source is left open it is that of the interface, if that has one. */
    private TunnelSpec tunnel() {
        return new TunnelSpec(
                random.nextInt(3) == 0 ? IpAddress.NONE : IpAddress.parse("10.9.0.0"),
                24,
                random.nextInt(3) == 0 ? IpAddress.NONE : IpAddress.parse("2001:db8:9::"),
                64,
                random.nextBoolean() ? TunnelSpec.NO_KEY : random.nextInt(9),
                random.nextBoolean(),
                random.nextBoolean());
    }

    private BackendSpec backend(final String pool, final int i, final boolean isIpv6) {
        final BackendState[] states = {
            BackendState.UP,
            BackendState.UP,
            BackendState.UP,
            BackendState.DRAIN,
            BackendState.STANDBY,
            BackendState.DOWN
        };
        return new BackendSpec(
                pool,
                "s" + i,
                IpAddress.parse((isIpv6 ? "2001:db8:2::" : "10.2.0.") + i),
                80,
                random.nextInt(4),
                BackendSpec.FULL_SHARE,
                random.nextInt(3),
                random.nextInt(6) == 0 ? 1 + random.nextInt(4) : BackendSpec.NO_LIMIT,
                random.nextInt(8) == 0 ? 1 + random.nextInt(9) : BackendSpec.NO_LIMIT,
                states[random.nextInt(states.length)]);
    }
}
