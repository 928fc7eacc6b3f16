package io.naru.dataplane.flow;

import java.util.Arrays;

/**
 * Says whether a flow has been idle for longer than its service allows in its state.
 *
 * <p>An immutable table of ticks by service and state: part of what the conductor hands to a worker
 * with a new forwarding table. A change of timeouts applies to the flows that exist, too.
 */
public final class FlowExpiry {
    /** All services with {@link FlowTimeouts#DEFAULT}. */
    public static final FlowExpiry DEFAULT = new FlowExpiry(new FlowTimeouts[0]);

    private final int[] ticksByServiceAndState;
    private final int services;
    private final int shortestTicks;

    /**
     * @param timeoutsByServiceId timeouts of each service; null, and whatever service id is beyond
     *     the end, has the default.
     */
    public FlowExpiry(final FlowTimeouts[] timeoutsByServiceId) {
        services = timeoutsByServiceId.length;
        ticksByServiceAndState = new int[(services + 1) * FlowState.COUNT];
        for (int service = 0; service <= services; service++) {
            final FlowTimeouts timeouts =
                    service == services || timeoutsByServiceId[service] == null
                            ? FlowTimeouts.DEFAULT
                            : timeoutsByServiceId[service];
            for (int state = 1; state < FlowState.COUNT; state++) {
                ticksByServiceAndState[service * FlowState.COUNT + state] =
                        roundedUp(timeouts.timeoutNs(state));
            }
        }

        shortestTicks =
                Arrays.stream(ticksByServiceAndState).filter(ticks -> ticks != 0).min().orElse(0);
    }

    /** Whether the flow has expired at {@code nowTicks}. */
    public boolean isExpired(final long entry, final int nowTicks) {
        final int idleTicks = nowTicks - FlowEntry.lastSeenTicks(entry);
        return idleTicks > shortestTicks && idleTicks > timeoutTicks(entry);
    }

    /** The ticks for which the flow may be idle in its state. */
    public int timeoutTicks(final long entry) {
        final int service = Math.min(FlowEntry.serviceId(entry), services);
        return ticksByServiceAndState[service * FlowState.COUNT + FlowEntry.state(entry)];
    }

    /** One tick more than the time, as the last packet may have come late in its tick. */
    private static int roundedUp(final long timeoutNs) {
        return (int) (timeoutNs >>> FlowEntry.TICK_SHIFT) + 1;
    }
}
