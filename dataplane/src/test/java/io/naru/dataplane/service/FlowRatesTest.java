package io.naru.dataplane.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FlowRatesTest {
    private static final long SECOND_NS = 1_000_000_000L;

    private final FlowRates rates = new FlowRates();

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 500, 100_000})
    void shouldLetASecondsWorthThroughAtOnceAndThenTheRate(final int rate) {
        final long start = -5 * SECOND_NS; // a clock may begin anywhere
        int taken = 0;
        while (rates.takeOfBackend(7, rate, start)) {
            taken++;
        }
        assertEquals(rate, taken);

        int later = 0;
        final int polls = 10 * rate;
        for (int i = 1; i <= polls; i++) {
            later += rates.takeOfBackend(7, rate, start + i * (SECOND_NS / rate)) ? 1 : 0;
        }
        assertEquals(polls, later);
        assertFalse(rates.takeOfBackend(7, rate, start + polls * (SECOND_NS / rate)));
    }

    @Test
    void shouldNeverLetMoreThroughInAnyTimeThanTheRateAndASecondsWorth() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        final int rate = 50;
        final List<Long> times = new ArrayList<>();
        long now = 0;
        for (int i = 0; i < 20_000; i++) {
            now += (long) (random.nextDouble() * random.nextDouble() * SECOND_NS / rate);
            if (rates.takeOfService(1, rate, now)) {
                times.add(now);
            }
        }
        for (int first = 0; first < times.size(); first += 7) {
            for (int last = first; last < times.size(); last += 11) {
                final double seconds = (times.get(last) - times.get(first)) / (double) SECOND_NS;
                assertTrue(last - first + 1 <= rate + rate * seconds + 1, "seed " + seed);
            }
        }
    }

    @Test
    void shouldKeepServicesAndBackendsApart() {
        assertTrue(rates.takeOfService(1, 1, 0));
        assertTrue(rates.takeOfBackend(1, 1, 0));
        assertTrue(rates.takeOfBackend(2, 1, 0));
        assertFalse(rates.takeOfService(1, 1, 0));
        assertFalse(rates.takeOfBackend(2, 1, 0));
    }

    @Test
    void shouldLetNoMoreThroughForSeveralWorkers() throws InterruptedException {
        final int rate = 10_000;
        final AtomicInteger taken = new AtomicInteger();
        final List<Thread> threads = new ArrayList<>();
        for (int worker = 0; worker < 4; worker++) {
            final Thread thread =
                    new Thread(
                            () -> {
                                for (int i = 0; i < rate; i++) {
                                    if (rates.takeOfBackend(3, rate, 0)) {
                                        taken.incrementAndGet();
                                    }
                                }
                            });
            threads.add(thread);
            thread.start();
        }
        for (final Thread thread : threads) {
            thread.join();
        }

        assertTrue(taken.get() <= rate, taken + " of " + rate);
        assertTrue(taken.get() > rate / 2, taken + " of " + rate);
    }
}
