package io.naru.dataplane.pipeline;

import static io.naru.dataplane.packet.RawMemory.getInt;
import static io.naru.dataplane.packet.RawMemory.getLong;

import io.naru.dataplane.flow.FlowHash;
import io.naru.dataplane.packet.EthernetHeader;
import io.naru.dataplane.packet.Ipv4Header;
import io.naru.dataplane.packet.PacketKind;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.service.ForwardingTable;

/**
 * Says what each packet is to us: part of a flow, and of whose, or something to answer, or nothing.
 *
 * <p>Sets {@code direction}, {@code hash} and {@code owner} of packets of flows, and a verdict of
 * all others. A packet whose fate is decided keeps a key of zero, so that the look-up that follows
 * costs it no cache miss.
 */
final class ClassifyStage {
    private static final int[] VERDICT_BY_KIND = new int[PacketKind.COUNT];
    private static final int NOT_OUR_MAC = Verdict.drop(DropReason.NOT_OUR_MAC);
    private static final int BAD_SOURCE = Verdict.drop(DropReason.BAD_SOURCE);
    private static final int BAD_IP_CHECKSUM = Verdict.drop(DropReason.BAD_IP_CHECKSUM);

    /** The bit of a group address in a MAC as loaded: no sender has one. */
    private static final long GROUP_BIT = 1;

    static {
        VERDICT_BY_KIND[PacketKind.BAD_LENGTH] = Verdict.drop(DropReason.BAD_LENGTH);
        VERDICT_BY_KIND[PacketKind.BAD_HEADER] = Verdict.drop(DropReason.BAD_HEADER);
        VERDICT_BY_KIND[PacketKind.IPV6] = Verdict.drop(DropReason.IPV6);
        VERDICT_BY_KIND[PacketKind.IP_OPTIONS] = Verdict.drop(DropReason.IP_OPTIONS);
        VERDICT_BY_KIND[PacketKind.UNSUPPORTED_ETHER_TYPE] =
                Verdict.drop(DropReason.UNSUPPORTED_ETHER_TYPE);
        VERDICT_BY_KIND[PacketKind.UNSUPPORTED_PROTOCOL] =
                Verdict.drop(DropReason.UNSUPPORTED_PROTOCOL);
    }

    private final FlowHash flowHash;
    private final int workerId;
    private final int workerCount;
    private final long[] macsNet;
    private final ArpStage arp;
    private final EchoStage echo;

    private ForwardingTable table = ForwardingTable.EMPTY;

    ClassifyStage(
            final FlowHash flowHash,
            final int workerId,
            final int workerCount,
            final long[] macsNet,
            final ArpStage arp,
            final EchoStage echo) {
        this.flowHash = flowHash;
        this.workerId = workerId;
        this.workerCount = workerCount;
        this.macsNet = macsNet;
        this.arp = arp;
        this.echo = echo;
    }

    void adopt(final ForwardingTable table) {
        this.table = table;
    }

    void classify(final PacketBurst burst) {
        final ForwardingTable table = this.table;
        final int count = burst.count;
        for (int i = 0; i < count; i++) {
            final long frame = burst.address[i];
            final long l3 = frame + burst.l3Offset[i];
            if (burst.kind[i] != PacketKind.TRANSPORT
                    || !isSound(frame, l3, macsNet[burst.ingress[i]])) {
                decide(burst, i, classifyUncommon(burst, i, frame, l3));
                continue;
            }

            final long keyA = burst.keyA[i];
            final int direction = 1 - table.isVip((int) (keyA >>> 32));
            final long hash = flowHash.hash(keyA, burst.keyB[i], direction);
            final int owner = FlowHash.worker(hash, workerCount);
            burst.direction[i] = direction;
            burst.hash[i] = hash;
            burst.owner[i] = owner;
            burst.verdict[i] = Verdict.UNDECIDED;
            if (owner != workerId) {
                decide(burst, i, Verdict.HANDOVER);
            }
        }
    }

    private int classifyUncommon(
            final PacketBurst burst, final int i, final long frame, final long l3) {
        final int kind = burst.kind[i];
        if (kind == PacketKind.FRAGMENT) {
            return burst.verdict[i]; // the fragment stage has decided
        }

        if (kind == PacketKind.ARP) {
            return arp.answer(burst, i, frame, l3);
        }

        if (VERDICT_BY_KIND[kind] != Verdict.UNDECIDED) {
            return VERDICT_BY_KIND[kind];
        }

        if (EthernetHeader.destinationMacNet(frame) != macsNet[burst.ingress[i]]) {
            return NOT_OUR_MAC;
        }

        if ((EthernetHeader.sourceMacNet(frame) & GROUP_BIT) != 0) {
            return BAD_SOURCE;
        }

        return isChecksumRight(l3) ? echo.answer(burst, i, frame, l3) : BAD_IP_CHECKSUM;
    }

    private static void decide(final PacketBurst burst, final int i, final int verdict) {
        burst.verdict[i] = verdict;
        burst.direction[i] = 0;
        burst.hash[i] = 0;
        burst.keyA[i] = 0;
        burst.keyB[i] = 0;
    }

    /** Whether a packet is sent to us, by a single machine, with the right header checksum. */
    private static boolean isSound(final long frame, final long l3, final long macNet) {
        final long notOurs = (getLong(frame) ^ macNet) & EthernetHeader.MAC_MASK;
        final long group = getLong(frame + EthernetHeader.SOURCE_OFFSET) & GROUP_BIT;
        return (notOurs | group) == 0 && isChecksumRight(l3);
    }

    /** Whether the words of a header of 20 bytes add up to minus zero (RFC 1071). */
    private static boolean isChecksumRight(final long l3) {
        final long first = getLong(l3);
        final long second = getLong(l3 + 8);
        final long sum =
                (first & 0xffff_ffffL)
                        + (first >>> 32)
                        + (second & 0xffff_ffffL)
                        + (second >>> 32)
                        + (getInt(l3 + Ipv4Header.DESTINATION_OFFSET) & 0xffff_ffffL);

        final long folded = (sum & 0xffff_ffffL) + (sum >>> 32);
        final long half = (folded & 0xffff) + (folded >>> 16);
        return ((half + (half >>> 16)) & 0xffff) == 0xffff;
    }
}
