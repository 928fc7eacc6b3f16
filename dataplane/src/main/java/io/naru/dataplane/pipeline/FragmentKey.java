package io.naru.dataplane.pipeline;

import io.naru.dataplane.flow.FlowHash;
import io.naru.dataplane.packet.Ipv4Header;
import io.naru.dataplane.packet.Ipv6Header;
import io.naru.dataplane.packet.RawMemory;

/**
 * What the fragments of one packet have in common and those of no other packet have: in IPv4 both
 * addresses, identification and protocol (RFC 791 2.3), in IPv6 both addresses and identification
 * (RFC 8200 4.5: the next header may differ from fragment to fragment).
 *
 * <p>Filled again for each fragment.
 */
final class FragmentKey {
    private static final long IPV6 = 1L << 40;
    private static final int PROTOCOL_SHIFT = 32;

    long sourceHigh;
    long sourceLow;
    long destinationHigh;
    long destinationLow;

    /** Identification (bits 0..31), protocol (32..39), family (40). */
    long identification;

    /** Nobody outside can choose packets that have the same. */
    long hash;

    private final FlowHash flowHash;

    FragmentKey(final FlowHash flowHash) {
        this.flowHash = flowHash;
    }

    void ofIpv4(final long l3) {
        sourceHigh = 0;
        sourceLow = Ipv4Header.sourceNet(l3);
        destinationHigh = 0;
        destinationLow = Ipv4Header.destinationNet(l3);
        identification =
                (RawMemory.getShort(l3 + Ipv4Header.IDENTIFICATION_OFFSET) & 0xffffL)
                        | (long) Ipv4Header.protocol(l3) << PROTOCOL_SHIFT;
        hash = flowHash.keyed(flowHash.keyed(sourceLow, destinationLow), identification);
    }

    void ofIpv6(final long l3, final int identificationNet) {
        sourceHigh = RawMemory.getLong(l3 + Ipv6Header.SOURCE_OFFSET);
        sourceLow = RawMemory.getLong(l3 + Ipv6Header.SOURCE_OFFSET + Long.BYTES);
        destinationHigh = RawMemory.getLong(l3 + Ipv6Header.DESTINATION_OFFSET);
        destinationLow = RawMemory.getLong(l3 + Ipv6Header.DESTINATION_OFFSET + Long.BYTES);
        identification = (identificationNet & 0xffff_ffffL) | IPV6;
        hash =
                flowHash.keyed(
                        flowHash.keyed(
                                flowHash.keyed(sourceHigh, sourceLow),
                                flowHash.keyed(destinationHigh, destinationLow)),
                        identification);
    }
}
