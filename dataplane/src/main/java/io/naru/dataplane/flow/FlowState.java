package io.naru.dataplane.flow;

import static io.naru.dataplane.flow.FlowEntry.TO_BACKEND;
import static io.naru.dataplane.flow.FlowEntry.TO_CLIENT;
import static io.naru.dataplane.packet.TcpHeader.ACK;
import static io.naru.dataplane.packet.TcpHeader.FIN;
import static io.naru.dataplane.packet.TcpHeader.RST;
import static io.naru.dataplane.packet.TcpHeader.SYN;

/**
 * The states of a flow, and the packets that move it from one to the next.
 *
 * <pre>
 *            SYN|ACK from backend            ACK from client
 *   SYN_SENT ────────────────────► SYN_ANSWERED ───────────► ESTABLISHED ── RST from client
 *      │ RST                          │ RST                       │ FIN         │      ▲
 *      ▼                              ▼                           ▼             ▼      │ ACK
 *    CLOSED ◄── RST from backend, in any state        FIN_CLIENT, FIN_BACKEND  RESET ──┘
 *                                                                 │ the other FIN
 *                               TIME_WAIT ◄──────── ACK ────── CLOSING
 *
 *   Replies do not pass us (dsr-l2):
 *   ONE_WAY_SYN ──── ACK ────► ONE_WAY_ESTABLISHED ──── FIN, RST ────► ONE_WAY_CLOSING
 *
 *   UDP_UNANSWERED ── reply ──► UDP_ESTABLISHED
 *   UDP_ONE_WAY ── the opening packet ──► UDP_ONE_WAY_ONCE ── another ──► UDP_ESTABLISHED
 *
 *   One-shot services:
 *   UDP_ASKED ── reply ──► UDP_ANSWERED ── another question ──► UDP_ASKED
 *   UDP_ASKED_ONE_WAY
 * </pre>
 *
 * <p>We see packets, not what the ends accept. So what a stranger can forge is believed with care
 * (RFC 5961 has the attacks):
 *
 * <ul>
 *   <li>An RST that is far from the sequence number that its receiver expects changes nothing; it
 *       comes here without its flag.
 *   <li>An RST from the client's side only shortens the timeout (RESET); the next ordinary segment
 *       from the client takes it back. The backend's answer tells whether it was real.
 *   <li>An RST from the backend means that there is no connection (RFC 9293 §3.5.2): CLOSED. A
 *       later ordinary segment from it takes that back.
 *   <li>A SYN in an established connection changes nothing: an end that is alive answers it with a
 *       challenge ACK.
 *   <li>A flow is established only when both ends have taken part, where we can see both.
 * </ul>
 *
 * One table for all protocols (UDP packets have flags of 0), so that the packet path asks once and
 * does not branch.
 */
public final class FlowState {
    public static final int SYN_SENT = 1;
    public static final int SYN_ANSWERED = 2;
    public static final int ESTABLISHED = 3;
    public static final int FIN_CLIENT = 4;
    public static final int FIN_BACKEND = 5;
    public static final int CLOSING = 6;
    public static final int TIME_WAIT = 7;
    public static final int RESET = 8;
    public static final int CLOSED = 9;
    public static final int ONE_WAY_SYN = 10;
    public static final int ONE_WAY_ESTABLISHED = 11;
    public static final int ONE_WAY_CLOSING = 12;
    public static final int UDP_UNANSWERED = 13;
    public static final int UDP_ONE_WAY = 14;
    public static final int UDP_ONE_WAY_ONCE = 15;
    public static final int UDP_ESTABLISHED = 16;
    public static final int UDP_ASKED = 17;
    public static final int UDP_ANSWERED = 18;
    public static final int UDP_ASKED_ONE_WAY = 19;

    /** States are numbered below this; 0 is none of them. */
    public static final int COUNT = 20;

    private static final String[] NAMES = {
        "none",
        "syn-sent",
        "syn-answered",
        "established",
        "fin-client",
        "fin-backend",
        "closing",
        "time-wait",
        "reset",
        "closed",
        "one-way-syn",
        "one-way-established",
        "one-way-closing",
        "udp-unanswered",
        "udp-one-way",
        "udp-one-way-once",
        "udp-established",
        "udp-asked",
        "udp-answered",
        "udp-asked-one-way"
    };

    private static final int EMBRYONIC =
            (1 << SYN_SENT)
                    | (1 << SYN_ANSWERED)
                    | (1 << ONE_WAY_SYN)
                    | (1 << UDP_UNANSWERED)
                    | (1 << UDP_ONE_WAY)
                    | (1 << UDP_ONE_WAY_ONCE)
                    | (1 << UDP_ASKED)
                    | (1 << UDP_ASKED_ONE_WAY);
    private static final int ENDED = (1 << TIME_WAIT) | (1 << CLOSED) | (1 << UDP_ANSWERED);
    private static final int REOPENABLE = (1 << TIME_WAIT) | (1 << CLOSED) | (1 << ONE_WAY_CLOSING);

    /** SYN, FIN, RST and ACK: the flags that matter, as an index of 4 bits. */
    private static final int FLAG_SETS = 16;

    /** [state][direction][flags], 640 bytes. */
    private static final byte[] NEXT = new byte[COUNT * 2 * FLAG_SETS];

    static {
        for (int state = 0; state < COUNT; state++) {
            for (int flagSet = 0; flagSet < FLAG_SETS; flagSet++) {
                final int flags = (flagSet & (FIN | SYN | RST)) | ((flagSet & 8) << 1);
                NEXT[index(state, TO_BACKEND, flags)] = (byte) afterClient(state, flags);
                NEXT[index(state, TO_CLIENT, flags)] = (byte) afterBackend(state, flags);
            }
        }
    }

    private FlowState() {}

    /**
     * The state after a packet of the flow; the one that opened it is the first, in the state
     * {@link #initial}.
     *
     * @param direction {@link FlowEntry#TO_BACKEND} or {@link FlowEntry#TO_CLIENT}.
     * @param tcpFlags TCP's flag byte; 0 for UDP.
     */
    public static int next(final int state, final int direction, final int tcpFlags) {
        return NEXT[index(state, direction, tcpFlags)];
    }

    /**
     * The state of a flow that a packet from the client is about to open.
     *
     * @param isTcp else UDP.
     * @param isOneWay whether replies do not pass us.
     */
    public static int initial(final boolean isTcp, final boolean isOneWay) {
        if (isTcp) {
            return isOneWay ? ONE_WAY_SYN : SYN_SENT;
        }

        return isOneWay ? UDP_ONE_WAY : UDP_UNANSWERED;
    }

    /** The same of a UDP service whose flows are over with their first reply. */
    public static int initialOneShot(final boolean isOneWay) {
        return isOneWay ? UDP_ASKED_ONE_WAY : UDP_ASKED;
    }

    /** Opened, but not yet shown to be more than a packet with a made-up source. */
    public static boolean isEmbryonic(final int state) {
        return ((EMBRYONIC >>> state) & 1) != 0;
    }

    /** Over: kept for late packets only. */
    public static boolean isEnded(final int state) {
        return ((ENDED >>> state) & 1) != 0;
    }

    /**
     * Whether a packet from the client opens a new connection where an old one is over (RFC 9293
     * §3.6.1, RFC 6191): the old flow is to be removed and the scheduler asked anew. Ask this
     * before {@link #next}, which knows no way out of these states.
     */
    public static boolean isReopenedBy(final int state, final int direction, final int tcpFlags) {
        return direction == TO_BACKEND
                && ((REOPENABLE >>> state) & 1) != 0
                && (tcpFlags & (SYN | ACK | RST | FIN)) == SYN;
    }

    public static String name(final int state) {
        return NAMES[state];
    }

    private static int index(final int state, final int direction, final int tcpFlags) {
        return (state << 5)
                | (direction << 4)
                | ((tcpFlags & ACK) >>> 1)
                | (tcpFlags & (FIN | SYN | RST));
    }

    private static int afterClient(final int state, final int flags) {
        final boolean isRst = (flags & RST) != 0;
        final boolean isSyn = (flags & SYN) != 0 && !isRst;
        final boolean isFin = (flags & FIN) != 0 && !isRst && !isSyn;
        final boolean isAck = (flags & (ACK | RST | SYN)) == ACK;
        return switch (state) {
            case SYN_SENT -> isRst ? CLOSED : SYN_SENT;
            case SYN_ANSWERED -> {
                if (isRst) {
                    yield CLOSED;
                }

                yield isAck ? isFin ? FIN_CLIENT : ESTABLISHED : SYN_ANSWERED;
            }
            case ESTABLISHED -> {
                if (isRst) {
                    yield RESET;
                }

                yield isFin ? FIN_CLIENT : ESTABLISHED;
            }
            case FIN_CLIENT -> isRst ? RESET : FIN_CLIENT;
            case FIN_BACKEND -> {
                if (isRst) {
                    yield RESET;
                }

                yield isFin ? CLOSING : FIN_BACKEND;
            }
            case CLOSING -> {
                if (isRst) {
                    yield RESET;
                }

                yield isAck && !isFin ? TIME_WAIT : CLOSING;
            }
            case RESET -> isAck ? isFin ? FIN_CLIENT : ESTABLISHED : RESET;
            case ONE_WAY_SYN -> {
                if (isAck) {
                    yield isFin ? ONE_WAY_CLOSING : ONE_WAY_ESTABLISHED;
                }

                yield ONE_WAY_SYN;
            }
            case ONE_WAY_ESTABLISHED -> isRst || isFin ? ONE_WAY_CLOSING : ONE_WAY_ESTABLISHED;
            case UDP_ONE_WAY -> UDP_ONE_WAY_ONCE;
            case UDP_ONE_WAY_ONCE -> UDP_ESTABLISHED;
            case UDP_ANSWERED -> UDP_ASKED;
            default -> state;
        };
    }

    private static int afterBackend(final int state, final int flags) {
        final boolean isRst = (flags & RST) != 0;
        final boolean isSynAck = (flags & (SYN | ACK | RST)) == (SYN | ACK);
        final boolean isFin = (flags & (FIN | SYN | RST)) == FIN;
        final boolean isAck = (flags & (ACK | RST | SYN)) == ACK;
        if (isRst && state >= SYN_SENT && state <= CLOSED && state != TIME_WAIT) {
            return CLOSED;
        }

        return switch (state) {
            case SYN_SENT -> isSynAck ? SYN_ANSWERED : SYN_SENT;
            case SYN_ANSWERED -> isFin ? FIN_BACKEND : SYN_ANSWERED;
            case ESTABLISHED -> isFin ? FIN_BACKEND : ESTABLISHED;
            case FIN_CLIENT -> isFin ? CLOSING : FIN_CLIENT;
            case CLOSING -> isAck && !isFin ? TIME_WAIT : CLOSING;
            case RESET -> isSynAck ? SYN_ANSWERED : RESET;
            case CLOSED -> {
                if (isSynAck) {
                    yield SYN_ANSWERED;
                }

                yield isAck ? isFin ? FIN_BACKEND : ESTABLISHED : CLOSED;
            }
            case UDP_UNANSWERED -> UDP_ESTABLISHED;
            case UDP_ASKED -> UDP_ANSWERED;
            default -> state;
        };
    }
}
