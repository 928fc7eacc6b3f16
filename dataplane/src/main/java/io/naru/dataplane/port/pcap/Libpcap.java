package io.naru.dataplane.port.pcap;

import java.io.IOException;
import org.pcap4j.core.NotOpenException;
import org.pcap4j.core.PcapNativeException;

/** Calls into libpcap, with its refusals as sentences. */
final class Libpcap {
    private Libpcap() {}

    interface Call<T> {
        T run() throws PcapNativeException, NotOpenException;
    }

    /**
     * @param attempt what is tried, as "cannot …" goes on.
     */
    static <T> T call(final String attempt, final Call<T> call) throws IOException {
        try {
            return call.run();
        } catch (final PcapNativeException | NotOpenException ex) {
            throw new IOException("cannot %s: %s".formatted(attempt, ex.getMessage()), ex);
        } catch (final UnsatisfiedLinkError | NoClassDefFoundError ex) {
            throw new IOException(
                    "cannot %s: libpcap is not installed; on Debian: apt-get install libpcap0.8"
                            .formatted(attempt),
                    ex);
        }
    }
}
