package io.naru.dataplane.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.naru.dataplane.packet.Bounds;
import io.naru.dataplane.port.PacketBurst;
import java.nio.ByteBuffer;
import org.agrona.BufferUtil;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What one packet of a burst may do to the flow of the next. */
class FlowTableBurstTest {
    private static final int CAPACITY = 64;
    private static final long CLIENT_TO_VIP = 0x0a02_00c0_0763_33c6L;
    private static final long PORTS_TCP = 0x0000_0006_5000_e110L;

    private final ByteBuffer memory =
            BufferUtil.allocateDirectAligned(
                    (int) FlowTableDescriptor.regionLength(CAPACITY), FlowEntry.LENGTH);
    private final long region = BufferUtil.address(memory);
    private final FlowHash hash = new FlowHash(1, 2);
    private final PacketBurst burst = new PacketBurst();
    private int ended;

    @AfterEach
    void close() {
        Bounds.remove(region);
    }

    @Test
    void shouldEndFlowOnceWhenTwoPacketsFindItExpired() {
        Bounds.add(region, memory.capacity());
        final FlowTable table =
                new FlowTable(
                        region,
                        memory.capacity(),
                        CAPACITY,
                        hash,
                        0,
                        1,
                        new FlowListener() {
                            @Override
                            public void onFlowExpired(final long entry) {
                                ended++;
                            }

                            @Override
                            public void onFlowEvicted(final long entry) {
                                ended++;
                            }
                        });
        final long clientHash = hash.hash(CLIENT_TO_VIP, PORTS_TCP, FlowEntry.TO_BACKEND);
        table.insert(clientHash, CLIENT_TO_VIP, PORTS_TCP, 1, 2, FlowState.ESTABLISHED, 0);
        burst.count = 2;
        for (int i = 0; i < 2; i++) {
            burst.hash[i] = clientHash;
            burst.keyA[i] = CLIENT_TO_VIP;
            burst.keyB[i] = PORTS_TCP;
        }

        final int tooLate = FlowEntry.ticks(FlowTimeouts.DEFAULT.tcpEstablishedNs()) + 2;
        table.lookup(burst, tooLate);

        assertEquals(FlowTable.NONE, burst.entry[0]);
        assertEquals(FlowTable.NONE, burst.entry[1]);
        assertEquals(1, ended);
        assertEquals(0, table.size());
    }
}
