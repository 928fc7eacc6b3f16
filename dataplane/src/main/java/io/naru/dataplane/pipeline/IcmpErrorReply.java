package io.naru.dataplane.pipeline;

import io.naru.dataplane.flow.FlowAddresses;
import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowTable;
import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.packet.EthernetHeader;
import io.naru.dataplane.packet.IcmpHeader;
import io.naru.dataplane.packet.InternetChecksum;
import io.naru.dataplane.packet.Ipv4Header;
import io.naru.dataplane.packet.Ipv6Header;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.status.WorkerStats;

/**
 * Makes a packet that cannot go on into the ICMP error that tells its sender why, in the frame of
 * the packet itself: the new headers are written in front of it, into the headroom, and what it
 * quotes is already where it belongs.
 *
 * <pre>
 *   before                          │Ethernet│ IP, TCP or UDP, data ...                │
 *   after     │Ethernet│ IP │ ICMP 8 │         IP, TCP or UDP, data ... up to 576, 1280│
 *             └── address goes down by 28 (IPv4) or 48 (IPv6) ──┘
 * </pre>
 *
 * <p>The source is the address that the sender sent to, or for the answer of a {@code nat} backend
 * the VIP. None is sent about later fragments (RFC 1122 §3.2.2), nor more of them than a token
 * bucket has (RFC 1812 §4.3.2.8, RFC 4443 §2.4 f). Used by one worker.
 */
final class IcmpErrorReply {
    /** Errors per second of one worker: what Linux sends at most. */
    private static final int PER_SECOND = 1000;

    private static final int BURST = 50;

    /** Length of an ICMP error's packet at most (RFC 1812 §4.3.2.3). */
    private static final int MAX_LENGTH = 576;

    /** The same of ICMPv6: what every link takes (RFC 4443 §2.4 c). */
    private static final int MAX_LENGTH_6 = 1280;

    private static final int OVERHEAD = Ipv4Header.LENGTH + IcmpHeader.LENGTH;
    private static final int OVERHEAD_6 = Ipv6Header.LENGTH + IcmpHeader.LENGTH;

    private static final int TTL = 64;
    private static final int DONT_FRAGMENT_NET = 0x0040;

    /** Precedence 6, "internetwork control" (RFC 1812 §4.3.2.5). */
    private static final int TYPE_OF_SERVICE = 0xc0;

    private static final int NAT = Mode.NAT.code();

    private final long[] macsNet;
    private final FlowTable flows;
    private final WorkerStats stats;
    private final TokenBucket bucket = new TokenBucket(PER_SECOND, BURST);
    private long sent;

    /**
     * @param macsNet our MAC by interface index.
     * @param flows whose entries the burst's are.
     * @param stats counts the packets, told about or not, as dropped for their reason.
     */
    IcmpErrorReply(final long[] macsNet, final FlowTable flows, final WorkerStats stats) {
        this.macsNet = macsNet;
        this.flows = flows;
        this.stats = stats;
    }

    /** Errors made, of all kinds. */
    long sent() {
        return sent;
    }

    /**
     * The packet's time to live ran out: the verdict, to send the answer or to drop the packet.
     *
     * <p>The packet has an entry and a direction and was not changed.
     */
    int timeExceeded(final PacketBurst burst, final int i, final long nowNs) {
        final int type =
                FlowEntry.isIpv6(burst.entry[i])
                        ? IcmpHeader.TYPE_TIME_EXCEEDED_6
                        : IcmpHeader.TYPE_TIME_EXCEEDED;
        return tell(burst, i, type, 0, 0, DropReason.TTL_EXPIRED, nowNs);
    }

    /**
     * The packet is longer than its way takes and not to be fragmented: the verdict, to send the
     * answer or to drop the packet.
     *
     * <p>The packet has an entry and a direction and was not changed.
     *
     * @param mtu what the way takes of packets like this one, in bytes; to the sender of IPv6 it is
     *     never said to be less than 1280.
     */
    int tooBig(final PacketBurst burst, final int i, final int mtu, final long nowNs) {
        return FlowEntry.isIpv6(burst.entry[i])
                ? tell(
                        burst,
                        i,
                        IcmpHeader.TYPE_PACKET_TOO_BIG_6,
                        0,
                        restOfTooBig6(mtu),
                        DropReason.TOO_BIG,
                        nowNs)
                : tell(
                        burst,
                        i,
                        IcmpHeader.TYPE_DESTINATION_UNREACHABLE,
                        IcmpHeader.CODE_FRAGMENTATION_NEEDED,
                        restOfTooBig(mtu),
                        DropReason.TOO_BIG,
                        nowNs);
    }

    private int tell(
            final PacketBurst burst,
            final int i,
            final int type,
            final int code,
            final int restNet,
            final DropReason reason,
            final long nowNs) {
        final long l3 = burst.address[i] + burst.l3Offset[i];
        if (burst.l4Offset[i] == 0 || !bucket.take(nowNs)) {
            return Verdict.drop(reason);
        }

        stats.drop(reason.code(), 1);
        final long hop = Hop.of(EthernetHeader.sourceMacNet(burst.address[i]), burst.ingress[i]);
        final long entry = burst.entry[i];
        final boolean isFromNat =
                burst.direction[i] == FlowEntry.TO_CLIENT && FlowEntry.mode(entry) == NAT;
        if (FlowEntry.isIpv6(entry)) {
            final long source =
                    isFromNat
                            ? flows.addresses(entry) + FlowAddresses.VIP_OFFSET
                            : l3 + Ipv6Header.DESTINATION_OFFSET;
            final int length = Ipv6Header.LENGTH + Ipv6Header.payloadLength(l3);
            put6(burst, i, l3, length, source, type, code, restNet, hop);
        } else {
            final int source = isFromNat ? FlowEntry.vipNet(entry) : Ipv4Header.destinationNet(l3);
            put4(burst, i, l3, Ipv4Header.totalLength(l3), source, type, code, restNet, hop);
        }

        return Verdict.TX;
    }

    /**
     * Tells the client that what we sent on for it, inside a packet of ours, was too long; the
     * verdict, to send that or to drop the frame.
     *
     * @param inner address of the client's packet in the frame, with room for the headers in front.
     * @param innerLength how much of it is there.
     * @param entry its flow, with a way to the client.
     * @param mtu what is left for a packet like it.
     */
    int tooBigInTunnel(
            final PacketBurst burst,
            final int i,
            final long inner,
            final int innerLength,
            final long entry,
            final int mtu,
            final long nowNs) {
        if (!bucket.take(nowNs)) {
            return Verdict.drop(DropReason.ICMP_TUNNEL);
        }

        final long hop = FlowEntry.clientHop(entry);
        if (FlowEntry.isIpv6(entry)) {
            put6(
                    burst,
                    i,
                    inner,
                    innerLength,
                    inner + Ipv6Header.DESTINATION_OFFSET,
                    IcmpHeader.TYPE_PACKET_TOO_BIG_6,
                    0,
                    restOfTooBig6(mtu),
                    hop);
        } else {
            put4(
                    burst,
                    i,
                    inner,
                    innerLength,
                    Ipv4Header.destinationNet(inner),
                    IcmpHeader.TYPE_DESTINATION_UNREACHABLE,
                    IcmpHeader.CODE_FRAGMENTATION_NEEDED,
                    restOfTooBig(mtu),
                    hop);
        }

        return Verdict.TX;
    }

    private static int restOfTooBig(final int mtu) {
        return Integer.reverseBytes(mtu & 0xffff); // RFC 1191 §4: in the low half
    }

    private static int restOfTooBig6(final int mtu) {
        return Integer.reverseBytes(Math.max(mtu, MAX_LENGTH_6)); // RFC 8200 §5
    }

    // -- the packet -------------------------------------------------------------------------------

    private void put4(
            final PacketBurst burst,
            final int i,
            final long quote,
            final int quoteLength,
            final int sourceNet,
            final int type,
            final int code,
            final int restNet,
            final long hop) {
        final int length = Math.min(MAX_LENGTH, OVERHEAD + quoteLength);
        final long l3 = quote - OVERHEAD;
        final long l4 = quote - IcmpHeader.LENGTH;
        putEthernet(burst, i, l3, length, EthernetHeader.ETHER_TYPE_IPV4_NET, hop);
        RawMemory.putInt(l3, Ipv4Header.VERSION_AND_IHL_PLAIN | TYPE_OF_SERVICE << Byte.SIZE);
        Ipv4Header.putTotalLength(l3, length);
        RawMemory.putInt(l3 + Ipv4Header.IDENTIFICATION_OFFSET, DONT_FRAGMENT_NET << Short.SIZE);
        RawMemory.putInt(l3 + Ipv4Header.TTL_OFFSET, TTL | Ipv4Header.PROTOCOL_ICMP << Byte.SIZE);
        Ipv4Header.putSourceNet(l3, sourceNet);
        Ipv4Header.putDestinationNet(l3, Ipv4Header.sourceNet(quote));
        Ipv4Header.putChecksumNet(l3, InternetChecksum.checksumNet(l3, Ipv4Header.LENGTH));
        putIcmp(l4, type, code, restNet);
        IcmpHeader.putChecksumNet(l4, InternetChecksum.checksumNet(l4, length - Ipv4Header.LENGTH));
        sent++;
    }

    /**
     * @param source where the 16 bytes of the source address are; not in front of the quote.
     */
    private void put6(
            final PacketBurst burst,
            final int i,
            final long quote,
            final int quoteLength,
            final long source,
            final int type,
            final int code,
            final int restNet,
            final long hop) {
        final int length = Math.min(MAX_LENGTH_6, OVERHEAD_6 + quoteLength);
        final int payloadLength = length - Ipv6Header.LENGTH;
        final long l3 = quote - OVERHEAD_6;
        final long l4 = quote - IcmpHeader.LENGTH;
        putEthernet(burst, i, l3, length, EthernetHeader.ETHER_TYPE_IPV6_NET, hop);
        Ipv6Header.putFirstWord(l3, 6 << 28);
        Ipv6Header.putPayloadLength(l3, payloadLength);
        Ipv6Header.putNextHeader(l3, Ipv6Header.NEXT_ICMPV6);
        Ipv6Header.putHopLimit(l3, TTL);
        Ipv6Header.putSourceNet(
                l3, RawMemory.getLong(source), RawMemory.getLong(source + Long.BYTES));
        Ipv6Header.putDestinationNet(
                l3, Ipv6Header.sourceHighNet(quote), Ipv6Header.sourceLowNet(quote));
        putIcmp(l4, type, code, restNet);
        IcmpHeader.putChecksumNet(
                l4,
                InternetChecksum.transport6ChecksumNet(
                        l3, l4, payloadLength, Ipv6Header.NEXT_ICMPV6));
        sent++;
    }

    /** Type, code, a checksum of zero, and the rest of the header. */
    private static void putIcmp(final long l4, final int type, final int code, final int restNet) {
        RawMemory.putInt(l4, type | code << Byte.SIZE);
        RawMemory.putInt(l4 + IcmpHeader.REST_OFFSET, restNet);
    }

    /** An Ethernet header as long as the frame's is, and with its tag, in front of {@code l3}. */
    private void putEthernet(
            final PacketBurst burst,
            final int i,
            final long l3,
            final int l3Length,
            final int etherTypeNet,
            final long hop) {
        final int ethernetLength = burst.l3Offset[i];
        final long frame = l3 - ethernetLength;
        if (ethernetLength != EthernetHeader.LENGTH) {
            final int tag = RawMemory.getInt(burst.address[i] + EthernetHeader.ETHER_TYPE_OFFSET);
            RawMemory.putInt(frame + EthernetHeader.ETHER_TYPE_OFFSET, tag);
        }

        RawMemory.putShort(l3 - Short.BYTES, (short) etherTypeNet);
        EthernetHeader.putMacsNet(frame, hop, macsNet[Hop.interfaceIndex(hop)]);
        burst.address[i] = frame;
        burst.length[i] = ethernetLength + l3Length;
        burst.l4Offset[i] = 0;
        burst.hash[i] = 0;
        burst.hop[i] = hop;
    }
}
