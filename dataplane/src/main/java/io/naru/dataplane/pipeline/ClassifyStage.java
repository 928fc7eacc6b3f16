package io.naru.dataplane.pipeline;

import static io.naru.dataplane.packet.RawMemory.getInt;
import static io.naru.dataplane.packet.RawMemory.getLong;

import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowHash;
import io.naru.dataplane.flow.LocalPorts;
import io.naru.dataplane.packet.EthernetHeader;
import io.naru.dataplane.packet.IcmpHeader;
import io.naru.dataplane.packet.InternetChecksum;
import io.naru.dataplane.packet.Ipv4Header;
import io.naru.dataplane.packet.Ipv6Header;
import io.naru.dataplane.packet.NdpMessage;
import io.naru.dataplane.packet.PacketKind;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.service.LocalAddresses;

/**
 * Says what each packet is to us: part of a flow, and of whose, or something to answer, or nothing.
 *
 * <p>Sets {@code direction}, {@code hash} and {@code owner} of packets of flows, and a verdict of
 * all others. A packet whose fate is decided keeps a key of zero, so that the look-up that follows
 * costs it no cache miss; so does the reply to a local port, whose flow the port names.
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
        VERDICT_BY_KIND[PacketKind.IP_OPTIONS] = Verdict.drop(DropReason.IP_OPTIONS);
        VERDICT_BY_KIND[PacketKind.EXTENSION_HEADER] = Verdict.drop(DropReason.EXTENSION_HEADER);
        VERDICT_BY_KIND[PacketKind.UNSUPPORTED_ETHER_TYPE] =
                Verdict.drop(DropReason.UNSUPPORTED_ETHER_TYPE);
        VERDICT_BY_KIND[PacketKind.UNSUPPORTED_PROTOCOL] =
                Verdict.drop(DropReason.UNSUPPORTED_PROTOCOL);
    }

    private final FlowHash flowHash;
    private final LocalPorts localPorts;
    private final int workerId;
    private final int workerCount;
    private final long[] macsNet;
    private final ArpStage arp;
    private final NdpStage ndp;
    private final EchoStage echo;
    private final IcmpErrorStage icmpErrors;

    private ForwardingTable table = ForwardingTable.EMPTY;
    private LocalAddresses locals = LocalAddresses.NONE;

    ClassifyStage(
            final FlowHash flowHash,
            final LocalPorts localPorts,
            final int workerId,
            final int workerCount,
            final long[] macsNet,
            final ArpStage arp,
            final NdpStage ndp,
            final EchoStage echo,
            final IcmpErrorStage icmpErrors) {
        this.flowHash = flowHash;
        this.localPorts = localPorts;
        this.workerId = workerId;
        this.workerCount = workerCount;
        this.macsNet = macsNet;
        this.arp = arp;
        this.ndp = ndp;
        this.echo = echo;
        this.icmpErrors = icmpErrors;
    }

    void adopt(final ForwardingTable table) {
        this.table = table;
        locals = table.locals();
    }

    void classify(final PacketBurst burst, final long nowNs) {
        final ForwardingTable table = this.table;
        final boolean hasLocals = !locals.isEmpty();
        final int count = burst.count;
        burst.localCount = 0;
        for (int i = 0; i < count; i++) {
            final long frame = burst.address[i];
            final long l3 = frame + burst.l3Offset[i];
            final int kind = burst.kind[i];
            final long macNet = macsNet[burst.ingress[i]];
            if (kind == PacketKind.TRANSPORT_6 && isOfOneToUs(frame, macNet)) {
                classifyIpv6(burst, i, l3);
                continue;
            }

            if (kind != PacketKind.TRANSPORT || !isOfOneToUs(frame, macNet) || !isSound(l3)) {
                final int verdict = classifyUncommon(burst, i, frame, l3, nowNs);
                if (verdict != Verdict.UNDECIDED) {
                    decide(burst, i, verdict);
                }
                continue;
            }

            final long keyA = burst.keyA[i];
            if (hasLocals && isLocal(burst, i, keyA)) {
                continue;
            }

            final int direction = 1 - table.isVip((int) (keyA >>> 32));
            classifyFlow(burst, i, keyA, direction);
        }
    }

    private void classifyFlow(
            final PacketBurst burst, final int i, final long keyA, final int direction) {
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

    /** The verdict of a packet that is not plain, or UNDECIDED if it is part of a flow. */
    private int classifyUncommon(
            final PacketBurst burst,
            final int i,
            final long frame,
            final long l3,
            final long nowNs) {
        final int kind = burst.kind[i];
        if (kind == PacketKind.FRAGMENT
                || kind == PacketKind.FRAGMENT_6
                || kind == PacketKind.BRIDGED) {
            return burst.verdict[i]; // an earlier stage has decided
        }

        if (kind == PacketKind.ARP) {
            return arp.answer(burst, i, frame, l3);
        }

        if (VERDICT_BY_KIND[kind] != Verdict.UNDECIDED) {
            return VERDICT_BY_KIND[kind];
        }

        if ((EthernetHeader.sourceMacNet(frame) & GROUP_BIT) != 0) {
            return BAD_SOURCE;
        }

        if (kind == PacketKind.ICMP_6 && isNdp(frame + burst.l4Offset[i])) {
            return ndp.answer(burst, i, frame, l3); // sent to a group of stations, and us in it
        }

        if (EthernetHeader.destinationMacNet(frame) != macsNet[burst.ingress[i]]) {
            return NOT_OUR_MAC;
        }

        return switch (kind) {
            case PacketKind.TRANSPORT_WITH_OPTIONS -> classifyWithOptions(burst, i, l3);
            case PacketKind.ICMP_6 ->
                    IcmpErrorStage.isError(IcmpHeader.type(frame + burst.l4Offset[i]), true)
                            ? icmpErrors.follow(burst, i, frame, l3, nowNs)
                            : echo.answer6(burst, i, frame, l3);
            case PacketKind.ICMP ->
                    isHeaderRight(l3) ? classifyIcmp(burst, i, frame, l3, nowNs) : BAD_IP_CHECKSUM;
            default -> Ipv4Header.sourceNet(l3) == 0 ? BAD_SOURCE : BAD_IP_CHECKSUM;
        };
    }

    private int classifyIcmp(
            final PacketBurst burst,
            final int i,
            final long frame,
            final long l3,
            final long nowNs) {
        return IcmpErrorStage.isError(IcmpHeader.type(frame + burst.l4Offset[i]), false)
                ? icmpErrors.follow(burst, i, frame, l3, nowNs)
                : echo.answer(burst, i, frame, l3);
    }

    private static boolean isNdp(final long l4) {
        final int type = IcmpHeader.type(l4);
        return type == NdpMessage.TYPE_SOLICITATION || type == NdpMessage.TYPE_ADVERTISEMENT;
    }

    private int classifyWithOptions(final PacketBurst burst, final int i, final long l3) {
        if (!isHeaderRight(l3)) {
            return BAD_IP_CHECKSUM;
        }

        if (Ipv4Header.sourceNet(l3) == 0) {
            return BAD_SOURCE;
        }

        final long keyA = burst.keyA[i];
        if (locals.isEmpty() || !isLocal(burst, i, keyA)) {
            classifyFlow(burst, i, keyA, 1 - table.isVip((int) (keyA >>> 32)));
        }

        return burst.verdict[i];
    }

    private void classifyIpv6(final PacketBurst burst, final int i, final long l3) {
        final long sourceHigh = Ipv6Header.sourceHighNet(l3);
        final long sourceLow = Ipv6Header.sourceLowNet(l3);
        final long targetHigh = Ipv6Header.destinationHighNet(l3);
        final long targetLow = Ipv6Header.destinationLowNet(l3);
        final boolean isToVip = table.isVip6(targetHigh, targetLow);
        if (!locals.isEmpty()
                && isLocal6(burst, i, isToVip, sourceHigh, sourceLow, targetHigh, targetLow)) {
            return;
        }

        burst.keyA[i] =
                (flowHash.digest(sourceHigh, sourceLow) & 0xffff_ffffL)
                        | ((long) flowHash.digest(targetHigh, targetLow) << Integer.SIZE);
        classifyFlow(burst, i, burst.keyA[i], isToVip ? FlowEntry.TO_BACKEND : FlowEntry.TO_CLIENT);
    }

    // -- replies to local ports -------------------------------------------------------------------

    /** Whether an IPv4 packet came to a local port; then it has all that it needs. */
    private boolean isLocal(final PacketBurst burst, final int i, final long keyA) {
        final int target = (int) (keyA >>> Integer.SIZE);
        final int localId = locals.idOf(target);
        if (localId == ForwardingTable.NONE) {
            return false;
        }

        final int protocol = burst.protocol[i];
        final int sourcePort = (int) burst.keyB[i] & 0xffff;
        final int port = (int) burst.keyB[i] >>> Short.SIZE;
        // A VIP that stands in for a local address is called by clients as well.
        return (table.isVip(target) == 0
                        || (table.isNatBackend((int) keyA, protocol, sourcePort)
                                && table.serviceOf(target, protocol, port) == ForwardingTable.NONE))
                && toLocalPort(burst, i, localId, port);
    }

    private boolean isLocal6(
            final PacketBurst burst,
            final int i,
            final boolean isToVip,
            final long sourceHigh,
            final long sourceLow,
            final long targetHigh,
            final long targetLow) {
        final int localId = locals.idOf6(targetHigh, targetLow);
        if (localId == ForwardingTable.NONE) {
            return false;
        }

        final int protocol = burst.protocol[i];
        final int sourcePort = (int) burst.keyB[i] & 0xffff;
        final int port = (int) burst.keyB[i] >>> Short.SIZE;
        return (!isToVip
                        || (table.isNatBackend6(sourceHigh, sourceLow, protocol, sourcePort)
                                && table.serviceOf6(targetHigh, targetLow, protocol, port)
                                        == ForwardingTable.NONE))
                && toLocalPort(burst, i, localId, port);
    }

    private boolean toLocalPort(
            final PacketBurst burst, final int i, final int localId, final int portNet) {
        final int owner = localPorts.owner(portNet);
        if (owner == LocalPorts.NONE) {
            return false;
        }

        final int sourcePort = (int) burst.keyB[i] & 0xffff;
        decide(burst, i, owner == workerId ? Verdict.UNDECIDED : Verdict.HANDOVER);
        burst.owner[i] = owner;
        if (owner == workerId) {
            burst.direction[i] = FlowEntry.TO_CLIENT;
            burst.localSourcePort[i] = sourcePort;
            burst.localSlot[i] = (localId << Short.SIZE) | portNet;
            burst.locals[burst.localCount++] = i;
        }

        return true;
    }

    // -- parts ------------------------------------------------------------------------------------

    private static void decide(final PacketBurst burst, final int i, final int verdict) {
        burst.verdict[i] = verdict;
        burst.direction[i] = 0;
        burst.hash[i] = 0;
        burst.keyA[i] = 0;
        burst.keyB[i] = 0;
    }

    /** Whether a frame is sent to us, and by a single machine. */
    private static boolean isOfOneToUs(final long frame, final long macNet) {
        final long notOurs = (getLong(frame) ^ macNet) & EthernetHeader.MAC_MASK;
        final long group = getLong(frame + EthernetHeader.SOURCE_OFFSET) & GROUP_BIT;
        return (notOurs | group) == 0;
    }

    /**
     * Whether an IPv4 header has its right checksum, and a source: nobody is 0.0.0.0, and that is
     * what flows have for a backend whose answers are not found by it.
     */
    private static boolean isSound(final long l3) {
        return getInt(l3 + Ipv4Header.SOURCE_OFFSET) != 0 && isChecksumRight(l3);
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

    /** The same for a header of any length. */
    private static boolean isHeaderRight(final long l3) {
        return InternetChecksum.checksumNet(l3, Ipv4Header.headerLength(l3)) == 0;
    }
}
