package io.naru.dataplane;

import static io.naru.dataplane.pipeline.Frame.ACK;
import static io.naru.dataplane.pipeline.Frame.PSH;
import static io.naru.dataplane.pipeline.Frame.SYN;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.pipeline.Frame;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.DataPlaneClient;
import io.naru.dataplane.protocol.DesiredState;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.Stats;
import io.naru.dataplane.protocol.WorkerCounter;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Whether a data plane forwards what it is told, whatever becomes of who told it. */
class DataPlaneTest extends DataPlaneFixture {
    @Test
    void shouldForwardWhatItIsTold() {
        launch(1);
        apply(1, BackendState.UP);

        inject(fromClient("198.51.100.7:4321", SYN));
        cycle();

        assertArrayEquals(
                Frame.tcp("198.51.100.7:4321", BACKENDS[0], SYN).macs(BACK, mac(0)).ttl(63).bytes(),
                collect(SERVER).get(0));

        inject(
                SERVER,
                Frame.tcp(BACKENDS[0], "198.51.100.7:4321", SYN | ACK).macs(mac(0), BACK).bytes());
        cycle();

        assertArrayEquals(
                Frame.tcp(VIP, "198.51.100.7:4321", SYN | ACK).macs(FRONT, ROUTER).ttl(63).bytes(),
                collect(CLIENT).get(0));
        assertEquals(new Stats(1, 60, 1, 60, 1, 1, 0), client.stats().service(0));
        assertEquals(new Stats(1, 60, 1, 60, 1, 1, 0), client.stats().backend(0));
        assertEquals(2, client.stats().counter(WorkerCounter.RX_PACKETS));
        assertEquals(
                2 + client.stats().counter(WorkerCounter.ANNOUNCEMENTS),
                client.stats().counter(WorkerCounter.TX_PACKETS));
    }

    @Test
    void shouldGiveNewFlowsOfBackendThatIsDownToOthers() {
        launch(1);
        apply(1, BackendState.UP, BackendState.UP);
        open(10);
        assertEquals(5, client.stats().backend(0).flowsActive());

        assertTrue(client.commands().setBackend(100, "web", "s1", -1, -1, BackendState.DOWN));
        cycle();
        assertEquals(2L, answers.done.get(100L));
        open(10);

        assertEquals(5, client.stats().backend(0).flowsOpened());
        assertEquals(15, client.stats().backend(1).flowsOpened());
    }

    @Test
    void shouldKeepFlowsOfBackendThatIsTakenOutOfConfiguration() {
        launch(1);
        apply(1, BackendState.UP, BackendState.UP);
        final Map<Integer, String> before = open(10);

        send(
                new DesiredState(
                        2,
                        List.of("web"),
                        List.of(backend(1, BackendState.UP)),
                        List.of(ConductorFixture.service("web", "192.0.2.10", 80, "web"))));
        final Map<Integer, String> after = new TreeMap<>();
        before.keySet().forEach(port -> after.put(port, send(port, ACK | PSH)));

        assertEquals(before, after);
        assertTrue(client.directory().backend(0).retired());
        assertEquals(10, open(10, 30_000).size());
        assertEquals(15, client.stats().backend(1).flowsOpened());
    }

    @Test
    void shouldChangeNothingWhenItsClientDies() {
        launch(1);
        apply(1, BackendState.UP, BackendState.UP);
        final Map<Integer, String> before = open(10);

        client.close();
        client = null;
        for (int i = 0; i < 100; i++) {
            clock.advance(TimeUnit.SECONDS.toNanos(1));
            cycle();
        }
        client = DataPlaneClient.open(runDirectory, answers);

        before.forEach((port, macs) -> assertEquals(macs, send(port, ACK)));
        final long correlationId =
                client.send(desired(9, BackendState.KEEP, BackendState.KEEP), TIMEOUT_NS);
        cycle();
        assertEquals(1L, answers.done.get(correlationId), "the same state is no new epoch");
        before.forEach((port, macs) -> assertEquals(macs, send(port, ACK)));
    }

    @Test
    void shouldForwardNothingBeforeItIsTold() {
        launch(1);

        inject(fromClient("198.51.100.7:4321", SYN));
        cycle();

        assertEquals(0, collect(SERVER).size());
        assertEquals(1, client.stats().drops().get(DropReason.NOT_OURS.code()).packets());
        assertEquals(0, client.cncFile().appliedEpoch());
    }
}
