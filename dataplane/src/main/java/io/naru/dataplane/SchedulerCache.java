package io.naru.dataplane;

import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.Selection;
import io.naru.dataplane.schedule.BackendLoad;
import io.naru.dataplane.schedule.Candidates;
import io.naru.dataplane.schedule.Scheduler;
import io.naru.dataplane.schedule.Schedulers;
import io.naru.dataplane.service.ForwardingTable;
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

    private record Made(
            Algorithm algorithm,
            Selection selection,
            Candidates candidates,
            List<Scheduler> byWorker) {}

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

    /**
     * A scheduler of a service as a table has it, which is not kept: of the running table the one
     * in use. For algorithms whose schedulers do not change by being asked.
     */
    Scheduler tried(final ForwardingTable table, final int serviceId) {
        return made(table, serviceId).byWorker.get(0);
    }

    private Made made(final ForwardingTable table, final int serviceId) {
        final Algorithm algorithm = table.algorithm(serviceId);
        final Selection selection = table.selection(serviceId);
        final Candidates candidates = table.candidates(serviceId);
        final Made known = madeByService.get(table.service(serviceId).name());
        if (known != null
                && known.algorithm == algorithm
                && known.selection.equals(selection)
                && known.candidates.equals(candidates)) {
            return known;
        }

        return new Made(
                algorithm,
                selection,
                candidates,
                List.of(Schedulers.create(algorithm, selection, candidates, load, workerCount)));
    }
}
