package io.naru.dataplane.pipeline;

import io.naru.dataplane.neighbour.MacTable;
import io.naru.dataplane.service.FlowRates;
import io.naru.dataplane.service.PersistentClients;

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
 * @param shared what the workers of a process have in common.
 */
public record PipelineSettings(
        int workerId,
        int workerCount,
        boolean isRouter,
        boolean answersEcho,
        int overflowCapacity,
        FragmentLimits fragments,
        Bridge bridge,
        Shared shared) {
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

    /** The same worker in a bridge. */
    public PipelineSettings in(final Bridge newBridge) {
        return new PipelineSettings(
                workerId,
                workerCount,
                isRouter,
                answersEcho,
                overflowCapacity,
                fragments,
                newBridge,
                shared);
    }

    /** The same worker beside others. */
    public PipelineSettings sharing(final Shared newShared) {
        return new PipelineSettings(
                workerId,
                workerCount,
                isRouter,
                answersEcho,
                overflowCapacity,
                fragments,
                bridge,
                newShared);
    }

    /**
     * What all workers of a process keep together.
     *
     * @param rates to which new flows are held.
     * @param clients of services with persistence.
     */
    public record Shared(FlowRates rates, PersistentClients clients) {
        private static final int CLIENTS_OF_ONE_WORKER = 1_024;

        /** Of a worker alone, with room for few clients. */
        static Shared ofOneWorker() {
            return new Shared(new FlowRates(), new PersistentClients(CLIENTS_OF_ONE_WORKER));
        }

        /** Of a process that serves. */
        public static Shared ofProcess() {
            return new Shared(
                    new FlowRates(), new PersistentClients(PersistentClients.CAPACITY_DEFAULT));
        }
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
        this(
                workerId,
                workerCount,
                isRouter,
                answersEcho,
                overflowCapacity,
                fragments,
                null,
                Shared.ofOneWorker());
    }

    /** Of a process with a single worker that answers pings. */
    public static PipelineSettings ofSingleWorker(final boolean isRouter) {
        return new PipelineSettings(0, 1, isRouter, true, DEFAULT_OVERFLOW_CAPACITY);
    }
}
