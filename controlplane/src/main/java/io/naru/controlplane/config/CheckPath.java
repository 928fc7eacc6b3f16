package io.naru.controlplane.config;

/** By which way a check goes to a backend. */
public enum CheckPath {
    /** To the backend's own address. */
    BACKEND,
    /** To the VIP on that backend, by the frame or tunnel that clients' packets go in. */
    VIP
}
