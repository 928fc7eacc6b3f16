package io.naru.dataplane.pipeline;

import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.packet.ArpHeader;
import io.naru.dataplane.packet.EthernetHeader;
import io.naru.dataplane.packet.IcmpHeader;
import io.naru.dataplane.packet.InternetChecksum;
import io.naru.dataplane.packet.Ipv6Header;
import io.naru.dataplane.packet.NdpMessage;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.port.SendList;
import io.naru.dataplane.protocol.Limits;
import io.naru.dataplane.service.ForwardingTable;

/**
 * Tells the neighbours that an address has become ours, so that those who knew it at another MAC
 * turn to us at once: an ARP announcement (RFC 5227 §2.3) or an unsolicited neighbour advertisement
 * (RFC 4861 §7.2.6), {@link #REPEATS} times, {@link #INTERVAL_NS} apart.
 *
 * <p>Goes out on the interfaces whose network the address is of; if it is of none, on all of them:
 * somebody has a route to it there, or nobody listens. Used by one worker; allocates nothing.
 */
final class Announcements {
    static final int REPEATS = 3;
    static final long INTERVAL_NS = 1_000_000_000L;

    /** Addresses that are told of, and those that are looked at, in a duty cycle. */
    private static final int SEND_LIMIT = 8;

    private static final int SCAN_LIMIT = 64;

    /** Ethernet's least; an advertisement has 86 bytes. */
    private static final int ARP_LENGTH = 60;

    private static final int NDP_LENGTH =
            EthernetHeader.LENGTH + Ipv6Header.LENGTH + NdpMessage.LENGTH_WITH_MAC;

    private static final int CAPACITY = Limits.MAX_SERVICES + Limits.MAX_LOCAL_ADDRESSES;

    private final long[] macsNet;
    private final long[] highNet = new long[CAPACITY];
    private final long[] lowNet = new long[CAPACITY];
    private final byte[] timesSent = new byte[CAPACITY];
    private final long[] dueNs = new long[CAPACITY];
    private ForwardingTable table = ForwardingTable.EMPTY;
    private SendList sendList = SendList.NONE;
    private int count;
    private int next;
    private long sent;

    Announcements(final long[] macsNet) {
        this.macsNet = macsNet.clone();
    }

    void sendList(final SendList list) {
        sendList = list;
    }

    /** Packets that were sent. */
    long sent() {
        return sent;
    }

    /** What is ours in this table and was not in the last one is to be told. */
    void adopt(final ForwardingTable newTable) {
        forget(newTable);
        for (int i = 0; i < newTable.ownAddresses() && count < CAPACITY; i++) {
            final long high = newTable.ownHighNet(i);
            final long low = newTable.ownLowNet(i);
            if (!table.isOwn(high, low)) {
                highNet[count] = high;
                lowNet[count] = low;
                timesSent[count++] = 0;
            }
        }
        table = newTable;
    }

    private void forget(final ForwardingTable newTable) {
        for (int i = count - 1; i >= 0; i--) {
            if (!newTable.isOwn(highNet[i], lowNet[i])) {
                remove(i);
            }
        }
    }

    /**
     * Puts what is due into the send list; once a duty cycle.
     *
     * @return the number of packets.
     */
    int send(final long nowNs) {
        int packets = 0;
        int addresses = 0;
        for (int scanned = Math.min(count, SCAN_LIMIT);
                scanned > 0 && addresses < SEND_LIMIT;
                scanned--) {
            next = next < count ? next : 0;
            final int i = next;
            if (timesSent[i] > 0 && dueNs[i] - nowNs > 0) {
                next++;
                continue;
            }
            if (sendList.room() < macsNet.length) {
                break;
            }

            packets += tell(highNet[i], lowNet[i]);
            addresses++;
            dueNs[i] = nowNs + INTERVAL_NS;
            if (++timesSent[i] == REPEATS) {
                remove(i);
            } else {
                next++;
            }
        }

        sent += packets;
        return packets;
    }

    private void remove(final int i) {
        count--;
        highNet[i] = highNet[count];
        lowNet[i] = lowNet[count];
        timesSent[i] = timesSent[count];
        dueNs[i] = dueNs[count];
    }

    private int tell(final long high, final long low) {
        int packets = 0;
        for (int pass = 0; pass < 2 && packets == 0; pass++) {
            final boolean isEverywhere = pass == 1;
            for (int port = 0; port < macsNet.length; port++) {
                if (isEverywhere || isOnLink(port, high, low)) {
                    tell(port, high, low);
                    packets++;
                }
            }
        }

        return packets;
    }

    private boolean isOnLink(final int port, final long high, final long low) {
        return ForwardingTable.isIpv4(high, low)
                ? table.isOnLink(port, ForwardingTable.ipv4Net(low))
                : table.isOnLink6(port, high, low);
    }

    private void tell(final int port, final long high, final long low) {
        final long frame = sendList.newFrame();
        if (ForwardingTable.isIpv4(high, low)) {
            putArp(frame, macsNet[port], ForwardingTable.ipv4Net(low));
            sendList.add(frame, ARP_LENGTH, Hop.of(EthernetHeader.BROADCAST_MAC_NET, port));
        } else {
            putAdvertisement(frame, macsNet[port], high, low);
            sendList.add(frame, NDP_LENGTH, Hop.of(NdpMessage.ALL_NODES_MAC_NET, port));
        }
    }

    private static void putArp(final long frame, final long mac, final int ipNet) {
        final long l3 = frame + EthernetHeader.LENGTH;
        RawMemory.fill(frame, ARP_LENGTH, (byte) 0);
        EthernetHeader.putMacsNet(frame, EthernetHeader.BROADCAST_MAC_NET, mac);
        EthernetHeader.putEtherTypeNet(frame, EthernetHeader.ETHER_TYPE_ARP_NET);
        RawMemory.putLong(l3, ArpHeader.ETHERNET_IPV4_NET);
        ArpHeader.putOperationNet(l3, ArpHeader.OPERATION_REQUEST_NET);
        ArpHeader.putSender(l3, mac, ipNet);
        ArpHeader.putTarget(l3, 0, ipNet);
    }

    private static void putAdvertisement(
            final long frame, final long mac, final long high, final long low) {
        final long l3 = frame + EthernetHeader.LENGTH;
        final long l4 = l3 + Ipv6Header.LENGTH;
        RawMemory.fill(frame, NDP_LENGTH, (byte) 0);
        EthernetHeader.putMacsNet(frame, NdpMessage.ALL_NODES_MAC_NET, mac);
        EthernetHeader.putEtherTypeNet(frame, EthernetHeader.ETHER_TYPE_IPV6_NET);
        Ipv6Header.putFirstWord(l3, 6 << 28);
        Ipv6Header.putPayloadLength(l3, NdpMessage.LENGTH_WITH_MAC);
        Ipv6Header.putNextHeader(l3, Ipv6Header.NEXT_ICMPV6);
        Ipv6Header.putHopLimit(l3, NdpMessage.HOP_LIMIT);
        Ipv6Header.putSourceNet(l3, high, low);
        Ipv6Header.putDestinationNet(
                l3, NdpMessage.ALL_NODES_HIGH_NET, NdpMessage.ALL_NODES_LOW_NET);
        NdpMessage.putAdvertisement(l4, NdpMessage.FLAG_OVERRIDE, high, low, mac);
        IcmpHeader.putChecksumNet(
                l4,
                InternetChecksum.transport6ChecksumNet(
                        l3, l4, NdpMessage.LENGTH_WITH_MAC, Ipv6Header.NEXT_ICMPV6));
    }
}
