package io.naru.dataplane;

import io.naru.dataplane.flow.FlowAddresses;
import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.packet.RawMemory;
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
 * @param client6 in place of {@code clientIpNet}, or null.
 * @param census counts each flow that matches, or null.
 * @param inquiry is all that is asked, or null.
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
        int limit,
        Client6 client6,
        FlowCensus census,
        PacketInquiry inquiry) {

    /**
     * An IPv6 client or its network, as loaded from a packet.
     *
     * @param highMaskNet the bits of {@code highNet} that count.
     */
    record Client6(long highNet, long lowNet, long highMaskNet, long lowMaskNet) {
        boolean matches(final long addresses) {
            final long client = addresses + FlowAddresses.CLIENT_OFFSET;
            return (((RawMemory.getLong(client) ^ highNet) & highMaskNet)
                            | ((RawMemory.getLong(client + Long.BYTES) ^ lowNet) & lowMaskNet))
                    == 0;
        }
    }

    /** A query that is not for IPv6 clients. */
    FlowQuery(
            final long correlationId,
            final BitSet serviceIds,
            final BitSet backendIds,
            final int states,
            final int clientIpNet,
            final int clientMaskNet,
            final int clientPortNet,
            final int minAgeTicks,
            final int limit) {
        this(
                correlationId,
                serviceIds,
                backendIds,
                states,
                clientIpNet,
                clientMaskNet,
                clientPortNet,
                minAgeTicks,
                limit,
                null,
                null,
                null);
    }

    /** A query that counts all flows and shows none. */
    static FlowQuery counting(final long correlationId, final FlowCensus census) {
        return new FlowQuery(correlationId, null, null, -1, 0, 0, 0, 0, 0, null, census, null);
    }

    /** A question about a packet, of whose flow alone it is. */
    static FlowQuery asking(final long correlationId, final PacketInquiry inquiry) {
        return new FlowQuery(correlationId, null, null, 0, 0, 0, 0, 0, 0, null, null, inquiry);
    }

    boolean matches(final long entry, final long addresses, final int nowTicks) {
        return isFromClient(entry, addresses)
                && (clientPortNet == 0 || FlowEntry.clientPortNet(entry) == clientPortNet)
                && (states >>> FlowEntry.state(entry) & 1) != 0
                && (serviceIds == null || serviceIds.get(FlowEntry.serviceId(entry)))
                && (backendIds == null || backendIds.get(FlowEntry.backendId(entry)))
                && nowTicks - FlowEntry.createdTicks(entry) >= minAgeTicks;
    }

    private boolean isFromClient(final long entry, final long addresses) {
        if (client6 != null) {
            return FlowEntry.isIpv6(entry) && client6.matches(addresses);
        }

        return clientMaskNet == 0
                || (!FlowEntry.isIpv6(entry)
                        && ((FlowEntry.clientIpNet(entry) ^ clientIpNet) & clientMaskNet) == 0);
    }
}
