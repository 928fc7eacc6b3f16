package io.naru.dataplane.port.pcap;

import io.naru.dataplane.port.FrameStack;
import java.io.IOException;
import org.pcap4j.core.NotOpenException;
import org.pcap4j.core.PcapHandle;
import org.pcap4j.core.PcapHandle.BlockingMode;
import org.pcap4j.core.PcapHandle.PcapDirection;
import org.pcap4j.core.PcapNativeException;
import org.pcap4j.core.PcapNetworkInterface.PromiscuousMode;
import org.pcap4j.packet.namednumber.DataLinkType;

/**
 * A port on a live interface through libpcap: for where AF_XDP is not to be had.
 *
 * <p>libpcap shows us copies: the kernel gets every frame as well. So the box must neither have the
 * VIPs itself nor forward ({@code net.ipv4.ip_forward=0}), or it would act on them too; in return,
 * what is not ours needs no filter. Segmentation and receive offloads have to be off on the
 * interface, or frames are longer than what was on the wire; such do not fit and are counted.
 */
public final class PcapPort extends CopyingPort {
    private static final int BUFFER_BYTES = 16 << 20;

    private final PcapHandle handle;
    private long sendErrors;

    private PcapPort(
            final PcapHandle handle,
            final int interfaceIndex,
            final long macNet,
            final FrameStack free,
            final int frameSizeBytes) {
        super(interfaceIndex, macNet, free, frameSizeBytes);
        this.handle = handle;
    }

    /**
     * Needs CAP_NET_RAW.
     *
     * @param interfaceName an Ethernet interface that is up.
     * @param free the worker's frames.
     * @throws IOException a sentence that names the interface and what libpcap has against it.
     */
    public static PcapPort open(
            final String interfaceName,
            final int interfaceIndex,
            final long macNet,
            final FrameStack free,
            final int frameSizeBytes)
            throws IOException {
        final String attempt = "capture on " + interfaceName;
        final PcapHandle handle =
                Libpcap.call(
                        attempt,
                        () ->
                                new PcapHandle.Builder(interfaceName)
                                        .snaplen(65_535)
                                        .promiscuousMode(PromiscuousMode.PROMISCUOUS)
                                        .immediateMode(true)
                                        .timeoutMillis(1)
                                        .bufferSize(BUFFER_BYTES)
                                        .build());
        try {
            if (!DataLinkType.EN10MB.equals(handle.getDlt())) {
                throw new IOException(
                        "cannot %s: its frames are %s, not Ethernet"
                                .formatted(attempt, handle.getDlt().name()));
            }

            Libpcap.call(
                    attempt,
                    () -> {
                        handle.setDirection(PcapDirection.IN); // not what we send ourselves
                        handle.setBlockingMode(BlockingMode.NONBLOCKING);
                        return handle;
                    });
        } catch (final IOException ex) {
            handle.close();
            throw ex;
        }

        return new PcapPort(handle, interfaceIndex, macNet, free, frameSizeBytes);
    }

    /** Packets that the kernel would not send: no room, too long for the wire, or a link down. */
    public long sendErrors() {
        return sendErrors;
    }

    @Override
    public void close() {
        handle.close();
    }

    @Override
    byte[] nextPacket() {
        try {
            return handle.getNextRawPacket();
        } catch (final NotOpenException ex) {
            throw new IllegalStateException(ex);
        }
    }

    @Override
    void send(final byte[] packet) {
        try {
            handle.sendPacket(packet);
        } catch (final PcapNativeException ex) {
            sendErrors++;
        } catch (final NotOpenException ex) {
            throw new IllegalStateException(ex);
        }
    }
}
