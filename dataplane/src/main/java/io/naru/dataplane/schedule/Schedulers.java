package io.naru.dataplane.schedule;

import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.Selection;
import java.util.Arrays;
import java.util.function.IntFunction;

/** Makes the schedulers of a service. */
public final class Schedulers {
    private static final Scheduler NOBODY =
            new Scheduler() {
                @Override
                public int select(final long tupleHash, final long keyHash) {
                    return NONE;
                }

                @Override
                public int peek(final long tupleHash, final long keyHash) {
                    return NONE;
                }

                @Override
                public int selectOther(
                        final long tupleHash, final long keyHash, final BackendFilter filter) {
                    return NONE;
                }
            };

    private Schedulers() {}

    /** With what is usual for the algorithm. */
    public static Scheduler[] create(
            final Algorithm algorithm,
            final Candidates candidates,
            final BackendLoad load,
            final int workers) {
        return create(algorithm, Selection.DEFAULT, candidates, load, workers);
    }

    /**
     * One scheduler for each worker. They share what is costly to make (Maglev's table, say) and
     * start at different places, so that workers do not all send their first flow to the same
     * backend.
     *
     * <p>May take milliseconds (see {@code SchedulerBenchmark}): called by the conductor, never by
     * a worker. Not needed for a service whose algorithm and candidates stay as they are.
     *
     * @param load used by algorithms that go by it.
     * @return {@code workers} schedulers; without candidates they select {@link Scheduler#NONE}.
     */
    public static Scheduler[] create(
            final Algorithm algorithm,
            final Selection selection,
            final Candidates candidates,
            final BackendLoad load,
            final int workers) {
        final Scheduler[] schedulers = new Scheduler[workers];
        if (candidates.size() == 0) {
            Arrays.fill(schedulers, NOBODY);
        } else {
            Arrays.setAll(schedulers, maker(algorithm, selection, candidates, load, workers));
        }

        return schedulers;
    }

    /** What is shared is made here; the rest for each worker. */
    private static IntFunction<Scheduler> maker(
            final Algorithm algorithm,
            final Selection selection,
            final Candidates candidates,
            final BackendLoad load,
            final int workers) {
        return switch (algorithm) {
            case RR -> inTurn(candidates.unweighted(), workers);
            case WRR -> inTurn(candidates, workers);
            case LC -> leastCost(algorithm, candidates.unweighted(), load, workers);
            case WLC, SED, NQ, LRT, LB, FO, OVF -> leastCost(algorithm, candidates, load, workers);
            case SH, SH_PORT, DH -> {
                final SourceHashTable table = new SourceHashTable(candidates);
                yield worker -> new SourceHashScheduler(candidates, table);
            }
            case MAGLEV -> {
                final MaglevTable table = new MaglevTable(candidates, selection.maglevSize());
                yield worker -> new MaglevScheduler(candidates, table, selection.hashesSource());
            }
            case RANDOM -> {
                final WeightedDraw draw = new WeightedDraw(candidates);
                yield worker -> new RandomScheduler(candidates, draw, StableHash.mix(worker + 1));
            }
            case P2C -> {
                final WeightedDraw draw = new WeightedDraw(candidates);
                yield worker ->
                        new TwoChoicesScheduler(candidates, draw, load, StableHash.mix(worker + 1));
            }
        };
    }

    private static IntFunction<Scheduler> inTurn(final Candidates candidates, final int workers) {
        final boolean isEven = candidates.isEven();
        final char[] turns = isEven ? candidates.backendIds() : SmoothRound.turns(candidates);
        return worker -> {
            final int start = startOf(worker, workers, turns.length);
            return new TurnScheduler(candidates, turns, start);
        };
    }

    private static IntFunction<Scheduler> leastCost(
            final Algorithm algorithm,
            final Candidates candidates,
            final BackendLoad load,
            final int workers) {
        return worker ->
                new LeastCostScheduler(
                        candidates,
                        new BackendCost(algorithm, candidates, load),
                        startOf(worker, workers, candidates.size()));
    }

    private static int startOf(final int worker, final int workers, final int turns) {
        return (int) ((long) worker * turns / workers);
    }
}
