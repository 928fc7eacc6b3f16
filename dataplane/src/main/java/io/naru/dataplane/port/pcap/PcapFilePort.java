package io.naru.dataplane.port.pcap;

import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.PacketBurst;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A port that receives what a capture file holds and writes what it sends to another.
 *
 * <p>Packets that were captured at the same instant come as one burst, others each in its own, so
 * that every packet is handled at the time it arrived; what is sent in answer is written with that
 * time. Reads pcap and pcapng, writes pcap with nanoseconds.
 */
public final class PcapFilePort extends CopyingPort {
    private final CaptureReader reader;
    private final CaptureWriter writer;
    private boolean isAtEnd;
    private long timeNs;

    private PcapFilePort(
            final CaptureReader reader,
            final CaptureWriter writer,
            final int interfaceIndex,
            final long macNet,
            final FrameStack free,
            final int frameSizeBytes) {
        super(interfaceIndex, macNet, free, frameSizeBytes);
        this.reader = reader;
        this.writer = writer;
    }

    /**
     * Begins at the start of a capture.
     *
     * @param output is replaced, if it exists, when the port is closed at the end of {@code input};
     *     null: what is sent is written nowhere.
     * @param free the worker's frames.
     * @throws IOException a sentence about what is wrong with which file.
     */
    public static PcapFilePort open(
            final Path input,
            final Path output,
            final int interfaceIndex,
            final long macNet,
            final FrameStack free,
            final int frameSizeBytes)
            throws IOException {
        final CaptureReader reader = CaptureReader.open(input);
        try {
            if (output != null && Files.exists(output) && Files.isSameFile(input, output)) {
                throw new IOException(
                        "cannot write " + output + ": it is the capture that is read");
            }

            final boolean isEmpty = !reader.advance();
            final CaptureWriter writer = output == null ? null : CaptureWriter.open(output);
            final PcapFilePort port =
                    new PcapFilePort(reader, writer, interfaceIndex, macNet, free, frameSizeBytes);
            port.isAtEnd = isEmpty;
            port.timeNs = isEmpty ? 0 : reader.timeNs();

            return port;
        } catch (final IOException ex) {
            reader.close();
            throw ex;
        }
    }

    /**
     * @return 0 if the capture is at its end.
     * @throws UncheckedIOException a sentence about where it is broken.
     */
    @Override
    public int receive(final PacketBurst burst) {
        if (!isAtEnd) {
            timeNs = reader.timeNs();
        }

        return super.receive(burst);
    }

    /**
     * When the packets received last were captured, in nanoseconds since 1970; at first, the time
     * of those to come. An empty capture is of time 0.
     */
    public long timeNs() {
        return timeNs;
    }

    /** Whether everything was received. */
    public boolean isAtEnd() {
        return isAtEnd;
    }

    @Override
    public void close() {
        if (writer != null) {
            writer.close(!isAtEnd);
        }
        reader.close();
    }

    @Override
    byte[] nextPacket() {
        if (isAtEnd || reader.timeNs() != timeNs) {
            return null;
        }

        final byte[] packet = reader.packet();
        try {
            isAtEnd = !reader.advance();
        } catch (final IOException ex) {
            throw new UncheckedIOException(ex);
        }

        return packet;
    }

    @Override
    void send(final byte[] packet) {
        if (writer != null) {
            writer.write(packet, timeNs);
        }
    }
}
