package io.naru.controlplane.reconcile;

import io.naru.controlplane.config.BackendConfig;
import io.naru.controlplane.config.NaruConfig;
import io.naru.controlplane.events.Actor;
import io.naru.controlplane.json.JsonException;
import io.naru.controlplane.json.JsonObject;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Locale;

/**
 * A value that an operator set by hand, in force instead of the file's until it is unset.
 *
 * @param target {@code pool/backend}, or the service for {@link Setting#ALGORITHM}.
 * @param value as the operator wrote it, checked.
 * @param why in the operator's words, or null.
 * @param deadlineMs of a drain: when the flows that are left then are ended; 0 for never.
 */
public record OperatorOverride(
        Setting setting,
        String target,
        String value,
        Actor by,
        long atMs,
        String why,
        long deadlineMs) {
    /** An override without a deadline. */
    public OperatorOverride(
            final Setting setting,
            final String target,
            final String value,
            final Actor by,
            final long atMs,
            final String why) {
        this(setting, target, value, by, atMs, why, 0);
    }

    /** What can be set by hand. */
    public enum Setting {
        /** Of a backend: up, drain or down. */
        STATE("state"),
        /** Of a backend. */
        WEIGHT("weight"),
        /** Of a service. */
        ALGORITHM("algorithm");

        private final String label;

        Setting(final String label) {
            this.label = label;
        }

        /** The word for it in commands and output. */
        public String label() {
            return label;
        }

        /** The setting of a word, or null. */
        public static Setting ofLabel(final String label) {
            for (final Setting setting : values()) {
                if (setting.label.equals(label)) {
                    return setting;
                }
            }

            return null;
        }
    }

    /** Says who, when and why: {@code by root (pid 7) at 2026-11-21T02:00:00Z: "disk is full"}. */
    public String origin() {
        return "by "
                + by
                + " at "
                + Instant.ofEpochSecond(atMs / 1_000)
                + (why == null ? "" : ": \"" + why + "\"");
    }

    /** What a file says of what it is about; null if that is not configured there. */
    public String fileValue(final NaruConfig config) {
        if (setting == Setting.ALGORITHM) {
            return config.service(target).map(s -> s.algorithm().label()).orElse(null);
        }

        final BackendConfig backend = BackendName.of(target).in(config);
        if (backend == null) {
            return null;
        }

        return setting == Setting.WEIGHT
                ? Integer.toString(backend.weight())
                : backend.state().name().toLowerCase(Locale.ROOT);
    }

    public JsonObject toJson() {
        return new JsonObject()
                .put("setting", setting.label())
                .put("target", target)
                .put("value", value)
                .put("by", by.toJson())
                .put("at", Instant.ofEpochMilli(atMs).toString())
                .putIfPresent("why", why)
                .putIfPresent(
                        "deadline",
                        deadlineMs == 0 ? null : Instant.ofEpochMilli(deadlineMs).toString());
    }

    /** Reads what {@link #toJson} wrote; a {@link JsonException} if it did not. */
    public static OperatorOverride fromJson(final JsonObject json) {
        final Setting setting = Setting.ofLabel(json.string("setting", ""));
        if (setting == null || !json.has("target") || !json.has("value") || !json.has("by")) {
            throw new JsonException("not an override: " + json);
        }

        try {
            return new OperatorOverride(
                    setting,
                    json.string("target"),
                    json.string("value"),
                    Actor.fromJson(json.object("by")),
                    Instant.parse(json.string("at", "")).toEpochMilli(),
                    json.string("why"),
                    json.has("deadline")
                            ? Instant.parse(json.string("deadline", "")).toEpochMilli()
                            : 0);
        } catch (final DateTimeParseException e) {
            throw new JsonException("not an override: " + json);
        }
    }
}
