package io.naru.linux.bpf;

/** Where in the kernel an XDP program runs. */
public enum XdpMode {
    /** In the driver, before a socket buffer is made of the frame. */
    NATIVE(1 << 2, "native"),
    /** In the kernel's stack, for drivers that don't know XDP: works everywhere, costs a copy. */
    GENERIC(1 << 1, "generic");

    private final int flag;
    private final String word;

    XdpMode(final int flag, final String word) {
        this.flag = flag;
        this.word = word;
    }

    /** XDP_FLAGS_DRV_MODE or XDP_FLAGS_SKB_MODE of {@code include/uapi/linux/if_link.h}. */
    int flag() {
        return flag;
    }

    /** In a word, for people. */
    public String word() {
        return word;
    }
}
