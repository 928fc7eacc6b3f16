package io.naru.controlplane.pool;

import io.naru.dataplane.protocol.BackendState;

/**
 * What a backend is to do, and why.
 *
 * @param share percent of its weight that counts for now.
 * @param cause which rule decided.
 * @param reason in words; null where the operator's or the check's words say it.
 * @param sinceMs since when it is so and for that cause.
 */
public record Standing(
        BackendState state, int weight, int share, Cause cause, String reason, long sinceMs) {
    /** Which rule decided. */
    public enum Cause {
        /** File, operator or agent want it so. */
        WANTED,
        /** Its check says so, or it has none. */
        HEALTH,
        /** It could serve, but others do. */
        STANDBY,
        /** It serves as others cannot. */
        STAND_IN,
        /** Too few are up for checks to be believed. */
        PANIC,
        /** Its connections do not open. */
        EJECTED,
        /** It was drained, and the deadline passed. */
        OVERDUE
    }
}
