package io.naru.dataplane.pipeline;

import static io.naru.dataplane.packet.RawMemory.getByte;
import static io.naru.dataplane.packet.RawMemory.getInt;
import static io.naru.dataplane.packet.RawMemory.getShort;
import static io.naru.dataplane.packet.RawMemory.putByte;
import static io.naru.dataplane.packet.RawMemory.putShort;

import io.naru.dataplane.packet.EthernetHeader;
import io.naru.dataplane.packet.GreHeader;
import io.naru.dataplane.packet.InternetChecksum;
import io.naru.dataplane.packet.Ipv4Header;
import io.naru.dataplane.packet.Ipv6FragmentHeader;
import io.naru.dataplane.packet.Ipv6Header;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.port.SendList;
import io.naru.dataplane.protocol.DropReason;

/**
 * Cuts IPv4 packets that are too long into fragments (RFC 791 §3.2), after they have been
 * rewritten: also those inside a tunnel, each of whose fragments then has the tunnel's headers.
 *
 * <pre>
 *   │ prefix: Ethernet, outer IP, GRE │ IPv4 header │ data                         │
 *   │ prefix                          │ IPv4 header │ data 1 │    in its own frame
 *   │ prefix                          │ IPv4 header │ data 2 │    in a new frame, and so on
 * </pre>
 *
 * <p>The prefix's lengths and checksums are made right for each. IPv6 packets that we send
 * ourselves, around others, are cut behind a fragment header of their own (RFC 8200 §4.5):
 *
 * <pre>
 *   │ Ethernet, IPv6 │ fragment header │ data 1 │    in its own frame, whose headroom has the room
 *   │ Ethernet, IPv6 │ fragment header │ data 2 │    in a new frame
 * </pre>
 *
 * <p>Used by one worker.
 */
final class Fragmenter {
    private static final int NO_FRAME = Verdict.drop(DropReason.NO_FRAME);
    private static final int TOO_BIG = Verdict.drop(DropReason.TOO_BIG);

    private static final int UNIT = 8;
    private static final int MORE_FRAGMENTS = 0x2000;
    private static final int OFFSET_MASK = 0x1fff;
    private static final int OPTION_COPIED = 0x80;
    private static final int OPTION_END = 0;
    private static final int OPTION_NOTHING = 1;

    private final int[] marked = new int[PacketBurst.CAPACITY];
    private final int[] prefixes = new int[PacketBurst.CAPACITY];
    private final int[] steps = new int[PacketBurst.CAPACITY];
    private final boolean[] areIpv6 = new boolean[PacketBurst.CAPACITY];
    private int count;
    private int reserved;
    private final int identificationStep;
    private int nextIdentification;
    private SendList sendList = SendList.NONE;

    /**
     * Workers send to one backend from one address, so they must not give two packets the same
     * identification (RFC 6864 §4.2): each has every {@code workerCount}-th.
     */
    Fragmenter(final int workerId, final int workerCount) {
        nextIdentification = workerId;
        identificationStep = workerCount;
    }

    void sendList(final SendList list) {
        this.sendList = list;
    }

    /**
     * Notes a packet that is to be cut once it is rewritten.
     *
     * @param prefixLength bytes of the rewritten frame in front of the IPv4 header that is cut.
     * @param length of that header and its data as they are.
     * @param mtu what they may have together.
     * @return UNDECIDED, or the drop if it cannot be cut.
     */
    int mark(
            final int i,
            final int prefixLength,
            final int length,
            final int headerLength,
            final int mtu) {
        return mark(i, prefixLength, length - headerLength, (mtu - headerLength) & -UNIT, false);
    }

    /**
     * The same of an IPv6 packet that is around another one, and will be ours.
     *
     * @param length of its header and its data.
     */
    int mark6(final int i, final int prefixLength, final int length, final int mtu) {
        final int step = (mtu - Ipv6Header.LENGTH - Ipv6FragmentHeader.LENGTH) & -UNIT;
        return mark(i, prefixLength, length - Ipv6Header.LENGTH, step, true);
    }

    private int mark(
            final int i,
            final int prefixLength,
            final int data,
            final int step,
            final boolean isIpv6) {
        if (step < UNIT) {
            return TOO_BIG;
        }

        final int newFrames = (data - 1) / step;
        if (newFrames > sendList.room() - reserved) {
            return NO_FRAME;
        }

        reserved += newFrames;
        prefixes[count] = prefixLength;
        steps[count] = step;
        areIpv6[count] = isIpv6;
        marked[count++] = i;
        return Verdict.UNDECIDED;
    }

    /** Cuts what was marked: the first fragment stays in the burst, the others go to the list. */
    void cut(final PacketBurst burst) {
        for (int k = 0; k < count; k++) {
            final int i = marked[k];
            if (burst.verdict[i] == Verdict.TX && areIpv6[k]) {
                cut6(burst, i, prefixes[k], steps[k]);
            } else if (burst.verdict[i] == Verdict.TX) {
                cut(burst, i, prefixes[k], steps[k]);
            }
        }

        count = 0;
        reserved = 0;
    }

    private void cut(final PacketBurst burst, final int i, final int prefixLength, final int step) {
        final long frame = burst.address[i];
        final long header = frame + prefixLength;
        final int headerLength = Ipv4Header.headerLength(header);
        final int data = Ipv4Header.totalLength(header) - headerLength;
        final int field =
                Short.reverseBytes(getShort(header + Ipv4Header.FRAGMENT_OFFSET)) & 0xffff;
        final int firstOffset = field & OFFSET_MASK;
        final int lastFlag = field & MORE_FRAGMENTS;
        if (isTunnel(header)) { // we are its sender, and have said neither that nor who it is
            putShort(
                    header + Ipv4Header.IDENTIFICATION_OFFSET,
                    Short.reverseBytes((short) nextIdentification));
            nextIdentification += identificationStep;
        }

        for (int start = step; start < data; start += step) {
            final long copy = sendList.newFrame();
            final int length = Math.min(step, data - start);
            final long copyHeader = copy + prefixLength;
            RawMemory.copy(frame, copy, (long) prefixLength + headerLength);
            RawMemory.copy(header + headerLength + start, copyHeader + headerLength, length);
            keepCopiedOptions(copyHeader, headerLength);
            finish(
                    copy,
                    prefixLength,
                    headerLength + length,
                    firstOffset + start / UNIT,
                    start + length < data ? MORE_FRAGMENTS : lastFlag);
            sendList.add(copy, prefixLength + headerLength + length, burst.hop[i]);
        }

        finish(frame, prefixLength, headerLength + step, firstOffset, MORE_FRAGMENTS);
        burst.length[i] = prefixLength + headerLength + step;
    }

    private void cut6(
            final PacketBurst burst, final int i, final int prefixLength, final int step) {
        final long frame = burst.address[i];
        final long header = frame + prefixLength;
        final long payload = header + Ipv6Header.LENGTH;
        final int data = Ipv6Header.payloadLength(header);
        final int protocol = Ipv6Header.nextHeader(header);
        final int identification = nextIdentification;
        nextIdentification += identificationStep;
        final int headers = prefixLength + Ipv6Header.LENGTH;
        for (int start = step; start < data; start += step) {
            final long copy = sendList.newFrame();
            final int length = Math.min(step, data - start);
            final boolean isLast = start + length == data;
            RawMemory.copy(frame, copy, headers);
            RawMemory.copy(payload + start, copy + headers + Ipv6FragmentHeader.LENGTH, length);
            finish6(copy + prefixLength, protocol, start, isLast, length, identification);
            sendList.add(copy, headers + Ipv6FragmentHeader.LENGTH + length, burst.hop[i]);
        }

        final long moved = frame - Ipv6FragmentHeader.LENGTH;
        RawMemory.copy(frame, moved, headers);
        finish6(moved + prefixLength, protocol, 0, false, step, identification);
        burst.address[i] = moved;
        burst.length[i] = headers + Ipv6FragmentHeader.LENGTH + step;
    }

    private static void finish6(
            final long header,
            final int protocol,
            final int start,
            final boolean isLast,
            final int length,
            final int identification) {
        Ipv6Header.putNextHeader(header, Ipv6Header.NEXT_FRAGMENT);
        Ipv6Header.putPayloadLength(header, Ipv6FragmentHeader.LENGTH + length);
        Ipv6FragmentHeader.put(header + Ipv6Header.LENGTH, protocol, start, isLast, identification);
    }

    private static boolean isTunnel(final long header) {
        final int protocol = Ipv4Header.protocol(header);
        return protocol == GreHeader.PROTOCOL
                || protocol == Ipv6Header.NEXT_IPV4
                || protocol == Ipv6Header.NEXT_IPV6;
    }

    /** Of the options of a packet only some are in all its fragments; the others become nothing. */
    private static void keepCopiedOptions(final long header, final int headerLength) {
        long option = header + Ipv4Header.LENGTH;
        final long end = header + headerLength;
        while (option < end && getByte(option) != OPTION_END) {
            final int type = getByte(option) & 0xff;
            final int length = type == OPTION_NOTHING ? 1 : getByte(option + 1) & 0xff;
            if (length == 0 || option + length > end) {
                return; // the parser lets no such options in
            }
            if ((type & OPTION_COPIED) == 0) {
                for (int at = 0; at < length; at++) {
                    putByte(option + at, (byte) OPTION_NOTHING);
                }
            }
            option += length;
        }
    }

    /** Sets what a fragment's headers say of its length, from the inside out. */
    private static void finish(
            final long frame,
            final int prefixLength,
            final int totalLength,
            final int offset,
            final int moreFragments) {
        final long header = frame + prefixLength;
        Ipv4Header.putTotalLength(header, totalLength);
        putShort(
                header + Ipv4Header.FRAGMENT_OFFSET,
                Short.reverseBytes((short) (moreFragments | offset)));
        putChecksum(header);

        final int ethernetLength =
                EthernetHeader.etherTypeNet(frame) == EthernetHeader.ETHER_TYPE_VLAN_NET ? 18 : 14;
        final long outer = frame + ethernetLength;
        if (outer == header) {
            return;
        }

        final int outerLength = (int) (header - outer) + totalLength;
        final boolean isOuter6 = Ipv6Header.version(outer) == 6;
        final int outerHeaderLength = isOuter6 ? Ipv6Header.LENGTH : Ipv4Header.LENGTH;
        final int protocol = isOuter6 ? Ipv6Header.nextHeader(outer) : Ipv4Header.protocol(outer);
        if (protocol == GreHeader.PROTOCOL) {
            putGreChecksum(outer + outerHeaderLength, outerLength - outerHeaderLength);
        }
        if (isOuter6) {
            Ipv6Header.putPayloadLength(outer, outerLength - Ipv6Header.LENGTH);
        } else {
            Ipv4Header.putTotalLength(outer, outerLength);
            putChecksum(outer);
        }
    }

    private static void putChecksum(final long header) {
        Ipv4Header.putChecksumNet(header, 0);
        Ipv4Header.putChecksumNet(
                header, InternetChecksum.checksumNet(header, Ipv4Header.headerLength(header)));
    }

    private static void putGreChecksum(final long gre, final int length) {
        if ((getInt(gre) & GreHeader.FLAG_CHECKSUM_NET) != 0) {
            final long checksum = gre + GreHeader.LENGTH;
            putShort(checksum, (short) 0);
            putShort(checksum, (short) InternetChecksum.checksumNet(gre, length));
        }
    }
}
