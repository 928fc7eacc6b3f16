package io.naru.controlplane.events;

import io.naru.controlplane.json.JsonObject;
import java.time.Instant;

/**
 * One thing that happened.
 *
 * @param sequence number of the event, counted from 1 by this process.
 * @param atMs when, milliseconds since the epoch.
 * @param kind what it is about.
 * @param subject name of the service, {@code pool/backend} or plane it happened to.
 * @param text what happened, in words.
 * @param actor who asked for it; null when nobody did.
 */
public record Event(long sequence, long atMs, Kind kind, String subject, String text, Actor actor) {
    /** What an event is about. */
    public enum Kind {
        /** A check's verdict changed. */
        HEALTH("health"),
        /** An operator set or unset something. */
        OVERRIDE("override"),
        /** A configuration was applied or refused. */
        CONFIG("config"),
        /** The data plane came, went, or refused a command. */
        DATA_PLANE("data-plane"),
        /** This process started or stops. */
        CONTROL_PLANE("control-plane"),
        /** A next hop was resolved or lost. */
        HOP("hop"),
        /** Other backends of a pool serve than before, or one of them is an outlier. */
        POOL("pool");

        private final String label;

        Kind(final String label) {
            this.label = label;
        }

        /** The word for it in output. */
        public String label() {
            return label;
        }
    }

    /**
     * The event as JSON.
     *
     * @return all that is known.
     */
    public JsonObject toJson() {
        return new JsonObject()
                .put("sequence", sequence)
                .put("at", Instant.ofEpochMilli(atMs).toString())
                .put("kind", kind.label())
                .put("subject", subject)
                .put("text", text)
                .putIfPresent("actor", actor == null ? null : actor.toJson());
    }
}
