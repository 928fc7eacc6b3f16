package io.naru.dataplane;

import io.naru.dataplane.flow.FlowExpiry;
import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.neighbour.HopListener;
import io.naru.dataplane.neighbour.HopResolver;
import io.naru.dataplane.neighbour.HopTable;
import io.naru.dataplane.neighbour.LocalAddress;
import io.naru.dataplane.neighbour.Neighbourhood;
import io.naru.dataplane.port.FilterRules;
import io.naru.dataplane.port.FilterRules.Address;
import io.naru.dataplane.port.TrafficFilter;
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
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.PacketQuery;
import io.naru.dataplane.protocol.ServiceInfo;
import io.naru.dataplane.protocol.ServiceSpec;
import io.naru.dataplane.protocol.ServiceTrial;
import io.naru.dataplane.protocol.WorkerInfo;
import io.naru.dataplane.schedule.Scheduler;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.status.ActiveFlows;
import io.naru.dataplane.status.CheckedResponseTimes;
import io.naru.dataplane.status.LoadMeter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.EpochClock;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.errors.DistinctErrorLog;

/**
 * Carries out the commands of clients: turns what they want into forwarding tables, hands these to
 * the workers, and says so when every worker uses them.
 *
 * <p>A change takes these steps, in this order, so that no packet arrives that nobody understands:
 *
 * <pre>
 *   check whole ─► filter lets in more ─► workers adopt ─► filter lets in no more than needed
 *        │                                     │            ids and hops no longer used are free
 *        ▼                                     ▼
 *   COMMAND_FAILED, nothing changed       COMMAND_DONE, applied epoch
 * </pre>
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
    static final long RELEASE_INTERVAL_NS = TimeUnit.SECONDS.toNanos(1);

    private static final int WORKER_MESSAGE_LIMIT = 512;

    private final CncFile cncFile;
    private final CommandAdapter commandAdapter;
    private final EventProxy events;
    private final DistinctErrorLog errorLog;
    private final NanoClock nanoClock;
    private final EpochClock epochClock;
    private final TrafficFilter filter;
    private final HopTable hopTable;
    private final HopResolver hops;
    private final WorkerProxy[] workers;
    private final ConductorProxy[] workerReplies;
    private final WorkerSupervisor[] supervisors;
    private final WorkerInfo[] workerInfos;
    private final LocalPortRange localPorts;
    private final Runnable onWorkerFailure;
    private final ActiveFlows activeFlows;
    private final CheckedResponseTimes checkedResponseTimes = new CheckedResponseTimes();
    private final LoadMeter loadMeter;
    private final SchedulerCache schedulerCache;
    private final DirectoryWriter directory;
    private final FlowQueries flowQueries;

    /** Configurations that were tried, by the command to answer, when their flows are counted. */
    private final Map<Long, ConfigTrial> countedTrials = new LinkedHashMap<>();

    private final WorkerSnapshot[] unsent;
    private final long[] adoptedEpochs;
    private final Queue<Answer> unanswered = new ArrayDeque<>();
    private final Queue<FreedId> freedIds = new ArrayDeque<>();

    /** What was commanded; {@link #published} until its table is on the way to the workers. */
    private Inventory inventory = Inventory.EMPTY;

    private Inventory published = Inventory.EMPTY;
    private ForwardingTable publishedTable = ForwardingTable.EMPTY;
    private FlowExpiry expiry = FlowExpiry.DEFAULT;
    private Set<LocalAddress> locals;
    private ConfigTransaction transaction;
    private long refusedConfig;
    private long epoch;
    private long appliedEpoch;
    private boolean isSettled;

    /** The box's own addresses have changed, which a table knows too. */
    private boolean isTableStale;

    private boolean hasFailed;
    private boolean isAnnounced;
    private volatile boolean isAttached;
    private long heartbeatDueNs;
    private long releaseDueNs;

    /** A command that is done when every worker has adopted the epoch. */
    private record Answer(long correlationId, long epoch, boolean isConfig, long revision) {}

    /** An id that may be given out again when every worker has adopted the epoch. */
    private record FreedId(boolean isService, int id, long epoch) {}

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
        this.errorLog = errorLog;
        this.nanoClock = nanoClock;
        this.epochClock = epochClock;
        this.filter = filter;
        this.hopTable = hopTable;
        this.workers = workers.clone();
        this.workerReplies = workerReplies.clone();
        this.supervisors = supervisors.clone();
        this.workerInfos = workerInfos.clone();
        this.localPorts = localPorts;
        this.onWorkerFailure = onWorkerFailure;
        commandAdapter = new CommandAdapter(cncFile, this);
        events = new EventProxy(cncFile);
        activeFlows = new ActiveFlows(cncFile);
        loadMeter = new LoadMeter(cncFile, activeFlows, checkedResponseTimes, nanoClock.nanoTime());
        schedulerCache = new SchedulerCache(workers.length, loadMeter);
        directory = new DirectoryWriter(cncFile.directory());
        flowQueries = new FlowQueries(workers, events);
        unsent = new WorkerSnapshot[workers.length];
        adoptedEpochs = new long[workers.length];
        hops = new HopResolver(hopTable, neighbourhood, this, nanoClock.nanoTime());
        locals = hops.locals();
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
        work += publishChanges();
        work += sendSnapshots();
        work += hearWorkers();
        work += hops.poll(nowNs);
        work += flowQueries.doWork();
        work += answerTrial();
        work += settle();
        work += loadMeter.measure(nowNs, publishedTable.backendIdLimit());
        work += releaseRetired(nowNs);
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
        return unanswered.size() > MAX_UNANSWERED - COMMAND_LIMIT
                ? 0
                : commandAdapter.poll(COMMAND_LIMIT, nowNs);
    }

    /** The changes to single backends and services of one duty cycle become one table. */
    private int publishChanges() {
        if (inventory == published && !isTableStale) {
            return 0;
        }

        isTableStale = false;
        try {
            publish(inventory);
        } catch (final RuntimeException ex) {
            inventory = published;
            report(ex);
            final long failedEpoch = epoch + 1;
            for (final Answer answer : unanswered) {
                if (answer.epoch == failedEpoch) {
                    events.commandFailed(answer.correlationId, text(ex));
                }
            }
            unanswered.removeIf(answer -> answer.epoch == failedEpoch);
            freedIds.removeIf(freed -> freed.epoch == failedEpoch);
        }

        return 1;
    }

    private int sendSnapshots() {
        int count = 0;
        for (int worker = 0; worker < workers.length; worker++) {
            if (unsent[worker] != null && workers[worker].snapshot(unsent[worker])) {
                unsent[worker] = null;
                count++;
            }
        }

        return count;
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

    /** When every worker uses the latest table, what only older ones needed is let go. */
    private int settle() {
        if (isSettled || appliedEpoch != epoch) {
            return 0;
        }

        isSettled = true;
        try {
            filter.retain(published.rules(addresses(locals), localPorts));
        } catch (final RuntimeException ex) {
            report(ex); // too much is let in, and counted as not ours: no harm but the load
        }
        hops.retain(published.addresses());
        while (!freedIds.isEmpty() && freedIds.peek().epoch <= appliedEpoch) {
            free(freedIds.poll());
        }

        return 1;
    }

    private void free(final FreedId freed) {
        if (freed.isService) {
            activeFlows.clearService(freed.id);
            inventory = inventory.freeService(freed.id);
        } else {
            activeFlows.clearBackend(freed.id);
            checkedResponseTimes.set(freed.id, CheckedResponseTimes.NONE);
            inventory = inventory.freeBackend(freed.id);
        }
        published = inventory;
    }

    /** Lets go of what is no longer configured and has no flow left. */
    private int releaseRetired(final long nowNs) {
        if (releaseDueNs - nowNs > 0 || !isSettled || inventory != published) {
            return 0;
        }

        releaseDueNs = nowNs + RELEASE_INTERVAL_NS;
        if (!inventory.hasRetired()) {
            return 0;
        }

        final Set<Integer> serviceIds = new HashSet<>();
        for (final ServiceInfo service : inventory.services()) {
            if (service.retired() && activeFlows.ofService(service.id()) <= 0) {
                serviceIds.add(service.id());
            }
        }
        final Set<Integer> backendIds = new HashSet<>();
        for (final BackendInfo backend : inventory.backends()) {
            if (backend.retired() && activeFlows.ofBackend(backend.id()) <= 0) {
                backendIds.add(backend.id());
            }
        }
        if (serviceIds.isEmpty() && backendIds.isEmpty()) {
            return 0;
        }

        inventory = inventory.withoutRetired(serviceIds, backendIds);
        serviceIds.forEach(id -> freedIds.add(new FreedId(true, id, epoch + 1)));
        backendIds.forEach(id -> freedIds.add(new FreedId(false, id, epoch + 1)));
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
                errorLog.record(failure);
                cncFile.lastError("worker " + workerId + " failed: " + failure, epochClock.time());
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
        if (transaction != null) {
            refuseConfig();
            events.commandFailed(
                    refusedConfig, "another configuration was begun before this one was committed");
        }

        transaction =
                new ConfigTransaction(
                        correlationId, revision, services, pools, backends, localAddresses);
    }

    @Override
    public void onPutPool(final long correlationId, final String name) {
        put(correlationId, () -> transaction.pool(name));
    }

    @Override
    public void onPutLocalAddress(final long correlationId, final IpAddress address) {
        put(correlationId, () -> transaction.localAddress(address));
    }

    @Override
    public void onPutBackend(final long correlationId, final BackendSpec backend) {
        put(correlationId, () -> transaction.backend(backend));
    }

    @Override
    public void onPutService(final long correlationId, final ServiceSpec service) {
        put(correlationId, () -> transaction.service(service));
    }

    /** Parts of a configuration that was refused already, or of none, are passed over. */
    private void put(final long correlationId, final Runnable part) {
        if (transaction != null && transaction.correlationId() == correlationId) {
            try {
                part.run();
            } catch (final RuntimeException ex) {
                refuseConfig();
                fail(correlationId, ex);
            }
        }
    }

    /** Passes over what still comes of a configuration whose refusal is sent. */
    private void refuseConfig() {
        refusedConfig = transaction.correlationId();
        transaction = null;
    }

    @Override
    public void onCommitConfig(final long correlationId) {
        if (transaction == null || transaction.correlationId() != correlationId) {
            if (correlationId != refusedConfig) {
                events.commandFailed(correlationId, "there is no configuration to commit");
            }
            return;
        }

        try {
            final DesiredState state = transaction.complete();
            publishChanges(); // what was commanded before stays as it is if this is refused
            final Inventory next = inventory.serving(state);
            if (next != inventory) {
                publish(next);
            }
            unanswered.add(new Answer(correlationId, epoch, true, state.revision()));
            answer();
        } catch (final RuntimeException ex) {
            fail(correlationId, ex);
        } finally {
            transaction = null;
        }
    }

    @Override
    public void onTryConfig(final long correlationId) {
        if (transaction == null || transaction.correlationId() != correlationId) {
            if (correlationId != refusedConfig) {
                events.commandFailed(correlationId, "there is no configuration to try");
            }
            return;
        }

        try {
            final DesiredState state = transaction.complete();
            publishChanges(); // what was commanded before is what it is compared with
            final Inventory next = inventory.serving(state);
            // nothing is sent by this table: any hop will do, and none is asked for
            final ForwardingTable table = next.table(epoch + 1, address -> 0, locals);
            final ConfigTrial trial =
                    new ConfigTrial(
                            published,
                            publishedTable,
                            next,
                            table,
                            schedulerCache,
                            workers.length,
                            counted -> countedTrials.put(correlationId, counted));
            flowQueries.add(FlowQuery.counting(correlationId, trial.census()));
        } catch (final RuntimeException ex) {
            fail(correlationId, ex);
        } finally {
            transaction = null;
        }
    }

    @Override
    public void onSetBackend(
            final long correlationId,
            final String pool,
            final String name,
            final int weight,
            final int share,
            final BackendState state) {
        change(correlationId, () -> inventory.withBackend(pool, name, weight, share, state));
    }

    @Override
    public void onSetResponseTime(
            final long correlationId,
            final String pool,
            final String name,
            final long responseTimeNs) {
        try {
            checkedResponseTimes.set(inventory.backendId(pool, name), responseTimeNs);
            events.commandDone(correlationId, appliedEpoch);
        } catch (final RuntimeException ex) {
            fail(correlationId, ex);
        }
    }

    @Override
    public void onSetAlgorithm(
            final long correlationId, final String service, final Algorithm algorithm) {
        change(correlationId, () -> inventory.withAlgorithm(service, algorithm));
    }

    private void change(final long correlationId, final Supplier<Inventory> next) {
        try {
            inventory = next.get();
            unanswered.add(
                    new Answer(
                            correlationId, inventory == published ? epoch : epoch + 1, false, 0));
            answer();
        } catch (final RuntimeException ex) {
            fail(correlationId, ex);
        }
    }

    @Override
    public void onQueryFlows(final long correlationId, final FlowFilter flowFilter) {
        try {
            flowQueries.add(correlationId, flowFilter, inventory);
        } catch (final RuntimeException ex) {
            fail(correlationId, ex);
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
                                                            publishedTable.locals()::address)))));
        } catch (final RuntimeException ex) {
            fail(correlationId, ex);
        }
    }

    @Override
    public void onPing(final long correlationId, final long clientPid) {
        cncFile.clientHeartbeat(clientPid, epochClock.time());
        events.commandDone(correlationId, appliedEpoch);
    }

    @Override
    public void onGarbled(final long correlationId, final String text) {
        if (correlationId == refusedConfig && correlationId != 0) {
            return;
        }
        if (transaction != null && transaction.correlationId() == correlationId) {
            refuseConfig(); // a part of it is not understood
        }
        events.commandFailed(correlationId, text);
    }

    private void fail(final long correlationId, final RuntimeException ex) {
        if (!(ex instanceof IllegalArgumentException)) {
            report(ex);
        }
        events.commandFailed(correlationId, text(ex));
    }

    private static String text(final RuntimeException ex) {
        return ex instanceof IllegalArgumentException ? ex.getMessage() : ex.toString();
    }

    /** A failure that is no refusal; the running table stays as it is. */
    void onError(final Throwable ex) {
        report(ex);
    }

    private void report(final Throwable ex) {
        errorLog.record(ex);
        cncFile.lastError(ex.toString(), epochClock.time());
    }

    // -- tables -----------------------------------------------------------------------------------

    /** Hands a new table to the workers; throws, with nothing changed, if it cannot be served. */
    private void publish(final Inventory next) {
        isSettled = false; // also if it is refused: hops and rules of it are let go then
        final ForwardingTable table = next.table(epoch + 1, this::hopId, locals);
        final FilterRules rules = next.rules(addresses(locals), localPorts);
        final FlowExpiry nextExpiry = next.expiry();
        final Scheduler[][] schedulers = schedulerCache.schedulers(table);
        filter.add(rules);

        epoch++;
        inventory = next;
        published = next;
        publishedTable = table;
        expiry = nextExpiry;
        for (int worker = 0; worker < workers.length; worker++) {
            unsent[worker] = new WorkerSnapshot(table, schedulers[worker], expiry);
        }
        // Before any worker can adopt the table, and so before its epoch is the applied one: the
        // directory may be newer than that, never older.
        directory.write(next, this::hop);
    }

    private int hopId(final IpAddress address) {
        final int hopId = hops.hopFor(address);
        if (hopId == HopResolver.NO_ID) {
            throw new IllegalArgumentException(
                    "more than " + hopTable.capacity() + " addresses of backends");
        }

        return hopId;
    }

    private long hop(final IpAddress address) {
        return hopTable.hop(hopId(address));
    }

    // -- workers ----------------------------------------------------------------------------------

    @Override
    public void onAdopted(final int workerId, final long adoptedEpoch) {
        adoptedEpochs[workerId] = adoptedEpoch;
        workerState(workerId, "running");
        answer();
    }

    /** Answers the commands whose table every worker uses. */
    private void answer() {
        final long newest = Arrays.stream(adoptedEpochs).min().orElse(epoch);
        final List<Answer> done = new ArrayList<>();
        while (!unanswered.isEmpty() && unanswered.peek().epoch <= newest) {
            done.add(unanswered.poll());
        }
        for (final Answer answer : done) {
            if (answer.isConfig) {
                cncFile.configured(answer.revision, epochClock.time());
            }
        }
        if (newest != appliedEpoch) {
            appliedEpoch = newest;
            cncFile.applied(newest);
        }
        done.forEach(answer -> events.commandDone(answer.correlationId, newest));
    }

    @Override
    public void onFlow(
            final int workerId, final long correlationId, final long entry, final int nowTicks) {
        flowQueries.onFlow(workerId, correlationId, entry, nowTicks, expiry, inventory);
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
                                adoptedEpochs[workerId]));
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
        locals = latest;
        isTableStale = true;
        isSettled = false;
    }

    private static Set<Address> addresses(final Set<LocalAddress> locals) {
        final Set<Address> set = new HashSet<>();
        for (final LocalAddress local : locals) {
            set.add(new Address(local.address().high(), local.address().low()));
        }

        return set;
    }
}
