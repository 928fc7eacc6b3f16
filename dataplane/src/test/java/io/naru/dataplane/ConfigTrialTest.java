package io.naru.dataplane;

import static io.naru.dataplane.pipeline.Frame.ACK;
import static io.naru.dataplane.pipeline.Frame.PSH;
import static io.naru.dataplane.pipeline.Frame.SYN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.pipeline.Frame;
import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.DesiredState;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.ServiceSpec;
import io.naru.dataplane.protocol.ServiceTrial;
import io.naru.dataplane.protocol.ServiceTrial.Kind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a configuration would do, asked of a data plane with live flows, and what it then does. */
class ConfigTrialTest {
    private static final int FLOWS = 60;

    @TempDir Path runDirectory;

    private LivePlane plane;

    @BeforeEach
    void before() {
        plane = new LivePlane(runDirectory, new Random(1));
    }

    @AfterEach
    void after() {
        plane.close();
    }

    @Test
    void shouldSayWhatBecomesOfFlowsAndTableWhenBackendIsRemoved() {
        plane.apply(state(maglev("web", 80), up(1), up(2), up(3), up(4)));
        final int[] flows = open("192.0.2.10:80", FLOWS);

        final List<ServiceTrial> trials =
                plane.tryOut(state(maglev("web", 80), up(1), up(2), up(3)));

        assertEquals(1, trials.size());
        final ServiceTrial web = trials.get(0);
        assertEquals(Kind.CHANGED, web.kind());
        assertEquals(FLOWS - flows[4], web.kept());
        assertEquals(flows[4], web.leaving(), "on-remove is keep");
        assertEquals(0, web.moved() + web.ended());
        assertEquals(65_537, web.slots());
        assertTrue(
                web.changedSlots() >= 16_384 && web.changedSlots() < 19_661,
                () -> "a quarter, and the few more that maglev moves: " + web.changedSlots());
    }

    @Test
    void shouldChangeNothing() {
        plane.apply(state(maglev("web", 80), up(1), up(2)));
        open("192.0.2.10:80", FLOWS);
        final long epoch = plane.client.cncFile().appliedEpoch();
        final Object backends = plane.client.directory().backends();

        final List<ServiceTrial> first = plane.tryOut(state(maglev("web", 80), up(2), up(5)));
        final List<ServiceTrial> second = plane.tryOut(state(maglev("web", 80), up(2), up(5)));

        assertEquals(first, second);
        assertEquals(epoch, plane.client.cncFile().appliedEpoch());
        assertEquals(backends, plane.client.directory().backends());
        assertEquals(1, plane.client.cncFile().configRevision());
        for (int i = 0; i < FLOWS; i++) {
            assertEquals(1, plane.send(frame("192.0.2.10:80", i, ACK | PSH)).size(), "flow " + i);
        }
    }

    @Test
    void shouldSayNothingOfWhatStays() {
        plane.apply(state(maglev("web", 80), up(1), up(2)));
        assertEquals(List.of(), plane.tryOut(state(maglev("web", 80), up(1), up(2))));

        open("192.0.2.10:80", FLOWS);
        assertEquals(
                List.of(new ServiceTrial("web", Kind.SAME, FLOWS, 0, 0, 0, 65_537, 0)),
                plane.tryOut(state(maglev("web", 80), up(1), up(2))));
    }

    @Test
    void shouldCountFlowsOfBackendsThatDrainOrGoDown() {
        plane.apply(state(service("web", 80, Algorithm.RR), up(1), up(2), up(3)));
        open("192.0.2.10:80", FLOWS);

        final ServiceTrial web =
                plane.tryOut(
                                state(
                                        service("web", 80, Algorithm.RR),
                                        up(1),
                                        backend(2, BackendState.DRAIN, 1),
                                        backend(3, BackendState.DOWN, 1)))
                        .get(0);

        final int third = FLOWS / 3;
        assertEquals(third, (int) web.kept(), 3);
        assertEquals(third, (int) web.leaving(), 3);
        assertEquals(third, (int) web.ended(), 3, "on-down is reset");
        assertEquals(FLOWS, web.flows());
        assertEquals(0, web.slots(), "rr has no table");
    }

    @Test
    void shouldCountFlowsWhoseServiceGoesOrMoves() {
        plane.apply(
                new DesiredState(
                        1,
                        List.of("web"),
                        List.of(up(1), up(2)),
                        List.of(maglev("web", 80), maglev("tls", 443))));
        open("192.0.2.10:80", FLOWS);
        open("192.0.2.10:443", 7);

        final List<ServiceTrial> trials =
                plane.tryOut(
                        new DesiredState(
                                2,
                                List.of("web"),
                                List.of(up(1), up(2)),
                                List.of(maglev("web", 8_080), maglev("new", 81))));

        assertEquals(
                List.of(
                        new ServiceTrial("web", Kind.CHANGED, 0, 0, 0, FLOWS, 65_537, 0),
                        new ServiceTrial("tls", Kind.REMOVED, 0, 0, 0, 7, 0, 0),
                        new ServiceTrial("new", Kind.ADDED, 0, 0, 0, 0, 0, 0)),
                trials);
    }

    @Test
    void shouldKeepFlowsOfServiceThatIsRenamed() {
        plane.apply(state(maglev("web", 80), up(1), up(2)));
        open("192.0.2.10:80", FLOWS);

        final List<ServiceTrial> trials = plane.tryOut(state(maglev("www", 80), up(1), up(2)));

        assertEquals(new ServiceTrial("web", Kind.REMOVED, FLOWS, 0, 0, 0, 0, 0), trials.get(0));
        assertEquals(Kind.ADDED, trials.get(1).kind());
    }

    @Test
    void shouldCountFlowsWhoseLocalAddressGoes() {
        plane.apply(fullNat("10.2.0.200", "10.2.0.201"));
        final List<byte[]> opened = new ArrayList<>();
        for (int i = 0; i < FLOWS; i++) {
            opened.addAll(plane.send(frame("192.0.2.10:80", i, SYN)));
        }
        final int lost = (int) opened.stream().filter(syn -> lastOfSource(syn) == 201).count();

        final ServiceTrial web = plane.tryOut(fullNat("10.2.0.200")).get(0);
        plane.apply(fullNat("10.2.0.200"));

        assertTrue(lost > 0 && lost < FLOWS, () -> lost + " flows have the address that goes");
        assertEquals(lost, web.ended());
        assertEquals(FLOWS - lost, web.kept());
        final int taken = (int) opened.stream().filter(this::isAnswerTaken).count();
        assertEquals(FLOWS - lost, taken, "as it was said");
    }

    private static int lastOfSource(final byte[] frame) {
        return frame[29] & 0xff;
    }

    /** Whether the backend's answer to a SYN goes back to the client. */
    private boolean isAnswerTaken(final byte[] syn) {
        final int port = ((syn[34] & 0xff) << 8) | (syn[35] & 0xff);
        final long before = LongStream.of(plane.drops()).sum();
        plane.send(
                LivePlane.SERVER,
                Frame.tcp("10.2.0.1:8080", "10.2.0." + lastOfSource(syn) + ":" + port, SYN | ACK)
                        .macs(LivePlane.mac(1), LivePlane.BACK)
                        .bytes());
        return LongStream.of(plane.drops()).sum() == before;
    }

    private static DesiredState fullNat(final String... locals) {
        return new DesiredState(
                1,
                List.of("web"),
                List.of(up(1)),
                List.of(
                        new ServiceSpec(
                                "web",
                                IpAddress.parse("192.0.2.10"),
                                Protocol.TCP,
                                80,
                                80,
                                Mode.FULL_NAT,
                                Algorithm.RR,
                                "web",
                                ServiceSpec.Timeouts.DEFAULT)),
                Arrays.stream(locals).map(IpAddress::parse).toList());
    }

    @Test
    void shouldTellMeanWhereTablesHashDifferentThings() {
        plane.apply(state(maglev("web", 80), up(1), up(2)));

        final ServiceTrial web =
                plane.tryOut(state(service("web", 80, Algorithm.SH), up(1), up(2))).get(0);

        assertEquals(65_536, web.slots());
        assertEquals(32_768, web.changedSlots(), 1_300);
    }

    @Test
    void shouldRefuseWhatCommitWouldRefuse() {
        plane.apply(state(maglev("web", 80), up(1)));

        plane.tryOut(
                new DesiredState(
                        2,
                        List.of("web"),
                        List.of(up(1)),
                        List.of(maglev("web", 80), maglev("two", 80))));

        assertEquals(
                List.of("service two: port is 80, expected one that service web does not have"),
                plane.refusals);
    }

    // -- the scene --------------------------------------------------------------------------------

    /** Opens flows; returns how many each backend got. */
    private int[] open(final String vip, final int count) {
        final int[] flows = new int[10];
        for (int i = 0; i < count; i++) {
            final List<byte[]> sent = plane.send(frame(vip, i, SYN));
            assertEquals(1, sent.size());
            flows[LivePlane.station(sent.get(0))]++;
        }

        return flows;
    }

    private static byte[] frame(final String vip, final int i, final int flags) {
        return Frame.tcp("198.51.100." + (1 + i % 200) + ":" + (2_000 + i), vip, flags)
                .macs(LivePlane.ROUTER, LivePlane.FRONT)
                .bytes();
    }

    private static DesiredState state(final ServiceSpec service, final BackendSpec... backends) {
        return new DesiredState(
                1, List.of("web"), new ArrayList<>(List.of(backends)), List.of(service));
    }

    private static ServiceSpec maglev(final String name, final int port) {
        return service(name, port, Algorithm.MAGLEV);
    }

    private static ServiceSpec service(
            final String name, final int port, final Algorithm algorithm) {
        return new ServiceSpec(
                name,
                IpAddress.parse("192.0.2.10"),
                Protocol.TCP,
                port,
                port,
                Mode.NAT,
                algorithm,
                "web",
                ServiceSpec.Timeouts.DEFAULT);
    }

    private static BackendSpec up(final int i) {
        return backend(i, BackendState.UP, 1);
    }

    private static BackendSpec backend(final int i, final BackendState state, final int weight) {
        return new BackendSpec(
                "web", "s" + i, IpAddress.parse("10.2.0." + i), 8_080, weight, state);
    }
}
