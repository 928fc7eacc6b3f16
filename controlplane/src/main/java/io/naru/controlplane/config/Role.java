package io.naru.controlplane.config;

/** When a backend of a pool takes part. */
public enum Role {
    /** Always, while it is up. */
    REGULAR,
    /** While no regular backend is up. */
    BACKUP,
    /** While nobody else serves; it is no server of the file's list, and it is not checked. */
    SORRY
}
