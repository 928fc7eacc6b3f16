package io.naru.linux.xdp;

/**
 * Constants and layouts of {@code include/uapi/linux/if_xdp.h}.
 *
 * <pre>
 *   struct xdp_umem_reg           struct sockaddr_xdp            struct xdp_desc
 *   0   addr                      0   sxdp_family     u16        0   addr     u64
 *   8   len                       2   sxdp_flags      u16        8   len      u32
 *   16  chunk_size  u32           4   sxdp_ifindex    u32        12  options  u32
 *   20  headroom    u32           8   sxdp_queue_id   u32
 *                                 12  sxdp_shared_umem_fd u32
 *
 *   struct xdp_mmap_offsets: for the rx, tx, fill and completion ring, in that order,
 *   0 producer   8 consumer   16 desc   24 flags       (u64 each, from the ring's first byte)
 * </pre>
 */
final class XdpDescriptor {
    // include/linux/socket.h
    static final int AF_XDP = 44;
    static final int SOL_XDP = 283;

    // include/linux/net.h
    static final int SOCK_RAW = 3;
    static final int SOCK_CLOEXEC = 0x80000;
    static final int MSG_DONTWAIT = 0x40;

    // include/uapi/asm-generic/poll.h
    static final int POLLIN = 1;
    static final int POLLOUT = 4;

    // socket options
    static final int XDP_MMAP_OFFSETS = 1;
    static final int XDP_RX_RING = 2;
    static final int XDP_TX_RING = 3;
    static final int XDP_UMEM_REG = 4;
    static final int XDP_UMEM_FILL_RING = 5;
    static final int XDP_UMEM_COMPLETION_RING = 6;
    static final int XDP_STATISTICS = 7;
    static final int XDP_OPTIONS = 8;
    static final int XDP_MAX_TX_SKB_BUDGET = 9; // since Linux 6.17

    static final int XDP_OPTIONS_ZEROCOPY = 1;

    // bind flags
    static final int XDP_SHARED_UMEM = 1;
    static final int XDP_COPY = 1 << 1;
    static final int XDP_ZEROCOPY = 1 << 2;
    static final int XDP_USE_NEED_WAKEUP = 1 << 3;

    // ring flags
    static final int XDP_RING_NEED_WAKEUP = 1;

    // where mmap finds the rings
    static final long XDP_PGOFF_RX_RING = 0;
    static final long XDP_PGOFF_TX_RING = 0x80000000L;
    static final long XDP_UMEM_PGOFF_FILL_RING = 0x100000000L;
    static final long XDP_UMEM_PGOFF_COMPLETION_RING = 0x180000000L;

    static final int UMEM_REG_ADDR_OFFSET = 0;
    static final int UMEM_REG_LEN_OFFSET = 8;
    static final int UMEM_REG_CHUNK_SIZE_OFFSET = 16;
    static final int UMEM_REG_HEADROOM_OFFSET = 20;
    static final int UMEM_REG_LENGTH = 24; // the first form, which every kernel takes

    static final int SOCKADDR_FAMILY_OFFSET = 0;
    static final int SOCKADDR_FLAGS_OFFSET = 2;
    static final int SOCKADDR_IFINDEX_OFFSET = 4;
    static final int SOCKADDR_QUEUE_ID_OFFSET = 8;
    static final int SOCKADDR_SHARED_UMEM_FD_OFFSET = 12;
    static final int SOCKADDR_LENGTH = 16;

    static final int RX_OFFSETS = 0;
    static final int TX_OFFSETS = 32;
    static final int FILL_OFFSETS = 64;
    static final int COMPLETION_OFFSETS = 96;
    static final int OFFSETS_LENGTH = 128;
    static final int PRODUCER_OFFSET = 0;
    static final int CONSUMER_OFFSET = 8;
    static final int DESCRIPTORS_OFFSET = 16;
    static final int FLAGS_OFFSET = 24;

    static final int DESC_ADDR_OFFSET = 0;
    static final int DESC_LEN_OFFSET = 8;
    static final int DESC_OPTIONS_OFFSET = 12;
    static final int DESC_LENGTH = 16;

    // struct xdp_statistics
    static final int RX_DROPPED_OFFSET = 0;
    static final int RX_INVALID_DESCS_OFFSET = 8;
    static final int TX_INVALID_DESCS_OFFSET = 16;
    static final int RX_RING_FULL_OFFSET = 24;
    static final int RX_FILL_RING_EMPTY_DESCS_OFFSET = 32;
    static final int STATISTICS_LENGTH = 48;

    private XdpDescriptor() {}
}
