package io.naru.controlplane.view;

import io.naru.controlplane.json.JsonObject;
import io.naru.controlplane.reconcile.Rates.Rate;
import io.naru.dataplane.protocol.Stats;

/** Shows statistics and rates under the same names everywhere. */
final class Traffic {
    private Traffic() {}

    /** {@code stats} is null where no data plane was ever mapped: zeros then. */
    static JsonObject put(final JsonObject json, final Stats stats, final Rate rate) {
        final Stats shown = stats == null ? Stats.ZERO : stats;
        return json.put("flows", shown.flowsActive())
                .put("flowsOpened", shown.flowsOpened())
                .put("flowsRefused", shown.flowsRefused())
                .put("flowsOverLimit", shown.flowsOverLimit())
                .put("openingsUnanswered", shown.openingsUnanswered())
                .put("openingsRefused", shown.openingsRefused())
                .put("packetsToBackend", shown.packetsToBackend())
                .put("bytesToBackend", shown.bytesToBackend())
                .put("packetsToClient", shown.packetsToClient())
                .put("bytesToClient", shown.bytesToClient())
                .put("newFlowsPerSecond", rounded(rate.newFlows()))
                .put("packetsPerSecond", rounded(rate.packets()))
                .put("bitsPerSecond", rounded(rate.bits()));
    }

    static double rounded(final double value) {
        return Math.round(value * 10) / 10.0;
    }
}
