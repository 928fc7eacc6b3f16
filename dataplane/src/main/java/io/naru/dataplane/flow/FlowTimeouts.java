package io.naru.dataplane.flow;

import io.naru.dataplane.protocol.Limits;
import io.naru.dataplane.protocol.ServiceSpec;
import java.util.concurrent.TimeUnit;

/**
 * How long a flow may be idle before it expires, by the kind of state it is in.
 *
 * @param tcpOpeningNs before the handshake is complete.
 * @param tcpEstablishedNs established.
 * @param tcpClosingNs after the first FIN, or after an RST that a stranger may have forged.
 * @param tcpEndedNs after both FINs and their ACK, or after the backend's RST.
 * @param udpNs a UDP flow that was answered.
 * @param udpUnansweredNs a UDP flow that was not.
 */
public record FlowTimeouts(
        long tcpOpeningNs,
        long tcpEstablishedNs,
        long tcpClosingNs,
        long tcpEndedNs,
        long udpNs,
        long udpUnansweredNs) {
    /** The longest timeout. */
    public static final long MAX_NS = TimeUnit.SECONDS.toNanos(Limits.MAX_TIMEOUT_S);

    /**
     * RFC 5382 REQ-5: established at least 2 h 4 min, partly open or partly closed at least 4 min.
     * RFC 4787 REQ-5: UDP at least 2 min, 5 min recommended. Where both ends have finished the RFCs
     * leave it open: a minute, as long as Linux keeps its own TIME-WAIT.
     */
    public static final FlowTimeouts DEFAULT =
            new FlowTimeouts(
                    TimeUnit.MINUTES.toNanos(4),
                    TimeUnit.MINUTES.toNanos(124),
                    TimeUnit.MINUTES.toNanos(4),
                    TimeUnit.MINUTES.toNanos(1),
                    TimeUnit.MINUTES.toNanos(5),
                    TimeUnit.MINUTES.toNanos(2));

    /**
     * For the rest of an answer in several packets, where one is all that is asked for; and where
     * the answer does not pass us, for the rest of the question.
     */
    private static final long ONE_SHOT_NS = TimeUnit.SECONDS.toNanos(1);

    public FlowTimeouts {
        check("tcpOpeningNs", tcpOpeningNs);
        check("tcpEstablishedNs", tcpEstablishedNs);
        check("tcpClosingNs", tcpClosingNs);
        check("tcpEndedNs", tcpEndedNs);
        check("udpNs", udpNs);
        check("udpUnansweredNs", udpUnansweredNs);
    }

    /** What a service asks for; where it says 0, the default. */
    public static FlowTimeouts of(final ServiceSpec.Timeouts timeouts) {
        final long udpNs = secondsOr(timeouts.udpS(), DEFAULT.udpNs);
        return new FlowTimeouts(
                secondsOr(timeouts.tcpOpeningS(), DEFAULT.tcpOpeningNs),
                secondsOr(timeouts.tcpEstablishedS(), DEFAULT.tcpEstablishedNs),
                secondsOr(timeouts.tcpClosingS(), DEFAULT.tcpClosingNs),
                Math.min(secondsOr(timeouts.tcpClosingS(), DEFAULT.tcpEndedNs), DEFAULT.tcpEndedNs),
                udpNs,
                Math.min(udpNs, DEFAULT.udpUnansweredNs));
    }

    /** The timeout of {@code state}, a constant of {@link FlowState}. */
    public long timeoutNs(final int state) {
        return switch (state) {
            case FlowState.SYN_SENT, FlowState.SYN_ANSWERED, FlowState.ONE_WAY_SYN -> tcpOpeningNs;
            case FlowState.ESTABLISHED, FlowState.ONE_WAY_ESTABLISHED -> tcpEstablishedNs;
            case FlowState.FIN_CLIENT,
                    FlowState.FIN_BACKEND,
                    FlowState.CLOSING,
                    FlowState.RESET,
                    FlowState.ONE_WAY_CLOSING ->
                    tcpClosingNs;
            case FlowState.TIME_WAIT, FlowState.CLOSED -> tcpEndedNs;
            case FlowState.UDP_ESTABLISHED -> udpNs;
            case FlowState.UDP_UNANSWERED,
                    FlowState.UDP_ONE_WAY,
                    FlowState.UDP_ONE_WAY_ONCE,
                    FlowState.UDP_ASKED ->
                    udpUnansweredNs;
            case FlowState.UDP_ANSWERED, FlowState.UDP_ASKED_ONE_WAY ->
                    Math.min(udpNs, ONE_SHOT_NS);
            default -> 0;
        };
    }

    private static long secondsOr(final int seconds, final long defaultNs) {
        return seconds == 0 ? defaultNs : TimeUnit.SECONDS.toNanos(seconds);
    }

    private static void check(final String name, final long valueNs) {
        if (valueNs <= 0 || valueNs > MAX_NS) {
            throw new IllegalArgumentException(
                    name + " must be above 0 and at most " + MAX_NS + " ns: " + valueNs);
        }
    }
}
