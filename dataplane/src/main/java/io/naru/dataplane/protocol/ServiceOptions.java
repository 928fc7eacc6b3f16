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
 * @param selection what the algorithm goes by.
 * @param onDown what becomes of the flows of a backend that goes down.
 * @param onRemove what becomes of the flows of a backend that is no longer configured.
 * @param limits how much it takes.
 * @param persistence whether a client's flows all go to one backend.
 */
public record ServiceOptions(
        boolean adoptsFlows,
        boolean oneShot,
        boolean resetsIdle,
        int mssClamp,
        OversizeRule oversize,
        TunnelSpec tunnel,
        Selection selection,
        FlowRule onDown,
        FlowRule onRemove,
        FlowLimits limits,
        Persistence persistence) {
    public static final int MSS_OFF = -1;
    public static final int MSS_AUTO = 0;

    public static final ServiceOptions DEFAULT =
            new ServiceOptions(
                    false, false, false, MSS_AUTO, OversizeRule.INNER, TunnelSpec.DEFAULT);

    /** Options that say nothing of pools under change. */
    public ServiceOptions(
            final boolean adoptsFlows,
            final boolean oneShot,
            final boolean resetsIdle,
            final int mssClamp,
            final OversizeRule oversize,
            final TunnelSpec tunnel) {
        this(
                adoptsFlows,
                oneShot,
                resetsIdle,
                mssClamp,
                oversize,
                tunnel,
                Selection.DEFAULT,
                FlowRule.RESET,
                FlowRule.KEEP,
                FlowLimits.DEFAULT,
                Persistence.NONE);
    }

    /** The same options with others of pools under change. */
    public ServiceOptions with(
            final Selection otherSelection,
            final FlowRule otherOnDown,
            final FlowRule otherOnRemove,
            final FlowLimits otherLimits,
            final Persistence otherPersistence) {
        return new ServiceOptions(
                adoptsFlows,
                oneShot,
                resetsIdle,
                mssClamp,
                oversize,
                tunnel,
                otherSelection,
                otherOnDown,
                otherOnRemove,
                otherLimits,
                otherPersistence);
    }

    /** Bytes that the options take in a message and in the directory. */
    static final int LENGTH = 128;

    private static final int ADOPTS_FLOWS = 1;
    private static final int ONE_SHOT = 1 << 1;
    private static final int RESETS_IDLE = 1 << 2;
    private static final int GRE_CHECKSUM = 1 << 3;
    private static final int COPIES_DSCP = 1 << 4;
    private static final int HASHES_SOURCE = 1 << 5;
    private static final int ALL_FLAGS = (1 << 6) - 1;

    private static final int FLAGS_OFFSET = 0;
    private static final int MSS_CLAMP_OFFSET = 4;
    private static final int OVERSIZE_OFFSET = 8;
    private static final int PREFIX_LENGTH_4_OFFSET = 12;
    private static final int SOURCE_4_OFFSET = 16;
    private static final int SOURCE_6_OFFSET = 32;
    private static final int GRE_KEY_OFFSET = 48;
    private static final int PREFIX_LENGTH_6_OFFSET = 56;
    private static final int MAGLEV_SIZE_OFFSET = 60;
    private static final int ON_DOWN_OFFSET = 64;
    private static final int ON_REMOVE_OFFSET = 68;
    private static final int AT_LIMIT_OFFSET = 72;
    private static final int MAX_FLOWS_OFFSET = 76;
    private static final int MAX_FLOW_RATE_OFFSET = 80;
    private static final int PERSISTENCE_TIMEOUT_OFFSET = 84;
    private static final int PERSISTENCE_PREFIX_4_OFFSET = 88;
    private static final int PERSISTENCE_PREFIX_6_OFFSET = 92;
    private static final int PERSISTENCE_GROUP_OFFSET = 96;
    private static final int ZERO_OFFSET = 104;

    /**
     * Writes {@link #LENGTH} bytes.
     *
     * <pre>
     *  0 flags          4    8 oversize        4   16 source 4  16   48 GRE key         8
     *  4 MSS clamp      4   12 prefix length 4 4   32 source 6  16   56 prefix length 6 4
     *                                                                60 Maglev size     4
     * 64 on down        4   76 maximum flows   4   88 prefix length 4 4   104 zero         24
     * 68 on remove      4   80 maximum rate    4   92 prefix length 6 4
     * 72 at limit       4   84 persistence, s  4   96 group           8
     * </pre>
     */
    void putTo(final MutableDirectBuffer buffer, final int offset) {
        buffer.putInt(
                offset + FLAGS_OFFSET,
                (adoptsFlows ? ADOPTS_FLOWS : 0)
                        | (oneShot ? ONE_SHOT : 0)
                        | (resetsIdle ? RESETS_IDLE : 0)
                        | (tunnel.greChecksum() ? GRE_CHECKSUM : 0)
                        | (tunnel.copiesDscp() ? COPIES_DSCP : 0)
                        | (selection.hashesSource() ? HASHES_SOURCE : 0));
        buffer.putInt(offset + MSS_CLAMP_OFFSET, mssClamp);
        buffer.putInt(offset + OVERSIZE_OFFSET, oversize.code());
        buffer.putInt(offset + PREFIX_LENGTH_4_OFFSET, tunnel.prefixLength4());
        tunnel.source4().putTo(buffer, offset + SOURCE_4_OFFSET);
        tunnel.source6().putTo(buffer, offset + SOURCE_6_OFFSET);
        buffer.putLong(offset + GRE_KEY_OFFSET, tunnel.greKey());
        buffer.putInt(offset + PREFIX_LENGTH_6_OFFSET, tunnel.prefixLength6());
        buffer.putInt(offset + MAGLEV_SIZE_OFFSET, selection.maglevSize());
        buffer.putInt(offset + ON_DOWN_OFFSET, onDown.code());
        buffer.putInt(offset + ON_REMOVE_OFFSET, onRemove.code());
        buffer.putInt(offset + AT_LIMIT_OFFSET, limits.atLimit().code());
        buffer.putInt(offset + MAX_FLOWS_OFFSET, limits.maxFlows());
        buffer.putInt(offset + MAX_FLOW_RATE_OFFSET, limits.maxFlowRate());
        buffer.putInt(offset + PERSISTENCE_TIMEOUT_OFFSET, persistence.timeoutS());
        buffer.putInt(offset + PERSISTENCE_PREFIX_4_OFFSET, persistence.prefixLength4());
        buffer.putInt(offset + PERSISTENCE_PREFIX_6_OFFSET, persistence.prefixLength6());
        buffer.putLong(offset + PERSISTENCE_GROUP_OFFSET, persistence.group());
        buffer.setMemory(offset + ZERO_OFFSET, LENGTH - ZERO_OFFSET, (byte) 0);
    }

    /** Reads what {@link #putTo} wrote; {@link #refusal} has been asked. */
    static ServiceOptions getFrom(final DirectBuffer buffer, final int offset) {
        final int flags = buffer.getInt(offset + FLAGS_OFFSET);
        final OversizeRule oversize = OversizeRule.ofCode(buffer.getInt(offset + OVERSIZE_OFFSET));
        final FlowRule onDown = FlowRule.ofCode(buffer.getInt(offset + ON_DOWN_OFFSET));
        final FlowRule onRemove = FlowRule.ofCode(buffer.getInt(offset + ON_REMOVE_OFFSET));
        final AtLimit atLimit = AtLimit.ofCode(buffer.getInt(offset + AT_LIMIT_OFFSET));
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
                        (flags & COPIES_DSCP) != 0),
                new Selection(
                        (flags & HASHES_SOURCE) != 0, buffer.getInt(offset + MAGLEV_SIZE_OFFSET)),
                onDown == null ? FlowRule.RESET : onDown,
                onRemove == null ? FlowRule.KEEP : onRemove,
                new FlowLimits(
                        buffer.getInt(offset + MAX_FLOWS_OFFSET),
                        buffer.getInt(offset + MAX_FLOW_RATE_OFFSET),
                        atLimit == null ? AtLimit.NEXT : atLimit),
                new Persistence(
                        buffer.getInt(offset + PERSISTENCE_TIMEOUT_OFFSET),
                        buffer.getInt(offset + PERSISTENCE_PREFIX_4_OFFSET),
                        buffer.getInt(offset + PERSISTENCE_PREFIX_6_OFFSET),
                        buffer.getLong(offset + PERSISTENCE_GROUP_OFFSET)));
    }

    /** What is wrong with options that a client wrote, or null. */
    static String refusal(final DirectBuffer buffer, final int offset) {
        if ((buffer.getInt(offset + FLAGS_OFFSET) & ~ALL_FLAGS) != 0
                || !isZero(buffer, offset + ZERO_OFFSET, LENGTH - ZERO_OFFSET)) {
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

        return refusalOfPoolRules(buffer, offset);
    }

    private static String refusalOfPoolRules(final DirectBuffer buffer, final int offset) {
        if (FlowRule.ofCode(buffer.getInt(offset + ON_DOWN_OFFSET)) == null
                || FlowRule.ofCode(buffer.getInt(offset + ON_REMOVE_OFFSET)) == null) {
            return "there is no such rule for the flows of a backend";
        }
        if (AtLimit.ofCode(buffer.getInt(offset + AT_LIMIT_OFFSET)) == null) {
            return "there is no such rule for flows beyond a limit";
        }

        final ServiceOptions options = getFrom(buffer, offset);
        final int size = options.selection().maglevSize();
        if (size != Selection.SMALL && size != Selection.LARGE) {
            return "a Maglev table has 65537 or 655373 slots, not " + size;
        }

        final FlowLimits limits = options.limits();
        if (limits.maxFlows() < 0 || limits.maxFlowRate() < 0) {
            return "a limit cannot be negative: "
                    + Math.min(limits.maxFlows(), limits.maxFlowRate());
        }

        final Persistence persistence = options.persistence();
        if (persistence.timeoutS() < 0 || persistence.timeoutS() > Limits.MAX_TIMEOUT_S) {
            return "persistence must last 0 to "
                    + Limits.MAX_TIMEOUT_S
                    + " seconds, not "
                    + persistence.timeoutS();
        }
        if (persistence.prefixLength4() < 1 || persistence.prefixLength4() > 32) {
            return "a client's prefix must be 1 to 32 bits, not " + persistence.prefixLength4();
        }
        if (persistence.prefixLength6() < 1 || persistence.prefixLength6() > 128) {
            return "a client's prefix must be 1 to 128 bits, not " + persistence.prefixLength6();
        }

        return null;
    }

    private static boolean isZero(final DirectBuffer buffer, final int offset, final int length) {
        for (int i = 0; i < length; i += Long.BYTES) {
            if (buffer.getLong(offset + i) != 0) {
                return false;
            }
        }

        return true;
    }
}
