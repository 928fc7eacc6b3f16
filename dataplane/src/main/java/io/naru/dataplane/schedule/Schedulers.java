package io.naru.dataplane.schedule;

import io.naru.dataplane.protocol.Algorithm;
import java.util.Arrays;

/** Makes the schedulers of a service. */
public final class Schedulers {
    private static final Scheduler NOBODY = (tupleHash, sourceHash) -> Scheduler.NONE;

    private Schedulers() {}

    /**
     * One scheduler for each worker. They share what is costly to make (Maglev's table, say) and
     * start at different places, so that workers do not all send their first flow to the same
     * backend.
     *
     * <p>May take milliseconds (see {@code SchedulerBenchmark}): called by the conductor, never by
     * a worker. Not needed for a service whose algorithm and candidates stay as they are.
     *
     * @param load used by least connections only.
     * @return {@code workers} schedulers; without candidates they select {@link Scheduler#NONE}.
     */
    public static Scheduler[] create(
            final Algorithm algorithm,
            final Candidates candidates,
            final BackendLoad load,
            final int workers) {
        final Scheduler[] schedulers = new Scheduler[workers];
        if (candidates.size() == 0) {
            Arrays.fill(schedulers, NOBODY);
            return schedulers;
        }

        switch (algorithm) {
            case RR -> {
                final char[] turns = RoundRobinScheduler.turns(candidates);
                for (int i = 0; i < workers; i++) {
                    schedulers[i] =
                            new RoundRobinScheduler(turns, startOf(i, workers, turns.length));
                }
            }
            case WRR -> {
                final char[] turns = WeightedRoundRobinScheduler.turns(candidates);
                for (int i = 0; i < workers; i++) {
                    schedulers[i] =
                            new WeightedRoundRobinScheduler(
                                    turns, startOf(i, workers, turns.length));
                }
            }
            case LC -> {
                for (int i = 0; i < workers; i++) {
                    schedulers[i] =
                            new LeastConnectionsScheduler(
                                    candidates, load, startOf(i, workers, candidates.size()));
                }
            }
            case SH -> {
                final SourceHashTable table = new SourceHashTable(candidates);
                for (int i = 0; i < workers; i++) {
                    schedulers[i] = new SourceHashScheduler(table);
                }
            }
            case MAGLEV -> {
                final MaglevTable table = new MaglevTable(candidates, MaglevTable.DEFAULT_SIZE);
                for (int i = 0; i < workers; i++) {
                    schedulers[i] = new MaglevScheduler(table);
                }
            }
        }

        return schedulers;
    }

    private static int startOf(final int worker, final int workers, final int turns) {
        return (int) ((long) worker * turns / workers);
    }
}
