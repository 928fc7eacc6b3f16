package io.naru.dataplane.pipeline;

import io.naru.dataplane.schedule.BackendFilter;
import io.naru.dataplane.service.FlowRates;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.service.PoolRules;
import io.naru.dataplane.status.WorkerStats;

/**
 * Says whether a service or a backend may get one more flow, and counts those that it may not.
 *
 * <p>Active flows are what all workers have counted so far: workers that open a flow in the same
 * moment do not see each other's, so there may be as many too many as there are other workers. A
 * flow counts for as long as it is in the flow table. Used by one worker; takes no lock.
 */
final class FlowLimiter implements BackendFilter {
    private final WorkerStats stats;
    private final FlowRates rates;
    private PoolRules rules = ForwardingTable.EMPTY.rules();
    private long nowNs;

    FlowLimiter(final WorkerStats stats, final FlowRates rates) {
        this.stats = stats;
        this.rates = rates;
    }

    void adopt(final ForwardingTable table) {
        rules = table.rules();
    }

    /** The time of the burst that comes. */
    void now(final long burstNs) {
        nowNs = burstNs;
    }

    /** Whether the service itself is not full; its backends may be. */
    boolean admitsTo(final int serviceId) {
        if (!rules.hasLimits()) {
            return true;
        }

        final int maxFlows = rules.maxFlowsOfService(serviceId);
        final int maxRate = rules.maxFlowRateOfService(serviceId);
        return (maxFlows == 0 || stats.flowsActiveOfService(serviceId) < maxFlows)
                && (maxRate == 0 || rates.takeOfService(serviceId, maxRate, nowNs));
    }

    @Override
    public boolean admits(final int backendId) {
        if (!rules.hasLimits()) {
            return true;
        }

        final int maxFlows = rules.maxFlowsOfBackend(backendId);
        final int maxRate = rules.maxFlowRateOfBackend(backendId);
        return (maxFlows == 0 || stats.flowsActiveOfBackend(backendId) < maxFlows)
                && (maxRate == 0 || rates.takeOfBackend(backendId, maxRate, nowNs));
    }

    /**
     * What {@link #admitsTo} would say; no flow is counted.
     *
     * @param ending flows of the service that will have ended by then.
     */
    boolean hasRoomTo(final int serviceId, final int ending) {
        final int maxFlows = rules.maxFlowsOfService(serviceId);
        final int maxRate = rules.maxFlowRateOfService(serviceId);
        return !rules.hasLimits()
                || ((maxFlows == 0 || stats.flowsActiveOfService(serviceId) - ending < maxFlows)
                        && (maxRate == 0 || rates.hasRoomOfService(serviceId, maxRate, nowNs)));
    }

    /** What {@link #admits} would say; no flow is counted. */
    boolean hasRoom(final int backendId, final int ending) {
        final int maxFlows = rules.maxFlowsOfBackend(backendId);
        final int maxRate = rules.maxFlowRateOfBackend(backendId);
        return !rules.hasLimits()
                || ((maxFlows == 0 || stats.flowsActiveOfBackend(backendId) - ending < maxFlows)
                        && (maxRate == 0 || rates.hasRoomOfBackend(backendId, maxRate, nowNs)));
    }

    /** A flow was to go to a backend that had no room for it. */
    void countOverLimitOf(final int backendId) {
        WorkerStats.flowOverLimit(stats.backend(backendId));
    }

    /** A flow was dropped or reset, as there was no room for it. */
    void countOverLimit(final int serviceId) {
        WorkerStats.flowOverLimit(stats.service(serviceId));
    }
}
