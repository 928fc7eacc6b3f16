package io.naru.dataplane.flow;

import static io.naru.dataplane.flow.FlowEntry.TO_BACKEND;
import static io.naru.dataplane.flow.FlowEntry.TO_CLIENT;
import static java.util.stream.Collectors.toMap;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.packet.TcpHeader;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The state machine against a table written out by hand, and as stories. */
class FlowStateTest {
    private static final Map<String, Integer> STATES =
            IntStream.range(0, FlowState.COUNT)
                    .boxed()
                    .collect(toMap(FlowState::name, state -> state));

    /**
     * What each packet leads to, by state, reasoned from RFC 9293 §3.5 and §3.6, RFC 5382 and RFC
     * 5961. Columns: a packet from the client with S(yn), S(yn)A(ck), A(ck), F(in)A(ck), R(st), RA,
     * or no flag at all; then the same from the backend. "." is no change.
     */
    private static final String TRANSITIONS =
            """
            state               | S  SA  A                   FA              R       RA      -               | S  SA           A           FA          R      RA     -
            none                | .  .   .                   .               .       .       .               | .  .            .           .           .      .      .
            syn-sent            | .  .   .                   .               closed  closed  .               | .  syn-answered .           .           closed closed .
            syn-answered        | .  .   established         fin-client      closed  closed  .               | .  .            .           fin-backend closed closed .
            established         | .  .   .                   fin-client      reset   reset   .               | .  .            .           fin-backend closed closed .
            fin-client          | .  .   .                   .               reset   reset   .               | .  .            .           closing     closed closed .
            fin-backend         | .  .   .                   closing         reset   reset   .               | .  .            .           .           closed closed .
            closing             | .  .   time-wait           .               reset   reset   .               | .  .            time-wait   .           closed closed .
            time-wait           | .  .   .                   .               .       .       .               | .  .            .           .           .      .      .
            reset               | .  .   established         fin-client      .       .       .               | .  syn-answered .           .           closed closed .
            closed              | .  .   .                   .               .       .       .               | .  syn-answered established fin-backend .      .      .
            one-way-syn         | .  .   one-way-established one-way-closing .       .       .               | .  .            .           .           .      .      .
            one-way-established | .  .   .                   one-way-closing one-way-closing one-way-closing . | .  .          .           .           .      .      .
            one-way-closing     | .  .   .                   .               .       .       .               | .  .            .           .           .      .      .
            udp-unanswered      | .  .   .                   .               .       .       .               | .  .            .           .           .      .      udp-established
            udp-one-way         | .  .   .                   .               .       .       udp-one-way-once | .  .           .           .           .      .      .
            udp-one-way-once    | .  .   .                   .               .       .       udp-established | .  .            .           .           .      .      .
            udp-established     | .  .   .                   .               .       .       .               | .  .            .           .           .      .      .
            udp-asked           | .  .   .                   .               .       .       .               | .  .            .           .           .      .      udp-answered
            udp-answered        | .  .   .                   .               .       .       udp-asked       | .  .            .           .           .      .      .
            udp-asked-one-way   | .  .   .                   .               .       .       .               | .  .            .           .           .      .      .
            """;

    private static final int[] COLUMNS = {
        TcpHeader.SYN,
        TcpHeader.SYN | TcpHeader.ACK,
        TcpHeader.ACK,
        TcpHeader.FIN | TcpHeader.ACK,
        TcpHeader.RST,
        TcpHeader.RST | TcpHeader.ACK,
        0
    };

    @Test
    void shouldFollowTheTableWrittenByHand() {
        for (final String line : TRANSITIONS.lines().skip(1).toList()) {
            final String[] parts = line.split("\\|", 3);
            final int state = STATES.get(parts[0].strip());
            for (int direction = TO_BACKEND; direction <= TO_CLIENT; direction++) {
                final String[] cells = parts[1 + direction].strip().split("\\s+", COLUMNS.length);
                for (int column = 0; column < COLUMNS.length; column++) {
                    final boolean isUdp = state >= FlowState.UDP_UNANSWERED;
                    if (isUdp && COLUMNS[column] != 0) {
                        continue; // UDP packets have no flags
                    }

                    final String expected =
                            cells[column].equals(".") ? parts[0].strip() : cells[column];
                    assertEquals(
                            expected,
                            FlowState.name(FlowState.next(state, direction, COLUMNS[column])),
                            "%s, direction %d, flags 0x%x"
                                    .formatted(parts[0].strip(), direction, COLUMNS[column]));
                }
            }
        }
        assertEquals(FlowState.COUNT + 1, TRANSITIONS.lines().count());
    }

    @Test
    void shouldLookAtNoOtherFlags() {
        for (int state = 0; state < FlowState.COUNT; state++) {
            for (int direction = TO_BACKEND; direction <= TO_CLIENT; direction++) {
                for (int flags = 0; flags <= 0xff; flags++) {
                    final int relevant =
                            flags & (TcpHeader.SYN | TcpHeader.ACK | TcpHeader.FIN | TcpHeader.RST);
                    final int next = FlowState.next(state, direction, flags);

                    assertEquals(FlowState.next(state, direction, relevant), next);
                    assertTrue(next >= 0 && next < FlowState.COUNT);
                }
            }
        }
    }

    @Test
    void shouldGoThroughTheLifeOfAConnection() {
        assertEquals(FlowState.TIME_WAIT, walk(FlowState.SYN_SENT, "<SA >A >A <A <FA >A >FA <A"));
        assertEquals(FlowState.TIME_WAIT, walk(FlowState.SYN_SENT, "<SA >A >FA <A <A >A <FA >A"));
    }

    @Test
    void shouldNotBeEstablishedByAStrangerWhoNeverSawTheAnswer() {
        assertTrue(FlowState.isEmbryonic(walk(FlowState.SYN_SENT, ">A >A >S >FA >-")));
    }

    @Test
    void shouldBeOverWhenTheBackendRejectsAForgedHandshake() {
        assertTrue(FlowState.isEnded(walk(FlowState.SYN_SENT, "<SA >A <R")));
    }

    @Test
    void shouldSurviveAForgedResetFromTheClientsSide() {
        assertEquals(FlowState.ESTABLISHED, walk(FlowState.ESTABLISHED, ">R <A <A >A"));
        assertFalse(FlowState.isEnded(walk(FlowState.ESTABLISHED, ">R")));
        assertFalse(FlowState.isEmbryonic(walk(FlowState.ESTABLISHED, ">R")));
    }

    @Test
    void shouldSurviveAForgedResetAndSynTogether() {
        // The backend answers the SYN with a challenge ACK (RFC 5961 §4), the client goes on.
        assertEquals(FlowState.ESTABLISHED, walk(FlowState.ESTABLISHED, ">R >S <A >A"));
        assertFalse(
                FlowState.isReopenedBy(FlowState.RESET, TO_BACKEND, TcpHeader.SYN),
                "would be scheduled anew");
    }

    @Test
    void shouldTakeAClientThatResetsAndConnectsAgain() {
        assertEquals(FlowState.ESTABLISHED, walk(FlowState.ESTABLISHED, ">R >S <SA >A"));
    }

    @Test
    void shouldTakeBackAResetOfABackendThatTalksOn() {
        // RFC 9293 §3.5.2: in SYN-RECEIVED a bad ACK is answered by RST, the connection stays.
        assertEquals(FlowState.ESTABLISHED, walk(FlowState.SYN_SENT, "<SA >A <R >A <A >A"));
    }

    @Test
    void shouldBelieveTheBackendsReset() {
        assertTrue(FlowState.isEnded(walk(FlowState.ESTABLISHED, "<R")));
        assertTrue(FlowState.isEnded(walk(FlowState.SYN_SENT, "<RA")), "connection refused");
    }

    @Test
    void shouldBeEmbryonicUntilASecondPacketWhereNoRepliesAreSeen() {
        assertTrue(FlowState.isEmbryonic(walk(FlowState.initial(false, true), ">-")));
        assertEquals(FlowState.UDP_ESTABLISHED, walk(FlowState.initial(false, true), ">- >-"));
        assertTrue(FlowState.isEmbryonic(walk(FlowState.initial(true, true), ">S >S")));
        assertEquals(FlowState.ONE_WAY_ESTABLISHED, walk(FlowState.initial(true, true), ">S >A"));
    }

    @Test
    void shouldBeEmbryonicUntilAReplyWhereRepliesAreSeen() {
        assertTrue(FlowState.isEmbryonic(walk(FlowState.initial(false, false), ">- >- >-")));
        assertEquals(FlowState.UDP_ESTABLISHED, walk(FlowState.initial(false, false), ">- <-"));
    }

    @Test
    void shouldBeReopenedByASynOnlyWhereItIsOver() {
        for (int state = 0; state < FlowState.COUNT; state++) {
            final boolean isOver =
                    state == FlowState.TIME_WAIT
                            || state == FlowState.CLOSED
                            || state == FlowState.ONE_WAY_CLOSING;

            assertEquals(isOver, FlowState.isReopenedBy(state, TO_BACKEND, TcpHeader.SYN));
            assertFalse(FlowState.isReopenedBy(state, TO_CLIENT, TcpHeader.SYN));
            assertFalse(FlowState.isReopenedBy(state, TO_BACKEND, TcpHeader.SYN | TcpHeader.ACK));
            assertFalse(FlowState.isReopenedBy(state, TO_BACKEND, TcpHeader.ACK));
        }
    }

    @Test
    void shouldBeginAsWhatTheFirstPacketShows() {
        assertEquals(FlowState.SYN_SENT, FlowState.initial(true, false));
        assertEquals(FlowState.ONE_WAY_SYN, FlowState.initial(true, true));
        assertEquals(FlowState.UDP_UNANSWERED, FlowState.initial(false, false));
        assertEquals(FlowState.UDP_ONE_WAY, FlowState.initial(false, true));
        assertEquals(FlowState.UDP_ASKED, FlowState.initialOneShot(false));
        assertEquals(FlowState.UDP_ASKED_ONE_WAY, FlowState.initialOneShot(true));
        for (final boolean isTcp : new boolean[] {true, false}) {
            for (final boolean isOneWay : new boolean[] {true, false}) {
                assertTrue(FlowState.isEmbryonic(FlowState.initial(isTcp, isOneWay)));
            }
        }
    }

    @Test
    void shouldNeverBeEmbryonicAgainOnceEstablishedUnlessTheBackendAnswersASyn() {
        for (int state = 1; state < FlowState.COUNT; state++) {
            for (int direction = TO_BACKEND; direction <= TO_CLIENT; direction++) {
                for (int flags = 0; flags <= 0x1f; flags++) {
                    final int next = FlowState.next(state, direction, flags);
                    if (state == FlowState.UDP_ANSWERED) {
                        continue; // the next question begins anew
                    }
                    if (!FlowState.isEmbryonic(state) && FlowState.isEmbryonic(next)) {
                        assertEquals(FlowState.SYN_ANSWERED, next);
                        assertEquals(TO_CLIENT, direction);
                    }
                }
            }
        }
    }

    /** Packets as ">FA": direction (&gt; is to the backend) and flags. */
    private static int walk(final int initial, final String packets) {
        int state = initial;
        for (final String packet : packets.split(" ", -1)) {
            int flags = 0;
            for (final char flag : packet.substring(1).toCharArray()) {
                flags |=
                        switch (flag) {
                            case 'S' -> TcpHeader.SYN;
                            case 'A' -> TcpHeader.ACK;
                            case 'F' -> TcpHeader.FIN;
                            case 'R' -> TcpHeader.RST;
                            default -> 0;
                        };
            }
            state = FlowState.next(state, packet.charAt(0) == '>' ? TO_BACKEND : TO_CLIENT, flags);
        }

        return state;
    }
}
