package io.naru.dataplane;

import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.BackendInfo;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.FlowRule;
import io.naru.dataplane.protocol.Selection;
import io.naru.dataplane.protocol.ServiceInfo;
import io.naru.dataplane.protocol.ServiceOptions;
import io.naru.dataplane.protocol.ServiceSpec;
import io.naru.dataplane.protocol.ServiceTrial;
import io.naru.dataplane.protocol.ServiceTrial.Kind;
import io.naru.dataplane.schedule.HashTableChange;
import io.naru.dataplane.schedule.Scheduler;
import io.naru.dataplane.service.ForwardingTable;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.function.Consumer;

/**
 * What another inventory would do to the flows and hash tables of the running one, without anything
 * being done: the running table and the other one are compared, and the live flows are counted.
 *
 * <p>The conductor's; one use each.
 */
final class ConfigTrial {
    private final Inventory inventory;
    private final ForwardingTable running;
    private final Inventory nextInventory;
    private final ForwardingTable next;
    private final SchedulerCache schedulers;
    private final FlowCensus census;
    private Queue<Pair> pairs;

    /** A service before and after; one of them may be null. */
    private record Pair(ServiceInfo before, ServiceInfo after) {}

    /**
     * @param running the table of {@code inventory}.
     * @param next the table of {@code nextInventory}.
     * @param onEnd is run when {@link #next} can be asked.
     */
    ConfigTrial(
            final Inventory inventory,
            final ForwardingTable running,
            final Inventory nextInventory,
            final ForwardingTable next,
            final SchedulerCache schedulers,
            final int workers,
            final Consumer<ConfigTrial> onEnd) {
        this.inventory = inventory;
        this.running = running;
        this.nextInventory = nextInventory;
        this.next = next;
        this.schedulers = schedulers;
        census =
                new FlowCensus(
                        next, fates(), changedEndpoints(), workers, () -> onEnd.accept(this));
    }

    /** Counts the flows. */
    FlowCensus census() {
        return census;
    }

    // -- before the flows are counted -------------------------------------------------------------

    private byte[] fates() {
        final Map<Integer, BackendInfo> after = new HashMap<>();
        nextInventory.backends().forEach(backend -> after.put(backend.id(), backend));
        final byte[] fates =
                new byte[limit(inventory.backends().stream().map(BackendInfo::id).toList())];
        for (final BackendInfo backend : inventory.backends()) {
            fates[backend.id()] = (byte) fate(backend, after.get(backend.id()));
        }

        return fates;
    }

    private static int fate(final BackendInfo before, final BackendInfo after) {
        if (after == null) {
            return FlowCensus.IS_REMOVED;
        }

        final BackendSpec spec = after.spec();
        if (spec.state() == BackendState.OFF) {
            return FlowCensus.IS_OFF;
        }
        if (!spec.state().keepsFlows()) {
            return before.spec().state().keepsFlows() ? FlowCensus.GOES_DOWN : FlowCensus.STAYS;
        }
        if (after.retired()) {
            return before.retired() ? FlowCensus.LEAVES : FlowCensus.IS_REMOVED;
        }

        return spec.state() == BackendState.UP && spec.weight() > 0
                ? FlowCensus.STAYS
                : FlowCensus.LEAVES;
    }

    /** Services whose clients may call what nobody serves afterwards. */
    private boolean[] changedEndpoints() {
        final Map<Integer, ServiceInfo> after = new HashMap<>();
        nextInventory.services().forEach(service -> after.put(service.id(), service));
        final boolean[] changed =
                new boolean[limit(inventory.services().stream().map(ServiceInfo::id).toList())];
        for (final ServiceInfo service : inventory.services()) {
            final ServiceInfo then = after.get(service.id());
            changed[service.id()] =
                    then == null || then.retired() || !hasSameEndpoint(service.spec(), then.spec());
        }

        return changed;
    }

    private static boolean hasSameEndpoint(final ServiceSpec one, final ServiceSpec two) {
        return one.vip().equals(two.vip())
                && one.protocol() == two.protocol()
                && one.portFirst() == two.portFirst()
                && one.portLast() == two.portLast();
    }

    private static int limit(final List<Integer> ids) {
        return 1 + ids.stream().mapToInt(Integer::intValue).max().orElse(-1);
    }

    // -- after it ---------------------------------------------------------------------------------

    /**
     * The next service that something would happen to, or that has flows; null after the last. May
     * take milliseconds, where a hash table has to be made: one in a duty cycle.
     */
    ServiceTrial next() {
        if (pairs == null) {
            pairs = pairs();
        }
        for (Pair pair = pairs.poll(); pair != null; pair = pairs.poll()) {
            final ServiceTrial trial =
                    pair.before == null ? added(pair.after) : trial(pair.before, pair.after);
            if (trial.kind() != Kind.SAME || trial.flows() > 0) {
                return trial;
            }
        }

        return null;
    }

    private Queue<Pair> pairs() {
        final Map<String, ServiceInfo> after = new LinkedHashMap<>();
        for (final ServiceInfo service : nextInventory.services()) {
            if (!service.retired()) {
                after.put(service.spec().name(), service);
            }
        }

        final Queue<Pair> all = new ArrayDeque<>();
        for (final ServiceInfo service : inventory.services()) {
            final String name = service.spec().name();
            if (!service.retired()) {
                all.add(new Pair(service, after.remove(name)));
            } else if (!after.containsKey(name)) {
                all.add(new Pair(service, null)); // gone already, with flows that live on
            }
        }
        after.values().forEach(service -> all.add(new Pair(null, service)));
        return all;
    }

    private static ServiceTrial added(final ServiceInfo service) {
        return new ServiceTrial(service.spec().name(), Kind.ADDED, 0, 0, 0, 0, 0, 0);
    }

    private ServiceTrial trial(final ServiceInfo service, final ServiceInfo then) {
        final int id = service.id();
        final ServiceOptions options = (then == null ? service : then).spec().options();
        final long[] byRule = new long[FlowRule.values().length];
        byRule[options.onDown().code()] += census.flows(id, FlowCensus.GOES_DOWN);
        byRule[options.onRemove().code()] += census.flows(id, FlowCensus.IS_REMOVED);
        final HashTableChange change =
                then == null || service.retired() ? HashTableChange.NONE : change(id);
        return new ServiceTrial(
                service.spec().name(),
                kind(service, then, change),
                census.flows(id, FlowCensus.STAYS),
                census.flows(id, FlowCensus.LEAVES) + byRule[FlowRule.KEEP.code()],
                byRule[FlowRule.MOVE.code()],
                census.flows(id, FlowCensus.IS_OFF)
                        + census.flows(id, FlowCensus.IS_CUT)
                        + byRule[FlowRule.RESET.code()],
                change.slots(),
                change.changed());
    }

    private Kind kind(
            final ServiceInfo service, final ServiceInfo then, final HashTableChange change) {
        if (then == null) {
            return Kind.REMOVED;
        }

        final boolean isSame =
                service.spec().equals(then.spec())
                        && change.changed() == 0
                        && running.candidates(service.id()).equals(next.candidates(then.id()));
        return isSame ? Kind.SAME : Kind.CHANGED;
    }

    private HashTableChange change(final int serviceId) {
        final Algorithm was = running.algorithm(serviceId);
        final Algorithm is = next.algorithm(serviceId);
        if (!was.isHash() || !is.isHash()) {
            return HashTableChange.NONE;
        }

        final Selection wasBy = running.options(serviceId).selection();
        final Selection isBy = next.options(serviceId).selection();
        final int slots = HashTableChange.slots(is, isBy);
        if (was == is
                && wasBy.equals(isBy)
                && running.candidates(serviceId).equals(next.candidates(serviceId))) {
            return new HashTableChange(slots, 0);
        }

        final Scheduler before = schedulers.tried(running, serviceId);
        final Scheduler after = schedulers.tried(next, serviceId);
        return was == is && wasBy.hashesSource() == isBy.hashesSource()
                ? HashTableChange.between(before, after, slots)
                : HashTableChange.ofUnrelated(before, after, slots);
    }
}
