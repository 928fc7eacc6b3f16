package io.naru.controlplane.reconcile;

/** What health checks say of a backend, as far as the data plane's orders go. */
public enum BackendHealth {
    /** It is not checked: taken for good. */
    UNCHECKED,
    /** Its checks pass. */
    UP,
    /** Its checks fail. */
    DOWN,
    /** Not known yet; what the data plane does with it now goes on. */
    UNDECIDED,
    /** Not known yet, and it has not served before: nothing is sent there. */
    UNPROVEN
}
