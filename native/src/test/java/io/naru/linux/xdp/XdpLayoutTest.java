package io.naru.linux.xdp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.naru.linux.KernelHeaders;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class XdpLayoutTest {
    @TempDir private Path directory;

    @Test
    void shouldAgreeWithTheKernelsHeaders() throws Exception {
        final Map<String, Long> ours = new LinkedHashMap<>();
        ours.put("AF_XDP", (long) XdpDescriptor.AF_XDP);
        ours.put("SOL_XDP", (long) XdpDescriptor.SOL_XDP);
        ours.put("SOCK_CLOEXEC", (long) XdpDescriptor.SOCK_CLOEXEC);
        ours.put("MSG_DONTWAIT", (long) XdpDescriptor.MSG_DONTWAIT);
        ours.put("POLLIN", (long) XdpDescriptor.POLLIN);
        ours.put("POLLOUT", (long) XdpDescriptor.POLLOUT);
        ours.put("XDP_MMAP_OFFSETS", (long) XdpDescriptor.XDP_MMAP_OFFSETS);
        ours.put("XDP_RX_RING", (long) XdpDescriptor.XDP_RX_RING);
        ours.put("XDP_TX_RING", (long) XdpDescriptor.XDP_TX_RING);
        ours.put("XDP_UMEM_REG", (long) XdpDescriptor.XDP_UMEM_REG);
        ours.put("XDP_UMEM_FILL_RING", (long) XdpDescriptor.XDP_UMEM_FILL_RING);
        ours.put("XDP_UMEM_COMPLETION_RING", (long) XdpDescriptor.XDP_UMEM_COMPLETION_RING);
        ours.put("XDP_STATISTICS", (long) XdpDescriptor.XDP_STATISTICS);
        ours.put("XDP_OPTIONS", (long) XdpDescriptor.XDP_OPTIONS);
        ours.put("XDP_OPTIONS_ZEROCOPY", (long) XdpDescriptor.XDP_OPTIONS_ZEROCOPY);
        ours.put("XDP_SHARED_UMEM", (long) XdpDescriptor.XDP_SHARED_UMEM);
        ours.put("XDP_COPY", (long) XdpDescriptor.XDP_COPY);
        ours.put("XDP_ZEROCOPY", (long) XdpDescriptor.XDP_ZEROCOPY);
        ours.put("XDP_USE_NEED_WAKEUP", (long) XdpDescriptor.XDP_USE_NEED_WAKEUP);
        ours.put("XDP_RING_NEED_WAKEUP", (long) XdpDescriptor.XDP_RING_NEED_WAKEUP);
        ours.put("XDP_PGOFF_RX_RING", XdpDescriptor.XDP_PGOFF_RX_RING);
        ours.put("XDP_PGOFF_TX_RING", XdpDescriptor.XDP_PGOFF_TX_RING);
        ours.put("XDP_UMEM_PGOFF_FILL_RING", XdpDescriptor.XDP_UMEM_PGOFF_FILL_RING);
        ours.put("XDP_UMEM_PGOFF_COMPLETION_RING", XdpDescriptor.XDP_UMEM_PGOFF_COMPLETION_RING);
        final String registration = "offsetof(struct xdp_umem_reg, %s)";
        ours.put(registration.formatted("addr"), (long) XdpDescriptor.UMEM_REG_ADDR_OFFSET);
        ours.put(registration.formatted("len"), (long) XdpDescriptor.UMEM_REG_LEN_OFFSET);
        ours.put(
                registration.formatted("chunk_size"),
                (long) XdpDescriptor.UMEM_REG_CHUNK_SIZE_OFFSET);
        ours.put(registration.formatted("headroom"), (long) XdpDescriptor.UMEM_REG_HEADROOM_OFFSET);
        ours.put(registration.formatted("flags"), (long) XdpDescriptor.UMEM_REG_LENGTH);
        final String socketAddress = "offsetof(struct sockaddr_xdp, %s)";
        ours.put(
                socketAddress.formatted("sxdp_family"),
                (long) XdpDescriptor.SOCKADDR_FAMILY_OFFSET);
        ours.put(socketAddress.formatted("sxdp_flags"), (long) XdpDescriptor.SOCKADDR_FLAGS_OFFSET);
        ours.put(
                socketAddress.formatted("sxdp_ifindex"),
                (long) XdpDescriptor.SOCKADDR_IFINDEX_OFFSET);
        ours.put(
                socketAddress.formatted("sxdp_queue_id"),
                (long) XdpDescriptor.SOCKADDR_QUEUE_ID_OFFSET);
        ours.put(
                socketAddress.formatted("sxdp_shared_umem_fd"),
                (long) XdpDescriptor.SOCKADDR_SHARED_UMEM_FD_OFFSET);
        ours.put("sizeof(struct sockaddr_xdp)", (long) XdpDescriptor.SOCKADDR_LENGTH);
        ours.put("offsetof(struct xdp_mmap_offsets, rx)", (long) XdpDescriptor.RX_OFFSETS);
        ours.put("offsetof(struct xdp_mmap_offsets, tx)", (long) XdpDescriptor.TX_OFFSETS);
        ours.put("offsetof(struct xdp_mmap_offsets, fr)", (long) XdpDescriptor.FILL_OFFSETS);
        ours.put("offsetof(struct xdp_mmap_offsets, cr)", (long) XdpDescriptor.COMPLETION_OFFSETS);
        ours.put("sizeof(struct xdp_mmap_offsets)", (long) XdpDescriptor.OFFSETS_LENGTH);
        final String ring = "offsetof(struct xdp_ring_offset, %s)";
        ours.put(ring.formatted("producer"), (long) XdpDescriptor.PRODUCER_OFFSET);
        ours.put(ring.formatted("consumer"), (long) XdpDescriptor.CONSUMER_OFFSET);
        ours.put(ring.formatted("desc"), (long) XdpDescriptor.DESCRIPTORS_OFFSET);
        ours.put(ring.formatted("flags"), (long) XdpDescriptor.FLAGS_OFFSET);
        ours.put("offsetof(struct xdp_desc, addr)", (long) XdpDescriptor.DESC_ADDR_OFFSET);
        ours.put("offsetof(struct xdp_desc, len)", (long) XdpDescriptor.DESC_LEN_OFFSET);
        ours.put("offsetof(struct xdp_desc, options)", (long) XdpDescriptor.DESC_OPTIONS_OFFSET);
        ours.put("sizeof(struct xdp_desc)", (long) XdpDescriptor.DESC_LENGTH);
        final String statistics = "offsetof(struct xdp_statistics, %s)";
        ours.put(statistics.formatted("rx_dropped"), (long) XdpDescriptor.RX_DROPPED_OFFSET);
        ours.put(
                statistics.formatted("rx_invalid_descs"),
                (long) XdpDescriptor.RX_INVALID_DESCS_OFFSET);
        ours.put(
                statistics.formatted("tx_invalid_descs"),
                (long) XdpDescriptor.TX_INVALID_DESCS_OFFSET);
        ours.put(statistics.formatted("rx_ring_full"), (long) XdpDescriptor.RX_RING_FULL_OFFSET);
        ours.put(
                statistics.formatted("rx_fill_ring_empty_descs"),
                (long) XdpDescriptor.RX_FILL_RING_EMPTY_DESCS_OFFSET);
        ours.put("sizeof(struct xdp_statistics)", (long) XdpDescriptor.STATISTICS_LENGTH);
        ours.put("XDP_PACKET_HEADROOM", (long) Umem.HEADROOM_BYTES);

        assertEquals(
                KernelHeaders.evaluate(
                        directory,
                        List.of("linux/bpf.h", "linux/if_xdp.h", "poll.h", "sys/socket.h"),
                        ours.keySet()),
                ours);
    }
}
