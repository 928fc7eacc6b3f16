package io.naru.dataplane;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.neighbour.FixedNeighbourhood;
import io.naru.dataplane.neighbour.HopTable;
import io.naru.dataplane.port.FilterRules;
import io.naru.dataplane.port.TrafficFilter;
import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.CncFile;
import io.naru.dataplane.protocol.DataPlaneClient;
import io.naru.dataplane.protocol.DesiredState;
import io.naru.dataplane.protocol.EventListener;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Limits;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.ServiceSpec;
import io.naru.dataplane.protocol.WorkerInfo;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.status.WorkerStats;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.errors.DistinctErrorLog;
import org.agrona.concurrent.status.CountersManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A conductor driven by hand, with a virtual clock and workers that only say what they heard. */
abstract class ConductorFixture {
    private static final int WORKERS = 2;
    static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(5);

    @TempDir Path runDirectory;

    final List<String> events = new ArrayList<>();
    final List<String> hopEvents = new ArrayList<>();
    final RecordingFilter filter = new RecordingFilter();
    final FixedNeighbourhood neighbourhood = new FixedNeighbourhood();
    final HeardWorker[] workers = new HeardWorker[WORKERS];
    final WorkerSupervisor[] supervisors = new WorkerSupervisor[WORKERS];
    final WorkerStats[] stats = new WorkerStats[WORKERS];
    private CncFile cncFile;
    DataPlaneClient client;
    Conductor conductor;
    long nowNs = 1_000_000_000L;
    boolean hasStopped;

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

    long nowMs() {
        return TimeUnit.NANOSECONDS.toMillis(nowNs);
    }

    /** Until everybody has done what there is to do. */
    void run() {
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

    void pass(final long durationNs) {
        nowNs += durationNs;
        run();
    }

    void poll() {
        client.poll(Integer.MAX_VALUE);
    }

    void apply(final DesiredState state) {
        final long correlationId = client.send(state, TIMEOUT_NS);
        run();
        assertTrue(
                events.stream().anyMatch(event -> event.startsWith(correlationId + " done")),
                events.toString());
        events.clear();
    }

    int backendId(final String name) {
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

    static int net(final String address) {
        return Integer.reverseBytes(IpAddress.parse(address).ipv4());
    }

    static int port(final int port) {
        return Short.toUnsignedInt(Short.reverseBytes((short) port));
    }

    static final class HeardWorker implements Agent, WorkerListener {
        private final WorkerProxy inbox;
        private final ConductorProxy conductor;
        final List<Long> seen = new ArrayList<>();
        WorkerSnapshot snapshot = WorkerSnapshot.EMPTY;
        RuntimeException failure;

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

    static final class RecordingFilter implements TrafficFilter {
        final List<String> seen = new ArrayList<>();
        FilterRules retained = FilterRules.NONE;
        RuntimeException refusal;

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
