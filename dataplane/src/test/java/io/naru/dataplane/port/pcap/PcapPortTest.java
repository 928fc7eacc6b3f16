package io.naru.dataplane.port.pcap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.port.memory.MemoryFrames;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PcapPortTest {
    private static final int FRAMES = 256;
    private static final int FRAME_SIZE = 2_048;
    private static final short ETHER_TYPE_NET = (short) 0xb588; // 0x88b5: local experiments

    private final MemoryFrames frames = new MemoryFrames(FRAMES, FRAME_SIZE);
    private final FrameStack free = frames.share(FRAMES);
    private final PacketBurst burst = new PacketBurst();

    @AfterEach
    void releaseFrames() {
        frames.close();
    }

    @Test
    void shouldSendAndReceiveOnALiveInterface() {
        try (PcapPort sender = open("lo");
                PcapPort receiver = open("lo")) {
            final long address = free.pop();
            for (int i = 0; i < 100; i++) {
                RawMemory.putByte(address + i, (byte) i);
            }
            RawMemory.putShort(address + 12, ETHER_TYPE_NET);
            final long nonce = System.nanoTime();
            RawMemory.putLong(address + 14, nonce);

            assertTrue(sender.transmit(address, 100));
            assertEquals(1, sender.flush());

            assertEquals(0, sender.sendErrors());
            assertEquals(nonce, RawMemory.getLong(await(receiver) + 14));
        }
    }

    @Test
    void shouldRefuseAnInterfaceThatDoesNotExist() {
        final IOException refusal =
                assertThrows(
                        IOException.class,
                        () -> PcapPort.open("nt-none0", 0, 0, free, FRAME_SIZE).close());

        assertTrue(
                refusal.getMessage().startsWith("cannot capture on nt-none0: "),
                refusal.getMessage());
    }

    private PcapPort open(final String interfaceName) {
        try {
            return PcapPort.open(interfaceName, 0, 0, free, FRAME_SIZE);
        } catch (final IOException ex) {
            return abort(ex.getMessage()); // no right to, or no libpcap
        }
    }

    /** The address of the first packet of our type; other traffic of the interface is let go. */
    private long await(final PcapPort receiver) {
        final long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        while (System.nanoTime() < deadlineNs) {
            receiver.receive(burst);
            for (int i = 0; i < burst.count; i++) {
                if (RawMemory.getShort(burst.address[i] + 12) == ETHER_TYPE_NET) {
                    assertEquals(100, burst.length[i]);
                    return burst.address[i];
                }
                free.push(burst.address[i]);
            }
            Thread.onSpinWait();
        }

        throw new AssertionError("the packet did not arrive within 5 s");
    }
}
