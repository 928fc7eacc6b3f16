package io.naru.dataplane.port.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.PacketBurst;
import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MemoryPortTest {
    private static final int FRAMES = 16;
    private static final int RING = 8;

    private final MemoryFrames frames = new MemoryFrames(FRAMES, 2048);
    private final FrameStack stack = frames.share(FRAMES);
    private final MemoryPort port = new MemoryPort(3, 0x0605_0403_0201L, stack, 2048, RING);
    private final PacketBurst burst = new PacketBurst();
    private final List<byte[]> sent = new ArrayList<>();

    @AfterEach
    void close() {
        port.close();
        frames.close();
    }

    @Test
    void shouldReceiveWhatWasInjected() {
        assertTrue(port.wire().inject(packet(60, 7), 0, 60));

        assertEquals(1, port.receive(burst));

        assertEquals(60, burst.length[0]);
        assertEquals(3, burst.ingress[0]);
        assertEquals(7, RawMemory.getByte(burst.address[0]));
        assertEquals(MemoryPort.HEADROOM_BYTES, burst.address[0] & 2047);
    }

    @Test
    void shouldLetCollectWhatWasSentAfterFlush() {
        port.wire().inject(packet(60, 7), 0, 60);
        port.receive(burst);

        assertTrue(port.transmit(burst.address[0], burst.length[0]));
        assertEquals(0, port.wire().collect(this::keep, 8));
        port.flush();

        assertEquals(1, port.wire().collect(this::keep, 8));
        assertEquals(7, sent.get(0)[0]);
    }

    @Test
    void shouldConserveFrames() {
        assertEquals(FRAMES, port.framesHeld() + stack.size());
        port.wire().inject(packet(60, 7), 0, 60);
        port.receive(burst);
        assertEquals(FRAMES, port.framesHeld() + stack.size() + burst.count);

        port.transmit(burst.address[0], burst.length[0]);
        port.flush();
        assertEquals(FRAMES, port.framesHeld() + stack.size());

        port.wire().collect(this::keep, 8);
        port.flush();
        assertEquals(FRAMES, port.framesHeld() + stack.size());
        assertEquals(RING, port.framesHeld());
    }

    @Test
    void shouldLosePacketWhenThereIsNoEmptyFrame() {
        for (int i = 0; i < RING; i++) {
            assertTrue(port.wire().inject(packet(60, i), 0, 60));
        }

        assertFalse(port.wire().inject(packet(60, 0), 0, 60));
    }

    @Test
    void shouldRefusePacketThatFitsNoFrame() {
        final Exception refused =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> port.wire().inject(packet(1800, 0), 0, 1800));
        assertEquals("a packet of 1800 bytes does not fit a frame's 1792", refused.getMessage());
    }

    private void keep(final DirectBuffer packet, final int length) {
        final byte[] bytes = new byte[length];
        packet.getBytes(0, bytes);
        sent.add(bytes);
    }

    private static UnsafeBuffer packet(final int length, final int first) {
        final UnsafeBuffer packet = new UnsafeBuffer(new byte[length]);
        packet.putByte(0, (byte) first);
        return packet;
    }
}
