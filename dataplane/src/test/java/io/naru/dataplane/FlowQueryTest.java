package io.naru.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.flow.FlowAddresses;
import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowState;
import io.naru.dataplane.packet.Bounds;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.protocol.IpAddress;
import java.nio.ByteBuffer;
import org.agrona.BufferUtil;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FlowQueryTest {
    private static final IpAddress CLIENT = IpAddress.parse("2001:db8:51:a::7");
    private static final int ANY_STATE = -1;

    private final ByteBuffer memory = BufferUtil.allocateDirectAligned(128, 64);
    private final long entry = BufferUtil.address(memory);
    private final long addresses = entry + FlowEntry.LENGTH;

    @BeforeEach
    void setUp() {
        Bounds.add(entry, memory.capacity());
    }

    @AfterEach
    void tearDown() {
        Bounds.remove(entry);
    }

    @Test
    void shouldFindIpv6FlowsByTheNetworkOfTheirClient() {
        flow(6 | FlowEntry.FAMILY_6);
        RawMemory.putLong(addresses, Long.reverseBytes(CLIENT.high()));
        RawMemory.putLong(addresses + 8, Long.reverseBytes(CLIENT.low()));

        assertTrue(query("2001:db8:51:a::7", 128).matches(entry, addresses, 0));
        assertTrue(query("2001:db8:51:a::", 64).matches(entry, addresses, 0));
        assertTrue(query("2001:db8:51::", 48).matches(entry, addresses, 0));
        assertTrue(query("::", 0).matches(entry, addresses, 0));
        assertFalse(query("2001:db8:51:a::6", 128).matches(entry, addresses, 0));
        assertFalse(query("2001:db8:51:b::", 64).matches(entry, addresses, 0));
    }

    @Test
    void shouldNotTakeAnAddressOfOneFamilyForOneOfTheOther() {
        flow(6);
        final int clientIp = FlowEntry.clientIpNet(entry);

        assertFalse(query("::", 0).matches(entry, addresses, 0));
        assertTrue(query4(clientIp, -1).matches(entry, addresses, 0));
        flow(6 | FlowEntry.FAMILY_6); // whose digest is the same number
        assertFalse(query4(clientIp, -1).matches(entry, addresses, 0));
        assertTrue(query4(0, 0).matches(entry, addresses, 0), "no client asked for");
        assertEquals(64, FlowAddresses.LENGTH);
    }

    private void flow(final int protocol) {
        FlowEntry.init(
                entry,
                0x0a02_0001_c633_6407L,
                (long) protocol << Integer.SIZE,
                0,
                0,
                FlowState.ESTABLISHED,
                0);
    }

    private static FlowQuery query(final String client, final int prefixBits) {
        final IpAddress address = IpAddress.parse(client);
        final long high = prefixBits == 0 ? 0 : -1L << Math.max(0, 64 - prefixBits);
        final long low = prefixBits <= 64 ? 0 : -1L << (128 - prefixBits);
        return new FlowQuery(
                1,
                null,
                null,
                ANY_STATE,
                0,
                0,
                0,
                0,
                10,
                new FlowQuery.Client6(
                        Long.reverseBytes(address.high()),
                        Long.reverseBytes(address.low()),
                        Long.reverseBytes(high),
                        Long.reverseBytes(low)),
                null,
                null);
    }

    private static FlowQuery query4(final int clientIpNet, final int maskNet) {
        return new FlowQuery(1, null, null, ANY_STATE, clientIpNet, maskNet, 0, 0, 10);
    }
}
