package io.naru.dataplane;

import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.schedule.BackendLoad;
import io.naru.dataplane.schedule.Candidates;
import io.naru.dataplane.schedule.Scheduler;
import io.naru.dataplane.schedule.Schedulers;
import io.naru.dataplane.schedule.StableHash;
import io.naru.dataplane.service.ForwardingTable;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes the schedulers of a forwarding table, and keeps those of services whose algorithm and
 * candidates have not changed: they know where they are in their round, and a Maglev table costs
 * milliseconds.
 */
public final class SchedulerCache {
    private final int workerCount;
    private final BackendLoad load;
    private Map<String, Made> madeByService = Map.of();

    private record Made(Algorithm algorithm, Candidates candidates, List<Scheduler> byWorker) {}

    public SchedulerCache(final int workerCount, final BackendLoad load) {
        this.workerCount = workerCount;
        this.load = load;
    }

    /** The schedulers of each worker, by service id; null where there is no service. */
    public Scheduler[][] schedulers(final ForwardingTable table) {
        final Map<String, Made> next = new HashMap<>();
        final Scheduler[][] schedulers = new Scheduler[workerCount][table.serviceIdLimit()];
        for (int id = 0; id < table.serviceIdLimit(); id++) {
            if (table.service(id) == null) {
                continue;
            }

            final Made made = made(table, id);
            next.put(table.service(id).name(), made);
            for (int worker = 0; worker < workerCount; worker++) {
                schedulers[worker][id] = made.byWorker.get(worker);
            }
        }

        madeByService = next;
        return schedulers;
    }

    private Made made(final ForwardingTable table, final int serviceId) {
        final Algorithm algorithm = table.algorithm(serviceId);
        final Candidates candidates = candidates(table, table.backendIds(serviceId));
        final Made known = madeByService.get(table.service(serviceId).name());
        return known != null && known.algorithm == algorithm && known.candidates.equals(candidates)
                ? known
                : new Made(
                        algorithm,
                        candidates,
                        List.of(Schedulers.create(algorithm, candidates, load, workerCount)));
    }

    private static Candidates candidates(final ForwardingTable table, final int... backendIds) {
        final int[] ids = new int[backendIds.length];
        int count = 0;
        for (final int id : backendIds) {
            if (table.backend(id).state() == BackendState.UP) {
                ids[count++] = id;
            }
        }

        final int[] candidateIds = Arrays.copyOf(ids, count);
        final int[] weights = new int[count];
        final long[] identities = new long[count];
        for (int i = 0; i < count; i++) {
            final BackendSpec spec = table.backend(candidateIds[i]);
            weights[i] = spec.weight();
            identities[i] =
                    StableHash.backendIdentity(
                            spec.address().high(), spec.address().low(), spec.port());
        }

        return Candidates.of(candidateIds, weights, identities);
    }
}
