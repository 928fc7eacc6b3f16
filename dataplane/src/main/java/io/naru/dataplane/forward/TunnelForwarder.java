package io.naru.dataplane.forward;

import static io.naru.dataplane.packet.RawMemory.getByte;
import static io.naru.dataplane.packet.RawMemory.getInt;
import static io.naru.dataplane.packet.RawMemory.putInt;
import static io.naru.dataplane.packet.RawMemory.putShort;

import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.packet.EthernetHeader;
import io.naru.dataplane.packet.GreHeader;
import io.naru.dataplane.packet.InternetChecksum;
import io.naru.dataplane.packet.Ipv4Header;
import io.naru.dataplane.packet.Ipv6Header;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.service.Tunnels;

/**
 * {@code dsr-gre} and {@code dsr-ipip}: the packet goes to the backend inside another one, whose
 * headers are written in front of it into the headroom of its frame.
 *
 * <pre>
 *            ┌──────────┬──────────┬ ─ ─ ─ ┬───────────────────────────────┐
 *   becomes  │ Ethernet │ outer IP │  GRE  │ client ──► VIP, as it came    │
 *            └──────────┴──────────┴ ─ ─ ─ ┴───────────────────────────────┘
 * </pre>
 *
 * <p>Inner and outer may be IPv4 or IPv6 each. The outer header follows RFC 2003 and RFC 2473: it
 * has a time to live of its own, the inner packet loses one hop where we are a router; DSCP is
 * copied or zero (RFC 2983), ECN is copied (RFC 6040 §4.1, normal mode). An outer IPv4 packet may
 * not be fragmented on its way, so its identification means nothing and is zero (RFC 6864 §4.1).
 * The flow label of an outer IPv6 packet is a hash of the flow (RFC 6438). GRE is that of RFC 2784
 * with the key of RFC 2890.
 */
public final class TunnelForwarder implements Forwarder {
    private static final int TTL = 64;
    private static final int DONT_FRAGMENT_NET = 0x0040;
    private static final int ECN_MASK = 0x03;
    private static final int TTL_DELTA = 0xfffe;
    private static final int TAG_OFFSET = EthernetHeader.ETHER_TYPE_OFFSET;

    private final long[] macsNet;
    private final int hopCost;
    private Tunnels tunnels = Tunnels.NONE;
    private ForwardingTable table = ForwardingTable.EMPTY;

    /**
     * @param macsNet our MAC by interface index.
     * @param hopCost what is taken from the inner packet's time to live: 1 for a router, else 0.
     */
    public TunnelForwarder(final long[] macsNet, final int hopCost) {
        this.macsNet = macsNet.clone();
        this.hopCost = hopCost;
    }

    public void adopt(final ForwardingTable table) {
        this.table = table;
        this.tunnels = table.tunnels();
    }

    @Override
    public void forward(final PacketBurst burst, final int[] selection, final int count) {
        for (int k = 0; k < count; k++) {
            wrap(burst, selection[k]);
        }
    }

    private void wrap(final PacketBurst burst, final int i) {
        final long entry = burst.entry[i];
        final int serviceId = FlowEntry.serviceId(entry);
        final int backendId = FlowEntry.backendId(entry);
        final long hop = burst.hop[i];
        final int ethernetLength = burst.l3Offset[i];
        final long frame = burst.address[i];
        final long inner = frame + ethernetLength;
        final boolean isInner6 = FlowEntry.isIpv6(entry);
        final boolean isGre = FlowEntry.mode(entry) == Mode.DSR_GRE.code();
        final int tag = getInt(frame + TAG_OFFSET); // of a frame that has one
        final int innerLength =
                isInner6
                        ? Ipv6Header.LENGTH + Ipv6Header.payloadLength(inner)
                        : Ipv4Header.totalLength(inner);
        final int trafficClass = innerTrafficClass(inner, isInner6);
        takeHop(inner, isInner6);

        long header = inner;
        int protocol = isInner6 ? Ipv6Header.NEXT_IPV6 : Ipv6Header.NEXT_IPV4;
        if (isGre) {
            header = putGre(inner, innerLength, serviceId, isInner6);
            protocol = GreHeader.PROTOCOL;
        }

        final int payloadLength = (int) (inner - header) + innerLength;
        final int outerClass =
                tunnels.copiesDscp(serviceId) ? trafficClass : trafficClass & ECN_MASK;
        final boolean isOuter6 = table.isBackendIpv6(backendId);
        final int spread = (int) (burst.hash[i] >>> 8);
        if (isOuter6) {
            header -= Ipv6Header.LENGTH;
            putIpv6(header, outerClass, spread, payloadLength, protocol);
            tunnels.putSource6(header, serviceId, Hop.interfaceIndex(hop), spread);
            Ipv6Header.putDestinationNet(
                    header, table.backendHighNet(backendId), table.backendLowNet(backendId));
        } else {
            header -= Ipv4Header.LENGTH;
            putIpv4(
                    header,
                    outerClass,
                    payloadLength,
                    protocol,
                    tunnels.source4(serviceId, Hop.interfaceIndex(hop), spread),
                    table.backendIpNet(backendId));
        }

        final long start = header - ethernetLength;
        if (ethernetLength != EthernetHeader.LENGTH) {
            putInt(start + TAG_OFFSET, tag);
        }
        putShort(
                header - Short.BYTES,
                (short)
                        (isOuter6
                                ? EthernetHeader.ETHER_TYPE_IPV6_NET
                                : EthernetHeader.ETHER_TYPE_IPV4_NET));
        EthernetHeader.putMacsNet(start, hop, macsNet[Hop.interfaceIndex(hop)]);
        burst.address[i] = start;
        burst.length[i] = (int) (inner - start) + innerLength;
    }

    private static int innerTrafficClass(final long inner, final boolean isInner6) {
        return isInner6
                ? Ipv6Header.trafficClass(inner)
                : getByte(inner + Ipv4Header.DSCP_OFFSET) & 0xff;
    }

    private void takeHop(final long inner, final boolean isInner6) {
        if (isInner6) {
            Ipv6Header.putHopLimit(inner, Ipv6Header.hopLimit(inner) - hopCost);
        } else {
            Ipv4Header.putTtl(inner, Ipv4Header.ttl(inner) - hopCost);
            Ipv4Header.putChecksumNet(
                    inner,
                    InternetChecksum.update(Ipv4Header.checksumNet(inner), TTL_DELTA * hopCost));
        }
    }

    /** Writes the GRE header in front of the inner packet; where it begins. */
    private long putGre(
            final long inner, final int innerLength, final int serviceId, final boolean isInner6) {
        final int flags = tunnels.greFlagsNet(serviceId);
        long header = inner;
        if ((flags & GreHeader.FLAG_KEY_NET) != 0) {
            header -= GreHeader.OPTION_LENGTH;
            putInt(header, tunnels.greKeyNet(serviceId));
        }

        final boolean hasChecksum = (flags & GreHeader.FLAG_CHECKSUM_NET) != 0;
        if (hasChecksum) {
            header -= GreHeader.OPTION_LENGTH;
            putInt(header, 0);
        }

        header -= GreHeader.LENGTH;
        putShort(header, (short) flags);
        putShort(
                header + GreHeader.PROTOCOL_TYPE_OFFSET,
                (short)
                        (isInner6
                                ? EthernetHeader.ETHER_TYPE_IPV6_NET
                                : EthernetHeader.ETHER_TYPE_IPV4_NET));
        if (hasChecksum) {
            final int length = (int) (inner - header) + innerLength;
            putShort(
                    header + GreHeader.LENGTH,
                    (short) InternetChecksum.checksumNet(header, length));
        }

        return header;
    }

    private static void putIpv4(
            final long header,
            final int trafficClass,
            final int payloadLength,
            final int protocol,
            final int sourceNet,
            final int destinationNet) {
        final int totalLength = Ipv4Header.LENGTH + payloadLength;
        final int totalLengthNet = Short.reverseBytes((short) totalLength) & 0xffff;
        putInt(
                header,
                Ipv4Header.VERSION_AND_IHL_PLAIN
                        | (trafficClass << Byte.SIZE)
                        | (totalLengthNet << Short.SIZE));
        putInt(header + Ipv4Header.IDENTIFICATION_OFFSET, DONT_FRAGMENT_NET << Short.SIZE);
        putInt(header + Ipv4Header.TTL_OFFSET, TTL | (protocol << Byte.SIZE));
        Ipv4Header.putSourceNet(header, sourceNet);
        Ipv4Header.putDestinationNet(header, destinationNet);
        Ipv4Header.putChecksumNet(header, InternetChecksum.checksumNet(header, Ipv4Header.LENGTH));
    }

    private static void putIpv6(
            final long header,
            final int trafficClass,
            final int flowLabel,
            final int payloadLength,
            final int nextHeader) {
        Ipv6Header.putFirstWord(header, (6 << 28) | (trafficClass << 20) | (flowLabel & 0xf_ffff));
        Ipv6Header.putPayloadLength(header, payloadLength);
        Ipv6Header.putNextHeader(header, nextHeader);
        Ipv6Header.putHopLimit(header, TTL);
    }
}
