package io.naru.linux.xdp;

/** How frames get from the NIC into the UMEM. */
public enum CopyMode {
    /** The NIC itself reads and writes the UMEM. */
    ZERO_COPY,
    /** The kernel copies between its buffers and the UMEM. */
    COPY
}
