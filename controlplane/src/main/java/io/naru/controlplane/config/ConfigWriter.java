package io.naru.controlplane.config;

import io.naru.controlplane.json.JsonObject;

/** Writes a configuration as a file that the reader takes, every default spelled out. */
public final class ConfigWriter {
    private ConfigWriter() {}

    /**
     * The configuration as JSON, which is YAML: reading it gives an equal configuration. The order
     * of members is fixed.
     */
    public static JsonObject json(final NaruConfig config) {
        return (JsonObject) ConfigKeys.ROOT.write(config);
    }
}
