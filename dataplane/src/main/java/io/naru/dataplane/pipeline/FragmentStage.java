package io.naru.dataplane.pipeline;

import io.naru.dataplane.flow.FlowHash;
import io.naru.dataplane.packet.EthernetHeader;
import io.naru.dataplane.packet.InternetChecksum;
import io.naru.dataplane.packet.Ipv4Header;
import io.naru.dataplane.packet.Ipv6FragmentHeader;
import io.naru.dataplane.packet.Ipv6Header;
import io.naru.dataplane.packet.PacketKind;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.packet.TcpHeader;
import io.naru.dataplane.packet.TransportHeader;
import io.naru.dataplane.packet.UdpHeader;
import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.status.WorkerStats;
import java.util.Arrays;

/**
 * Makes fragments follow their flow: only the first one of a packet has the ports, so it is asked
 * whose all are.
 *
 * <p>Nothing is put together. Each fragment goes on by itself as soon as the ports are known: the
 * first one at once, those behind it at once, those before it when it has come. Which worker asks
 * is decided by a hash of what all fragments have in common; from there they go, with {@code
 * fragmentKeyB}, to the worker that owns the flow.
 *
 * <p>What is let through makes one packet and no more: a fragment that overlaps another condemns
 * its packet (RFC 5722; RFC 1858 and 3128 say why in IPv4), an exact copy is dropped alone (RFC
 * 8200 4.5), the first one has the whole of the TCP or UDP header (RFC 7112). What is remembered is
 * bounded by {@link FragmentLimits}: whoever has waited longest makes room. Used by one worker.
 */
final class FragmentStage {
    private static final int UNDECIDED = Verdict.UNDECIDED;
    private static final int BAD_FRAGMENT = Verdict.drop(DropReason.BAD_FRAGMENT);
    private static final int BAD_IP_CHECKSUM = Verdict.drop(DropReason.BAD_IP_CHECKSUM);
    private static final int NOT_OUR_MAC = Verdict.drop(DropReason.NOT_OUR_MAC);
    private static final int BAD_SOURCE = Verdict.drop(DropReason.BAD_SOURCE);
    private static final int OTHER_PROTOCOL = Verdict.drop(DropReason.FRAGMENT);
    private static final int OVERLAP = Verdict.drop(DropReason.FRAGMENT_OVERLAP);
    private static final int DUPLICATE = Verdict.drop(DropReason.FRAGMENT_DUPLICATE);
    private static final int TOO_MANY = Verdict.drop(DropReason.TOO_MANY_FRAGMENTS);
    private static final int FULL = Verdict.drop(DropReason.FRAGMENTS_FULL);

    /** Packets that are forgotten in one go; a duty cycle is bounded. */
    private static final int OVERDUE_LIMIT = 64;

    private static final long GROUP_BIT = 1;
    private static final int MORE_FRAGMENTS = 0x2000;
    private static final int OFFSET_MASK = 0x1fff;
    private static final int UNIT_BYTES = 8;

    /** The greatest length that a header can say. */
    private static final int MAX_BYTES = 65_535;

    /** Extension headers between the fragment header and TCP or UDP. */
    private static final int EXTENSIONS_LIMIT = 8;

    private static final int NO_PROTOCOL = 0;
    private static final int FAMILY_6 = 0x80;
    private static final int PROTOCOL_MASK = 0x7f;

    private final FragmentKey key;
    private final FragmentedPackets packets;
    private final HeldFragments held;
    private final long[] macsNet;
    private final int workerId;
    private final int workerCount;

    // the fragment that is looked at
    private int start;
    private int end;
    private boolean isLast;
    private int protocol; // of a later fragment of IPv6, which does not know it, 0
    private long l4; // what follows the IP headers; of the first one its TCP or UDP header
    private int l4Length;
    private int limitBytes; // that its packet may have behind the IP headers

    FragmentStage(
            final FragmentLimits limits,
            final FlowHash flowHash,
            final int workerId,
            final int workerCount,
            final long[] macsNet) {
        this.key = new FragmentKey(flowHash);
        this.packets = new FragmentedPackets(limits);
        this.held = new HeldFragments(limits);
        this.workerId = workerId;
        this.workerCount = workerCount;
        this.macsNet = macsNet;
    }

    /**
     * Gives fragments whose flow is known the kind and all else that the parser gives a whole
     * packet, but for {@code l4Offset}, which is 0 where there is no TCP or UDP header; all others
     * get a verdict.
     */
    void process(final PacketBurst burst, final long nowNs) {
        final int count = burst.count;
        if (!burst.isAnnotated) {
            Arrays.fill(burst.fragmentKeyB, 0, count, 0);
        }

        burst.isAnnotated = false; // of the next burst, unless it says so
        for (int i = 0; i < count; i++) {
            final int kind = burst.kind[i];
            if (kind == PacketKind.FRAGMENT || kind == PacketKind.FRAGMENT_6) {
                burst.verdict[i] = follow(burst, i, kind == PacketKind.FRAGMENT_6, nowNs);
            }
        }
    }

    /**
     * Takes up to a burst of fragments whose packet's first one has come in the meantime, to be
     * processed like those that a worker is handed over.
     *
     * @return how many.
     */
    int takeReady(final PacketBurst burst) {
        final int count = held.takeReady(burst);
        burst.isAnnotated = count > 0;
        return count;
    }

    /** Forgets packets whose time is up; frames that were given up go back, and are counted. */
    int forget(final long nowNs, final FrameStack frames, final WorkerStats stats) {
        int forgotten = 0;
        int place = packets.overdue(nowNs);
        while (place != FragmentedPackets.NONE && forgotten < OVERDUE_LIMIT) {
            close(place, DropReason.FRAGMENT_TIMEOUT);
            forgotten++;
            place = packets.overdue(nowNs);
        }

        held.drop(frames, stats);
        return forgotten;
    }

    /** Frames that the stage has. */
    int framesHeld() {
        return held.frames();
    }

    /** Packets that are remembered. */
    int packetCount() {
        return packets.count();
    }

    // -- a fragment -------------------------------------------------------------------------------

    private int follow(
            final PacketBurst burst, final int i, final boolean isIpv6, final long nowNs) {
        final long frame = burst.address[i];
        final long l3 = frame + burst.l3Offset[i];
        final long fragmentHeader = frame + burst.l4Offset[i]; // in IPv6
        if (isIpv6) {
            read6(l3, fragmentHeader);
        } else {
            read4(l3);
        }

        if (burst.fragmentKeyB[i] != 0) {
            return goOn(burst, i, isIpv6, burst.fragmentKeyB[i]);
        }

        final int problem = problemOf(burst, i, isIpv6, frame, l3);
        if (problem != UNDECIDED) {
            return problem;
        }

        if (isIpv6) {
            key.ofIpv6(l3, Ipv6FragmentHeader.identificationNet(fragmentHeader));
        } else {
            key.ofIpv4(l3);
        }

        final int worker = FlowHash.worker(key.hash, workerCount);
        if (worker != workerId) {
            burst.owner[i] = worker;
            return Verdict.HANDOVER;
        }

        return note(burst, i, isIpv6, nowNs);
    }

    private void read4(final long l3) {
        final int field =
                Short.reverseBytes(RawMemory.getShort(l3 + Ipv4Header.FRAGMENT_OFFSET)) & 0xffff;
        final int headerLength = Ipv4Header.headerLength(l3);
        start = (field & OFFSET_MASK) * UNIT_BYTES;
        end = start + Ipv4Header.totalLength(l3) - headerLength;
        isLast = (field & MORE_FRAGMENTS) == 0;
        protocol = Ipv4Header.protocol(l3);
        l4 = l3 + headerLength;
        l4Length = end - start;
        limitBytes = MAX_BYTES - headerLength;
    }

    private void read6(final long l3, final long fragmentHeader) {
        final long packetEnd = l3 + Ipv6Header.LENGTH + Ipv6Header.payloadLength(l3);
        l4 = fragmentHeader + Ipv6FragmentHeader.LENGTH;
        start = Ipv6FragmentHeader.start(fragmentHeader);
        end = start + (int) (packetEnd - l4);
        isLast = Ipv6FragmentHeader.isLast(fragmentHeader);
        limitBytes = MAX_BYTES - (int) (fragmentHeader - l3 - Ipv6Header.LENGTH);
        protocol =
                start == 0
                        ? findTransport(Ipv6FragmentHeader.nextHeader(fragmentHeader), packetEnd)
                        : NO_PROTOCOL;
        l4Length = (int) (packetEnd - l4);
    }

    /**
     * Goes past the extension headers that a first fragment has behind its fragment header.
     *
     * @return the protocol of what is then at {@code l4}.
     */
    private int findTransport(final int firstHeader, final long packetEnd) {
        int next = firstHeader;
        for (int k = 0; k < EXTENSIONS_LIMIT; k++) {
            if (next != Ipv6Header.NEXT_DESTINATION_OPTIONS || packetEnd - l4 < UNIT_BYTES) {
                return next;
            }

            next = RawMemory.getByte(l4) & 0xff;
            l4 += ((RawMemory.getByte(l4 + 1) & 0xff) + 1) * (long) UNIT_BYTES;
        }

        return next;
    }

    /** Why the fragment cannot be used, whatever the others are. */
    private int problemOf(
            final PacketBurst burst,
            final int i,
            final boolean isIpv6,
            final long frame,
            final long l3) {
        if (EthernetHeader.destinationMacNet(frame) != macsNet[burst.ingress[i]]) {
            return NOT_OUR_MAC;
        }

        if ((EthernetHeader.sourceMacNet(frame) & GROUP_BIT) != 0) {
            return BAD_SOURCE;
        }

        if (!isIpv6 && InternetChecksum.checksumNet(l3, (int) (l4 - l3)) != 0) {
            return BAD_IP_CHECKSUM;
        }

        if (!isIpv6 && !isTcpOrUdp()) {
            return OTHER_PROTOCOL;
        }

        final int length = end - start;
        final boolean isRagged = !isLast && length % UNIT_BYTES != 0;
        if (length <= 0 || isRagged || end > limitBytes) {
            return BAD_FRAGMENT;
        }

        return start == 0 && isTcpOrUdp() && !hasWholeHeader() ? BAD_FRAGMENT : UNDECIDED;
    }

    private boolean isTcpOrUdp() {
        return protocol == Ipv4Header.PROTOCOL_TCP || protocol == Ipv4Header.PROTOCOL_UDP;
    }

    /** Whether a first fragment has its TCP header with all options, or its UDP header. */
    private boolean hasWholeHeader() {
        if (protocol == Ipv4Header.PROTOCOL_UDP) {
            return l4Length >= UdpHeader.LENGTH && UdpHeader.length(l4) >= UdpHeader.LENGTH;
        }

        return l4Length >= TcpHeader.LENGTH
                && TcpHeader.headerLength(l4) >= TcpHeader.LENGTH
                && TcpHeader.headerLength(l4) <= l4Length;
    }

    private int note(final PacketBurst burst, final int i, final boolean isIpv6, final long nowNs) {
        final int place = placeOf(nowNs);
        if (packets.condemnedFor(place) != UNDECIDED) {
            return packets.condemnedFor(place);
        }

        final int outcome = packets.add(place, start, end, isLast);
        switch (outcome) {
            case FragmentedPackets.DUPLICATE -> {
                return DUPLICATE;
            }
            case FragmentedPackets.OVERLAPPING -> {
                return condemn(place, OVERLAP, nowNs);
            }
            case FragmentedPackets.BEYOND_END -> {
                return condemn(place, BAD_FRAGMENT, nowNs);
            }
            case FragmentedPackets.TOO_MANY -> {
                return condemn(place, TOO_MANY, nowNs);
            }
            default -> {
                // new, and where it belongs
            }
        }

        if (start == 0) {
            if (!isTcpOrUdp()) {
                return condemn(place, OTHER_PROTOCOL, nowNs); // in IPv6 only this one knows
            }

            final long keyB = keyB(isIpv6);
            packets.onFlowKnown(place, keyB, nowNs);
            held.release(place, keyB);
        } else if (packets.isWaiting(place)) {
            return hold(burst, i, place);
        }

        final long keyB = packets.flowKeyB(place);
        if (outcome == FragmentedPackets.COMPLETED) {
            packets.onComplete(place, nowNs);
        }

        return goOn(burst, i, isIpv6, keyB);
    }

    /** The place of the fragment's packet; a new one if it is the first that is seen of it. */
    private int placeOf(final long nowNs) {
        final int known = packets.find(key);
        if (known != FragmentedPackets.NONE) {
            if (!packets.isOverdue(known, nowNs)) {
                return known;
            }

            close(known, DropReason.FRAGMENT_TIMEOUT);
        }

        final int place = packets.open(key, nowNs);
        if (place != FragmentedPackets.NONE) {
            return place;
        }

        close(packets.spare(), DropReason.FRAGMENTS_FULL);
        return packets.open(key, nowNs);
    }

    private int hold(final PacketBurst burst, final int i, final int place) {
        if (held.isFull()) {
            final int longest = packets.longestWaiting();
            close(longest, DropReason.FRAGMENTS_FULL);
            if (longest == place || held.isFull()) {
                return FULL;
            }
        }

        held.hold(place, burst, i);
        return Verdict.HELD;
    }

    private int condemn(final int place, final int verdict, final long nowNs) {
        held.giveUp(place, Verdict.reasonCode(verdict));
        packets.condemn(place, verdict, nowNs);
        return verdict;
    }

    private void close(final int place, final DropReason reason) {
        held.giveUp(place, reason.code());
        packets.close(place);
    }

    // -- a fragment whose flow is known -----------------------------------------------------------

    private int goOn(final PacketBurst burst, final int i, final boolean isIpv6, final long keyB) {
        final long frame = burst.address[i];
        final long l3 = frame + burst.l3Offset[i];
        final int flowProtocol = (int) (keyB >>> Integer.SIZE) & PROTOCOL_MASK;
        final boolean isTcpHeader = start == 0 && flowProtocol == Ipv4Header.PROTOCOL_TCP;
        burst.kind[i] = isIpv6 ? PacketKind.TRANSPORT_6 : kind4(l3);
        burst.l4Offset[i] = start == 0 ? (int) (l4 - frame) : 0;
        burst.protocol[i] = flowProtocol;
        burst.tcpFlags[i] = isTcpHeader ? TcpHeader.flags(l4) : 0;
        final int headerLength = isTcpHeader ? TcpHeader.headerLength(l4) : UdpHeader.LENGTH;
        burst.payloadLength[i] = start == 0 ? l4Length - headerLength : 0;
        burst.keyA[i] = isIpv6 ? 0 : RawMemory.getLong(l3 + Ipv4Header.SOURCE_OFFSET);
        burst.keyB[i] = keyB;
        burst.fragmentKeyB[i] = keyB;
        return UNDECIDED;
    }

    private static int kind4(final long l3) {
        return Ipv4Header.headerLength(l3) == Ipv4Header.LENGTH
                ? PacketKind.TRANSPORT
                : PacketKind.TRANSPORT_WITH_OPTIONS;
    }

    private long keyB(final boolean isIpv6) {
        return (TransportHeader.portsNet(l4) & 0xffff_ffffL)
                | ((long) (isIpv6 ? protocol | FAMILY_6 : protocol) << Integer.SIZE);
    }
}
