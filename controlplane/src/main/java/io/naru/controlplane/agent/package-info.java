/**
 * Agents: programs on backends that say how much they want, in the line that HAProxy's {@code
 * agent-check} reads.
 *
 * <p>{@link io.naru.controlplane.agent.AgentMonitor} asks each at its interval, {@link
 * io.naru.controlplane.agent.AgentCall} makes the connection, and {@link
 * io.naru.controlplane.agent.AgentState} is what is left of all that was said.
 */
package io.naru.controlplane.agent;
