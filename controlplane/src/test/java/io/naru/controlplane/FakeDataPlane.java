package io.naru.controlplane;

import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.BackendInfo;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.CncFile;
import io.naru.dataplane.protocol.CommandAdapter;
import io.naru.dataplane.protocol.CommandListener;
import io.naru.dataplane.protocol.DesiredState;
import io.naru.dataplane.protocol.EventProxy;
import io.naru.dataplane.protocol.FlowFilter;
import io.naru.dataplane.protocol.FlowInfo;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.PacketAnswer;
import io.naru.dataplane.protocol.PacketQuery;
import io.naru.dataplane.protocol.ServiceInfo;
import io.naru.dataplane.protocol.ServiceSpec;
import io.naru.dataplane.protocol.ServiceTrial;
import io.naru.dataplane.protocol.StatsLine;
import io.naru.dataplane.protocol.WorkerInfo;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * A data plane without packets: speaks the protocol of the cnc file as the conductor does, and does
 * what a test tells it to.
 */
public final class FakeDataPlane implements AutoCloseable, CommandListener {
    private static final int PID_OFFSET = 16; // CncFileDescriptor draws it

    private final Path runDirectory;
    private final CncFile file;
    private final CommandAdapter commands;
    private final EventProxy events;
    private final Thread thread;
    private final List<String> log = new ArrayList<>();
    private final Map<String, BackendSpec> backends = new LinkedHashMap<>();
    private final Map<String, ServiceSpec> services = new LinkedHashMap<>();
    private final Map<String, Integer> ids = new LinkedHashMap<>();
    private final List<FlowInfo> flows = new ArrayList<>();
    private final List<ServiceTrial> trials = new ArrayList<>();
    private PacketAnswer packetAnswer;
    private boolean ignoresPackets;
    private int packetsAsked;
    private PacketQuery lastPacket;
    private DesiredState open;
    private String refusal;
    private FlowFilter lastFilter;
    private boolean silent;
    private boolean deaf;
    private long epoch;
    private volatile boolean running = true;

    public FakeDataPlane(final Path runDirectory) {
        this.runDirectory = runDirectory;
        file = CncFile.create(runDirectory, 1, System::currentTimeMillis);
        commands = new CommandAdapter(file, this);
        events = new EventProxy(file);
        file.directory().put(new WorkerInfo(0, -1, "running", 1_024, 0));
        thread = new Thread(this::run, "fake-data-plane");
        thread.start();
    }

    private void run() {
        while (running) {
            synchronized (this) {
                if (!silent) {
                    file.heartbeat(System.currentTimeMillis());
                    if (!deaf) {
                        commands.poll(1_000, System.nanoTime());
                    }
                }
            }
            LockSupport.parkNanos(500_000);
        }
    }

    // -- what a test tells it ---------------------------------------------------------------------

    /** The next whole configuration is refused with this text. */
    public synchronized void refuseNext(final String text) {
        refusal = text;
    }

    /** No heartbeat any more, and no answers. */
    public synchronized void hang() {
        silent = true;
    }

    public synchronized void goOn() {
        silent = false;
    }

    /** Lives, but takes no commands. */
    public synchronized void deaf(final boolean isDeaf) {
        deaf = isDeaf;
    }

    public synchronized void fail(final String error) {
        file.lastError(error, System.currentTimeMillis());
    }

    /** Ends as after kill -9: no word, and no such process any more. */
    public void die(final int pid) throws IOException {
        stopThread();
        try (RandomAccessFile raw = new RandomAccessFile(file.path().toFile(), "rw")) {
            raw.seek(PID_OFFSET);
            raw.write(
                    ByteBuffer.allocate(Long.BYTES)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .putLong(pid)
                            .array());
        }
    }

    /** Stops cleanly. */
    public void stop() {
        events.stopping(file.pid());
        stopThread();
        file.stopped(System.currentTimeMillis());
    }

    private void stopThread() {
        running = false;
        try {
            thread.join();
        } catch (final InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    public synchronized void flow(final FlowInfo flow) {
        flows.add(flow);
    }

    /** What becomes of the packets that are asked about. */
    public synchronized void answerPackets(final PacketAnswer answer) {
        packetAnswer = answer;
    }

    /** Hears of packets from now on, and says nothing. */
    public synchronized void ignorePackets() {
        ignoresPackets = true;
    }

    /** How many it was asked about. */
    public synchronized int packetsAsked() {
        return packetsAsked;
    }

    public synchronized PacketQuery lastPacket() {
        return lastPacket;
    }

    /** What a configuration that is tried would do to a service. */
    public synchronized void trial(final ServiceTrial trial) {
        trials.add(trial);
    }

    /** Counts traffic of a backend. */
    public synchronized void traffic(
            final String backend, final long flowsOpened, final long flowsActive) {
        final int offset = StatsLine.backendOffset(0, ids.get(backend));
        file.backendStats().putLong(offset + StatsLine.FLOWS_OPENED_OFFSET, flowsOpened);
        file.backendStats().putLong(offset + StatsLine.FLOWS_ACTIVE_OFFSET, flowsActive);
    }

    /** Counts openings of a backend that went wrong. */
    public synchronized void openings(
            final String backend, final long unanswered, final long refused) {
        final int offset = StatsLine.backendOffset(0, ids.get(backend));
        file.backendStats().putLong(offset + StatsLine.OPENINGS_UNANSWERED_OFFSET, unanswered);
        file.backendStats().putLong(offset + StatsLine.OPENINGS_REFUSED_OFFSET, refused);
    }

    // -- what a test asks it ----------------------------------------------------------------------

    /** {@code up 100}, or {@code null} if it was never told of the backend. */
    public synchronized String backend(final String name) {
        final BackendSpec spec = backends.get(name);
        return spec == null ? null : spec.state().label() + " " + spec.weight();
    }

    /** Percent of its weight; 0 if it was never told of the backend. */
    public synchronized int share(final String name) {
        final BackendSpec spec = backends.get(name);
        return spec == null ? 0 : spec.share();
    }

    public synchronized Algorithm algorithm(final String service) {
        return services.get(service).algorithm();
    }

    /** The commands that came since the last call, but keep-alives. */
    public synchronized List<String> takeLog() {
        final List<String> taken = List.copyOf(log);
        log.clear();
        return taken;
    }

    public synchronized FlowFilter lastFilter() {
        return lastFilter;
    }

    public long revision() {
        return file.configRevision();
    }

    public int id(final String name) {
        return ids.get(name);
    }

    // -- CommandListener --------------------------------------------------------------------------

    @Override
    public void onBeginConfig(
            final long correlationId,
            final long revision,
            final int serviceCount,
            final int poolCount,
            final int backendCount,
            final int localAddressCount) {
        open = new DesiredState(revision, new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        openPools.clear();
        openBackends.clear();
        openServices.clear();
    }

    private final List<String> openPools = new ArrayList<>();
    private final List<BackendSpec> openBackends = new ArrayList<>();
    private final List<ServiceSpec> openServices = new ArrayList<>();

    @Override
    public void onPutPool(final long correlationId, final String name) {
        openPools.add(name);
    }

    @Override
    public void onPutLocalAddress(final long correlationId, final IpAddress address) {
        // nothing here forwards packets
    }

    @Override
    public void onPutBackend(final long correlationId, final BackendSpec backend) {
        openBackends.add(backend);
    }

    @Override
    public void onPutService(final long correlationId, final ServiceSpec service) {
        openServices.add(service);
    }

    @Override
    public void onCommitConfig(final long correlationId) {
        log.add("config " + open.revision());
        if (refusal != null) {
            events.commandFailed(correlationId, refusal);
            refusal = null;
            return;
        }

        final Map<String, BackendSpec> before = new LinkedHashMap<>(backends);
        backends.clear();
        for (final BackendSpec spec : openBackends) {
            final String name = spec.pool() + "/" + spec.name();
            final BackendSpec was = before.get(name);
            final BackendState kept = was == null ? BackendState.DOWN : was.state();
            put(
                    name,
                    spec.state() == BackendState.KEEP
                            ? spec.with(spec.weight(), spec.share(), kept)
                            : spec);
        }
        services.clear();
        for (final ServiceSpec service : openServices) {
            put(service);
        }
        file.configured(open.revision(), System.currentTimeMillis());
        done(correlationId);
    }

    @Override
    public void onExplain(final long correlationId, final PacketQuery query) {
        lastPacket = query;
        packetsAsked++;
        if (packetAnswer != null) {
            events.explained(correlationId, packetAnswer);
        } else if (!ignoresPackets) {
            events.commandFailed(correlationId, "no answer");
        }
    }

    @Override
    public void onTryConfig(final long correlationId) {
        log.add("try " + openServices.size() + " services");
        if (refusal != null) {
            events.commandFailed(correlationId, refusal);
            refusal = null;
            return;
        }

        trials.forEach(trial -> events.triedService(correlationId, trial));
        events.triedEnd(correlationId);
    }

    @Override
    public void onSetBackend(
            final long correlationId,
            final String pool,
            final String name,
            final int weight,
            final int share,
            final BackendState state) {
        final String key = pool + "/" + name;
        log.add("set " + key + " " + state.label() + " " + weight);
        final BackendSpec was = backends.get(key);
        if (was == null) {
            events.commandFailed(correlationId, "there is no backend " + key);
            return;
        }
        put(
                key,
                was.with(
                        weight < 0 ? was.weight() : weight,
                        share < 0 ? was.share() : share,
                        state == BackendState.KEEP ? was.state() : state));
        done(correlationId);
    }

    @Override
    public void onSetAlgorithm(
            final long correlationId, final String service, final Algorithm algorithm) {
        log.add("algorithm " + service + " " + algorithm.label());
        final ServiceSpec was = services.get(service);
        put(
                new ServiceSpec(
                        was.name(),
                        was.vip(),
                        was.protocol(),
                        was.portFirst(),
                        was.portLast(),
                        was.mode(),
                        algorithm,
                        was.pool(),
                        was.timeouts()));
        done(correlationId);
    }

    @Override
    public void onQueryFlows(final long correlationId, final FlowFilter filter) {
        lastFilter = filter;
        int shown = 0;
        for (final FlowInfo flow : flows) {
            if (shown < filter.limit()) {
                events.flow(correlationId, flow);
                shown++;
            }
        }
        events.flowsEnd(correlationId, flows.size(), shown);
    }

    @Override
    public void onSetResponseTime(
            final long correlationId,
            final String pool,
            final String name,
            final long responseTimeNs) {
        log.add("response time %s/%s %d".formatted(pool, name, responseTimeNs));
        events.commandDone(correlationId, epoch);
    }

    @Override
    public void onPing(final long correlationId, final long clientPid) {
        file.clientHeartbeat(clientPid, System.currentTimeMillis());
        events.commandDone(correlationId, epoch);
    }

    @Override
    public void onGarbled(final long correlationId, final String text) {
        log.add("garbled " + text);
    }

    private void put(final String name, final BackendSpec spec) {
        backends.put(name, spec);
        file.directory()
                .put(new BackendInfo(ids.computeIfAbsent(name, n -> ids.size()), false, spec, 0));
    }

    private void put(final ServiceSpec spec) {
        services.put(spec.name(), spec);
        file.directory()
                .put(
                        new ServiceInfo(
                                ids.computeIfAbsent(spec.name(), n -> ids.size()), false, spec));
    }

    private void done(final long correlationId) {
        file.applied(++epoch);
        events.commandDone(correlationId, epoch);
    }

    @Override
    public void close() {
        stopThread();
        file.close();
    }

    @Override
    public String toString() {
        return "fake data plane in " + runDirectory;
    }
}
