package io.naru.dataplane.port.pcap;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Timestamp;
import java.util.concurrent.TimeUnit;
import org.pcap4j.core.NotOpenException;
import org.pcap4j.core.PcapHandle;
import org.pcap4j.core.PcapHandle.TimestampPrecision;
import org.pcap4j.core.PcapNativeException;
import org.pcap4j.core.Pcaps;
import org.pcap4j.packet.namednumber.DataLinkType;

/**
 * Reads Ethernet frames from a pcap or pcapng file.
 *
 * <p>Takes a batch of them in one call: asking libpcap for one packet at a time makes JNA allocate
 * native memory for each, which cost 15 microseconds a packet.
 */
final class CaptureReader implements AutoCloseable {
    private static final int BATCH = 64;

    private final Path file;
    private final PcapHandle handle;
    private final byte[][] packets = new byte[BATCH][];
    private final long[] timesNs = new long[BATCH];
    private int count;
    private int next;
    private long packetsRead;
    private IOException failure;
    private boolean isAtEnd;

    private CaptureReader(final Path file, final PcapHandle handle) {
        this.file = file;
        this.handle = handle;
    }

    /**
     * @throws IOException a sentence about what is wrong with the file.
     */
    static CaptureReader open(final Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new IOException("cannot read " + file + ": there is no such file");
        }
        if (!Files.isReadable(file)) {
            throw new IOException("cannot read " + file + ": permission denied");
        }

        final PcapHandle handle =
                Libpcap.call(
                        "read " + file,
                        () -> Pcaps.openOffline(file.toString(), TimestampPrecision.NANO));
        final DataLinkType link = handle.getDlt();
        if (!DataLinkType.EN10MB.equals(link)) {
            handle.close();
            throw new IOException(
                    ("cannot use %s: its frames are %s, not Ethernet; capture on an interface, not"
                                    + " on 'any'")
                            .formatted(file, link.name()));
        }

        return new CaptureReader(file, handle);
    }

    /**
     * Goes on to the next packet, at first to the first.
     *
     * @return false at the end of the file.
     * @throws IOException a sentence about where the file is broken.
     */
    boolean advance() throws IOException {
        next++;
        if (next < count) {
            return true;
        }
        if (failure == null && !isAtEnd) {
            readBatch();
            if (count > 0) {
                return true;
            }
        }
        if (failure != null) {
            throw failure;
        }

        return false;
    }

    /** The packet's bytes, as many as were captured. */
    byte[] packet() {
        return packets[next];
    }

    /** When it was captured, in nanoseconds since 1970. */
    long timeNs() {
        return timesNs[next];
    }

    @Override
    public void close() {
        handle.close();
    }

    private void readBatch() {
        count = 0;
        next = 0;
        try {
            // of a file, fewer packets than asked for only come at its end
            handle.dispatch(BATCH, this::onPacket);
            isAtEnd = count < BATCH;
        } catch (final PcapNativeException ex) {
            failure =
                    new IOException(
                            "cannot use %s: broken after packet %d: %s"
                                    .formatted(file, packetsRead, detail(ex)),
                            ex);
        } catch (final InterruptedException | NotOpenException ex) {
            throw new IllegalStateException(ex); // of loops that are broken off, and closed handles
        }
    }

    private void onPacket(final byte[] packet) {
        final Timestamp time = handle.getTimestamp();
        final long seconds = Math.floorDiv(time.getTime(), 1_000L);
        packets[count] = packet;
        timesNs[count] = TimeUnit.SECONDS.toNanos(seconds) + time.getNanos();
        count++;
        packetsRead++;
    }

    /** libpcap's own words, without those that pcap4j puts around them. */
    private String detail(final PcapNativeException ex) {
        try {
            return handle.getError();
        } catch (final NotOpenException closed) {
            return ex.getMessage();
        }
    }
}
