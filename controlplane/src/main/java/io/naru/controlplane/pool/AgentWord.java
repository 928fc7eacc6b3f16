package io.naru.controlplane.pool;

import io.naru.controlplane.config.AdminState;
import io.naru.dataplane.protocol.Limits;

/**
 * What an agent on a backend says of it: it can take away, never give back what an operator took.
 *
 * @param weightPercent of the weight that it would have otherwise; 100 changes nothing.
 * @param state UP says nothing.
 */
public record AgentWord(int weightPercent, AdminState state) {
    public static final AgentWord NONE = new AgentWord(100, AdminState.UP);

    /** The stricter of what the operator and the agent want. */
    public AdminState state(final AdminState wanted) {
        return wanted.compareTo(state) >= 0 ? wanted : state;
    }

    /** A weight in force; one that is not 0 does not become 0 by rounding. */
    public int weight(final int weight) {
        final long scaled = Math.min(Limits.MAX_WEIGHT, (long) weight * weightPercent / 100);
        return weight > 0 && weightPercent > 0 ? (int) Math.max(1, scaled) : (int) scaled;
    }
}
