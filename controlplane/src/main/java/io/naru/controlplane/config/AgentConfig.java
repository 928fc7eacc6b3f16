package io.naru.controlplane.config;

import java.time.Duration;

/**
 * A program on each backend of a pool that says how much it wants.
 *
 * @param port that it listens on, at the backend's address.
 * @param interval from one question to the next.
 * @param timeout after which it has not answered; at most {@code interval}.
 */
public record AgentConfig(int port, Duration interval, Duration timeout) {
    /** The times of an agent that says nothing of them. */
    static final AgentConfig DEFAULT =
            new AgentConfig(0, Duration.ofSeconds(5), Duration.ofSeconds(1));
}
