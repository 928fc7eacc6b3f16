package io.naru.dataplane.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.packet.NativeMemory;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.protocol.ServiceSpec;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FlowExpiryTest {
    private static final long SECOND_NS = TimeUnit.SECONDS.toNanos(1);

    private final NativeMemory memory = new NativeMemory(FlowEntry.LENGTH);
    private final long entry = memory.address();

    @AfterEach
    void tearDown() {
        memory.close();
    }

    @Test
    void shouldKeepTheMinimaOfTheRfcs() {
        final FlowTimeouts timeouts = FlowTimeouts.DEFAULT;

        // RFC 5382 REQ-5 and RFC 4787 REQ-5
        assertTrue(timeouts.tcpEstablishedNs() >= TimeUnit.MINUTES.toNanos(124));
        assertTrue(timeouts.tcpOpeningNs() >= TimeUnit.MINUTES.toNanos(4));
        assertTrue(timeouts.tcpClosingNs() >= TimeUnit.MINUTES.toNanos(4));
        assertTrue(timeouts.udpNs() >= TimeUnit.MINUTES.toNanos(5));
        assertTrue(timeouts.udpUnansweredNs() >= TimeUnit.MINUTES.toNanos(2));
    }

    @Test
    void shouldHaveATimeoutForEveryState() {
        for (int state = 1; state < FlowState.COUNT; state++) {
            assertTrue(FlowTimeouts.DEFAULT.timeoutNs(state) > 0, FlowState.name(state));
        }
        assertEquals(0, FlowTimeouts.DEFAULT.timeoutNs(0));
    }

    @Test
    void shouldNeverExpireEarlyAndAtMostTwoTicksLate() {
        final long tickNs = 1L << FlowEntry.TICK_SHIFT;
        final FlowExpiry expiry = new FlowExpiry(new FlowTimeouts[] {seconds(1, 2, 3, 4, 5, 6)});
        FlowEntry.state(entry, FlowState.ESTABLISHED);
        for (long seenNs = 0; seenNs < 2 * tickNs; seenNs += tickNs / 7) {
            RawMemory.putInt(entry + FlowEntry.LAST_SEEN_OFFSET, FlowEntry.ticks(seenNs));

            final long timeoutNs = 2 * SECOND_NS;
            assertFalse(expiry.isExpired(entry, FlowEntry.ticks(seenNs + timeoutNs)));
            assertTrue(expiry.isExpired(entry, FlowEntry.ticks(seenNs + timeoutNs + 2 * tickNs)));
        }
    }

    @Test
    void shouldUseTheTimeoutsOfTheFlowsServiceAndState() {
        final FlowTimeouts[] timeouts = {
            seconds(1, 2, 3, 4, 5, 6), null, seconds(60, 60, 60, 60, 60, 60)
        };
        final FlowExpiry expiry = new FlowExpiry(timeouts);
        for (int service = 0; service < 5; service++) {
            final FlowTimeouts expected =
                    service < timeouts.length && timeouts[service] != null
                            ? timeouts[service]
                            : FlowTimeouts.DEFAULT;
            for (int state = 1; state < FlowState.COUNT; state++) {
                FlowEntry.service(entry, service, 0);
                FlowEntry.state(entry, state);
                final int ticks = (int) (expected.timeoutNs(state) >> FlowEntry.TICK_SHIFT);

                assertFalse(expiry.isExpired(entry, ticks));
                assertTrue(expiry.isExpired(entry, ticks + 2), FlowState.name(state));
            }
        }
    }

    @Test
    void shouldTakeWhatAServiceAsksForAndTheDefaultOtherwise() {
        assertEquals(FlowTimeouts.DEFAULT, FlowTimeouts.of(ServiceSpec.Timeouts.DEFAULT));

        final FlowTimeouts timeouts = FlowTimeouts.of(new ServiceSpec.Timeouts(10, 600, 20, 30));
        assertEquals(10 * SECOND_NS, timeouts.tcpOpeningNs());
        assertEquals(600 * SECOND_NS, timeouts.tcpEstablishedNs());
        assertEquals(20 * SECOND_NS, timeouts.tcpClosingNs());
        assertEquals(20 * SECOND_NS, timeouts.tcpEndedNs(), "not longer than closing");
        assertEquals(30 * SECOND_NS, timeouts.udpNs());
        assertEquals(30 * SECOND_NS, timeouts.udpUnansweredNs(), "not longer than answered");
    }

    @Test
    void shouldSayWhichTimeoutIsWrong() {
        assertEquals(
                "tcpClosingNs must be above 0 and at most 2592000000000000 ns: 0",
                assertThrows(IllegalArgumentException.class, () -> seconds(1, 2, 0, 4, 5, 6))
                        .getMessage());
        assertThrows(IllegalArgumentException.class, () -> seconds(1, 31 * 24 * 3600, 3, 4, 5, 6));
    }

    private static FlowTimeouts seconds(
            final long opening,
            final long established,
            final long closing,
            final long ended,
            final long udp,
            final long udpUnanswered) {
        return new FlowTimeouts(
                opening * SECOND_NS,
                established * SECOND_NS,
                closing * SECOND_NS,
                ended * SECOND_NS,
                udp * SECOND_NS,
                udpUnanswered * SECOND_NS);
    }
}
