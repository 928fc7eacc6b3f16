package io.naru.dataplane;

import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.neighbour.HopListener;
import io.naru.dataplane.neighbour.HopResolver;
import io.naru.dataplane.neighbour.HopTable;
import io.naru.dataplane.neighbour.LocalAddress;
import io.naru.dataplane.neighbour.Neighbourhood;
import io.naru.dataplane.port.TrafficFilter;
import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.CncFile;
import io.naru.dataplane.protocol.CommandAdapter;
import io.naru.dataplane.protocol.CommandListener;
import io.naru.dataplane.protocol.DesiredState;
import io.naru.dataplane.protocol.EventProxy;
import io.naru.dataplane.protocol.FlowFilter;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.PacketQuery;
import io.naru.dataplane.protocol.ServiceSpec;
import io.naru.dataplane.protocol.ServiceTrial;
import io.naru.dataplane.protocol.WorkerInfo;
import io.naru.dataplane.status.ActiveFlows;
import io.naru.dataplane.status.CheckedResponseTimes;
import io.naru.dataplane.status.LoadMeter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.EpochClock;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.errors.DistinctErrorLog;

/**
 * Carries out the commands of clients, listens to the workers and to the neighbourhood, and writes
 * what clients are to know. What is to be forwarded goes by way of {@link TablePublisher}.
 *
 * <p>Knows nothing of health and of overrides: the state of a backend is what it was told last.
 * When its client dies nothing changes.
 */
final class Conductor implements Agent, CommandListener, ConductorListener, HopListener {
    /** Commands per duty cycle. */
    static final int COMMAND_LIMIT = 256;

    /** Commands whose table is not in use yet; while there are more, no others are taken. */
    static final int MAX_UNANSWERED = 1_024;

    static final long HEARTBEAT_INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(100);

    private static final int WORKER_MESSAGE_LIMIT = 512;

    private final CncFile cncFile;
    private final CommandAdapter commandAdapter;
    private final EventProxy events;
    private final Failures failures;
    private final NanoClock nanoClock;
    private final EpochClock epochClock;
    private final HopResolver hops;
    private final WorkerProxy[] workers;
    private final ConductorProxy[] workerReplies;
    private final WorkerSupervisor[] supervisors;
    private final WorkerInfo[] workerInfos;
    private final Runnable onWorkerFailure;
    private final ActiveFlows activeFlows;
    private final CheckedResponseTimes checkedResponseTimes = new CheckedResponseTimes();
    private final LoadMeter loadMeter;
    private final DirectoryWriter directory;
    private final FlowQueries flowQueries;
    private final ConfigReceiver config;
    private final TablePublisher tables;

    /** Configurations that were tried, by the command to answer, when their flows are counted. */
    private final Map<Long, ConfigTrial> countedTrials = new LinkedHashMap<>();

    private boolean hasFailed;
    private boolean isAnnounced;
    private volatile boolean isAttached;
    private long heartbeatDueNs;

    /**
     * @param neighbourhood not closed with the conductor.
     * @param onWorkerFailure is run once, after all that is known of the failure has been written.
     */
    Conductor(
            final CncFile cncFile,
            final DistinctErrorLog errorLog,
            final NanoClock nanoClock,
            final EpochClock epochClock,
            final TrafficFilter filter,
            final HopTable hopTable,
            final Neighbourhood neighbourhood,
            final WorkerProxy[] workers,
            final ConductorProxy[] workerReplies,
            final WorkerSupervisor[] supervisors,
            final WorkerInfo[] workerInfos,
            final LocalPortRange localPorts,
            final Runnable onWorkerFailure) {
        this.cncFile = cncFile;
        this.nanoClock = nanoClock;
        this.epochClock = epochClock;
        this.workers = workers.clone();
        this.workerReplies = workerReplies.clone();
        this.supervisors = supervisors.clone();
        this.workerInfos = workerInfos.clone();
        this.onWorkerFailure = onWorkerFailure;
        commandAdapter = new CommandAdapter(cncFile, this);
        events = new EventProxy(cncFile);
        failures = new Failures(cncFile, events, errorLog, epochClock);
        config = new ConfigReceiver(events, failures);
        activeFlows = new ActiveFlows(cncFile);
        loadMeter = new LoadMeter(cncFile, activeFlows, checkedResponseTimes, nanoClock.nanoTime());
        directory = new DirectoryWriter(cncFile.directory());
        flowQueries = new FlowQueries(workers, events);
        hops = new HopResolver(hopTable, neighbourhood, this, nanoClock.nanoTime());
        tables =
                new TablePublisher(
                        cncFile,
                        events,
                        failures,
                        epochClock,
                        filter,
                        hopTable,
                        hops,
                        this.workers,
                        localPorts,
                        activeFlows,
                        checkedResponseTimes,
                        new SchedulerCache(workers.length, loadMeter),
                        directory);
    }

    @Override
    public String roleName() {
        return "naru-cnd";
    }

    @Override
    public void onStart() {
        for (int worker = 0; worker < workers.length; worker++) {
            workerState(worker, "running");
        }
        beatHeart(nanoClock.nanoTime());
    }

    @Override
    public int doWork() {
        final long nowNs = nanoClock.nanoTime();
        int work = takeCommands(nowNs);
        work += tables.publishChanges();
        work += tables.sendSnapshots();
        work += hearWorkers();
        work += hops.poll(nowNs);
        work += flowQueries.doWork();
        work += answerTrial();
        work += tables.settle();
        work += loadMeter.measure(nowNs, tables.table().backendIdLimit());
        work += tables.releaseRetired(nowNs);
        work += watchWorkers();
        work += announceStart();
        work += beatHeart(nowNs);
        return work;
    }

    @Override
    public void onClose() {
        for (int worker = 0; worker < workers.length; worker++) {
            if (supervisors[worker].failure() == null) {
                workerState(worker, "stopped");
            }
        }
        events.stopping(cncFile.pid());
    }

    /** From the thread that attaches: packets come from now on. */
    void attached() {
        isAttached = true;
    }

    // -- the duty cycle ---------------------------------------------------------------------------

    private int takeCommands(final long nowNs) {
        return tables.unanswered() > MAX_UNANSWERED - COMMAND_LIMIT
                ? 0
                : commandAdapter.poll(COMMAND_LIMIT, nowNs);
    }

    private int hearWorkers() {
        int count = 0;
        for (final ConductorProxy replies : workerReplies) {
            count += replies.poll(this, WORKER_MESSAGE_LIMIT);
        }

        return count;
    }

    /** Goes on with the oldest trial, by one service. */
    private int answerTrial() {
        if (countedTrials.isEmpty()) {
            return 0;
        }

        final Map.Entry<Long, ConfigTrial> oldest = countedTrials.entrySet().iterator().next();
        final ServiceTrial service = oldest.getValue().next();
        if (service != null) {
            events.triedService(oldest.getKey(), service);
        } else {
            events.triedEnd(oldest.getKey());
            countedTrials.remove(oldest.getKey());
        }

        return 1;
    }

    private int watchWorkers() {
        if (hasFailed) {
            return 0;
        }

        for (final WorkerSupervisor supervisor : supervisors) {
            final Throwable failure = supervisor.failure();
            if (failure != null) {
                hasFailed = true;
                final int workerId = supervisor.workerId();
                failures.report(failure, "worker " + workerId + " failed: " + failure);
                workerState(workerId, "failed");
                events.workerFailed(workerId, failure.toString());
                onWorkerFailure.run();
                return 1;
            }
        }

        return 0;
    }

    private int announceStart() {
        if (isAnnounced || !isAttached) {
            return 0;
        }

        isAnnounced = true;
        events.started(cncFile.pid());
        return 1;
    }

    private int beatHeart(final long nowNs) {
        if (heartbeatDueNs - nowNs > 0) {
            return 0;
        }

        heartbeatDueNs = nowNs + HEARTBEAT_INTERVAL_NS;
        cncFile.heartbeat(epochClock.time());
        return 1;
    }

    // -- commands ---------------------------------------------------------------------------------

    @Override
    public void onBeginConfig(
            final long correlationId,
            final long revision,
            final int services,
            final int pools,
            final int backends,
            final int localAddresses) {
        config.begin(
                new ConfigTransaction(
                        correlationId, revision, services, pools, backends, localAddresses));
    }

    @Override
    public void onPutPool(final long correlationId, final String name) {
        config.put(correlationId, transaction -> transaction.pool(name));
    }

    @Override
    public void onPutLocalAddress(final long correlationId, final IpAddress address) {
        config.put(correlationId, transaction -> transaction.localAddress(address));
    }

    @Override
    public void onPutBackend(final long correlationId, final BackendSpec backend) {
        config.put(correlationId, transaction -> transaction.backend(backend));
    }

    @Override
    public void onPutService(final long correlationId, final ServiceSpec service) {
        config.put(correlationId, transaction -> transaction.service(service));
    }

    @Override
    public void onCommitConfig(final long correlationId) {
        config.end(correlationId, "commit", state -> tables.serve(correlationId, state));
    }

    @Override
    public void onTryConfig(final long correlationId) {
        config.end(correlationId, "try", state -> tryConfig(correlationId, state));
    }

    private void tryConfig(final long correlationId, final DesiredState state) {
        final ConfigTrial trial =
                tables.trial(state, counted -> countedTrials.put(correlationId, counted));
        flowQueries.add(FlowQuery.counting(correlationId, trial.census()));
    }

    @Override
    public void onSetBackend(
            final long correlationId,
            final String pool,
            final String name,
            final int weight,
            final int share,
            final BackendState state) {
        change(
                correlationId,
                () -> tables.inventory().withBackend(pool, name, weight, share, state));
    }

    @Override
    public void onSetResponseTime(
            final long correlationId,
            final String pool,
            final String name,
            final long responseTimeNs) {
        try {
            checkedResponseTimes.set(tables.inventory().backendId(pool, name), responseTimeNs);
            events.commandDone(correlationId, tables.appliedEpoch());
        } catch (final RuntimeException ex) {
            failures.fail(correlationId, ex);
        }
    }

    @Override
    public void onSetAlgorithm(
            final long correlationId, final String service, final Algorithm algorithm) {
        change(correlationId, () -> tables.inventory().withAlgorithm(service, algorithm));
    }

    private void change(final long correlationId, final Supplier<Inventory> next) {
        try {
            tables.change(correlationId, next.get());
        } catch (final RuntimeException ex) {
            failures.fail(correlationId, ex);
        }
    }

    @Override
    public void onQueryFlows(final long correlationId, final FlowFilter flowFilter) {
        try {
            flowQueries.add(correlationId, flowFilter, tables.inventory());
        } catch (final RuntimeException ex) {
            failures.fail(correlationId, ex);
        }
    }

    @Override
    public void onExplain(final long correlationId, final PacketQuery query) {
        try {
            flowQueries.add(
                    FlowQuery.asking(
                            correlationId,
                            new PacketInquiry(
                                    query,
                                    workers.length,
                                    inquiry ->
                                            events.explained(
                                                    correlationId,
                                                    inquiry.answer(
                                                            tables.table().locals()::address)))));
        } catch (final RuntimeException ex) {
            failures.fail(correlationId, ex);
        }
    }

    @Override
    public void onPing(final long correlationId, final long clientPid) {
        cncFile.clientHeartbeat(clientPid, epochClock.time());
        events.commandDone(correlationId, tables.appliedEpoch());
    }

    @Override
    public void onGarbled(final long correlationId, final String text) {
        if (config.garbled(correlationId)) {
            events.commandFailed(correlationId, text);
        }
    }

    /** A failure that is no refusal; the running table stays as it is. */
    void onError(final Throwable ex) {
        failures.report(ex);
    }

    // -- workers ----------------------------------------------------------------------------------

    @Override
    public void onAdopted(final int workerId, final long adoptedEpoch) {
        tables.onAdopted(workerId, adoptedEpoch);
        workerState(workerId, "running");
        tables.answer();
    }

    @Override
    public void onFlow(
            final int workerId, final long correlationId, final long entry, final int nowTicks) {
        flowQueries.onFlow(
                workerId, correlationId, entry, nowTicks, tables.expiry(), tables.inventory());
    }

    @Override
    public void onFlowsEnd(final int workerId, final long correlationId, final long matched) {
        flowQueries.onFlowsEnd(correlationId, matched);
    }

    @Override
    public void onPathMtu(final IpAddress backend, final int mtu) {
        hops.learnMtu(backend, mtu);
    }

    private void workerState(final int workerId, final String state) {
        final WorkerInfo info = workerInfos[workerId];
        cncFile.directory()
                .put(
                        new WorkerInfo(
                                workerId,
                                info.cpu(),
                                state,
                                info.flowCapacity(),
                                tables.adoptedEpoch(workerId)));
    }

    // -- next hops --------------------------------------------------------------------------------

    @Override
    public void onHopResolved(final IpAddress address, final long hop) {
        directory.hop(address, hop);
        events.hop(address, hop, "");
    }

    @Override
    public void onHopUnresolved(final IpAddress address, final String reason) {
        directory.hop(address, Hop.UNRESOLVED);
        events.hop(address, Hop.UNRESOLVED, reason);
    }

    @Override
    public void onLocalsChanged(final Set<LocalAddress> latest) {
        tables.onLocalsChanged(latest);
    }
}
