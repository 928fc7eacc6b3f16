package io.naru.dataplane.doctor;

/**
 * What was seen of the box as a whole.
 *
 * @param kernelRelease as {@code uname -r} has it.
 * @param architecture as the JVM names it.
 * @param afXdp whether an AF_XDP socket can be made.
 * @param filter whether the kernel takes our XDP program, which is loaded and let go, not attached.
 * @param jit net.core.bpf_jit_enable; {@link #UNKNOWN} where there is none.
 * @param capabilities the process's effective capabilities, a bit each.
 * @param lockedMemoryLimitBytes RLIMIT_MEMLOCK; {@link Long#MAX_VALUE} if there is none.
 * @param hugePages reserved, of 2 MiB.
 * @param hugePagesFree not in use.
 * @param transparentHugePages {@code always}, {@code madvise} or {@code never}; empty if unknown.
 * @param cpus that the process may run on.
 * @param isolatedCpus kept free by the kernel (isolcpus=), as a list; empty if none.
 * @param ipForward net.ipv4.ip_forward; {@link #UNKNOWN} where there is none.
 * @param neighbours in the kernel's IPv4 table.
 * @param neighboursMax that it takes (gc_thresh3); {@link #UNKNOWN} where it can't be seen.
 */
record BoxFacts(
        String kernelRelease,
        String architecture,
        Probe afXdp,
        Probe filter,
        int jit,
        long capabilities,
        long lockedMemoryLimitBytes,
        int hugePages,
        int hugePagesFree,
        String transparentHugePages,
        int cpus,
        String isolatedCpus,
        int javaFeature,
        String java,
        int ipForward,
        int neighbours,
        int neighboursMax) {
    static final int UNKNOWN = -1;
}
