package io.naru.controlplane.config;

import io.naru.controlplane.json.JsonObject;
import java.util.Map;

/** The JSON schema of the configuration file, which editors complete and check YAML with. */
public final class ConfigSchema {
    private ConfigSchema() {}

    /** Draft 2020-12; shape only: what keys mean together, only the reader checks. */
    public static JsonObject json() {
        final JsonObject schema =
                new JsonObject()
                        .put("$schema", "https://json-schema.org/draft/2020-12/schema")
                        .put("title", "Naru configuration")
                        .put("description", ConfigKeys.ROOT.doc());
        for (final Map.Entry<String, Object> member :
                ConfigKeys.ROOT.schema().members().entrySet()) {
            schema.put(member.getKey(), member.getValue());
        }

        return schema;
    }
}
