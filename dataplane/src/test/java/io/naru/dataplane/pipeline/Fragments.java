package io.naru.dataplane.pipeline;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;

/**
 * Cuts packets of both families into fragments and puts them together again, at leisure: the slow
 * twin. An IPv6 packet that is cut has no extension headers; its fragment header comes right behind
 * the fixed one.
 */
public final class Fragments {
    private static final int FRAGMENT = 44;

    private Fragments() {}

    /** The fragments of a frame for a path with this MTU, in order. */
    public static List<byte[]> of(final byte[] frame, final int mtu) {
        return of(frame, mtu, 0);
    }

    /**
     * @param identification of the fragments of IPv6; those of IPv4 have the packet's.
     */
    public static List<byte[]> of(final byte[] frame, final int mtu, final int identification) {
        final int l3 = l3(frame);
        final int length = packetLength(frame, l3) - headerLength(frame, l3);
        final int room = mtu - headerLength(frame, l3) - (isIpv6(frame, l3) ? 8 : 0);
        final int step = room / 8 * 8;
        final List<byte[]> pieces = new ArrayList<>();
        for (int start = 0; start < length; start += step) {
            final int end = Math.min(start + step, length);
            pieces.add(piece(frame, start, end, end < length, identification));
        }
        return pieces;
    }

    public static byte[] piece(
            final byte[] frame, final int start, final int end, final boolean hasMore) {
        return piece(frame, start, end, hasMore, 0);
    }

    /** One fragment: the bytes {@code [start, end)} of what follows the IP header. */
    public static byte[] piece(
            final byte[] frame,
            final int start,
            final int end,
            final boolean hasMore,
            final int identification) {
        final int l3 = l3(frame);
        final boolean isIpv6 = isIpv6(frame, l3);
        final int from = l3 + headerLength(frame, l3);
        final int to = from + (isIpv6 ? 8 : 0);
        final byte[] piece = new byte[Math.max(60, to + end - start)];
        System.arraycopy(frame, 0, piece, 0, from);
        final int available = Math.max(0, Math.min(end, frame.length - from) - start);
        System.arraycopy(frame, Math.min(frame.length, from + start), piece, to, available);
        final ByteBuffer ip = ByteBuffer.wrap(piece);
        if (isIpv6) {
            ip.putShort(l3 + 4, (short) (8 + end - start));
            ip.put(l3 + 6, (byte) FRAGMENT);
            ip.put(from, frame[l3 + 6]);
            ip.putShort(from + 2, (short) (start | (hasMore ? 1 : 0)));
            ip.putInt(from + 4, identification);
        } else {
            ip.putShort(l3 + 2, (short) (from - l3 + end - start));
            ip.putShort(l3 + 6, (short) (start / 8 | (hasMore ? 0x2000 : 0)));
            putChecksum(piece, l3);
        }
        return piece;
    }

    public static List<byte[]> reversed(final List<byte[]> fragments) {
        final List<byte[]> reversed = new ArrayList<>(fragments);
        Collections.reverse(reversed);
        return reversed;
    }

    public static boolean isFragment(final byte[] frame) {
        final int l3 = l3(frame);
        if (isIpv6(frame, l3)) {
            return frame.length >= l3 + 48 && frame[l3 + 6] == FRAGMENT;
        }

        return u16(frame, l3 - 2) == 0x0800
                && frame.length >= l3 + 20
                && (u16(frame, l3 + 6) & 0x3fff) != 0;
    }

    /**
     * What a host makes of fragments: the whole packets, each as an unfragmented frame with the
     * Ethernet header of its first fragment. Fragments that make no whole packet make nothing, one
     * that overlaps another condemns its packet, and an exact copy makes no difference.
     */
    public static List<byte[]> together(final List<byte[]> frames) {
        final Map<String, NavigableMap<Integer, byte[]>> packets = new LinkedHashMap<>();
        final Set<String> condemned = new HashSet<>();
        for (final byte[] frame : frames) {
            final String key = key(frame);
            final byte[] other =
                    packets.computeIfAbsent(key, k -> new TreeMap<>()).put(start(frame), frame);
            if (other != null && !Arrays.equals(other, frame)) {
                condemned.add(key);
            }
        }

        final List<byte[]> whole = new ArrayList<>();
        packets.forEach(
                (key, pieces) -> {
                    final byte[] packet = condemned.contains(key) ? null : whole(pieces);
                    if (packet != null) {
                        whole.add(packet);
                    }
                });
        return whole;
    }

    /** RFC 791 2.3, RFC 8200 4.5. */
    private static String key(final byte[] frame) {
        final int l3 = l3(frame);
        return isIpv6(frame, l3)
                ? Arrays.toString(Arrays.copyOfRange(frame, l3 + 8, l3 + 40))
                        + (isFragment(frame)
                                ? Arrays.toString(Arrays.copyOfRange(frame, l3 + 44, l3 + 48))
                                : Arrays.hashCode(frame))
                : Arrays.toString(Arrays.copyOfRange(frame, l3 + 12, l3 + 20))
                        + u16(frame, l3 + 4)
                        + "/"
                        + frame[l3 + 9];
    }

    private static byte[] whole(final NavigableMap<Integer, byte[]> pieces) {
        final byte[] last = pieces.lastEntry().getValue();
        final int length = end(last);
        int reached = 0;
        for (final byte[] piece : pieces.values()) {
            if (start(piece) != reached) {
                return null;
            }
            reached = end(piece);
        }
        if (hasMore(last)) {
            return null;
        }

        final byte[] first = pieces.firstEntry().getValue();
        final int l3 = l3(first);
        final int from = l3 + headerLength(first, l3);
        final byte[] whole = new byte[Math.max(60, from + length)];
        System.arraycopy(first, 0, whole, 0, from);
        for (final byte[] piece : pieces.values()) {
            System.arraycopy(
                    piece, payload(piece), whole, from + start(piece), end(piece) - start(piece));
        }
        final ByteBuffer ip = ByteBuffer.wrap(whole);
        if (isIpv6(first, l3)) {
            ip.putShort(l3 + 4, (short) length);
            ip.put(l3 + 6, isFragment(first) ? first[from] : first[l3 + 6]);
        } else {
            ip.putShort(l3 + 2, (short) (from - l3 + length));
            ip.putShort(l3 + 6, (short) 0);
            putChecksum(whole, l3);
        }
        return whole;
    }

    static int start(final byte[] frame) {
        final int l3 = l3(frame);
        if (isIpv6(frame, l3)) {
            return isFragment(frame) ? u16(frame, l3 + 42) & 0xfff8 : 0;
        }

        return (u16(frame, l3 + 6) & 0x1fff) * 8;
    }

    static int end(final byte[] frame) {
        final int l3 = l3(frame);
        return start(frame) + packetLength(frame, l3) - (payload(frame) - l3);
    }

    static boolean hasMore(final byte[] frame) {
        final int l3 = l3(frame);
        if (isIpv6(frame, l3)) {
            return isFragment(frame) && (frame[l3 + 43] & 1) != 0;
        }

        return (u16(frame, l3 + 6) & 0x2000) != 0;
    }

    /** The identification of a fragment of either family. */
    static int identification(final byte[] frame) {
        final int l3 = l3(frame);
        return isIpv6(frame, l3) ? ByteBuffer.wrap(frame).getInt(l3 + 44) : u16(frame, l3 + 4);
    }

    private static int payload(final byte[] frame) {
        final int l3 = l3(frame);
        final boolean hasFragmentHeader = isIpv6(frame, l3) && isFragment(frame);
        return l3 + headerLength(frame, l3) + (hasFragmentHeader ? 8 : 0);
    }

    private static void putChecksum(final byte[] frame, final int l3) {
        final ByteBuffer ip = ByteBuffer.wrap(frame);
        ip.putShort(l3 + 10, (short) 0);
        ip.putShort(l3 + 10, (short) Checksums.of(frame, l3, headerLength(frame, l3)));
    }

    private static int l3(final byte[] frame) {
        return u16(frame, 12) == 0x8100 ? 18 : 14;
    }

    private static boolean isIpv6(final byte[] frame, final int l3) {
        return u16(frame, l3 - 2) == 0x86dd;
    }

    private static int headerLength(final byte[] frame, final int l3) {
        return isIpv6(frame, l3) ? 40 : (frame[l3] & 0xf) * 4;
    }

    private static int packetLength(final byte[] frame, final int l3) {
        return isIpv6(frame, l3) ? 40 + u16(frame, l3 + 4) : u16(frame, l3 + 2);
    }

    private static int u16(final byte[] bytes, final int offset) {
        return (bytes[offset] & 0xff) << 8 | (bytes[offset + 1] & 0xff);
    }
}
