package io.naru.controlplane.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.naru.controlplane.reconcile.Rates.Rate;
import io.naru.dataplane.protocol.Stats;
import java.util.List;
import org.junit.jupiter.api.Test;

class RatesTest {
    private final Rates<String> rates = new Rates<>();

    @Test
    void shouldDivideByTheTimeBetweenTwoSamples() {
        sample(new Stats(100, 10_000, 50, 5_000, 10, 3, 0), 1_000);
        assertEquals(Rate.ZERO, rates.rate("web"), "nothing to compare with yet");

        sample(new Stats(300, 20_000, 150, 10_000, 30, 9, 0), 3_000);

        assertEquals(new Rate(10, 150, 60_000), rates.rate("web"));
    }

    @Test
    void shouldTakeCountersThatWentBackForAnotherDataPlane() {
        sample(new Stats(100, 10_000, 50, 5_000, 10, 3, 0), 1_000);

        sample(new Stats(1, 100, 1, 100, 1, 1, 0), 2_000);

        assertEquals(Rate.ZERO, rates.rate("web"));
    }

    @Test
    void shouldForgetWhatIsGone() {
        sample(Stats.ZERO, 1_000);
        rates.sample(List.of(), name -> Stats.ZERO, 2_000);

        assertEquals(Rate.ZERO, rates.rate("web"));
    }

    private void sample(final Stats stats, final long nowMs) {
        rates.sample(List.of("web"), name -> stats, nowMs);
    }
}
