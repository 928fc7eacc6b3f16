package io.naru.dataplane.pipeline;

import io.naru.dataplane.neighbour.MacTable;

/**
 * What does not change about a worker's pipeline.
 *
 * @param workerId of {@code [0, workerCount)}.
 * @param workerCount workers of the process, among whom flows are shared out.
 * @param isRouter whether the balancer stands between two networks ({@code topology: routed}): then
 *     it takes one from the time to live of what it rewrites.
 * @param answersEcho whether a ping of a VIP is answered.
 * @param overflowCapacity flows to remember that found no room in the flow table, a power of two.
 * @param fragments what is spent on fragments at most.
 * @param bridge of topology bridge, else null.
 */
public record PipelineSettings(
        int workerId,
        int workerCount,
        boolean isRouter,
        boolean answersEcho,
        int overflowCapacity,
        FragmentLimits fragments,
        Bridge bridge) {
    /** A megabyte per worker. */
    public static final int DEFAULT_OVERFLOW_CAPACITY = 16_384;

    public PipelineSettings(
            final int workerId,
            final int workerCount,
            final boolean isRouter,
            final boolean answersEcho,
            final int overflowCapacity) {
        this(
                workerId,
                workerCount,
                isRouter,
                answersEcho,
                overflowCapacity,
                FragmentLimits.DEFAULT,
                null);
    }

    /** The same worker in a bridge. */
    public PipelineSettings in(final Bridge newBridge) {
        return new PipelineSettings(
                workerId,
                workerCount,
                isRouter,
                answersEcho,
                overflowCapacity,
                fragments,
                newBridge);
    }

    /**
     * What the workers of a bridge share.
     *
     * @param nonce by which the process knows its own frames.
     */
    public record Bridge(MacTable stations, long nonce) {}

    /** A worker of no bridge. */
    public PipelineSettings(
            final int workerId,
            final int workerCount,
            final boolean isRouter,
            final boolean answersEcho,
            final int overflowCapacity,
            final FragmentLimits fragments) {
        this(workerId, workerCount, isRouter, answersEcho, overflowCapacity, fragments, null);
    }

    /** Of a process with a single worker that answers pings. */
    public static PipelineSettings ofSingleWorker(final boolean isRouter) {
        return new PipelineSettings(0, 1, isRouter, true, DEFAULT_OVERFLOW_CAPACITY);
    }
}
