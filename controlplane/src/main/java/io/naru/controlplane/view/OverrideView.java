package io.naru.controlplane.view;

import io.naru.controlplane.json.JsonObject;
import io.naru.controlplane.reconcile.OperatorOverride;
import io.naru.controlplane.reconcile.Steering;

/** Shows an override beside what the file says. */
final class OverrideView {
    private OverrideView() {}

    static JsonObject of(final OperatorOverride override, final Steering steering) {
        final String fileValue = override.fileValue(steering.applied().config());
        return override.toJson().put("fileValue", fileValue).put("isConfigured", fileValue != null);
    }
}
