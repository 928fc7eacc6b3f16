package io.naru.controlplane.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.naru.controlplane.config.AdminState;
import io.naru.dataplane.protocol.BackendState;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EffectiveStateTest {
    @ParameterizedTest(name = "{0} and {1} is {2}")
    @CsvSource({
        "UP,    UNCHECKED, UP",
        "UP,    UP,        UP",
        "UP,    DOWN,      DOWN",
        "UP,    UNDECIDED, KEEP",
        "UP,    UNPROVEN,  DOWN",
        "DRAIN, UNCHECKED, DRAIN",
        "DRAIN, UP,        DRAIN",
        "DRAIN, DOWN,      DOWN",
        "DRAIN, UNDECIDED, DRAIN",
        "DRAIN, UNPROVEN,  DRAIN",
        "DOWN,  UNCHECKED, DOWN",
        "DOWN,  UP,        DOWN",
        "DOWN,  DOWN,      DOWN",
        "DOWN,  UNDECIDED, DOWN",
        "DOWN,  UNPROVEN,  DOWN",
    })
    void shouldMergeWhatIsWantedWithWhatIsFound(
            final AdminState wanted, final BackendHealth health, final BackendState expected) {
        assertEquals(expected, EffectiveState.of(wanted, health));
    }
}
