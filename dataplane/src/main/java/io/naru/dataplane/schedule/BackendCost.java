package io.naru.dataplane.schedule;

import io.naru.dataplane.protocol.Algorithm;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * What one more flow costs at each backend of a pool, as the algorithm sees it; {@link
 * LeastCostScheduler} takes the least.
 *
 * <pre>
 *   lc    flows                                  whatever the weight
 *   wlc   flows / weight
 *   sed   (flows + 1) / weight
 *   nq    as sed, but less than any other where there is no flow
 *   lrt   response time * (flows + 1) / weight
 *   lb    (bytes/s + flows placed since * bytes/s of a flow) / weight
 *   fo    flows / weight, behind all of a higher priority
 *   ovf   as fo, but infinite at the limit of flows
 * </pre>
 *
 * A share below 100 % counts as that much less weight; {@code lc} knows no other weight. A response
 * time that is not known yet is taken for the best in the pool: neither shunned, nor flooded before
 * the first answer. Bandwidth is measured ten times a second; what was placed meanwhile counts as
 * the mean of all flows, or all new ones would go to one backend until the next measurement.
 *
 * <p>Used by one worker.
 */
final class BackendCost {
    /** Of a backend that must not be chosen. */
    static final double NEVER = Double.POSITIVE_INFINITY;

    /** More than flows / weight can be; there are few ranks, so that its digits are kept. */
    private static final double RANK = 0x1p32;

    private final Algorithm algorithm;
    private final BackendLoad load;
    private final char[] backendIds;
    private final double[] weights;
    private final double[] ranks;
    private final int[] maxFlows;

    /** Flows as known, with those placed since; of {@code lb} only those placed. */
    private final int[] flows;

    private final long[] bytesPerSecond;
    private double flowBytesPerSecond = 1;
    private double bestResponseTimeNs = 1;
    private long sumOfFlows;
    private long sumOfBytesPerSecond;
    private long leastResponseTimeNs = Long.MAX_VALUE;

    BackendCost(final Algorithm algorithm, final Candidates candidates, final BackendLoad load) {
        final int size = candidates.size();
        this.algorithm = algorithm;
        this.load = load;
        backendIds = candidates.backendIds();
        weights = Arrays.stream(candidates.weights()).asDoubleStream().toArray();
        maxFlows = new int[size];
        ranks = new double[size];
        flows = new int[size];
        bytesPerSecond = new long[size];
        final int[] priorities =
                IntStream.range(0, size)
                        .map(i -> -candidates.priority(i))
                        .sorted()
                        .distinct()
                        .toArray();
        for (int i = 0; i < size; i++) {
            final int limit = candidates.maxFlows(i);
            maxFlows[i] = limit == Candidates.NO_LIMIT ? Integer.MAX_VALUE : limit;
            ranks[i] = RANK * Arrays.binarySearch(priorities, -candidates.priority(i));
        }
    }

    /** Looks at a backend afresh. */
    double refreshed(final int i) {
        final int backendId = backendIds[i];
        final int active = load.activeFlows(backendId);
        if (algorithm == Algorithm.LB) {
            final long latest = load.bytesPerSecond(backendId);
            if (latest != bytesPerSecond[i]) {
                bytesPerSecond[i] = latest;
                flows[i] = 0;
            }
            sumOfFlows += active;
            sumOfBytesPerSecond += latest;
        } else {
            flows[i] = active;
            if (algorithm == Algorithm.LRT) {
                final long time = load.responseTimeNs(backendId);
                leastResponseTimeNs =
                        time > 0 ? Math.min(time, leastResponseTimeNs) : leastResponseTimeNs;
            }
        }

        return cost(i, flows[i], bytesPerSecond[i]);
    }

    /** What {@link #refreshed} would return, and nothing is changed by it. */
    double now(final int i) {
        final int backendId = backendIds[i];
        if (algorithm == Algorithm.LB) {
            final long latest = load.bytesPerSecond(backendId);
            return cost(i, latest == bytesPerSecond[i] ? flows[i] : 0, latest);
        }

        return cost(i, load.activeFlows(backendId), 0);
    }

    /** A flow was placed; counts until the backend is looked at again. */
    double placed(final int i) {
        return cost(i, ++flows[i], bytesPerSecond[i]);
    }

    /** All have been looked at once more: what is the mean or the best of them is known. */
    void endRotation() {
        if (algorithm == Algorithm.LB) {
            flowBytesPerSecond =
                    Math.max(1.0, sumOfBytesPerSecond / (double) Math.max(1, sumOfFlows));
            sumOfFlows = 0;
            sumOfBytesPerSecond = 0;
        } else if (algorithm == Algorithm.LRT) {
            bestResponseTimeNs = leastResponseTimeNs == Long.MAX_VALUE ? 1 : leastResponseTimeNs;
            leastResponseTimeNs = Long.MAX_VALUE;
        }
    }

    // A division, not a product with 1 / weight: equal ratios must be equal numbers.
    private double cost(final int i, final int count, final long latestBytesPerSecond) {
        final double weight = weights[i];
        return switch (algorithm) {
            case SED -> (count + 1.0) / weight;
            case NQ -> (count + 1.0) / weight - (count <= 0 ? 1.0 : 0.0);
            case LRT -> responseTimeNs(i) * (count + 1.0) / weight;
            case LB -> (latestBytesPerSecond + count * flowBytesPerSecond) / weight;
            case FO -> ranks[i] + count / weight;
            case OVF -> count >= maxFlows[i] ? NEVER : ranks[i] + count / weight;
            default -> count / weight;
        };
    }

    private double responseTimeNs(final int i) {
        final long time = load.responseTimeNs(backendIds[i]);
        return time > 0 ? time : bestResponseTimeNs;
    }
}
