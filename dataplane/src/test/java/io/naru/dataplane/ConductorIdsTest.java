package io.naru.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.protocol.BackendInfo;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.DesiredState;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.ServiceSpec;
import io.naru.dataplane.status.WorkerStats;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which id a backend has while configurations come and go. */
class ConductorIdsTest extends ConductorFixture {
    @Test
    void shouldKeepIdsByName() {
        apply(web(1, backend("s1", BackendState.UP), backend("s2", BackendState.UP)));
        apply(
                web(
                        2,
                        backend("s0", BackendState.UP),
                        backend("s2", BackendState.DOWN),
                        backend("s1", BackendState.UP)));

        assertEquals(0, backendId("s1"));
        assertEquals(1, backendId("s2"));
        assertEquals(2, backendId("s0"));
    }

    @Test
    void shouldTreatBackendThatMovesAsAnotherOne() {
        apply(web(1, backend("web", "s1", "10.2.0.1", BackendState.UP)));
        WorkerStats.flowOpened(stats[0].backend(0));
        apply(web(2, backend("web", "s1", "10.2.0.99", BackendState.UP)));

        final List<BackendInfo> backends = client.directory().backends();
        assertEquals(2, backends.size());
        assertTrue(backends.get(0).retired());
        assertEquals(BackendState.DRAIN, backends.get(0).spec().state());
        assertEquals(IpAddress.parse("10.2.0.99"), backends.get(1).spec().address());
        assertEquals(net("10.2.0.1"), workers[0].table().backendIpNet(0));
        assertTrue(workers[0].table().hopId(0) >= 0, "its flows are still forwarded");
    }

    /** The new backends keep the port, the old one with flows need not. */
    @Test
    void shouldChangeModeOfServiceWhoseOldBackendsStillHaveFlows() {
        apply(web(1, backend("s1", BackendState.UP)));
        WorkerStats.flowOpened(stats[0].backend(0));
        final ServiceSpec was = service("web", "192.0.2.10", 80, "web");
        final BackendSpec now =
                new BackendSpec("web", "s1", IpAddress.parse("10.2.0.2"), 80, 100, BackendState.UP);

        apply(
                new DesiredState(
                        2,
                        List.of("web"),
                        List.of(now),
                        List.of(
                                new ServiceSpec(
                                        was.name(),
                                        was.vip(),
                                        was.protocol(),
                                        was.portFirst(),
                                        was.portLast(),
                                        Mode.DSR_L2,
                                        was.algorithm(),
                                        was.pool(),
                                        was.timeouts()))));

        assertEquals(Mode.DSR_L2, workers[0].table().mode(0));
        assertTrue(workers[0].table().hopId(0) >= 0, "its flows are still forwarded");
    }

    @Test
    void shouldGiveIdOutAgainOnlyWhenItsFlowsAreGone() {
        apply(web(1, backend("s1", BackendState.UP), backend("s2", BackendState.UP)));
        WorkerStats.flowOpened(stats[1].backend(0));
        apply(web(2, backend("s2", BackendState.UP)));
        pass(TablePublisher.RELEASE_INTERVAL_NS * 10);

        apply(web(3, backend("s2", BackendState.UP), backend("s3", BackendState.UP)));
        assertEquals(2, backendId("s3"));
        assertTrue(client.directory().backend(0).retired());

        WorkerStats.flowClosed(stats[1].backend(0));
        pass(TablePublisher.RELEASE_INTERVAL_NS);
        assertNull(client.directory().backend(0));
        assertTrue(workers[0].table().hopId(0) < 0);

        apply(web(4, backend("s2", BackendState.UP), backend("s4", BackendState.UP)));
        assertEquals(0, backendId("s4"));
        assertEquals(0, client.stats().backend(0).flowsOpened(), "it starts with clean statistics");
    }

    @Test
    void shouldGiveBackIdOfBackendThatComesBackInTime() {
        apply(web(1, backend("s1", BackendState.UP), backend("s2", BackendState.UP)));
        WorkerStats.flowOpened(stats[0].backend(0));
        apply(web(2, backend("s2", BackendState.UP)));
        assertTrue(client.directory().backend(0).retired());

        apply(web(3, backend("s2", BackendState.UP), backend("s1", BackendState.UP)));

        assertEquals(0, backendId("s1"));
        assertFalse(client.directory().backend(0).retired());
    }

    @Test
    void shouldNotForwardToRetiredBackendThatWasDown() {
        apply(web(1, backend("s1", BackendState.DOWN), backend("s2", BackendState.UP)));
        WorkerStats.flowOpened(stats[0].backend(0));
        apply(web(2, backend("s2", BackendState.UP)));

        assertTrue(workers[0].table().hopId(0) < 0);
    }
}
