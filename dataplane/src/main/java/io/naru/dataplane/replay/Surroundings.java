package io.naru.dataplane.replay;

import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.packet.EthernetHeader;
import io.naru.dataplane.packet.PacketKind;
import io.naru.dataplane.packet.PacketParser;
import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.port.pcap.PcapFilePort;
import io.naru.dataplane.service.ForwardingTable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The machines around the balancer, as far as a capture shows them.
 *
 * <p>Our own MAC addresses are those that packets to a VIP, and answers of backends, were sent to;
 * each stands for an interface, in the order of their first packets. Backends are behind the
 * interface that their first answer came in by, or the first. What a capture cannot show is made
 * up: the next hop to a backend at a.b.c.d has the MAC 02:00:a:b:c:d.
 */
final class Surroundings {
    /** Ours if the capture has nothing that was sent to us: 02:00:00:00:00:01. */
    private static final long DEFAULT_MAC_NET = 0x0100_0000_0002L;

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
    long hop(final int ipv4) {
        final long ipNet = Integer.reverseBytes(ipv4) & 0xffff_ffffL;
        final long macNet = 0x02L | (ipNet << 16);

        return Hop.of(macNet, backendInterface);
    }

    /** The interface of a packet that is ours, or -1. */
    private static int note(
            final PacketBurst burst,
            final int index,
            final ForwardingTable table,
            final List<Long> macs) {
        final long macNet = EthernetHeader.destinationMacNet(burst.address[index]);
        if (burst.kind[index] != PacketKind.TRANSPORT || (macNet & GROUP_BIT) != 0) {
            return -1;
        }

        final boolean isAnswer =
                table.isNatBackend(
                        (int) burst.keyA[index],
                        burst.protocol[index],
                        (int) burst.keyB[index] & 0xffff);
        if (!isAnswer && !isToVip(burst, index, table)) {
            return -1;
        }
        if (!macs.contains(macNet) && macs.size() < MAX_INTERFACES) {
            macs.add(macNet);
        }

        return macs.indexOf(macNet);
    }

    private static boolean isToVip(
            final PacketBurst burst, final int index, final ForwardingTable table) {
        return table.isVip((int) (burst.keyA[index] >>> 32)) != 0;
    }
}
