package io.naru.dataplane;

import io.naru.dataplane.flow.FlowExpiry;
import io.naru.dataplane.neighbour.HopResolver;
import io.naru.dataplane.neighbour.HopTable;
import io.naru.dataplane.neighbour.LocalAddress;
import io.naru.dataplane.port.FilterRules;
import io.naru.dataplane.port.FilterRules.Address;
import io.naru.dataplane.port.TrafficFilter;
import io.naru.dataplane.protocol.BackendInfo;
import io.naru.dataplane.protocol.CncFile;
import io.naru.dataplane.protocol.DesiredState;
import io.naru.dataplane.protocol.EventProxy;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.ServiceInfo;
import io.naru.dataplane.schedule.Scheduler;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.status.ActiveFlows;
import io.naru.dataplane.status.CheckedResponseTimes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.agrona.concurrent.EpochClock;

/**
 * Turns what was commanded into forwarding tables, hands these to the workers, and answers the
 * commands when every worker uses theirs. The conductor's.
 *
 * <p>A change takes these steps, in this order, so that no packet arrives that nobody understands:
 *
 * <pre>
 *   check whole ─► filter lets in more ─► workers adopt ─► filter lets in no more than needed
 *        │                                     │            ids and hops no longer used are free
 *        ▼                                     ▼
 *   COMMAND_FAILED, nothing changed       COMMAND_DONE, applied epoch
 * </pre>
 */
final class TablePublisher {
    static final long RELEASE_INTERVAL_NS = TimeUnit.SECONDS.toNanos(1);

    private final CncFile cncFile;
    private final EventProxy events;
    private final Failures failures;
    private final EpochClock epochClock;
    private final TrafficFilter filter;
    private final HopTable hopTable;
    private final HopResolver hops;
    private final WorkerProxy[] workers;
    private final LocalPortRange localPorts;
    private final ActiveFlows activeFlows;
    private final CheckedResponseTimes checkedResponseTimes;
    private final SchedulerCache schedulerCache;
    private final DirectoryWriter directory;
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
    private long epoch;
    private long appliedEpoch;
    private boolean isSettled;

    /** The box's own addresses have changed, which a table knows too. */
    private boolean isTableStale;

    private long releaseDueNs;

    /** A command that is done when every worker has adopted the epoch. */
    private record Answer(long correlationId, long epoch, boolean isConfig, long revision) {}

    /** An id that may be given out again when every worker has adopted the epoch. */
    private record FreedId(boolean isService, int id, long epoch) {}

    TablePublisher(
            final CncFile cncFile,
            final EventProxy events,
            final Failures failures,
            final EpochClock epochClock,
            final TrafficFilter filter,
            final HopTable hopTable,
            final HopResolver hops,
            final WorkerProxy[] workers,
            final LocalPortRange localPorts,
            final ActiveFlows activeFlows,
            final CheckedResponseTimes checkedResponseTimes,
            final SchedulerCache schedulerCache,
            final DirectoryWriter directory) {
        this.cncFile = cncFile;
        this.events = events;
        this.failures = failures;
        this.epochClock = epochClock;
        this.filter = filter;
        this.hopTable = hopTable;
        this.hops = hops;
        this.workers = workers;
        this.localPorts = localPorts;
        this.activeFlows = activeFlows;
        this.checkedResponseTimes = checkedResponseTimes;
        this.schedulerCache = schedulerCache;
        this.directory = directory;
        unsent = new WorkerSnapshot[workers.length];
        adoptedEpochs = new long[workers.length];
        locals = hops.locals();
    }

    /** What was commanded last. */
    Inventory inventory() {
        return inventory;
    }

    /** The latest table that is on the way to the workers. */
    ForwardingTable table() {
        return publishedTable;
    }

    /** When flows of that table expire. */
    FlowExpiry expiry() {
        return expiry;
    }

    /** The epoch of the table that every worker uses, or a later one. */
    long appliedEpoch() {
        return appliedEpoch;
    }

    /** The epoch of the table that a worker uses. */
    long adoptedEpoch(final int workerId) {
        return adoptedEpochs[workerId];
    }

    /** Commands whose table is not in use yet. */
    int unanswered() {
        return unanswered.size();
    }

    // -- what is commanded ------------------------------------------------------------------------

    /**
     * Serves a desired state, and answers when every worker does.
     *
     * @throws RuntimeException if it can't be served; then nothing has changed.
     */
    void serve(final long correlationId, final DesiredState state) {
        publishChanges(); // what was commanded before stays as it is if this is refused
        final Inventory next = inventory.serving(state);
        if (next != inventory) {
            publish(next);
        }
        unanswered.add(new Answer(correlationId, epoch, true, state.revision()));
        answer();
    }

    /**
     * What serving a desired state would do; nothing is changed.
     *
     * @param onCounted is given the trial when its flows are counted.
     */
    ConfigTrial trial(final DesiredState state, final Consumer<ConfigTrial> onCounted) {
        publishChanges(); // what was commanded before is what it is compared with
        final Inventory next = inventory.serving(state);
        // nothing is sent by this table: any hop will do, and none is asked for
        final ForwardingTable table = next.table(epoch + 1, address -> 0, locals);
        return new ConfigTrial(
                published, publishedTable, next, table, schedulerCache, workers.length, onCounted);
    }

    /** Serves a changed inventory with the next table, and answers when every worker does. */
    void change(final long correlationId, final Inventory next) {
        inventory = next;
        unanswered.add(
                new Answer(correlationId, inventory == published ? epoch : epoch + 1, false, 0));
        answer();
    }

    // -- the duty cycle ---------------------------------------------------------------------------

    /** The changes to single backends and services of one duty cycle become one table. */
    int publishChanges() {
        if (inventory == published && !isTableStale) {
            return 0;
        }

        isTableStale = false;
        try {
            publish(inventory);
        } catch (final RuntimeException ex) {
            inventory = published;
            failures.report(ex);
            final long failedEpoch = epoch + 1;
            for (final Answer answer : unanswered) {
                if (answer.epoch == failedEpoch) {
                    failures.refuse(answer.correlationId, ex);
                }
            }
            unanswered.removeIf(answer -> answer.epoch == failedEpoch);
            freedIds.removeIf(freed -> freed.epoch == failedEpoch);
        }

        return 1;
    }

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

    int sendSnapshots() {
        int count = 0;
        for (int worker = 0; worker < workers.length; worker++) {
            if (unsent[worker] != null && workers[worker].snapshot(unsent[worker])) {
                unsent[worker] = null;
                count++;
            }
        }

        return count;
    }

    /** Answers the commands whose table every worker uses. */
    void answer() {
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

    /** When every worker uses the latest table, what only older ones needed is let go. */
    int settle() {
        if (isSettled || appliedEpoch != epoch) {
            return 0;
        }

        isSettled = true;
        try {
            filter.retain(published.rules(addresses(locals), localPorts));
        } catch (final RuntimeException ex) {
            // too much is let in, and counted as not ours: no harm but the load
            failures.report(ex);
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
    int releaseRetired(final long nowNs) {
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

    private static Set<Address> addresses(final Set<LocalAddress> locals) {
        final Set<Address> set = new HashSet<>();
        for (final LocalAddress local : locals) {
            set.add(new Address(local.address().high(), local.address().low()));
        }

        return set;
    }

    // -- what has changed elsewhere ---------------------------------------------------------------

    /** Takes note that a worker uses a table; {@link #answer} tells those who wait for it. */
    void onAdopted(final int workerId, final long adoptedEpoch) {
        adoptedEpochs[workerId] = adoptedEpoch;
    }

    void onLocalsChanged(final Set<LocalAddress> latest) {
        locals = latest;
        isTableStale = true;
        isSettled = false;
    }
}
