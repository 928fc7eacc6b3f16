package io.naru.dataplane.protocol;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * What a service may say beyond who serves it and how.
 *
 * @param adoptsFlows packets from the middle of a connection that is in no flow table open a flow,
 *     by a hash: connections survive the loss of the table.
 * @param oneShot a UDP flow is over with its first reply.
 * @param resetsIdle both ends of a TCP connection get a RST when its flow expires.
 * @param mssClamp the MSS that a SYN may offer at most, in bytes; {@link #MSS_AUTO} is what fits
 *     the path, {@link #MSS_OFF} leaves it.
 * @param oversize of IPv4 packets that are too long and may be fragmented.
 * @param tunnel of the tunnel modes; the others ignore it.
 */
public record ServiceOptions(
        boolean adoptsFlows,
        boolean oneShot,
        boolean resetsIdle,
        int mssClamp,
        OversizeRule oversize,
        TunnelSpec tunnel) {
    public static final int MSS_OFF = -1;
    public static final int MSS_AUTO = 0;

    public static final ServiceOptions DEFAULT =
            new ServiceOptions(
                    false, false, false, MSS_AUTO, OversizeRule.INNER, TunnelSpec.DEFAULT);

    /** Bytes that the options take in a message and in the directory. */
    static final int LENGTH = 64;

    private static final int ADOPTS_FLOWS = 1;
    private static final int ONE_SHOT = 1 << 1;
    private static final int RESETS_IDLE = 1 << 2;
    private static final int GRE_CHECKSUM = 1 << 3;
    private static final int COPIES_DSCP = 1 << 4;
    private static final int ALL_FLAGS = (1 << 5) - 1;

    private static final int FLAGS_OFFSET = 0;
    private static final int MSS_CLAMP_OFFSET = 4;
    private static final int OVERSIZE_OFFSET = 8;
    private static final int PREFIX_LENGTH_4_OFFSET = 12;
    private static final int SOURCE_4_OFFSET = 16;
    private static final int SOURCE_6_OFFSET = 32;
    private static final int GRE_KEY_OFFSET = 48;
    private static final int PREFIX_LENGTH_6_OFFSET = 56;
    private static final int ZERO_OFFSET = 60;

    /**
     * Writes {@link #LENGTH} bytes.
     *
     * <pre>
     *  0 flags          4    8 oversize        4   16 source 4  16   48 GRE key         8
     *  4 MSS clamp      4   12 prefix length 4 4   32 source 6  16   56 prefix length 6 4
     *                                                                60 zero            4
     * </pre>
     */
    void putTo(final MutableDirectBuffer buffer, final int offset) {
        buffer.putInt(
                offset + FLAGS_OFFSET,
                (adoptsFlows ? ADOPTS_FLOWS : 0)
                        | (oneShot ? ONE_SHOT : 0)
                        | (resetsIdle ? RESETS_IDLE : 0)
                        | (tunnel.greChecksum() ? GRE_CHECKSUM : 0)
                        | (tunnel.copiesDscp() ? COPIES_DSCP : 0));
        buffer.putInt(offset + MSS_CLAMP_OFFSET, mssClamp);
        buffer.putInt(offset + OVERSIZE_OFFSET, oversize.code());
        buffer.putInt(offset + PREFIX_LENGTH_4_OFFSET, tunnel.prefixLength4());
        tunnel.source4().putTo(buffer, offset + SOURCE_4_OFFSET);
        tunnel.source6().putTo(buffer, offset + SOURCE_6_OFFSET);
        buffer.putLong(offset + GRE_KEY_OFFSET, tunnel.greKey());
        buffer.putInt(offset + PREFIX_LENGTH_6_OFFSET, tunnel.prefixLength6());
        buffer.putInt(offset + ZERO_OFFSET, 0);
    }

    /** Reads what {@link #putTo} wrote; {@link #refusal} has been asked. */
    static ServiceOptions getFrom(final DirectBuffer buffer, final int offset) {
        final int flags = buffer.getInt(offset + FLAGS_OFFSET);
        final OversizeRule oversize = OversizeRule.ofCode(buffer.getInt(offset + OVERSIZE_OFFSET));
        return new ServiceOptions(
                (flags & ADOPTS_FLOWS) != 0,
                (flags & ONE_SHOT) != 0,
                (flags & RESETS_IDLE) != 0,
                buffer.getInt(offset + MSS_CLAMP_OFFSET),
                oversize == null ? OversizeRule.INNER : oversize, // torn: it is read again
                new TunnelSpec(
                        IpAddress.getFrom(buffer, offset + SOURCE_4_OFFSET),
                        buffer.getInt(offset + PREFIX_LENGTH_4_OFFSET),
                        IpAddress.getFrom(buffer, offset + SOURCE_6_OFFSET),
                        buffer.getInt(offset + PREFIX_LENGTH_6_OFFSET),
                        buffer.getLong(offset + GRE_KEY_OFFSET),
                        (flags & GRE_CHECKSUM) != 0,
                        (flags & COPIES_DSCP) != 0));
    }

    /** What is wrong with options that a client wrote, or null. */
    static String refusal(final DirectBuffer buffer, final int offset) {
        if ((buffer.getInt(offset + FLAGS_OFFSET) & ~ALL_FLAGS) != 0
                || buffer.getInt(offset + ZERO_OFFSET) != 0) {
            return "there are no such flags";
        }

        final int mssClamp = buffer.getInt(offset + MSS_CLAMP_OFFSET);
        if (mssClamp < MSS_OFF || mssClamp > 0xffff) {
            return "the MSS clamp must be -1 to 65535, not " + mssClamp;
        }
        if (OversizeRule.ofCode(buffer.getInt(offset + OVERSIZE_OFFSET)) == null) {
            return "there is no such rule for oversize packets";
        }

        final TunnelSpec tunnel = getFrom(buffer, offset).tunnel();
        if (tunnel.prefixLength4() < 0 || tunnel.prefixLength4() > 32) {
            return "a prefix length must be 0 to 32, not " + tunnel.prefixLength4();
        }
        if (tunnel.prefixLength6() < 0 || tunnel.prefixLength6() > 128) {
            return "a prefix length must be 0 to 128, not " + tunnel.prefixLength6();
        }
        if (!tunnel.source4().isNone() && !tunnel.source4().isIpv4()) {
            return "the IPv4 tunnel source is " + tunnel.source4();
        }
        if (tunnel.source6().isIpv4()) {
            return "the IPv6 tunnel source is " + tunnel.source6();
        }
        if (tunnel.greKey() < TunnelSpec.NO_KEY || tunnel.greKey() > 0xffff_ffffL) {
            return "a GRE key must be 0 to 4294967295, not " + tunnel.greKey();
        }

        return null;
    }
}
