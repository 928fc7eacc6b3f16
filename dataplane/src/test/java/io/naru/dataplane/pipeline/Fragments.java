package io.naru.dataplane.pipeline;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** Cuts packets into fragments and puts them together again, at leisure: the slow twin. */
public final class Fragments {
    private Fragments() {}

    /** The fragments of a frame for a path with this MTU, in order. */
    public static List<byte[]> of(final byte[] frame, final int mtu) {
        final int l3 = l3(frame);
        final int headerLength = headerLength(frame, l3);
        final int total = u16(frame, l3 + 2);
        final int step = (mtu - headerLength) / 8 * 8;
        final List<Integer> starts = new ArrayList<>();
        for (int start = 0; start < total - headerLength; start += step) {
            starts.add(start);
        }
        return starts.stream()
                .map(
                        start ->
                                piece(
                                        frame,
                                        start,
                                        Math.min(start + step, total - headerLength),
                                        start + step < total - headerLength))
                .toList();
    }

    /** One fragment: the bytes {@code [start, end)} of what follows the IP header. */
    public static byte[] piece(
            final byte[] frame, final int start, final int end, final boolean hasMore) {
        final int l3 = l3(frame);
        final int headerLength = headerLength(frame, l3);
        final int from = l3 + headerLength;
        final byte[] piece = Arrays.copyOf(frame, Math.max(60, from + end - start));
        Arrays.fill(piece, from, piece.length, (byte) 0);
        final int available = Math.max(0, Math.min(end, frame.length - from) - start);
        System.arraycopy(frame, Math.min(frame.length, from + start), piece, from, available);
        final ByteBuffer ip = ByteBuffer.wrap(piece);
        ip.putShort(l3 + 2, (short) (headerLength + end - start));
        ip.putShort(l3 + 6, (short) (start / 8 | (hasMore ? 0x2000 : 0)));
        ip.putShort(l3 + 10, (short) 0);
        ip.putShort(l3 + 10, (short) Checksums.of(piece, l3, headerLength));
        return piece;
    }

    public static List<byte[]> reversed(final List<byte[]> fragments) {
        final List<byte[]> reversed = new ArrayList<>(fragments);
        Collections.reverse(reversed);
        return reversed;
    }

    public static boolean isFragment(final byte[] frame) {
        final int l3 = l3(frame);
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
        final List<String> condemned = new ArrayList<>();
        for (final byte[] frame : frames) {
            final int l3 = l3(frame);
            final String key =
                    Arrays.toString(Arrays.copyOfRange(frame, l3 + 12, l3 + 20))
                            + u16(frame, l3 + 4)
                            + "/"
                            + frame[l3 + 9];
            final NavigableMap<Integer, byte[]> pieces =
                    packets.computeIfAbsent(key, k -> new TreeMap<>());
            final byte[] other = pieces.put(start(frame), frame);
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
        final byte[] whole = Arrays.copyOf(first, Math.max(60, from + length));
        Arrays.fill(whole, from, whole.length, (byte) 0);
        for (final byte[] piece : pieces.values()) {
            System.arraycopy(
                    piece,
                    l3 + headerLength(piece, l3),
                    whole,
                    from + start(piece),
                    end(piece) - start(piece));
        }
        final ByteBuffer ip = ByteBuffer.wrap(whole);
        ip.putShort(l3 + 2, (short) (from - l3 + length));
        ip.putShort(l3 + 6, (short) 0);
        ip.putShort(l3 + 10, (short) 0);
        ip.putShort(l3 + 10, (short) Checksums.of(whole, l3, from - l3));
        return whole;
    }

    static int start(final byte[] frame) {
        return (u16(frame, l3(frame) + 6) & 0x1fff) * 8;
    }

    static int end(final byte[] frame) {
        final int l3 = l3(frame);
        return start(frame) + u16(frame, l3 + 2) - headerLength(frame, l3);
    }

    static boolean hasMore(final byte[] frame) {
        return (u16(frame, l3(frame) + 6) & 0x2000) != 0;
    }

    private static int l3(final byte[] frame) {
        return u16(frame, 12) == 0x8100 ? 18 : 14;
    }

    private static int headerLength(final byte[] frame, final int l3) {
        return (frame[l3] & 0xf) * 4;
    }

    private static int u16(final byte[] bytes, final int offset) {
        return (bytes[offset] & 0xff) << 8 | (bytes[offset + 1] & 0xff);
    }
}
