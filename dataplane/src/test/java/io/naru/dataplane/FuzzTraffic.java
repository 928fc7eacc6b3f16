package io.naru.dataplane;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Frames that nobody should have to see: what clients and backends send, answers to what was just
 * sent to them, ICMP errors that quote it, fragments of it in any order, ARP and neighbour
 * discovery, extension headers and tunnels, and all of that damaged: bits flipped, fields set to
 * their extremes, cut off, spliced, with checksums put right again so that the damage gets as far
 * as it can.
 *
 * <p>Everything follows from the random numbers that it is given.
 */
final class FuzzTraffic {
    private static final int RECENT = 256;
    private static final int MAX_LENGTH = 1_514;
    private static final int[] EXTREMES = {0, 1, 0x7f, 0x80, 0xff, 4, 5, 6, 17, 20, 40, 44, 58, 60};

    private final SplittableRandom random;
    private final FuzzScene scene;
    private final List<byte[]> recentOut = new ArrayList<>();
    private final List<byte[]> recentIn = new ArrayList<>();
    private final Deque<byte[]> fragments = new ArrayDeque<>();
    private int identification;

    FuzzTraffic(final SplittableRandom random, final FuzzScene scene) {
        this.random = random;
        this.scene = scene;
    }

    /** A frame was sent: what comes next may answer or quote it. */
    void onSent(final byte[] frame) {
        keep(recentOut, frame);
    }

    /** The next frame. */
    byte[] next() {
        final byte[] frame = isOneIn(3) && !fragments.isEmpty() ? fragments.poll() : plain();
        keep(recentIn, frame);
        return isOneIn(2) ? frame : damaged(frame.clone());
    }

    private void keep(final List<byte[]> recent, final byte[] frame) {
        if (recent.size() < RECENT) {
            recent.add(frame);
        } else {
            recent.set(random.nextInt(RECENT), frame);
        }
    }

    // -- well-formed frames -----------------------------------------------------------------------

    private byte[] plain() {
        return switch (random.nextInt(20)) {
            case 0, 1, 2, 3, 4, 5 -> request();
            case 6, 7, 8, 9 -> answer();
            case 10, 11 -> error();
            case 12 -> echo();
            case 13 -> random.nextBoolean() ? arp() : discovery();
            case 14, 15 -> inFragments();
            case 16 -> random.nextBoolean() ? fromBackend() : hairpin();
            case 17 -> wrapped();
            case 18 -> again();
            default -> noise();
        };
    }

    /** From a client to a service. */
    private byte[] request() {
        final FuzzScene.Target target = pick(scene.targets());
        final boolean isIpv6 = target.address().length == 16;
        return packet(
                scene.clientMac(random),
                scene.clientSideMac(),
                client(isIpv6),
                target.address(),
                target.protocol(),
                clientPort(),
                target.port(),
                target.protocol() == 6 ? requestFlags() : 0,
                payloadLength());
    }

    private int requestFlags() {
        return switch (random.nextInt(6)) {
            case 0, 1 -> 2;
            case 2, 3 -> 16;
            case 4 -> 17;
            default -> random.nextInt(64);
        };
    }

    /** Turns a packet that was sent round: what its receiver might send back. */
    private byte[] answer() {
        if (recentOut.isEmpty()) {
            return request();
        }

        final byte[] sent = pick(recentOut);
        final int l3 = l3(sent);
        final int l4 = l4(sent, l3);
        if (l4 == 0) {
            return request();
        }

        final boolean isIpv6 = sent[l3] >>> 4 == 6;
        final int length = isIpv6 ? 16 : 4;
        final int source = l3 + (isIpv6 ? 8 : 12);
        final int protocol = sent[l3 + (isIpv6 ? 6 : 9)];
        if (protocol != 6 && protocol != 17) {
            return request();
        }
        return packet(
                Arrays.copyOf(sent, 6),
                Arrays.copyOfRange(sent, 6, 12),
                Arrays.copyOfRange(sent, source + length, source + 2 * length),
                Arrays.copyOfRange(sent, source, source + length),
                protocol,
                u16(sent, l4 + 2),
                u16(sent, l4),
                protocol == 6 ? (random.nextBoolean() ? 18 : random.nextInt(64)) : 0,
                payloadLength());
    }

    /** From a backend to a client, whether there is a flow or not. */
    private byte[] fromBackend() {
        final FuzzScene.Target backend = pick(scene.backends());
        final boolean isIpv6 = backend.address().length == 16;
        final byte[] to = isOneIn(3) ? pick(scene.targets(), isIpv6).address() : client(isIpv6);
        return packet(
                scene.backendMac(random),
                scene.backendSideMac(),
                backend.address(),
                to,
                backend.protocol(),
                backend.port(),
                clientPort(),
                random.nextInt(64),
                payloadLength());
    }

    /** A backend calls a service. */
    private byte[] hairpin() {
        final FuzzScene.Target target = pick(scene.targets());
        final boolean isIpv6 = target.address().length == 16;
        return packet(
                scene.backendMac(random),
                scene.backendSideMac(),
                pick(scene.backends(), isIpv6).address(),
                target.address(),
                target.protocol(),
                clientPort(),
                target.port(),
                target.protocol() == 6 ? requestFlags() : 0,
                payloadLength());
    }

    /** An ICMP error about a packet that was sent or received, to whoever sent that. */
    private byte[] error() {
        final List<byte[]> quotable = random.nextBoolean() ? recentOut : recentIn;
        if (quotable.isEmpty()) {
            return request();
        }

        final byte[] about = pick(quotable);
        final int l3 = l3(about);
        final boolean isIpv6 = isIp(about, l3) && (about[l3] & 0xff) >>> 4 == 6;
        final int addresses = l3 + (isIpv6 ? 8 : 12);
        final int length = isIpv6 ? 16 : 4;
        if (!isIp(about, l3) || about.length < addresses + length) {
            return request();
        }

        final int quoted =
                Math.min(about.length - l3, random.nextBoolean() ? 28 : 8 + random.nextInt(700));
        final byte[] icmp = new byte[8 + quoted];
        icmp[0] = (byte) (isIpv6 ? 1 + random.nextInt(4) : isOneIn(4) ? 11 : isOneIn(9) ? 5 : 3);
        icmp[1] = (byte) (isIpv6 ? random.nextInt(2) : isOneIn(2) ? 4 : random.nextInt(14));
        putU16(icmp, 6, 576 + random.nextInt(1_000));
        System.arraycopy(about, l3, icmp, 8, quoted);
        final byte[] to = Arrays.copyOfRange(about, addresses, addresses + length);
        final boolean isFromBackends = random.nextBoolean();
        return ip(
                isFromBackends ? scene.backendMac(random) : scene.clientMac(random),
                isFromBackends ? scene.backendSideMac() : scene.clientSideMac(),
                client(isIpv6),
                to,
                isIpv6 ? 58 : 1,
                icmp);
    }

    private byte[] echo() {
        final FuzzScene.Target target = pick(scene.targets());
        final boolean isIpv6 = target.address().length == 16;
        final byte[] icmp = new byte[8 + random.nextInt(100)];
        icmp[0] = (byte) (isIpv6 ? 128 : 8);
        fill(icmp, 4);
        return ip(
                scene.clientMac(random),
                scene.clientSideMac(),
                client(isIpv6),
                target.address(),
                isIpv6 ? 58 : 1,
                icmp);
    }

    private byte[] arp() {
        final byte[] frame = new byte[60];
        Arrays.fill(frame, 0, 6, (byte) 0xff);
        System.arraycopy(scene.clientMac(random), 0, frame, 6, 6);
        putU16(frame, 12, 0x0806);
        putU16(frame, 14, 1);
        putU16(frame, 16, 0x0800);
        putU16(frame, 18, 0x0604);
        putU16(frame, 20, 1 + random.nextInt(2));
        System.arraycopy(frame, 6, frame, 22, 6);
        System.arraycopy(client(false), 0, frame, 28, 4);
        System.arraycopy(pick(scene.targets(), false).address(), 0, frame, 38, 4);
        return frame;
    }

    /** A neighbour solicitation or advertisement (RFC 4861) about a VIP. */
    private byte[] discovery() {
        final byte[] target = pick(scene.targets(), true).address();
        final byte[] icmp = new byte[32];
        icmp[0] = (byte) (135 + random.nextInt(2));
        icmp[4] = (byte) (icmp[0] == (byte) 136 ? random.nextInt(256) : 0);
        System.arraycopy(target, 0, icmp, 8, 16);
        icmp[24] = (byte) (icmp[0] == (byte) 136 ? 2 : 1);
        icmp[25] = 1;
        System.arraycopy(scene.clientMac(random), 0, icmp, 26, 6);
        final byte[] solicited = new byte[16];
        solicited[0] = (byte) 0xff;
        solicited[1] = 2;
        solicited[11] = 1;
        solicited[12] = (byte) 0xff;
        System.arraycopy(target, 13, solicited, 13, 3);
        final byte[] frame =
                ip(
                        scene.clientMac(random),
                        new byte[] {0x33, 0x33, (byte) 0xff, target[13], target[14], target[15]},
                        isOneIn(8) ? new byte[16] : client(true),
                        isOneIn(3) ? target : solicited,
                        58,
                        icmp);
        frame[14 + 7] = (byte) 255;
        return frame;
    }

    /** Cuts a large packet, mixes the pieces, loses or copies one now and then. */
    private byte[] inFragments() {
        final byte[] whole = isOneIn(3) ? answer() : request();
        final List<byte[]> pieces = pieces(whole, 8 * (2 + random.nextInt(40)));
        if (isOneIn(3)) {
            pieces.set(random.nextInt(pieces.size()), pick(pieces));
        }
        if (isOneIn(2)) {
            for (int k = pieces.size() - 1; k > 0; k--) {
                final int other = random.nextInt(k + 1);
                pieces.set(k, pieces.set(other, pieces.get(k)));
            }
        }
        for (final byte[] piece : pieces) {
            if (fragments.size() < 128) {
                fragments.add(piece);
            }
        }
        return whole;
    }

    private List<byte[]> pieces(final byte[] whole, final int step) {
        final List<byte[]> pieces = new ArrayList<>();
        final int l3 = l3(whole);
        if (!isIp(whole, l3)) {
            pieces.add(whole);
            return pieces;
        }

        final boolean isIpv6 = (whole[l3] & 0xff) >>> 4 == 6;
        final int header = isIpv6 ? 40 : (whole[l3] & 0xf) * 4;
        final int length =
                Math.min(
                        whole.length - l3 - header,
                        isIpv6 ? u16(whole, l3 + 4) : u16(whole, l3 + 2) - header);
        identification++;
        for (int start = 0; start < length; start += step) {
            final int size = Math.min(step, length - start);
            final boolean hasMore = start + size < length;
            final byte[] piece = new byte[l3 + header + (isIpv6 ? 8 : 0) + size];
            System.arraycopy(whole, 0, piece, 0, l3 + header);
            System.arraycopy(whole, l3 + header + start, piece, piece.length - size, size);
            if (isIpv6) {
                putU16(piece, l3 + 4, 8 + size);
                final int fragment = l3 + header;
                piece[fragment] = piece[l3 + 6];
                piece[l3 + 6] = 44;
                putU16(piece, fragment + 2, start | (hasMore ? 1 : 0));
                putU16(piece, fragment + 6, identification);
            } else {
                putU16(piece, l3 + 2, header + size);
                putU16(piece, l3 + 4, identification);
                putU16(piece, l3 + 6, (start / 8) | (hasMore ? 0x2000 : 0));
                putIpv4Checksum(piece, l3);
            }
            pieces.add(piece);
        }
        if (pieces.isEmpty()) {
            pieces.add(whole);
        }
        return pieces;
    }

    /** A packet in GRE or IP, to a VIP. */
    private byte[] wrapped() {
        final byte[] inner = request();
        final int l3 = l3(inner);
        final boolean isInner6 = (inner[l3] & 0xff) >>> 4 == 6;
        final FuzzScene.Target target = pick(scene.targets());
        final boolean isGre = random.nextBoolean();
        final int gre = isGre ? 4 : 0;
        final byte[] payload = new byte[Math.min(1_200, inner.length - l3) + gre];
        if (isGre) {
            putU16(payload, 2, isInner6 ? 0x86dd : 0x0800);
        }
        System.arraycopy(inner, l3, payload, gre, payload.length - gre);
        return ip(
                scene.clientMac(random),
                scene.clientSideMac(),
                client(target.address().length == 16),
                target.address(),
                isGre ? 47 : isInner6 ? 41 : 4,
                payload);
    }

    /** One of those before, once more. */
    private byte[] again() {
        final List<byte[]> recent = random.nextBoolean() ? recentIn : recentOut;
        return recent.isEmpty() ? request() : pick(recent);
    }

    private byte[] noise() {
        final byte[] frame = new byte[random.nextInt(isOneIn(4) ? MAX_LENGTH : 80)];
        fill(frame, 0);
        if (isOneIn(2) && frame.length >= 14) {
            System.arraycopy(scene.clientSideMac(), 0, frame, 0, 6);
            putU16(frame, 12, random.nextBoolean() ? 0x0800 : 0x86dd);
        }
        return frame;
    }

    // -- damage -----------------------------------------------------------------------------------

    private byte[] damaged(final byte[] frame) {
        byte[] bytes = frame;
        for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
            bytes = damagedOnce(bytes);
        }
        if (isOneIn(4)) {
            return bytes;
        }

        putChecksumsRight(bytes);
        return bytes;
    }

    private byte[] damagedOnce(final byte[] frame) {
        if (frame.length == 0) {
            return frame;
        }

        final int at = random.nextInt(isOneIn(4) ? frame.length : Math.min(frame.length, 80));
        switch (random.nextInt(9)) {
            case 0, 1 -> frame[at] ^= (byte) (1 << random.nextInt(8));
            case 2 -> frame[at] = (byte) random.nextInt(256);
            case 3, 4 -> frame[at] = (byte) EXTREMES[random.nextInt(EXTREMES.length)];
            case 5 -> {
                return Arrays.copyOf(frame, random.nextInt(frame.length + 1));
            }
            case 6 -> {
                return Arrays.copyOf(
                        frame, Math.min(MAX_LENGTH, frame.length + random.nextInt(40)));
            }
            case 7 -> {
                return withTag(frame);
            }
            default -> {
                final byte[] other = recentIn.isEmpty() ? frame : pick(recentIn);
                final int length = Math.min(frame.length, other.length) - at;
                if (length > 0) {
                    System.arraycopy(other, at, frame, at, random.nextInt(length + 1));
                }
            }
        }
        return frame;
    }

    private byte[] withTag(final byte[] frame) {
        if (frame.length < 14 || frame.length + 4 > MAX_LENGTH) {
            return frame;
        }

        final byte[] tagged = new byte[frame.length + 4];
        System.arraycopy(frame, 0, tagged, 0, 12);
        putU16(tagged, 12, 0x8100);
        putU16(tagged, 14, random.nextInt(8));
        System.arraycopy(frame, 12, tagged, 16, frame.length - 12);
        return tagged;
    }

    // -- building ---------------------------------------------------------------------------------

    private byte[] packet(
            final byte[] fromMac,
            final byte[] toMac,
            final byte[] from,
            final byte[] to,
            final int protocol,
            final int fromPort,
            final int toPort,
            final int flags,
            final int payloadLength) {
        final boolean isTcp = protocol == 6;
        final boolean hasMss = isTcp && (flags & 2) != 0 && isOneIn(2);
        final int header = isTcp ? (hasMss ? 24 : 20) : 8;
        final byte[] segment = new byte[header + payloadLength];
        fill(segment, header);
        putU16(segment, 0, fromPort);
        putU16(segment, 2, toPort);
        if (isTcp) {
            putU16(segment, 4, random.nextInt(0x10000));
            putU16(segment, 8, random.nextInt(0x10000));
            segment[12] = (byte) (header * 4); // words of four bytes, in the high half
            segment[13] = (byte) flags;
            putU16(segment, 14, 0xfaf0);
            if (hasMss) {
                putU16(segment, 20, 0x0204);
                putU16(segment, 22, 400 + random.nextInt(1_200));
            }
        } else {
            putU16(segment, 4, segment.length);
        }
        return ip(fromMac, toMac, from, to, protocol, segment);
    }

    private byte[] ip(
            final byte[] fromMac,
            final byte[] toMac,
            final byte[] from,
            final byte[] to,
            final int protocol,
            final byte[] payload) {
        final boolean isIpv6 = from.length == 16;
        final byte[] extra = isOneIn(16) ? extensions(isIpv6) : new byte[0];
        final int header = (isIpv6 ? 40 : 20) + extra.length;
        final int length = Math.min(payload.length, MAX_LENGTH - 14 - header);
        final byte[] frame = new byte[Math.max(isOneIn(3) ? 60 : 0, 14 + header + length)];
        System.arraycopy(toMac, 0, frame, 0, 6);
        System.arraycopy(fromMac, 0, frame, 6, 6);
        putU16(frame, 12, isIpv6 ? 0x86dd : 0x0800);
        final int ttl = isOneIn(20) ? random.nextInt(3) : 64;
        if (isIpv6) {
            frame[14] = (byte) (0x60 | random.nextInt(16));
            frame[15] = (byte) random.nextInt(256);
            putU16(frame, 18, extra.length + length);
            frame[20] = (byte) protocol;
            if (extra.length > 0) {
                frame[20] = (byte) (random.nextBoolean() ? 60 : 0);
                extra[0] = (byte) protocol;
            }
            frame[21] = (byte) ttl;
            System.arraycopy(from, 0, frame, 22, 16);
            System.arraycopy(to, 0, frame, 38, 16);
        } else {
            frame[14] = (byte) (0x40 | header / 4);
            frame[15] = (byte) random.nextInt(256);
            putU16(frame, 16, header + length);
            putU16(frame, 18, random.nextInt(0x10000));
            putU16(frame, 20, random.nextBoolean() ? 0x4000 : 0);
            frame[22] = (byte) ttl;
            frame[23] = (byte) protocol;
            System.arraycopy(from, 0, frame, 26, 4);
            System.arraycopy(to, 0, frame, 30, 4);
        }
        System.arraycopy(extra, 0, frame, 14 + header - extra.length, extra.length);
        System.arraycopy(payload, 0, frame, 14 + header, length);
        putChecksumsRight(frame);
        if (protocol == 17 && !isIpv6 && length >= 8 && isOneIn(6)) {
            putU16(frame, 14 + header + 6, 0);
        }
        return frame;
    }

    /** IPv4 options, or an extension header of IPv6, of 8 bytes that mean nothing. */
    private byte[] extensions(final boolean isIpv6) {
        final byte[] extra = new byte[8];
        if (isIpv6) {
            extra[2] = 1; // PadN
            extra[3] = 4;
        } else {
            Arrays.fill(extra, (byte) 1);
            if (isOneIn(3)) {
                extra[0] = (byte) (isOneIn(2) ? 131 : 7); // loose source route, record route
                extra[1] = 7;
                extra[2] = 4;
            }
        }
        return extra;
    }

    /** Puts right the checksums of what can still be read. */
    static void putChecksumsRight(final byte[] frame) {
        final int l3 = l3(frame);
        if (!isIp(frame, l3)) {
            return;
        }

        final boolean isIpv6 = (frame[l3] & 0xff) >>> 4 == 6;
        if (!isIpv6) {
            putIpv4Checksum(frame, l3);
        }
        final int l4 = l4(frame, l3);
        final int end =
                isIpv6 ? l3 + 40 + u16(frame, l3 + 4) : Math.max(l3, l3 + u16(frame, l3 + 2));
        if (l4 == 0 || end > frame.length || l4 > end) {
            return;
        }

        final int protocol = frame[protocolAt(frame, l3)] & 0xff;
        int length = end - l4;
        if (protocol == 17 && length >= 8 && u16(frame, l4 + 4) >= 8) {
            length = Math.min(length, u16(frame, l4 + 4)); // the datagram may be shorter
        }
        final int at =
                l4
                        + switch (protocol) {
                            case 6 -> 16;
                            case 17 -> 6;
                            default -> 2;
                        };
        if (at + 2 > l4 + length
                || (protocol != 6 && protocol != 17 && protocol != 1 && protocol != 58)) {
            return;
        }

        putU16(frame, at, 0);
        long sum = sum(frame, l4, length);
        if (protocol != 1) {
            sum += isIpv6 ? sum(frame, l3 + 8, 32) : sum(frame, l3 + 12, 8);
            sum += protocol + length;
        }
        final int checksum = ~fold(sum) & 0xffff;
        putU16(frame, at, protocol == 17 && checksum == 0 ? 0xffff : checksum);
    }

    private static void putIpv4Checksum(final byte[] frame, final int l3) {
        final int header = (frame[l3] & 0xf) * 4;
        if (header >= 20 && l3 + header <= frame.length) {
            putU16(frame, l3 + 10, 0);
            putU16(frame, l3 + 10, ~fold(sum(frame, l3, header)) & 0xffff);
        }
    }

    // -- reading ----------------------------------------------------------------------------------

    private static int l3(final byte[] frame) {
        return frame.length >= 14 && u16(frame, 12) == 0x8100 ? 18 : 14;
    }

    private static boolean isIp(final byte[] frame, final int l3) {
        if (frame.length < l3 + 20) {
            return false;
        }

        final int type = u16(frame, l3 - 2);
        final int version = (frame[l3] & 0xff) >>> 4;
        return (type == 0x0800 && version == 4)
                || (type == 0x86dd && version == 6 && frame.length >= l3 + 40);
    }

    /** Where the header behind IP is, 0 if that cannot be told; fragments have none. */
    private static int l4(final byte[] frame, final int l3) {
        if (!isIp(frame, l3)) {
            return 0;
        }
        if ((frame[l3] & 0xff) >>> 4 == 4) {
            final int l4 = l3 + (frame[l3] & 0xf) * 4;
            return (u16(frame, l3 + 6) & 0x3fff) == 0 && l4 + 8 <= frame.length ? l4 : 0;
        }

        final int at = protocolAt(frame, l3);
        final int l4 = at == l3 + 6 ? l3 + 40 : at + 8;
        return (frame[at] & 0xff) != 44 && l4 + 8 <= frame.length ? l4 : 0;
    }

    /** Where the protocol is said, behind one extension header of 8 bytes at most. */
    private static int protocolAt(final byte[] frame, final int l3) {
        if ((frame[l3] & 0xff) >>> 4 == 4) {
            return l3 + 9;
        }

        final int next = frame[l3 + 6] & 0xff;
        final boolean hasExtension =
                (next == 0 || next == 60) && frame.length >= l3 + 48 && frame[l3 + 41] == 0;
        return hasExtension ? l3 + 40 : l3 + 6;
    }

    private static long sum(final byte[] bytes, final int offset, final int length) {
        long sum = 0;
        for (int i = 0; i < length; i++) {
            final int octet = bytes[offset + i] & 0xff;
            sum += (i & 1) == 0 ? octet << 8 : octet;
        }
        return sum;
    }

    private static int fold(final long sum) {
        long folded = sum;
        while (folded >>> 16 != 0) {
            folded = (folded & 0xffff) + (folded >>> 16);
        }
        return (int) folded;
    }

    private static int u16(final byte[] bytes, final int offset) {
        return (bytes[offset] & 0xff) << 8 | (bytes[offset + 1] & 0xff);
    }

    private static void putU16(final byte[] bytes, final int offset, final int value) {
        bytes[offset] = (byte) (value >>> 8);
        bytes[offset + 1] = (byte) value;
    }

    // -- choices ----------------------------------------------------------------------------------

    private byte[] client(final boolean isIpv6) {
        return scene.client(random, isIpv6);
    }

    private int clientPort() {
        return 1_024 + random.nextInt(32);
    }

    private int payloadLength() {
        return isOneIn(8) ? random.nextInt(1_440) : random.nextInt(60);
    }

    private void fill(final byte[] bytes, final int from) {
        for (int i = from; i < bytes.length; i++) {
            bytes[i] = (byte) random.nextInt(256);
        }
    }

    private boolean isOneIn(final int n) {
        return random.nextInt(n) == 0;
    }

    private <T> T pick(final List<T> list) {
        return list.get(random.nextInt(list.size()));
    }

    private FuzzScene.Target pick(final List<FuzzScene.Target> targets, final boolean isIpv6) {
        for (int attempt = 0; attempt < 32; attempt++) {
            final FuzzScene.Target target = pick(targets);
            if ((target.address().length == 16) == isIpv6) {
                return target;
            }
        }
        return new FuzzScene.Target(client(isIpv6), 6, 80);
    }
}
