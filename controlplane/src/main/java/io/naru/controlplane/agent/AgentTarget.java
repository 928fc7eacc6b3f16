package io.naru.controlplane.agent;

import java.net.InetSocketAddress;

/**
 * An agent and how often it is asked. Equal targets are the same agent: a reload keeps what it has
 * said.
 *
 * @param send what is said to it first; empty says nothing.
 * @param timeoutNs after which it has not answered.
 */
public record AgentTarget(InetSocketAddress address, String send, long intervalNs, long timeoutNs) {
    public AgentTarget {
        assert intervalNs > 0 : "intervalNs=" + intervalNs;
        assert timeoutNs > 0 : "timeoutNs=" + timeoutNs;
    }

    /** {@code 10.2.0.1:5555}. */
    @Override
    public String toString() {
        return address.getAddress().getHostAddress() + ":" + address.getPort();
    }
}
