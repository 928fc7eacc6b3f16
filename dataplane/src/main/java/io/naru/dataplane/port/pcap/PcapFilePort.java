package io.naru.dataplane.port.pcap;

import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.PacketBurst;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Timestamp;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.pcap4j.core.NotOpenException;
import org.pcap4j.core.PcapHandle;
import org.pcap4j.core.PcapHandle.TimestampPrecision;
import org.pcap4j.core.PcapNativeException;
import org.pcap4j.core.Pcaps;
import org.pcap4j.packet.namednumber.DataLinkType;

/**
 * A port that receives what a capture file holds and writes what it sends to another.
 *
 * <p>Packets that were captured at the same instant come as one burst, others each in its own, so
 * that every packet is handled at the time it arrived; what is sent in answer is written with that
 * time. Reads pcap and pcapng, writes pcap with nanoseconds.
 */
public final class PcapFilePort extends CopyingPort {
    private final Path input;
    private final PcapHandle reader;
    private final CaptureWriter writer;
    private byte[] pending;
    private Timestamp pendingTime;
    private Timestamp time;

    private PcapFilePort(
            final Path input,
            final PcapHandle reader,
            final CaptureWriter writer,
            final int interfaceIndex,
            final long macNet,
            final FrameStack free,
            final int frameSizeBytes) {
        super(interfaceIndex, macNet, free, frameSizeBytes);
        this.input = input;
        this.reader = reader;
        this.writer = writer;
        readAhead();
        time = pendingTime;
    }

    /**
     * Reads {@code input} through once, so that a broken capture is refused before anything is
     * written, then starts at its beginning.
     *
     * @param output is replaced if it exists; null: what is sent is written nowhere.
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
        try (PcapHandle reader = openReader(input)) {
            checkWhole(input, reader);
        }
        if (output != null && Files.exists(output) && Files.isSameFile(input, output)) {
            throw new IOException("cannot write " + output + ": it is the capture that is read");
        }

        final PcapHandle reader = openReader(input);
        try {
            final CaptureWriter writer = output == null ? null : CaptureWriter.open(output);

            return new PcapFilePort(
                    input, reader, writer, interfaceIndex, macNet, free, frameSizeBytes);
        } catch (final IOException ex) {
            reader.close();
            throw ex;
        }
    }

    /**
     * @return 0 if the capture is at its end.
     */
    @Override
    public int receive(final PacketBurst burst) {
        if (pending != null) {
            time = pendingTime;
        }

        return super.receive(burst);
    }

    /**
     * When the packets received last were captured, in nanoseconds since 1970; at first, the next.
     */
    public long timeNs() {
        if (time == null) {
            return 0; // an empty capture
        }

        final long seconds = Math.floorDiv(time.getTime(), 1_000L);
        return TimeUnit.SECONDS.toNanos(seconds) + time.getNanos();
    }

    /** Whether everything was received. */
    public boolean isAtEnd() {
        return pending == null;
    }

    @Override
    public void close() {
        if (writer != null) {
            writer.close();
        }
        reader.close();
    }

    @Override
    byte[] nextPacket() {
        if (pending == null || !pendingTime.equals(time)) {
            return null;
        }

        final byte[] packet = pending;
        readAhead();
        return packet;
    }

    @Override
    void send(final byte[] packet) {
        if (writer != null) {
            writer.write(packet, time);
        }
    }

    private void readAhead() {
        try {
            pending = read(input, reader, 0);
            pendingTime = pending == null ? null : reader.getTimestamp();
        } catch (final IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    private static PcapHandle openReader(final Path input) throws IOException {
        if (!Files.isRegularFile(input)) {
            throw new IOException("cannot read " + input + ": there is no such file");
        }
        if (!Files.isReadable(input)) {
            throw new IOException("cannot read " + input + ": permission denied");
        }

        final PcapHandle reader =
                Libpcap.call(
                        "read " + input,
                        () -> Pcaps.openOffline(input.toString(), TimestampPrecision.NANO));
        final DataLinkType link = reader.getDlt();
        if (!DataLinkType.EN10MB.equals(link)) {
            reader.close();
            throw new IOException(
                    "cannot use %s: its frames are %s, not Ethernet; capture on an interface, not on 'any'"
                            .formatted(input, link.name()));
        }

        return reader;
    }

    private static void checkWhole(final Path input, final PcapHandle reader) throws IOException {
        long packets = 0;
        while (read(input, reader, packets) != null) {
            packets++;
        }
    }

    private static byte[] read(final Path input, final PcapHandle reader, final long packets)
            throws IOException {
        try {
            return reader.getNextRawPacketEx();
        } catch (final EOFException ex) {
            return null;
        } catch (final PcapNativeException ex) {
            throw new IOException(
                    "cannot use %s: broken after packet %d: %s"
                            .formatted(input, packets, detail(reader, ex)),
                    ex);
        } catch (final TimeoutException | NotOpenException ex) {
            throw new IllegalStateException(ex); // of live captures, and of closed ones
        }
    }

    /** libpcap's own words, without those that pcap4j puts around them. */
    private static String detail(final PcapHandle reader, final PcapNativeException ex) {
        try {
            return reader.getError();
        } catch (final NotOpenException closed) {
            return ex.getMessage();
        }
    }
}
