package io.naru.controlplane.config;

/** Whether something that not every machine has is used. */
public enum Feature {
    /** Used where it is there. */
    AUTO,
    /** Needed: starting fails without it. */
    ON,
    OFF
}
