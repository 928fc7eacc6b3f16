package io.naru.controlplane.view;

import io.naru.controlplane.json.JsonObject;
import java.time.Instant;
import java.util.List;

/** The frame of every document: {@code apiVersion}, {@code kind}, and a list's {@code items}. */
public final class Documents {
    /** Members are added under this version, never taken away or given another meaning. */
    public static final String API_VERSION = "naru/v1";

    private Documents() {}

    public static JsonObject of(final String kind) {
        return new JsonObject().put("apiVersion", API_VERSION).put("kind", kind);
    }

    public static JsonObject list(final String kind, final List<JsonObject> items) {
        return of(kind).put("items", items);
    }

    /** A time in UTC: {@code 2026-11-21T02:00:00.123Z}; null for 0. */
    public static String time(final long epochMs) {
        return epochMs == 0 ? null : Instant.ofEpochMilli(epochMs).toString();
    }
}
