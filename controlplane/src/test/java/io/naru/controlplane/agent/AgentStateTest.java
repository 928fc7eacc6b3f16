package io.naru.controlplane.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.controlplane.config.AdminState;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AgentStateTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "75%                          | 75%",
                "75% ready                    | 75%",
                "ready                        | ready",
                "drain                        | drain",
                "'drain,50%'                  | '50%, drain'",
                "MAINT                        | maint",
                "down                         | 'down: down'",
                "failed#disk full             | 'down: disk full'",
                "'stopped # by hand, at noon' | 'down: by hand, at noon'",
                "up ready 100%                | ready",
                "maxconn:30 ready             | ready",
                "9999%                        | 1000%",
                "0%                           | 0%"
            })
    void shouldUnderstandWhatHaproxyDoes(final String line, final String state) {
        final AgentState.Reading reading = AgentState.SILENT.hear(line + "\r\nsecond line: down\n");

        assertEquals(state, reading.state().toString());
        assertTrue(reading.hasMeaning());
        assertEquals(List.of(), reading.unknown());
    }

    @Test
    void shouldLeaveWhatALineDoesNotSpeakOf() {
        final AgentState drained = AgentState.SILENT.hear("drain 50%").state();

        assertEquals("down: x", AgentState.SILENT.hear("down#x").state().toString());
        assertEquals("20%, drain", drained.hear("20%").state().toString());
        assertEquals("50%, down: x", drained.hear("down #x").state().toString());
        assertEquals(AdminState.DOWN, drained.hear("down").state().state());
        assertEquals(AdminState.DRAIN, drained.hear("down").state().hear("up").state().state());
        assertEquals("50%", drained.hear("ready").state().toString());
    }

    @Test
    void shouldTellWhatMeansNothing() {
        final AgentState.Reading reading = AgentState.SILENT.hear("HTTP/1.1 400 Bad Request");

        assertEquals(AgentState.SILENT, reading.state());
        assertEquals(List.of("HTTP/1.1", "400", "Bad", "Request"), reading.unknown());
        assertFalse(reading.hasMeaning());
        assertFalse(AgentState.SILENT.hear("").hasMeaning());
        assertFalse(AgentState.SILENT.hear("\n").hasMeaning());
    }

    @Test
    void shouldTakeAnyBytes() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        final String alphabet = "0123456789%#, \t\r\ndrainymtupowfsxcl:\u0000\u00ff";
        for (int i = 0; i < 20_000; i++) {
            final StringBuilder line = new StringBuilder();
            for (int n = random.nextInt(40); n > 0; n--) {
                line.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }

            final AgentState state = AgentState.SILENT.hear(line.toString()).state();

            assertTrue(
                    state.weightPercent() >= 0 && state.weightPercent() <= AgentState.MAX_PERCENT,
                    () -> "seed " + seed);
            assertTrue(state.reason().length() <= 201, () -> "seed " + seed);
        }
    }
}
