package io.naru.dataplane.pipeline;

import io.naru.dataplane.protocol.DropReason;

/**
 * What becomes of a packet, as the int that {@code PacketBurst.verdict} holds.
 *
 * <p>A drop carries its {@link DropReason}: there is no drop without one.
 */
public final class Verdict {
    /** No stage has decided yet. */
    public static final int UNDECIDED = 0;

    /** Send it by the interface {@code egress}. */
    public static final int TX = 1;

    /** Give it to the worker {@code owner}, whose flow it is. */
    public static final int HANDOVER = 2;

    /** Leave it alone: a fragment that the pipeline keeps until it knows more. */
    public static final int HELD = 3;

    private static final int FIRST_DROP = 8;

    private Verdict() {}

    /** Drop it, and count it under {@code reason}. */
    public static int drop(final DropReason reason) {
        return FIRST_DROP + reason.code();
    }

    public static boolean isDrop(final int verdict) {
        return verdict >= FIRST_DROP;
    }

    /** The code of the {@link DropReason} of a drop. */
    public static int reasonCode(final int verdict) {
        assert isDrop(verdict);
        return verdict - FIRST_DROP;
    }
}
