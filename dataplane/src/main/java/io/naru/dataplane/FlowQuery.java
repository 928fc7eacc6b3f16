package io.naru.dataplane;

import io.naru.dataplane.flow.FlowEntry;
import java.util.BitSet;

/**
 * Which flows are asked for, in the values that a flow table has. Immutable: what it holds is not
 * changed after it was made.
 *
 * @param serviceIds that match, or null for any.
 * @param backendIds that match, or null for any.
 * @param states that match: bit n is state n of the flow.
 * @param clientIpNet address of the client or of its network.
 * @param clientMaskNet the bits of it that count.
 * @param clientPortNet or 0 for any.
 * @param minAgeTicks least age.
 * @param limit flows to show; all that match are counted.
 */
record FlowQuery(
        long correlationId,
        BitSet serviceIds,
        BitSet backendIds,
        int states,
        int clientIpNet,
        int clientMaskNet,
        int clientPortNet,
        int minAgeTicks,
        int limit) {

    boolean matches(final long entry, final int nowTicks) {
        return ((FlowEntry.clientIpNet(entry) ^ clientIpNet) & clientMaskNet) == 0
                && (clientPortNet == 0 || FlowEntry.clientPortNet(entry) == clientPortNet)
                && (states >>> FlowEntry.state(entry) & 1) != 0
                && (serviceIds == null || serviceIds.get(FlowEntry.serviceId(entry)))
                && (backendIds == null || backendIds.get(FlowEntry.backendId(entry)))
                && nowTicks - FlowEntry.createdTicks(entry) >= minAgeTicks;
    }
}
