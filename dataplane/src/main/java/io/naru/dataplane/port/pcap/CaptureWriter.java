package io.naru.dataplane.port.pcap;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Timestamp;
import org.pcap4j.core.NotOpenException;
import org.pcap4j.core.PcapDumper;
import org.pcap4j.core.PcapHandle;
import org.pcap4j.core.PcapHandle.TimestampPrecision;
import org.pcap4j.core.Pcaps;
import org.pcap4j.packet.namednumber.DataLinkType;

/** Writes Ethernet frames to a pcap file, with nanoseconds. */
final class CaptureWriter implements AutoCloseable {
    private static final int SNAPLEN = 65_535;

    private final PcapHandle handle;
    private final PcapDumper dumper;

    private CaptureWriter(final PcapHandle handle, final PcapDumper dumper) {
        this.handle = handle;
        this.dumper = dumper;
    }

    /** Makes the file, or empties it. */
    static CaptureWriter open(final Path file) throws IOException {
        final String attempt = "write " + file;
        final PcapHandle handle =
                Libpcap.call(
                        attempt,
                        () ->
                                Pcaps.openDead(
                                        DataLinkType.EN10MB, SNAPLEN, TimestampPrecision.NANO));
        try {
            return new CaptureWriter(
                    handle, Libpcap.call(attempt, () -> handle.dumpOpen(file.toString())));
        } catch (final IOException ex) {
            handle.close();
            throw ex;
        }
    }

    void write(final byte[] packet, final Timestamp time) {
        try {
            dumper.dumpRaw(packet, time);
        } catch (final NotOpenException ex) {
            throw new IllegalStateException(ex);
        }
    }

    @Override
    public void close() {
        dumper.close();
        handle.close();
    }
}
