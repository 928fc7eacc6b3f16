package io.naru.controlplane.health.way;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.naru.dataplane.protocol.IpAddress;
import org.junit.jupiter.api.Test;

class SenderTableTest {
    private static final Sender FIRST = new Sender(IpAddress.parse("10.2.0.254"), 6, 40_001);
    private static final Sender SECOND = new Sender(IpAddress.parse("10.2.0.254"), 6, 40_002);

    private long nowNs;
    private final SenderTable table = new SenderTable(() -> nowNs);

    @Test
    void shouldKeepALeaseUntilTheSocketsLastPacketIsSent() {
        final Lease lease = lease();
        table.put(FIRST, lease);

        table.release(FIRST, lease);
        nowNs = SenderTable.LINGER_NS - 1;
        table.put(SECOND, lease());
        assertSame(lease, table.of(FIRST));

        nowNs = SenderTable.LINGER_NS;
        table.put(SECOND, lease());
        assertNull(table.of(FIRST));
    }

    @Test
    void shouldGiveAPortThatIsUsedAgainToItsNewOwner() {
        final Lease before = lease();
        final Lease after = lease();
        table.put(FIRST, before);
        table.release(FIRST, before);

        table.put(FIRST, after);
        nowNs = SenderTable.LINGER_NS;
        table.put(SECOND, lease());

        assertSame(after, table.of(FIRST));
    }

    @Test
    void shouldHoldNoMoreThanWasOpenInTheLastTwoSeconds() {
        for (int i = 0; i < 10_000; i++) {
            nowNs = i * SenderTable.LINGER_NS / 100;
            final Sender sender = new Sender(FIRST.source(), 6, 1_024 + i);
            final Lease lease = lease();
            table.put(sender, lease);
            table.release(sender, lease);
        }

        assertEquals(100, table.size());
    }

    private static Lease lease() {
        return new Lease(new Ways(), Way.DIRECT, null, Resolution.DIRECT);
    }
}
