package io.naru.dataplane.protocol;

/**
 * How much a service takes, over all workers.
 *
 * @param maxFlows active flows; {@link BackendSpec#NO_LIMIT} for any number.
 * @param maxFlowRate new flows in a second; {@link BackendSpec#NO_LIMIT} for any number.
 * @param atLimit what becomes of a flow beyond these or beyond a backend's own.
 */
public record FlowLimits(int maxFlows, int maxFlowRate, AtLimit atLimit) {
    public static final FlowLimits DEFAULT =
            new FlowLimits(BackendSpec.NO_LIMIT, BackendSpec.NO_LIMIT, AtLimit.NEXT);
}
