package io.naru.dataplane.pipeline;

import io.naru.dataplane.packet.Bounds;
import io.naru.dataplane.packet.EthernetHeader;
import io.naru.dataplane.packet.InternetChecksum;
import io.naru.dataplane.packet.Ipv4Header;
import io.naru.dataplane.packet.Ipv6Header;
import io.naru.dataplane.packet.PacketParser;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.packet.TcpHeader;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.protocol.PacketQuery;
import io.naru.dataplane.protocol.Protocol;
import java.nio.ByteBuffer;
import org.agrona.BufferUtil;

/**
 * The packet that a query asks about, parsed, in a burst of its own: a SYN, or a datagram without
 * anything in it.
 */
final class QueriedPacket {
    private static final int FRAME_LENGTH = 128;
    private static final int TTL = 64;

    private final PacketBurst burst = new PacketBurst();
    private final ByteBuffer memory = BufferUtil.allocateDirectAligned(FRAME_LENGTH, Long.BYTES);
    private final long frame = BufferUtil.address(memory);

    QueriedPacket() {
        Bounds.add(frame, FRAME_LENGTH);
    }

    /** Has nothing but the packet. */
    PacketBurst burst() {
        return burst;
    }

    /** Puts the packet of a query in the place of the one before. */
    void make(final PacketQuery query) {
        RawMemory.fill(frame, FRAME_LENGTH, (byte) 0);
        final long l3 = frame + EthernetHeader.LENGTH;
        final int l4Length = query.protocol() == Protocol.TCP ? 20 : 8;
        final long l4;
        if (query.client().isIpv4()) {
            EthernetHeader.putEtherTypeNet(frame, EthernetHeader.ETHER_TYPE_IPV4_NET);
            l4 = l3 + Ipv4Header.LENGTH;
            RawMemory.putByte(l3, (byte) 0x45);
            Ipv4Header.putTotalLength(l3, Ipv4Header.LENGTH + l4Length);
            Ipv4Header.putTtl(l3, TTL);
            RawMemory.putByte(l3 + Ipv4Header.PROTOCOL_OFFSET, (byte) query.protocol().code());
            Ipv4Header.putSourceNet(l3, Integer.reverseBytes(query.client().ipv4()));
            Ipv4Header.putDestinationNet(l3, Integer.reverseBytes(query.vip().ipv4()));
            Ipv4Header.putChecksumNet(l3, InternetChecksum.checksumNet(l3, Ipv4Header.LENGTH));
        } else {
            EthernetHeader.putEtherTypeNet(frame, EthernetHeader.ETHER_TYPE_IPV6_NET);
            l4 = l3 + Ipv6Header.LENGTH;
            RawMemory.putByte(l3, (byte) 0x60);
            Ipv6Header.putPayloadLength(l3, l4Length);
            Ipv6Header.putNextHeader(l3, query.protocol().code());
            Ipv6Header.putHopLimit(l3, TTL);
            Ipv6Header.putSourceNet(
                    l3,
                    Long.reverseBytes(query.client().high()),
                    Long.reverseBytes(query.client().low()));
            Ipv6Header.putDestinationNet(
                    l3,
                    Long.reverseBytes(query.vip().high()),
                    Long.reverseBytes(query.vip().low()));
        }

        RawMemory.putShort(l4, Short.reverseBytes((short) query.clientPort()));
        RawMemory.putShort(l4 + 2, Short.reverseBytes((short) query.vipPort()));
        if (query.protocol() == Protocol.TCP) {
            RawMemory.putByte(l4 + 12, (byte) 0x50); // a header of five words
            RawMemory.putByte(l4 + 13, (byte) TcpHeader.SYN);
        } else {
            RawMemory.putShort(l4 + 4, Short.reverseBytes((short) l4Length));
        }

        burst.count = 1;
        burst.address[0] = frame;
        burst.length[0] = (int) (l4 - frame) + l4Length;
        burst.ingress[0] = query.interfaceIndex();
        burst.isAnnotated = false;
        PacketParser.parse(burst);
    }
}
