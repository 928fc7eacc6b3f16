package io.naru.dataplane.replay;

import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.packet.EthernetHeader;
import io.naru.dataplane.packet.Ipv4Header;
import io.naru.dataplane.packet.Ipv6Header;
import io.naru.dataplane.packet.PacketKind;
import io.naru.dataplane.packet.PacketParser;
import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.port.pcap.PcapFilePort;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.service.ForwardingTable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The machines around the balancer, as far as a capture shows them.
 *
 * <p>Our own MAC addresses are those that packets to a VIP or a local address, and answers of
 * backends, were sent to; each stands for an interface, in the order of their first packets.
 * Backends are behind the interface that their first answer came in by, or the first. What a
 * capture cannot show is made up: the next hop to a backend at a.b.c.d has the MAC 02:00:a:b:c:d,
 * to one whose IPv6 address ends in abcd:efgh the MAC 02:06:ab:cd:ef:gh.
 */
final class Surroundings {
    /** Ours if the capture has nothing that was sent to us: 02:00:00:00:00:01. */
    private static final long DEFAULT_MAC_NET = 0x0100_0000_0002L;

    /** The first two octets of the MACs that are made up: 02:00 and 02:06. */
    private static final long FIRST_OF_IPV4_NET = 0x0002L;

    private static final long FIRST_OF_IPV6_NET = 0x0602L;

    private static final int MAX_INTERFACES = 16;
    private static final long GROUP_BIT = 1;

    private final long[] macsNet;
    private final int backendInterface;

    private Surroundings(final long[] macsNet, final int backendInterface) {
        this.macsNet = macsNet;
        this.backendInterface = backendInterface;
    }

    /**
     * Reads a capture through.
     *
     * @throws IOException a sentence about what is wrong with it.
     */
    static Surroundings of(
            final Path capture,
            final ForwardingTable table,
            final FrameStack free,
            final int frameSizeBytes)
            throws IOException {
        final PacketBurst burst = new PacketBurst();
        final List<Long> macs = new ArrayList<>();
        int backendInterface = -1;
        try (PcapFilePort port = PcapFilePort.open(capture, null, 0, 0, free, frameSizeBytes)) {
            while (!port.isAtEnd()) {
                port.receive(burst);
                PacketParser.parse(burst);
                for (int i = 0; i < burst.count; i++) {
                    final int network = note(burst, i, table, macs);
                    if (network >= 0 && backendInterface < 0 && !isToVip(burst, i, table)) {
                        backendInterface = network;
                    }
                    free.push(burst.address[i]);
                }
            }
        }

        if (macs.isEmpty()) {
            macs.add(DEFAULT_MAC_NET);
        }

        return new Surroundings(
                macs.stream().mapToLong(Long::longValue).toArray(), Math.max(backendInterface, 0));
    }

    /** Our MAC by interface index. */
    long[] macsNet() {
        return macsNet.clone();
    }

    /** The interface that a packet came in by; the first if it was not sent to one of our MACs. */
    int ingress(final long frame) {
        final long macNet = EthernetHeader.destinationMacNet(frame);
        for (int i = 0; i < macsNet.length; i++) {
            if (macsNet[i] == macNet) {
                return i;
            }
        }

        return 0;
    }

    /** The way to a backend. */
    long hop(final IpAddress address) {
        final int last = address.isIpv4() ? address.ipv4() : (int) address.low();
        final long lastNet = Integer.reverseBytes(last) & 0xffff_ffffL;
        final long firstNet = address.isIpv4() ? FIRST_OF_IPV4_NET : FIRST_OF_IPV6_NET;

        return Hop.of(firstNet | (lastNet << 16), backendInterface);
    }

    /** The interface of a packet that is ours, or -1. */
    private static int note(
            final PacketBurst burst,
            final int index,
            final ForwardingTable table,
            final List<Long> macs) {
        final long macNet = EthernetHeader.destinationMacNet(burst.address[index]);
        if ((macNet & GROUP_BIT) != 0
                || (!isToVip(burst, index, table) && !isAnswer(burst, index, table))) {
            return -1;
        }
        if (!macs.contains(macNet) && macs.size() < MAX_INTERFACES) {
            macs.add(macNet);
        }

        return macs.indexOf(macNet);
    }

    private static boolean isToVip(
            final PacketBurst burst, final int index, final ForwardingTable table) {
        final long l3 = burst.address[index] + burst.l3Offset[index];
        return switch (burst.kind[index]) {
            case PacketKind.TRANSPORT, PacketKind.TRANSPORT_WITH_OPTIONS, PacketKind.FRAGMENT ->
                    table.isVip(Ipv4Header.destinationNet(l3)) != 0;
            case PacketKind.TRANSPORT_6, PacketKind.FRAGMENT_6 ->
                    table.isVip6(
                            Ipv6Header.destinationHighNet(l3), Ipv6Header.destinationLowNet(l3));
            default -> false;
        };
    }

    /** Whether a packet is from a backend of a nat service, or for a local address. */
    private static boolean isAnswer(
            final PacketBurst burst, final int index, final ForwardingTable table) {
        final long l3 = burst.address[index] + burst.l3Offset[index];
        final int protocol = burst.protocol[index];
        final int sourcePort = (int) burst.keyB[index] & 0xffff;
        return switch (burst.kind[index]) {
            case PacketKind.TRANSPORT, PacketKind.TRANSPORT_WITH_OPTIONS ->
                    table.isNatBackend(Ipv4Header.sourceNet(l3), protocol, sourcePort)
                            || table.locals().idOf(Ipv4Header.destinationNet(l3))
                                    != ForwardingTable.NONE;
            case PacketKind.TRANSPORT_6 ->
                    table.isNatBackend6(
                                    Ipv6Header.sourceHighNet(l3),
                                    Ipv6Header.sourceLowNet(l3),
                                    protocol,
                                    sourcePort)
                            || table.locals()
                                            .idOf6(
                                                    Ipv6Header.destinationHighNet(l3),
                                                    Ipv6Header.destinationLowNet(l3))
                                    != ForwardingTable.NONE;
            default -> false;
        };
    }
}
