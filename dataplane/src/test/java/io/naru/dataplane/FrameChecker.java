package io.naru.dataplane;

/**
 * Reads a frame as a suspicious host would, and says what is wrong with its lengths and checksums:
 * of IPv4 and IPv6, TCP, UDP, ICMP and ICMPv6, of packets inside IP or GRE, and of the packets that
 * ICMP errors quote.
 *
 * <p>Slow and simple on purpose, and shares nothing with the code under test.
 */
public final class FrameChecker {
    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final int ICMP = 1;
    private static final int ICMPV6 = 58;
    private static final int GRE = 47;
    private static final int IPIP = 4;
    private static final int IPV6 = 41;
    private static final int FRAGMENT = 44;
    private static final int MAX_DEPTH = 8;

    private final byte[] frame;

    private FrameChecker(final byte[] frame) {
        this.frame = frame;
    }

    /**
     * What is wrong with a frame.
     *
     * @return null if nothing is, or if it is neither IPv4 nor IPv6.
     */
    public static String problem(final byte[] frame) {
        return new FrameChecker(frame).ofFrame();
    }

    private String ofFrame() {
        if (frame.length < 14) {
            return "no Ethernet header";
        }

        int type = u16(12);
        int l3 = 14;
        if (type == 0x8100) {
            if (frame.length < 18) {
                return "no VLAN header";
            }
            type = u16(16);
            l3 = 18;
        }

        return ofPayload(type, l3, frame.length, "", 0);
    }

    private String ofPayload(
            final int type, final int at, final int limit, final String where, final int depth) {
        return switch (type) {
            case 0x0800 -> ofIpv4(at, limit, where, false, depth);
            case 0x86dd -> ofIpv6(at, limit, where, false, depth);
            default -> null;
        };
    }

    private String ofIpv4(
            final int at,
            final int limit,
            final String where,
            final boolean isQuoted,
            final int depth) {
        if (limit - at < 20) {
            return isQuoted ? null : where + "IPv4 header is cut off";
        }

        final int headerLength = (frame[at] & 0xf) * 4;
        final int total = u16(at + 2);
        if (u8(at) >>> 4 != 4 || headerLength < 20 || total < headerLength) {
            return where + "IPv4 header is bad";
        }
        if (at + headerLength > limit) {
            return isQuoted ? null : where + "IPv4 options are cut off";
        }
        if (at + total > limit && !isQuoted) {
            return where + "IPv4 packet is cut off";
        }
        if (fold(sum(at, headerLength)) != 0xffff) {
            return where + "IPv4 header checksum is wrong";
        }
        if ((u16(at + 6) & 0x3fff) != 0) {
            return null;
        }

        final int length = total - headerLength;
        final long pseudo = sum(at + 12, 8) + u8(at + 9) + length;
        return ofTransport(
                u8(at + 9),
                at + headerLength,
                at + total,
                limit,
                pseudo,
                where,
                isQuoted,
                false,
                depth);
    }

    private String ofIpv6(
            final int at,
            final int limit,
            final String where,
            final boolean isQuoted,
            final int depth) {
        if (limit - at < 40) {
            return isQuoted ? null : where + "IPv6 header is cut off";
        }
        if (u8(at) >>> 4 != 6) {
            return where + "IPv6 header is bad";
        }

        final int end = at + 40 + u16(at + 4);
        if (end > limit && !isQuoted) {
            return where + "IPv6 packet is cut off";
        }

        int header = u8(at + 6);
        int next = at + 40;
        while (header == 0 || header == 43 || header == 60 || header == FRAGMENT) {
            if (next + 8 > Math.min(end, limit)) {
                return isQuoted ? null : where + "IPv6 extension header is cut off";
            }
            if (header == FRAGMENT && (u16(next + 2) & 0xfff9) != 0) {
                return null;
            }
            final int length = header == FRAGMENT ? 8 : 8 + 8 * u8(next + 1);
            header = u8(next);
            next += length;
        }
        if (next > Math.min(end, limit)) {
            return isQuoted ? null : where + "IPv6 extension header is cut off";
        }

        final long pseudo = sum(at + 8, 32) + header + end - next;
        return ofTransport(header, next, end, limit, pseudo, where, isQuoted, true, depth);
    }

    private String ofTransport(
            final int protocol,
            final int at,
            final int end,
            final int limit,
            final long pseudo,
            final String where,
            final boolean isQuoted,
            final boolean isIpv6,
            final int depth) {
        if (depth > MAX_DEPTH) {
            return null;
        }
        if (end > limit) { // quoted in part: its checksum cannot be told, but that of a header in
            // it
            return switch (protocol) {
                case GRE -> ofQuotedGre(at, limit, where, depth);
                case IPIP -> ofIpv4(at, limit, where + "inner ", true, depth + 1);
                case IPV6 -> ofIpv6(at, limit, where + "inner ", true, depth + 1);
                default -> null;
            };
        }

        final int length = end - at;
        return switch (protocol) {
            case TCP -> length < 20 ? null : ofSum(at, length, pseudo, where + "TCP");
            case UDP -> ofUdp(at, length, pseudo, where, isIpv6);
            case ICMP -> ofIcmp(at, length, where, isQuoted, depth);
            case ICMPV6 -> ofIcmpv6(at, length, pseudo, where, isQuoted, depth);
            case GRE -> ofGre(at, end, where, depth);
            case IPIP -> ofIpv4(at, end, where + "inner ", isQuoted, depth + 1);
            case IPV6 -> ofIpv6(at, end, where + "inner ", isQuoted, depth + 1);
            default -> null;
        };
    }

    private String ofUdp(
            final int at,
            final int length,
            final long pseudo,
            final String where,
            final boolean isIpv6) {
        if (length < 8 || u16(at + 4) < 8 || u16(at + 4) > length) {
            return where + "UDP length is bad";
        }
        if (u16(at + 6) == 0) {
            return isIpv6 ? where + "UDP checksum is missing" : null; // RFC 8200 8.1
        }

        // the checksum covers the datagram, which may be shorter than its packet
        final int stated = u16(at + 4);
        return ofSum(at, stated, pseudo - length + stated, where + "UDP");
    }

    private String ofIcmp(
            final int at,
            final int length,
            final String where,
            final boolean isQuoted,
            final int depth) {
        if (length < 8) {
            return null;
        }

        final String problem = ofSum(at, length, 0, where + "ICMP");
        final int type = u8(at);
        final boolean isError = type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
        return problem != null || !isError || isQuoted
                ? problem
                : ofIpv4(
                        at + 8,
                        endOfQuote(at, length, type == 4 || type == 5 ? 0 : 4 * u8(at + 5)),
                        where + "quoted ",
                        true,
                        depth + 1);
    }

    private String ofIcmpv6(
            final int at,
            final int length,
            final long pseudo,
            final String where,
            final boolean isQuoted,
            final int depth) {
        if (length < 8) {
            return null;
        }

        final String problem = ofSum(at, length, pseudo, where + "ICMPv6");
        return problem != null || u8(at) >= 128 || isQuoted
                ? problem
                : ofIpv6(
                        at + 8,
                        endOfQuote(at, length, u8(at) == 1 || u8(at) == 3 ? 8 * u8(at + 4) : 0),
                        where + "quoted ",
                        true,
                        depth + 1);
    }

    /** Extensions may stand behind the quote; then it has 128 bytes at least (RFC 4884). */
    private static int endOfQuote(final int at, final int length, final int stated) {
        return at + (stated < 128 ? length : Math.min(length, 8 + stated));
    }

    private String ofGre(final int at, final int end, final String where, final int depth) {
        if (end - at < 4) {
            return null;
        }

        final int flags = u16(at);
        final int header = 4 + 4 * (flags >>> 15 & 1) + 4 * (flags >>> 13 & 1);
        if ((flags & 0x5fff) != 0 || end - at < header) {
            return null;
        }
        if (flags >>> 15 == 1 && fold(sum(at, end - at)) != 0xffff) {
            return where + "GRE checksum is wrong";
        }

        return ofPayload(u16(at + 2), at + header, end, where + "inner ", depth + 1);
    }

    private String ofQuotedGre(final int at, final int limit, final String where, final int depth) {
        if (limit - at < 4) {
            return null;
        }

        final int flags = u16(at);
        final int inner = at + 4 + 4 * (flags >>> 15 & 1) + 4 * (flags >>> 13 & 1);
        if ((flags & 0x5fff) != 0) {
            return null;
        }

        return switch (u16(at + 2)) {
            case 0x0800 -> ofIpv4(inner, limit, where + "inner ", true, depth + 1);
            case 0x86dd -> ofIpv6(inner, limit, where + "inner ", true, depth + 1);
            default -> null;
        };
    }

    private String ofSum(final int at, final int length, final long pseudo, final String what) {
        return fold(sum(at, length) + pseudo) == 0xffff ? null : what + " checksum is wrong";
    }

    private long sum(final int offset, final int length) {
        long sum = 0;
        for (int i = 0; i < length; i++) {
            sum += (i & 1) == 0 ? u8(offset + i) << 8 : u8(offset + i);
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

    private int u8(final int offset) {
        return frame[offset] & 0xff;
    }

    private int u16(final int offset) {
        return u8(offset) << 8 | u8(offset + 1);
    }
}
