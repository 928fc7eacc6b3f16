package io.naru.dataplane;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.CommandProxy;
import io.naru.dataplane.protocol.DesiredState;
import io.naru.dataplane.protocol.FlowFilter;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.service.ForwardingTable;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Single changes of what the conductor runs, hops, workers that fail and the heartbeat. */
class ConductorTest extends ConductorFixture {
    @Test
    void shouldChangeStateAndWeightOfBackend() {
        apply(web(1, backend("s1", BackendState.UP), backend("s2", BackendState.UP)));

        assertTrue(client.commands().setBackend(100, "web", "s1", -1, -1, BackendState.DRAIN));
        assertTrue(client.commands().setBackend(101, "web", "s2", 7, 20, BackendState.KEEP));
        run();

        assertEquals(List.of("100 done 2", "101 done 2"), events);
        assertEquals(BackendState.DRAIN, client.directory().backend(0).spec().state());
        assertEquals(100, client.directory().backend(0).spec().weight());
        assertEquals(BackendState.UP, client.directory().backend(1).spec().state());
        assertEquals(7, client.directory().backend(1).spec().weight());
        assertEquals(20, client.directory().backend(1).spec().share());
        assertEquals(1, workers[0].scheduled(0));
    }

    @Test
    void shouldTakeResponseTimeOfKnownBackendOnly() {
        apply(web(1, backend("s1", BackendState.UP)));

        assertTrue(client.commands().setResponseTime(100, "web", "s1", 1_500_000));
        assertTrue(client.commands().setResponseTime(101, "web", "s9", 1_500_000));
        run();

        assertEquals(List.of("100 done 1", "101 failed there is no backend web/s9"), events);
    }

    @Test
    void shouldSendNothingToBackendThatIsOff() {
        apply(web(1, backend("s1", BackendState.OFF), backend("s2", BackendState.UP)));

        assertTrue(workers[0].table().hopId(0) < 0);
        assertEquals(1, workers[0].scheduled(0));
    }

    @Test
    void shouldKeepStateWhenControlPlaneHasJustStarted() {
        apply(web(1, backend("s1", BackendState.UP), backend("s2", BackendState.DRAIN)));
        apply(
                web(
                        2,
                        backend("s1", BackendState.KEEP),
                        backend("s2", BackendState.KEEP),
                        backend("s3", BackendState.KEEP)));

        assertEquals(BackendState.UP, client.directory().backend(0).spec().state());
        assertEquals(BackendState.DRAIN, client.directory().backend(1).spec().state());
        assertEquals(BackendState.DOWN, client.directory().backend(2).spec().state());
    }

    @Test
    void shouldRefuseChangeOfWhatIsNotThere() {
        apply(web(1, backend("s1", BackendState.UP)));

        assertTrue(client.commands().setBackend(100, "web", "s9", 1, -1, BackendState.UP));
        assertTrue(client.commands().setAlgorithm(101, "mail", Algorithm.LC));
        run();

        assertEquals(
                List.of(
                        "100 failed there is no backend web/s9",
                        "101 failed there is no service mail"),
                events);
        assertEquals(1, client.cncFile().appliedEpoch());
    }

    @Test
    void shouldReplaceSchedulersOnlyOfServicesThatChanged() {
        apply(
                new DesiredState(
                        1,
                        List.of("web", "dns"),
                        List.of(
                                backend("web", "s1", "10.2.0.1", BackendState.UP),
                                backend("dns", "d1", "10.3.0.1", BackendState.UP)),
                        List.of(
                                service("web", "192.0.2.10", 80, "web"),
                                service("dns", "192.0.2.53", 53, "dns"))));
        final WorkerSnapshot before = workers[0].snapshot;

        assertTrue(client.commands().setAlgorithm(100, "dns", Algorithm.SH));
        run();

        final WorkerSnapshot after = workers[0].snapshot;
        assertSame(before.schedulers()[0], after.schedulers()[0]);
        assertNotSame(before.schedulers()[1], after.schedulers()[1]);
        assertEquals(Algorithm.SH, client.directory().service(1).spec().algorithm());
    }

    @Test
    void shouldChooseByWhatTheClientsChecksTell() {
        apply(
                web(
                        1,
                        backend("s1", BackendState.UP),
                        backend("s2", BackendState.UP),
                        backend("s3", BackendState.UP)));
        assertTrue(client.commands().setAlgorithm(100, "web", Algorithm.LRT));
        assertTrue(client.commands().setResponseTime(101, "web", "s1", 3_000_000));
        assertTrue(client.commands().setResponseTime(102, "web", "s2", 1_000_000));
        assertTrue(client.commands().setResponseTime(103, "web", "s3", 2_000_000));
        run();
        assertEquals(backendId("s2"), workers[0].scheduled(0));

        assertTrue(client.commands().setResponseTime(104, "web", "s2", 9_000_000));
        run();

        assertEquals(backendId("s3"), workers[0].scheduled(0));
    }

    @Test
    void shouldChangeNothingWhenClientDies() {
        apply(web(1, backend("s1", BackendState.UP)));
        assertTrue(client.commands().ping(100, 4711));
        run();
        assertEquals(4711, client.cncFile().clientPid());
        assertEquals(List.of("100 done 1"), events);

        pass(TimeUnit.HOURS.toNanos(1));

        assertEquals(1, client.cncFile().appliedEpoch());
        assertEquals(BackendState.UP, client.directory().backend(0).spec().state());
    }

    @Test
    void shouldSurviveHostileCommands() {
        apply(web(1, backend("s1", BackendState.UP)));
        final ForwardingTable running = workers[0].table();
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        for (int i = 0; i < 2_000; i++) {
            hostile(random);
            conductor.doWork();
            client.poll(1_000);
        }
        events.clear();

        assertSame(running, workers[0].table(), () -> "seed " + seed);
        assertTrue(client.commands().ping(100, 1));
        run();
        assertTrue(events.contains("100 done 1"), () -> "seed " + seed + ": " + events);
    }

    /** Well-formed commands in an order and with values that make no sense. */
    private void hostile(final Random random) {
        final CommandProxy commands = client.commands();
        final long correlationId = 1L + random.nextInt(3);
        switch (random.nextInt(8)) {
            case 0 ->
                    commands.beginConfig(
                            correlationId,
                            random.nextLong(),
                            random.nextInt(),
                            random.nextInt(10_000),
                            random.nextInt(3),
                            random.nextInt(3));
            case 1 -> commands.putPool(correlationId, "p" + random.nextInt(3));
            case 2 ->
                    commands.putBackend(
                            correlationId,
                            new BackendSpec(
                                    "p1",
                                    "b" + random.nextInt(3),
                                    new IpAddress(random.nextLong(), random.nextLong()),
                                    random.nextInt(),
                                    random.nextInt(),
                                    BackendState.KEEP));
            case 3 -> commands.putService(correlationId, service("x", "192.0.2.10", 80, "none"));
            case 4 -> commands.commitConfig(4);
            case 5 -> commands.setBackend(5, "", "", random.nextInt(), -1, BackendState.UP);
            case 6 -> commands.setAlgorithm(6, "no", Algorithm.RR);
            default ->
                    commands.queryFlows(
                            7, new FlowFilter("", "", "none", "", IpAddress.NONE, 0, 0, 0, 1));
        }
    }

    @Test
    void shouldShowHopOfBackendWhenItIsFoundAndLost() {
        apply(web(1, backend("web", "s1", "10.2.0.1", BackendState.UP)));
        assertFalse(client.directory().backend(0).isResolved());

        neighbourhood.host(IpAddress.parse("10.2.0.1"), 1, 0x0100_0000_0002L);
        run();
        assertEquals("02:00:00:00:00:01", client.directory().backend(0).mac());
        assertEquals(1, client.directory().backend(0).interfaceIndex());
        assertEquals(
                List.of(
                        "10.2.0.1 0 there is no host 10.2.0.1",
                        "10.2.0.1 " + client.directory().backend(0).hop() + " "),
                hopEvents);

        hopEvents.clear();
        neighbourhood.remove(IpAddress.parse("10.2.0.1"));
        run();
        assertEquals("-", client.directory().backend(0).mac());
        assertEquals(List.of("10.2.0.1 0 there is no host 10.2.0.1"), hopEvents);
    }

    @Test
    void shouldTellOfWorkerThatFailedAndStop() {
        workers[1].failure = new IllegalStateException("frame lost");
        try {
            supervisors[1].doWork();
        } catch (final org.agrona.concurrent.AgentTerminationException expected) {
            assertSame(workers[1].failure, expected.getCause());
        }
        run();

        assertTrue(hasStopped);
        assertEquals(
                List.of("worker 1 failed java.lang.IllegalStateException: frame lost"), events);
        assertEquals(
                "worker 1 failed: java.lang.IllegalStateException: frame lost",
                client.cncFile().lastError());
        assertEquals("failed", client.directory().worker(1).state());
        assertTrue(client.stats().errors().get(0).text().contains("frame lost"));
    }

    @Test
    void shouldBeatHeartTenTimesASecond() {
        run();
        final long before = client.cncFile().heartbeatEpochMs();
        nowNs += TimeUnit.MILLISECONDS.toNanos(99);
        conductor.doWork();
        assertEquals(before, client.cncFile().heartbeatEpochMs());

        nowNs += TimeUnit.MILLISECONDS.toNanos(1);
        conductor.doWork();
        assertEquals(nowMs(), client.cncFile().heartbeatEpochMs());
    }

    @Test
    void shouldAllocateNothingWhileNothingChanges() {
        apply(web(1, backend("s1", BackendState.UP)));

        final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE; // the first time something may have to be loaded
        for (int i = 0; i < 3; i++) {
            final long before = threads.getCurrentThreadAllocatedBytes();
            runFor(5_000);
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }

        assertEquals(0, least);
    }

    private void runFor(final int milliseconds) {
        for (int i = 0; i < milliseconds; i++) {
            nowNs += 1_000_000;
            conductor.doWork();
        }
    }

    @Test
    void shouldWaitForWorkerWhoseQueueIsFull() {
        for (int i = 0; i < 200; i++) {
            assertTrue(
                    client.commands()
                            .setBackend(1, "web", "none", 1, -1, BackendState.UP)); // keeps it busy
            client.send(
                    web(i + 1, backend("s1", i % 2 == 0 ? BackendState.UP : BackendState.DOWN)),
                    TIMEOUT_NS);
            conductor.doWork();
        }
        events.clear();
        run();

        assertEquals(200, client.cncFile().appliedEpoch());
        assertEquals(200, workers[0].table().epoch());
        assertArrayEquals(
                new long[] {200, 200},
                new long[] {workers[0].table().epoch(), workers[1].table().epoch()});
    }
}
