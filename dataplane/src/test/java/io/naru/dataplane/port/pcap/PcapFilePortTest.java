package io.naru.dataplane.port.pcap;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.port.memory.MemoryFrames;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pcap4j.core.Pcaps;

class PcapFilePortTest {
    private static final int FRAMES = 128;
    private static final int FRAME_SIZE = 2_048;
    private static final long MAC = 0x0605_0403_0202L;
    private static final int ETHERNET = 1;
    private static final long SECOND_NS = 1_000_000_000L;

    @TempDir private Path directory;
    private final MemoryFrames frames = new MemoryFrames(FRAMES, FRAME_SIZE);
    private final FrameStack free = frames.share(FRAMES);
    private final PacketBurst burst = new PacketBurst();
    private Path input;
    private Path output;

    @BeforeEach
    void nameFiles() {
        try {
            Libpcap.call("read captures", Pcaps::libVersion);
        } catch (final IOException ex) {
            abort(ex.getMessage());
        }

        input = directory.resolve("in.pcap");
        output = directory.resolve("out.pcap");
    }

    @AfterEach
    void releaseFrames() {
        frames.close();
    }

    @Test
    void shouldWriteWhatItReadWithItsTimes() throws IOException {
        final byte[] capture =
                capture(
                        ETHERNET,
                        packet(1_700_000_000, 5, 60),
                        packet(1_700_000_000, 6, 1_514),
                        packet(1_700_000_001, 0, 61));
        Files.write(input, capture);

        try (PcapFilePort port = open()) {
            while (port.receive(burst) > 0) {
                sendBack(port);
            }

            assertTrue(port.isAtEnd());
            assertEquals(0, port.framesHeld());
        }

        assertEquals(FRAMES, free.size());
        assertArrayEquals(capture, Files.readAllBytes(output));
    }

    @Test
    void shouldGivePacketsOfOneInstantAsOneBurst() throws IOException {
        Files.write(input, capture(ETHERNET, packet(1, 7, 60), packet(1, 7, 70), packet(1, 8, 80)));

        try (PcapFilePort port = open()) {
            assertEquals(SECOND_NS + 7, port.timeNs());
            assertEquals(2, port.receive(burst));
            assertEquals(SECOND_NS + 7, port.timeNs());
            assertEquals(60, burst.length[0]);
            assertEquals(70, burst.length[1]);
            assertEquals(3, burst.ingress[1]);
            assertArrayEquals(bytes(70), packetBytes(1));
            assertFalse(port.isAtEnd());

            assertEquals(1, port.receive(burst));
            assertEquals(SECOND_NS + 8, port.timeNs());
            assertEquals(0, port.receive(burst));
            assertEquals(SECOND_NS + 8, port.timeNs());
        }
    }

    @Test
    void shouldSplitAnInstantThatDoesNotFitABurst() throws IOException {
        final byte[][] packets = new byte[100][];
        Arrays.fill(packets, packet(1, 0, 60));
        Files.write(input, capture(ETHERNET, packets));

        try (PcapFilePort port = open()) {
            assertEquals(PacketBurst.CAPACITY, port.receive(burst));
            assertEquals(100 - PacketBurst.CAPACITY, port.receive(burst));
        }
    }

    @Test
    void shouldWaitForFreeFrames() throws IOException {
        Files.write(input, capture(ETHERNET, packet(1, 0, 60)));
        final long[] taken = new long[FRAMES];
        for (int i = 0; i < FRAMES; i++) {
            taken[i] = free.pop();
        }

        try (PcapFilePort port = open()) {
            assertEquals(0, port.receive(burst));
            assertFalse(port.isAtEnd());

            free.push(taken[0]);
            assertEquals(1, port.receive(burst));
        }
    }

    @Test
    void shouldCountPacketsThatDoNotFitAFrame() throws IOException {
        Files.write(input, capture(ETHERNET, packet(1, 0, 9_000), packet(1, 0, 60)));

        try (PcapFilePort port = open()) {
            assertEquals(1, port.receive(burst));
            assertEquals(60, burst.length[0]);
            assertEquals(1, port.tooLong());
        }
    }

    @Test
    void shouldRefuseToQueueMoreThanItsCapacityUntilFlushed() throws IOException {
        Files.write(input, capture(ETHERNET));

        try (PcapFilePort port = open()) {
            final long address = free.pop();
            for (int i = 0; i < CopyingPort.TRANSMIT_CAPACITY; i++) {
                assertTrue(port.transmit(address, 60));
            }
            assertFalse(port.transmit(address, 60));
            assertEquals(CopyingPort.TRANSMIT_CAPACITY, port.framesHeld());
        }
    }

    @Test
    void shouldWriteNothingWithoutAnOutput() throws IOException {
        Files.write(input, capture(ETHERNET, packet(1, 0, 60)));
        output = null;

        try (PcapFilePort port = open()) {
            assertEquals(1, port.receive(burst));
            sendBack(port);
        }

        assertEquals(FRAMES, free.size());
        assertArrayEquals(new Path[] {input}, directoryContent());
    }

    @Test
    void shouldTakeAnEmptyCapture() throws IOException {
        Files.write(input, capture(ETHERNET));

        try (PcapFilePort port = open()) {
            assertEquals(0, port.receive(burst));
            assertTrue(port.isAtEnd());
            assertEquals(0, port.timeNs());
        }
        assertArrayEquals(capture(ETHERNET), Files.readAllBytes(output));
    }

    @Test
    void shouldRefuseACaptureThatIsCutOff() throws IOException {
        final byte[] whole = capture(ETHERNET, packet(1, 0, 60), packet(2, 0, 60));
        Files.write(input, Arrays.copyOf(whole, whole.length - 7));

        try (PcapFilePort port = open()) {
            final UncheckedIOException refusal =
                    assertThrows(
                            UncheckedIOException.class,
                            () -> {
                                port.receive(burst);
                                sendBack(port);
                            });
            assertEquals(
                    "cannot use "
                            + input
                            + ": broken after packet 1: truncated dump file; tried to read 60"
                            + " captured bytes, only got 53",
                    refusal.getCause().getMessage());
        }

        assertArrayEquals(new Path[] {input}, directoryContent());
    }

    @Test
    void shouldRefuseACaptureWhoseFirstPacketIsBroken() throws IOException {
        final byte[] whole = capture(ETHERNET, packet(1, 0, 60));
        Files.write(input, Arrays.copyOf(whole, whole.length - 1));

        assertRefused(
                "cannot use "
                        + input
                        + ": broken after packet 0: truncated dump file; tried to read 60 captured"
                        + " bytes, only got 59");
        assertArrayEquals(new Path[] {input}, directoryContent());
    }

    @Test
    void shouldRefuseWhatIsNotACapture() throws IOException {
        Files.writeString(input, "services: []\nthis is a configuration file\n");
        assertRefused("cannot read " + input + ": unknown file format");

        Files.write(input, new byte[0]);
        assertRefused(
                "cannot read "
                        + input
                        + ": truncated dump file; tried to read 4 file header bytes, only got 0");

        Files.delete(input);
        assertRefused("cannot read " + input + ": there is no such file");
    }

    @Test
    void shouldRefuseFramesThatAreNotEthernet() throws IOException {
        Files.write(input, capture(113, packet(1, 0, 60)));

        assertRefused(
                "cannot use "
                        + input
                        + ": its frames are Linux cooked-mode capture, not Ethernet; capture on an"
                        + " interface, not on 'any'");
    }

    @Test
    void shouldRefuseToWriteWhatItReads() throws IOException {
        Files.write(input, capture(ETHERNET));
        output = directory.resolve(".").resolve("in.pcap");

        assertRefused("cannot write " + output + ": it is the capture that is read");
    }

    @Test
    void shouldRefuseAnOutputThatCannotBeWritten() throws IOException {
        Files.write(input, capture(ETHERNET));
        output = directory.resolve("missing").resolve("out.pcap");

        assertRefused("cannot write " + output + ": there is no such directory");
    }

    private PcapFilePort open() throws IOException {
        return PcapFilePort.open(input, output, 3, MAC, free, FRAME_SIZE);
    }

    private void assertRefused(final String text) {
        assertEquals(text, assertThrows(IOException.class, this::open).getMessage());
    }

    private Path[] directoryContent() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toArray(Path[]::new);
        }
    }

    private void sendBack(final PcapFilePort port) {
        for (int i = 0; i < burst.count; i++) {
            assertTrue(port.transmit(burst.address[i], burst.length[i]));
        }
        port.flush();
    }

    private byte[] packetBytes(final int index) {
        final byte[] bytes = new byte[burst.length[index]];
        new UnsafeBuffer(burst.address[index], bytes.length).getBytes(0, bytes);

        return bytes;
    }

    /** A file as libpcap writes it on a little-endian machine, with nanoseconds. */
    private static byte[] capture(final int linkType, final byte[]... packets) {
        final ByteBuffer file = ByteBuffer.allocate(64 * 1_024).order(ByteOrder.LITTLE_ENDIAN);
        file.putInt(0xa1b2_3c4d).putShort((short) 2).putShort((short) 4);
        file.putLong(0).putInt(65_535).putInt(linkType);
        for (final byte[] packet : packets) {
            file.put(packet);
        }

        return Arrays.copyOf(file.array(), file.position());
    }

    private static byte[] packet(final int seconds, final int nanos, final int length) {
        final ByteBuffer record = ByteBuffer.allocate(16 + length).order(ByteOrder.LITTLE_ENDIAN);
        record.putInt(seconds).putInt(nanos).putInt(length).putInt(length).put(bytes(length));

        return record.array();
    }

    private static byte[] bytes(final int length) {
        final byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i * 7 + length);
        }

        return bytes;
    }
}
