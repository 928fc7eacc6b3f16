package io.naru.dataplane;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.naru.dataplane.neighbour.FixedNeighbourhood;
import io.naru.dataplane.neighbour.HopTable;
import io.naru.dataplane.port.FilterRules;
import io.naru.dataplane.port.TrafficFilter;
import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.BackendInfo;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.CncFile;
import io.naru.dataplane.protocol.CommandProxy;
import io.naru.dataplane.protocol.DataPlaneClient;
import io.naru.dataplane.protocol.DesiredState;
import io.naru.dataplane.protocol.EventListener;
import io.naru.dataplane.protocol.FlowFilter;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Limits;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.ServiceSpec;
import io.naru.dataplane.protocol.WorkerInfo;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.status.WorkerStats;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.errors.DistinctErrorLog;
import org.agrona.concurrent.status.CountersManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The conductor driven by hand, with a virtual clock and workers that only say what they heard. */
class ConductorTest {
    private static final int WORKERS = 2;
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(5);

    @TempDir Path runDirectory;

    private final List<String> events = new ArrayList<>();
    private final List<String> hopEvents = new ArrayList<>();
    private final RecordingFilter filter = new RecordingFilter();
    private final FixedNeighbourhood neighbourhood = new FixedNeighbourhood();
    private final HeardWorker[] workers = new HeardWorker[WORKERS];
    private final WorkerSupervisor[] supervisors = new WorkerSupervisor[WORKERS];
    private final WorkerStats[] stats = new WorkerStats[WORKERS];
    private CncFile cncFile;
    private DataPlaneClient client;
    private Conductor conductor;
    private long nowNs = 1_000_000_000L;
    private boolean hasStopped;

    @BeforeEach
    void before() {
        cncFile = CncFile.create(runDirectory, WORKERS, this::nowMs);
        client = DataPlaneClient.open(runDirectory, new Events());
        final WorkerProxy[] proxies = new WorkerProxy[WORKERS];
        final ConductorProxy[] replies = new ConductorProxy[WORKERS];
        final WorkerInfo[] infos = new WorkerInfo[WORKERS];
        final CountersManager counters = cncFile.countersManager();
        for (int i = 0; i < WORKERS; i++) {
            proxies[i] = new WorkerProxy();
            replies[i] = new ConductorProxy(i);
            workers[i] = new HeardWorker(proxies[i], replies[i]);
            supervisors[i] = new WorkerSupervisor(i, WorkerSupervisor.NOT_PINNED, workers[i]);
            infos[i] = new WorkerInfo(i, -1, "starting", 1_024, 0);
            stats[i] = WorkerStats.of(cncFile, counters, i);
        }
        conductor =
                new Conductor(
                        cncFile,
                        new DistinctErrorLog(cncFile.errorLogBuffer(), this::nowMs),
                        () -> nowNs,
                        this::nowMs,
                        filter,
                        new HopTable(2 * Limits.MAX_BACKENDS),
                        neighbourhood,
                        proxies,
                        replies,
                        supervisors,
                        infos,
                        LocalPortRange.DEFAULT,
                        () -> hasStopped = true);
        conductor.onStart();
    }

    @AfterEach
    void after() {
        conductor.onClose();
        client.close();
        cncFile.close();
    }

    // -- configurations ---------------------------------------------------------------------------

    @Test
    void shouldAnswerConfigWhenEveryWorkerHasAdoptedIt() {
        final long correlationId = client.send(web(7, backend("s1", BackendState.UP)), TIMEOUT_NS);
        conductor.doWork();
        poll();
        assertEquals(List.of(), events);
        assertEquals(0, client.cncFile().appliedEpoch());

        workers[0].doWork();
        conductor.doWork();
        poll();
        assertEquals(List.of(), events);

        workers[1].doWork();
        conductor.doWork();
        poll();
        assertEquals(List.of(correlationId + " done 1"), events);
        assertEquals(1, client.cncFile().appliedEpoch());
        assertEquals(7, client.cncFile().configRevision());
        assertEquals(1, client.directory().workers().get(1).epoch());
        assertEquals(1, workers[0].table().epoch());
        assertEquals(0, workers[0].table().serviceOf(net("192.0.2.10"), 6, port(80)));
        assertSame(workers[0].table(), workers[1].table());
    }

    @Test
    void shouldHaveTheDirectoryOfATableBeforeAnyWorkerCanAdoptIt() {
        apply(web(1, backend("s1", BackendState.UP)));
        client.send(web(2, backend("s1", BackendState.DRAIN)), TIMEOUT_NS);

        conductor.doWork();

        assertEquals(1, client.cncFile().appliedEpoch());
        assertEquals(1, client.cncFile().configRevision());
        assertEquals(BackendState.DRAIN, client.directory().backend(0).spec().state());
    }

    @Test
    void shouldLetPacketsInBeforeTableIsSentAndShutThemOutAfterAllAdopted() {
        apply(web(1, backend("s1", BackendState.UP)));
        filter.seen.clear();
        workers[0].seen.clear();

        client.send(
                new DesiredState(
                        2,
                        List.of("dns"),
                        List.of(backend("dns", "d1", "10.3.0.1", BackendState.UP)),
                        List.of(service("dns", "192.0.2.53", 53, "dns"))),
                TIMEOUT_NS);
        conductor.doWork();
        assertEquals(1, filter.seen.size());
        assertTrue(filter.seen.get(0).startsWith("add"));

        workers[0].doWork();
        conductor.doWork();
        assertEquals(1, filter.seen.size());

        workers[1].doWork();
        conductor.doWork();
        assertEquals(2, filter.seen.size());
        assertEquals(1, filter.retained.services().size());
        // a backend that was up keeps its flows, but the service it was for is gone
        assertEquals(1, filter.retained.backends().size());
    }

    @Test
    void shouldRefuseConfigThatContradictsItselfAndKeepRunningOne() {
        apply(web(1, backend("s1", BackendState.UP)));
        final ForwardingTable running = workers[0].table();

        assertRefused(
                "service dns: there is no pool dns",
                new DesiredState(
                        2,
                        List.of("web"),
                        List.of(),
                        List.of(service("dns", "192.0.2.53", 53, "dns"))));
        assertRefused(
                "backend s1: there is no pool web",
                new DesiredState(2, List.of(), List.of(backend("s1", BackendState.UP)), List.of()));
        assertRefused(
                "service two: port is 80, expected one that service one does not have",
                new DesiredState(
                        2,
                        List.of("web"),
                        List.of(),
                        List.of(
                                service("one", "192.0.2.10", 80, "web"),
                                service("two", "192.0.2.10", 80, "web"))));
        assertRefused(
                "pool web is there twice",
                new DesiredState(2, List.of("web", "web"), List.of(), List.of()));
        assertRefused(
                "backend web/s1 is there twice",
                web(2, backend("s1", BackendState.UP), backend("s1", BackendState.DOWN)));

        assertSame(running, workers[0].table());
        assertEquals(1, client.cncFile().appliedEpoch());
        assertEquals(1, client.cncFile().configRevision());
        assertEquals(List.of("web"), serviceNames());
    }

    @Test
    void shouldRefuseConfigThatKernelRefuses() {
        apply(web(1, backend("s1", BackendState.UP)));
        filter.refusal = new IllegalStateException("bpf(BPF_MAP_UPDATE_ELEM): no space");

        final long correlationId =
                client.send(
                        web(2, backend("s1", BackendState.UP), backend("s2", BackendState.UP)),
                        TIMEOUT_NS);
        run();

        assertEquals(
                List.of(
                        correlationId
                                + " failed java.lang.IllegalStateException:"
                                + " bpf(BPF_MAP_UPDATE_ELEM): no space"),
                events);
        assertEquals(1, client.cncFile().appliedEpoch());
        assertTrue(client.cncFile().lastError().contains("no space"));
        assertEquals(1, client.stats().errors().size());

        filter.refusal = null;
        apply(web(3, backend("s1", BackendState.UP), backend("s2", BackendState.UP)));
        assertEquals(2, client.cncFile().appliedEpoch());
    }

    @Test
    void shouldDoNothingWhenControlPlaneSendsWhatIsRunning() {
        final DesiredState state = web(1, backend("s1", BackendState.UP));
        apply(state);
        final ForwardingTable running = workers[0].table();
        final int filtered = filter.seen.size();

        final long correlationId = client.send(web(2, backend("s1", BackendState.UP)), TIMEOUT_NS);
        run();

        assertEquals(List.of(correlationId + " done 1"), events);
        assertSame(running, workers[0].table());
        assertEquals(filtered, filter.seen.size());
        assertEquals(2, client.cncFile().configRevision());
    }

    @Test
    void shouldGiveUpConfigThatItsClientDidNotCommit() {
        final CommandProxy commands = client.commands();
        assertTrue(commands.beginConfig(100, 1, 0, 1, 0, 0));
        assertTrue(commands.putPool(100, "web"));
        final long correlationId = client.send(web(2, backend("s1", BackendState.UP)), TIMEOUT_NS);
        run();

        assertEquals(
                List.of(
                        "100 failed another configuration was begun before this one was committed",
                        correlationId + " done 1"),
                events);
    }

    @Test
    void shouldSendOneRefusalOfConfig() {
        final CommandProxy commands = client.commands();
        assertTrue(commands.beginConfig(100, 1, 1, 1, 1, 0));
        assertTrue(commands.putPool(100, "web"));
        assertTrue(commands.putPool(100, "web2"));
        assertTrue(commands.putPool(100, "bad\nname"));
        assertTrue(commands.commitConfig(100));
        assertTrue(commands.commitConfig(101));
        run();

        assertEquals(
                List.of(
                        "100 failed more pools than the 1 announced",
                        "101 failed there is no configuration to commit"),
                events);
    }

    @Test
    void shouldRefuseConfigOfWhichPartsAreMissing() {
        final CommandProxy commands = client.commands();
        assertTrue(commands.beginConfig(100, 1, 1, 1, 1, 0));
        assertTrue(commands.putPool(100, "web"));
        assertTrue(commands.commitConfig(100));
        run();

        assertEquals(
                List.of(
                        "100 failed 1 services, 1 pools and 1 backends were announced,"
                                + " but 0, 1 and 0 came"),
                events);
    }

    @Test
    void shouldApplyAsManyBackendsAsThereMayBe() {
        final List<BackendSpec> backends = new ArrayList<>();
        for (int i = 0; i < Limits.MAX_BACKENDS; i++) {
            backends.add(
                    new BackendSpec(
                            "web",
                            "s" + i,
                            IpAddress.ipv4(0x0a000001 + i),
                            80,
                            1,
                            BackendState.UP));
        }
        final Thread sender =
                new Thread(
                        () ->
                                client.send(
                                        new DesiredState(
                                                1,
                                                List.of("web"),
                                                backends,
                                                List.of(service("web", "192.0.2.10", 80, "web"))),
                                        TIMEOUT_NS * 10));
        sender.start();
        while (client.cncFile().appliedEpoch() == 0) {
            conductor.doWork();
            workers[0].doWork();
            workers[1].doWork();
        }
        run();

        assertEquals(Limits.MAX_BACKENDS, client.directory().backends().size());
        assertEquals(1, events.size());
    }

    @Test
    void shouldRefuseConfigThatMemoryIsNotMeantFor() {
        final List<ServiceSpec> services = new ArrayList<>();
        for (int i = 0; i <= Limits.MAX_SERVICES_WITH_TABLE; i++) {
            services.add(
                    new ServiceSpec(
                            "s" + i,
                            IpAddress.parse("192.0.2.10"),
                            Protocol.TCP,
                            1 + i,
                            1 + i,
                            Mode.NAT,
                            Algorithm.MAGLEV,
                            "web",
                            ServiceSpec.Timeouts.DEFAULT));
        }
        assertRefused(
                "the services have 513 tables of wrr or maglev (a large one counts as 10), at most"
                        + " 512 are possible",
                new DesiredState(1, List.of("web"), List.of(), services));

        final List<BackendSpec> backends = new ArrayList<>();
        for (int i = 0; i < 1_024; i++) {
            backends.add(
                    new BackendSpec(
                            "web", "b" + i, IpAddress.ipv4(0x0a000001 + i), 0, 1, BackendState.UP));
        }
        assertRefused(
                "the services have 525312 backends together, at most 262144 are possible",
                new DesiredState(1, List.of("web"), backends, services));
    }

    // -- ids --------------------------------------------------------------------------------------

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
        pass(Conductor.RELEASE_INTERVAL_NS * 10);

        apply(web(3, backend("s2", BackendState.UP), backend("s3", BackendState.UP)));
        assertEquals(2, backendId("s3"));
        assertTrue(client.directory().backend(0).retired());

        WorkerStats.flowClosed(stats[1].backend(0));
        pass(Conductor.RELEASE_INTERVAL_NS);
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

    // -- single changes ---------------------------------------------------------------------------

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

    // -- hops, workers, heartbeat -----------------------------------------------------------------

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

    // -- the rest of the world --------------------------------------------------------------------

    private long nowMs() {
        return TimeUnit.NANOSECONDS.toMillis(nowNs);
    }

    /** Until everybody has done what there is to do. */
    private void run() {
        for (int i = 0; i < 10; i++) {
            conductor.doWork();
            for (final HeardWorker worker : workers) {
                if (worker.failure == null) {
                    worker.doWork();
                }
            }
        }
        conductor.doWork();
        poll();
    }

    private void pass(final long durationNs) {
        nowNs += durationNs;
        run();
    }

    private void poll() {
        client.poll(Integer.MAX_VALUE);
    }

    private void apply(final DesiredState state) {
        final long correlationId = client.send(state, TIMEOUT_NS);
        run();
        assertTrue(
                events.stream().anyMatch(event -> event.startsWith(correlationId + " done")),
                events.toString());
        events.clear();
    }

    private void assertRefused(final String text, final DesiredState state) {
        final long correlationId = client.send(state, TIMEOUT_NS);
        run();
        assertEquals(List.of(correlationId + " failed " + text), events);
        events.clear();
    }

    private List<String> serviceNames() {
        return client.directory().services().stream().map(info -> info.spec().name()).toList();
    }

    private int backendId(final String name) {
        return client.directory().backends().stream()
                .filter(info -> !info.retired() && info.spec().name().equals(name))
                .findFirst()
                .orElseThrow()
                .id();
    }

    static DesiredState web(final long revision, final BackendSpec... backends) {
        return new DesiredState(
                revision,
                List.of("web"),
                List.of(backends),
                List.of(service("web", "192.0.2.10", 80, "web")));
    }

    static ServiceSpec service(
            final String name, final String vip, final int port, final String pool) {
        return new ServiceSpec(
                name,
                IpAddress.parse(vip),
                Protocol.TCP,
                port,
                port,
                Mode.NAT,
                Algorithm.RR,
                pool,
                ServiceSpec.Timeouts.DEFAULT);
    }

    static BackendSpec backend(final String name, final BackendState state) {
        return backend("web", name, "10.2.0." + (1 + name.charAt(1) - '0'), state);
    }

    static BackendSpec backend(
            final String pool, final String name, final String address, final BackendState state) {
        return new BackendSpec(pool, name, IpAddress.parse(address), 8080, 100, state);
    }

    private static int net(final String address) {
        return Integer.reverseBytes(IpAddress.parse(address).ipv4());
    }

    private static int port(final int port) {
        return Short.toUnsignedInt(Short.reverseBytes((short) port));
    }

    private static final class HeardWorker implements Agent, WorkerListener {
        private final WorkerProxy inbox;
        private final ConductorProxy conductor;
        private final List<Long> seen = new ArrayList<>();
        private WorkerSnapshot snapshot = WorkerSnapshot.EMPTY;
        private RuntimeException failure;

        HeardWorker(final WorkerProxy inbox, final ConductorProxy conductor) {
            this.inbox = inbox;
            this.conductor = conductor;
        }

        ForwardingTable table() {
            return snapshot.table();
        }

        int scheduled(final int serviceId) {
            return snapshot.schedulers()[serviceId].select(1, 1);
        }

        @Override
        public int doWork() {
            if (failure != null) {
                throw failure;
            }

            return inbox.poll(this, 1_000);
        }

        @Override
        public void onSnapshot(final WorkerSnapshot next) {
            snapshot = next;
            seen.add(next.table().epoch());
            assertTrue(conductor.adopted(next.table().epoch()));
        }

        @Override
        public void onQuery(final FlowQuery query) {
            assertTrue(conductor.flowsEnd(query.correlationId(), 0));
        }

        @Override
        public String roleName() {
            return "heard";
        }
    }

    private static final class RecordingFilter implements TrafficFilter {
        private final List<String> seen = new ArrayList<>();
        private FilterRules retained = FilterRules.NONE;
        private RuntimeException refusal;

        @Override
        public void add(final FilterRules rules) {
            if (refusal != null) {
                throw refusal;
            }
            seen.add("add " + rules);
        }

        @Override
        public void retain(final FilterRules rules) {
            seen.add("retain " + rules);
            retained = rules;
        }
    }

    private final class Events implements EventListener {
        @Override
        public void onCommandDone(final long correlationId, final long epoch) {
            events.add(correlationId + " done " + epoch);
        }

        @Override
        public void onCommandFailed(final long correlationId, final String text) {
            events.add(correlationId + " failed " + text);
        }

        @Override
        public void onHop(final IpAddress address, final long hop, final String reason) {
            hopEvents.add(address + " " + hop + " " + reason);
        }

        @Override
        public void onWorkerFailed(final int workerId, final String text) {
            events.add("worker " + workerId + " failed " + text);
        }
    }
}
