package io.naru.dataplane.pipeline;

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
 */
public record PipelineSettings(
        int workerId,
        int workerCount,
        boolean isRouter,
        boolean answersEcho,
        int overflowCapacity,
        FragmentLimits fragments) {
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
                FragmentLimits.DEFAULT);
    }

    /** Of a process with a single worker that answers pings. */
    public static PipelineSettings ofSingleWorker(final boolean isRouter) {
        return new PipelineSettings(0, 1, isRouter, true, DEFAULT_OVERFLOW_CAPACITY);
    }
}
