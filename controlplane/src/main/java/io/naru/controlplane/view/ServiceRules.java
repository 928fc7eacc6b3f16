package io.naru.controlplane.view;

import io.naru.controlplane.config.PersistenceConfig;
import io.naru.controlplane.config.ServiceConfig;
import io.naru.controlplane.json.JsonObject;
import io.naru.dataplane.protocol.FlowLimits;

/** Shows what a service says of limits, of persistence, and of flows whose backend is lost. */
final class ServiceRules {
    private ServiceRules() {}

    /** Limits that there are none of are null; so is the persistence of a service without. */
    static JsonObject put(final JsonObject json, final ServiceConfig.Options options) {
        final FlowLimits limits = options.limits();
        return json.put("onDown", options.onDown().label())
                .put("onRemove", options.onRemove().label())
                .put("maxFlows", limits.maxFlows() == 0 ? null : limits.maxFlows())
                .put("maxFlowRate", limits.maxFlowRate() == 0 ? null : limits.maxFlowRate())
                .put("atLimit", limits.atLimit().label())
                .put("persistence", persistence(options.persistence()));
    }

    private static JsonObject persistence(final PersistenceConfig persistence) {
        return persistence.equals(PersistenceConfig.NONE)
                ? null
                : new JsonObject()
                        .put("timeoutSeconds", persistence.timeout().toSeconds())
                        .put("prefix", persistence.prefix())
                        .put("prefixIpv6", persistence.prefix6())
                        .put("group", persistence.group());
    }
}
