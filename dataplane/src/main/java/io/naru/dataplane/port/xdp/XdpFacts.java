package io.naru.dataplane.port.xdp;

import io.naru.linux.bpf.XdpMode;
import io.naru.linux.memory.PageKind;
import io.naru.linux.xdp.CopyMode;
import java.util.List;

/**
 * What an edge turned out to be: asked of the kernel, not copied from the settings.
 *
 * @param interfaces in the order of the configuration.
 * @param frames in the whole process.
 * @param pages what the frames stand on.
 * @param copyMode the same for all interfaces, because they share their frames.
 * @param zeroCopyRefusal why it isn't zero-copy though it was allowed to be; else empty.
 */
public record XdpFacts(
        List<Interface> interfaces,
        int workers,
        int frames,
        int frameSizeBytes,
        PageKind pages,
        CopyMode copyMode,
        String zeroCopyRefusal) {
    /**
     * One interface.
     *
     * @param linkIndex the kernel's number of it.
     * @param queues how many of its receive queues have a socket of ours.
     * @param vlan of its frames; 0 if they have no tag.
     * @param mode where the XDP program runs; null before it is attached.
     * @param nativeRefusal why the driver did not take the program if it runs in generic mode
     *     though it was allowed native; else empty.
     */
    public record Interface(
            String name,
            int linkIndex,
            long macNet,
            int mtu,
            int queues,
            int vlan,
            XdpMode mode,
            String nativeRefusal) {}

    public XdpFacts {
        interfaces = List.copyOf(interfaces);
    }
}
