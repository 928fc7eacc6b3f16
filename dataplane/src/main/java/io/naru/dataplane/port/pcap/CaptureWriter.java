package io.naru.dataplane.port.pcap;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.TimeUnit;

/**
 * Writes Ethernet frames to a pcap file, with nanoseconds.
 *
 * <p>Under another name until it is complete: a file with the right name is a whole one. The format
 * is draft-ietf-opsawg-pcap, little-endian; going through libpcap for it cost ten times as much.
 *
 * <pre>
 *   file                            packet
 *    0 magic 0xa1b23c4d       4      0 seconds since 1970   4
 *    4 version 2, 4           4      4 nanoseconds          4
 *    8 reserved               8      8 bytes that follow    4
 *   16 longest packet         4     12 length on the wire   4
 *   20 link type, 1 Ethernet  4     16
 *   24
 * </pre>
 */
final class CaptureWriter {
    private static final int MAGIC_NANOSECONDS = 0xa1b2_3c4d;
    private static final int SNAPLEN = 65_535;
    private static final int ETHERNET = 1;
    private static final long SECOND_NS = TimeUnit.SECONDS.toNanos(1);

    private final Path file;
    private final Path partial;
    private final OutputStream stream;
    private final ByteBuffer header = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);

    private CaptureWriter(final Path file, final Path partial) throws IOException {
        this.file = file;
        this.partial = partial;
        stream = new BufferedOutputStream(Files.newOutputStream(partial), 1 << 16);
    }

    static CaptureWriter open(final Path file) throws IOException {
        try {
            final CaptureWriter writer =
                    new CaptureWriter(file, file.resolveSibling(file.getFileName() + ".part"));
            writer.begin();

            return writer;
        } catch (final NoSuchFileException ex) {
            throw new IOException("cannot write " + file + ": there is no such directory", ex);
        } catch (final IOException ex) {
            throw new IOException("cannot write " + file + ": " + ex.getMessage(), ex);
        }
    }

    void write(final byte[] packet, final long timeNs) {
        header.clear()
                .putInt((int) Math.floorDiv(timeNs, SECOND_NS))
                .putInt((int) Math.floorMod(timeNs, SECOND_NS))
                .putInt(packet.length)
                .putInt(packet.length);
        try {
            stream.write(header.array(), 0, header.position());
            stream.write(packet);
        } catch (final IOException ex) {
            throw failed(ex);
        }
    }

    /** Gives the file its name; if it is {@code discarded}, it is as if there had been none. */
    void close(final boolean discarded) {
        try {
            stream.close();
            if (discarded) {
                Files.delete(partial);
            } else {
                Files.move(partial, file, StandardCopyOption.REPLACE_EXISTING);
            }
        } catch (final IOException ex) {
            throw failed(ex);
        }
    }

    private void begin() throws IOException {
        header.putInt(MAGIC_NANOSECONDS).putShort((short) 2).putShort((short) 4);
        header.putLong(0).putInt(SNAPLEN).putInt(ETHERNET);
        stream.write(header.array());
    }

    private UncheckedIOException failed(final IOException ex) {
        return new UncheckedIOException(
                new IOException("cannot write " + file + ": " + ex.getMessage(), ex));
    }
}
