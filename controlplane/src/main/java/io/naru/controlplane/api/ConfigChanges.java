package io.naru.controlplane.api;

import io.naru.controlplane.config.NaruConfig;
import io.naru.controlplane.json.JsonObject;
import java.util.List;

/** The difference of two configurations as JSON. */
final class ConfigChanges {
    private ConfigChanges() {}

    static List<JsonObject> between(final NaruConfig running, final NaruConfig next) {
        return running.equals(next) ? List.of() : List.of(new JsonObject().put("text", "differs"));
    }
}
