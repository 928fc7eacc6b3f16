package io.naru.dataplane.pipeline;

import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowState;
import io.naru.dataplane.packet.TcpHeader;
import io.naru.dataplane.port.PacketBurst;

/**
 * Keeps, for each direction of a TCP flow, the sequence number that its receiver expects next, and
 * tells by it which RSTs are not to be believed: a stranger who does not see the connection has to
 * guess the number (RFC 5961 §3).
 *
 * <p>The receiver itself believes only the exact number. We see what is sent and not what arrives,
 * so all that is within {@link #RST_WINDOW} of it counts; who is wrong about an RST loses no
 * connection by it, see {@link FlowState}. A segment further ahead than that does not move the
 * number either, or a stranger would first move it to where his RST is: what is missing comes by
 * here again, since TCP leaves nothing out.
 */
final class TcpSequences {
    /** Nothing is known yet. */
    static final int UNKNOWN = 0;

    private static final int RST_WINDOW_BITS = 20;

    /**
     * How far an RST may be from the number that is expected: more than is on the way unseen where
     * packets are lost, and still 1 in 2,048 of all numbers.
     */
    static final int RST_WINDOW = 1 << RST_WINDOW_BITS;

    /** Of these a SYN begins the numbers anew; in others it may be a stranger's. */
    private static final int TAKES_SYN =
            (1 << FlowState.SYN_SENT)
                    | (1 << FlowState.SYN_ANSWERED)
                    | (1 << FlowState.RESET)
                    | (1 << FlowState.CLOSED)
                    | (1 << FlowState.ONE_WAY_SYN)
                    | (1 << FlowState.ONE_WAY_CLOSING);

    /** Of these any segment is taken at its word: one end may not have spoken yet. */
    private static final int TAKES_ANY =
            (1 << FlowState.SYN_SENT)
                    | (1 << FlowState.SYN_ANSWERED)
                    | (1 << FlowState.ONE_WAY_SYN);

    private static final int SYN_OR_RST = TcpHeader.SYN | TcpHeader.RST;

    private long disbelievedResets;

    /** RSTs that no end of the connection would have sent so. */
    long disbelievedResets() {
        return disbelievedResets;
    }

    /**
     * Notes what the receiver of a TCP packet expects next, or judges an RST; does nothing for a
     * packet without flags: one of UDP, or a fragment that has no TCP header. There is no branch on
     * which it is, but on whether the segment is near to what is known.
     *
     * @param state of the flow before the packet.
     * @param l4 where the TCP header is.
     * @return the packet's flags; 0, which changes no state, of an RST that is not believed.
     */
    int track(
            final long entry,
            final int state,
            final int direction,
            final long l4,
            final int flags,
            final int payloadLength) {
        final int known = FlowEntry.nextSequence(entry, direction);
        final int sequence = TcpHeader.sequence(l4);
        final int next = sequence + payloadLength + (flags & TcpHeader.FIN);
        final int ahead = next - known;
        final int isTcp = -flags >> 31; // all ones if there are any flags
        final int isFar = (ahead + RST_WINDOW) >>> (RST_WINDOW_BITS + 1);
        final int isFirst = ~(known | -known) >>> 31; // known is UNKNOWN
        if (((isFar | isFirst | (flags & SYN_OR_RST)) & isTcp) != 0) {
            return judge(entry, state, direction, flags, sequence, next);
        }

        FlowEntry.nextSequence(entry, direction, known + (Math.max(ahead, 0) & isTcp));
        return flags;
    }

    /** A SYN, an RST, what is not near to what was expected, or the first that is seen. */
    private int judge(
            final long entry,
            final int state,
            final int direction,
            final int flags,
            final int sequence,
            final int nextButSyn) {
        final int known = FlowEntry.nextSequence(entry, direction);
        if ((flags & TcpHeader.RST) != 0) {
            if (known == UNKNOWN || isNear(sequence, known)) {
                return flags;
            }

            disbelievedResets++;
            return 0;
        }

        final boolean isSyn = (flags & TcpHeader.SYN) != 0;
        final int takes = isSyn ? TAKES_SYN : TAKES_ANY;
        if (((takes >>> state) & 1) != 0 || (known == UNKNOWN && !isSyn)) {
            FlowEntry.nextSequence(entry, direction, nextButSyn + (isSyn ? 1 : 0));
        }

        return flags;
    }

    private static boolean isNear(final int sequence, final int known) {
        return Integer.compareUnsigned(sequence - known + RST_WINDOW, 2 * RST_WINDOW) <= 0;
    }

    /** What a segment takes of the sequence numbers: its payload, SYN and FIN. */
    static int length(final PacketBurst burst, final int i) {
        final int flags = burst.tcpFlags[i];
        return burst.payloadLength[i] + ((flags & TcpHeader.SYN) >>> 1) + (flags & TcpHeader.FIN);
    }
}
