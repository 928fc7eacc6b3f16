package io.naru.dataplane.pipeline;

import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowState;
import io.naru.dataplane.packet.Ipv4Header;
import io.naru.dataplane.packet.Ipv6Header;
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

    /**
     * How far an RST may be from the number that is expected: more than is on the way unseen where
     * packets are lost, and still 1 in 2,048 of all numbers.
     */
    static final int RST_WINDOW = 1 << 20;

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

    private TcpSequences() {}

    /**
     * Notes what the receiver of a TCP packet expects next, or judges an RST.
     *
     * @param state of the flow before the packet.
     * @return the packet's flags; 0, which changes no state, of an RST that is not believed.
     */
    static int track(final PacketBurst burst, final int i, final long entry, final int state) {
        final int flags = burst.tcpFlags[i];
        final int direction = burst.direction[i];
        if (burst.l4Offset[i] == 0) {
            return flags; // a fragment that has no TCP header
        }

        final long l4 = burst.address[i] + burst.l4Offset[i];
        final int known = FlowEntry.nextSequence(entry, direction);
        final int sequence = TcpHeader.sequence(l4);
        if ((flags & TcpHeader.RST) != 0) {
            return known == UNKNOWN || isNear(sequence, known) ? flags : 0;
        }

        final int next = sequence + length(burst, i, FlowEntry.isIpv6(entry));
        final boolean isNews =
                (flags & TcpHeader.SYN) != 0
                        ? ((TAKES_SYN >>> state) & 1) != 0
                        : known == UNKNOWN
                                || ((TAKES_ANY >>> state) & 1) != 0
                                || Integer.compareUnsigned(next - known, RST_WINDOW) <= 0;
        if (isNews) {
            FlowEntry.nextSequence(entry, direction, next);
        }

        return flags;
    }

    private static boolean isNear(final int sequence, final int known) {
        return Integer.compareUnsigned(sequence - known + RST_WINDOW, 2 * RST_WINDOW) <= 0;
    }

    /** What a segment takes of the sequence numbers: its payload, SYN and FIN. */
    static int length(final PacketBurst burst, final int i, final boolean isIpv6) {
        final int flags = burst.tcpFlags[i];
        final long l3 = burst.address[i] + burst.l3Offset[i];
        final long l4 = burst.address[i] + burst.l4Offset[i];
        final int packetLength =
                isIpv6
                        ? Ipv6Header.LENGTH + Ipv6Header.payloadLength(l3)
                        : Ipv4Header.totalLength(l3);
        return packetLength
                - (int) (l4 - l3)
                - TcpHeader.headerLength(l4)
                + ((flags & TcpHeader.SYN) >>> 1)
                + (flags & TcpHeader.FIN);
    }
}
