package io.naru.controlplane.config;

/** How a pool's backends are checked. */
public enum CheckType {
    /** An ICMP echo that comes back. */
    PING,
    /** A TCP connection that is accepted, and what is said on it. */
    TCP,
    /** A UDP datagram that is answered. */
    UDP,
    /** An HTTP request that is answered as wanted. */
    HTTP,
    /** The same by TLS. */
    HTTPS,
    /** A DNS query that is answered as wanted. */
    DNS,
    /** A program that ends with exit code 0. */
    SCRIPT,
    /** Not at all: a backend is up unless an operator says otherwise. */
    NONE
}
