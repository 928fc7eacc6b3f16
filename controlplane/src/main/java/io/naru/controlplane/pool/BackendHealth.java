package io.naru.controlplane.pool;

/** What health checks say of a backend. */
public enum BackendHealth {
    /** It is not checked: taken for good. */
    UNCHECKED,
    /** Its checks pass. */
    UP,
    /** Its checks fail. */
    DOWN,
    /** Not known yet; what the data plane does with it now goes on, and it is taken for good. */
    UNDECIDED,
    /** Not known yet, and it got no new flows before us: that goes on until its check passes. */
    RESTING,
    /** Not known yet, and it has not served before: nothing is sent there. */
    UNPROVEN;

    /** Whether it would serve if it were up to health alone. */
    public boolean isGood() {
        return this == UNCHECKED || this == UP || this == UNDECIDED;
    }

    /** Whether what the data plane does with it now goes on. */
    public boolean isOpen() {
        return this == UNDECIDED || this == RESTING;
    }
}
