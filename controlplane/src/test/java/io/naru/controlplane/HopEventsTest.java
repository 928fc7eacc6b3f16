package io.naru.controlplane;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.naru.controlplane.events.EventLog;
import io.naru.dataplane.protocol.BackendInfo;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.IpAddress;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which next hops are news. */
class HopEventsTest {
    private static final long NONE = 0;
    private static final long HOP = 1L << 63 | 0x0102_0000_0002L;
    private static final long OTHER_HOP = 1L << 63 | 0x0202_0000_0002L;
    private static final IpAddress S1 = IpAddress.parse("10.2.0.1");
    private static final IpAddress S2 = IpAddress.parse("10.2.0.2");

    private final EventLog log = new EventLog(() -> 1_000);
    private final HopEvents hops = new HopEvents(log);

    @Test
    void shouldNotTellOfAHopThatIsFoundAtOnce() {
        hops.onHop(S1, HOP, "");
        hops.onHop(S1, HOP, "");

        assertEquals(List.of(), told());
    }

    @Test
    void shouldTellOfAHopThatIsMissingAndThenFound() {
        hops.onHop(S1, NONE, "no route");
        hops.onHop(S2, HOP, "");
        hops.onHop(S1, HOP, "");

        assertEquals(
                List.of("10.2.0.1 no next hop: no route", "10.2.0.1 next hop resolved"), told());
    }

    @Test
    void shouldTellOfAHopThatBecomesAnother() {
        hops.onHop(S1, HOP, "");
        hops.onHop(S1, OTHER_HOP, "");

        assertEquals(List.of("10.2.0.1 next hop changed to 02:00:00:00:02:02"), told());
    }

    @Test
    void shouldGoByWhatTheDataPlaneHadBefore() {
        hops.onHop(S1, NONE, "no route");
        hops.start(List.of(backend(0, S1, HOP), backend(1, S2, NONE)));

        hops.onHop(S1, HOP, "");
        hops.onHop(S2, HOP, "");
        hops.onHop(S1, OTHER_HOP, "");

        assertEquals(
                List.of(
                        "10.2.0.1 no next hop: no route",
                        "10.2.0.2 next hop resolved",
                        "10.2.0.1 next hop changed to 02:00:00:00:02:02"),
                told());
    }

    private List<String> told() {
        return log.latest(0, 10, event -> true).stream()
                .map(event -> event.subject() + " " + event.text())
                .toList();
    }

    private static BackendInfo backend(final int id, final IpAddress address, final long hop) {
        final BackendSpec spec =
                new BackendSpec("web", "s" + id, address, 80, 100, BackendState.UP);
        return new BackendInfo(id, false, spec, hop);
    }
}
