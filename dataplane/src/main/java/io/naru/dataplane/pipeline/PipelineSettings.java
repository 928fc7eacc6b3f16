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
 */
public record PipelineSettings(
        int workerId,
        int workerCount,
        boolean isRouter,
        boolean answersEcho,
        int overflowCapacity) {
    /** A megabyte per worker. */
    public static final int DEFAULT_OVERFLOW_CAPACITY = 16_384;

    /** Of a process with a single worker that answers pings. */
    public static PipelineSettings ofSingleWorker(final boolean isRouter) {
        return new PipelineSettings(0, 1, isRouter, true, DEFAULT_OVERFLOW_CAPACITY);
    }
}
