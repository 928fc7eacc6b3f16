package io.naru.controlplane.config;

import java.util.List;

/**
 * How the data plane process is set up; a change of any of these needs its restart.
 *
 * @param flowCapacity flow table entries per worker.
 * @param cpus one a worker, in the workers' order; empty is not pinned.
 * @param frames per worker and interface.
 * @param frameSizeBytes 2048 or 4096.
 * @param vipEcho whether VIPs answer ping.
 * @param localPorts that local addresses may use.
 * @param hashSeed of the hashes that choose backends; 0 is the data plane's own.
 */
public record DataPlaneConfig(
        int flowCapacity,
        List<Integer> cpus,
        int frames,
        int frameSizeBytes,
        Feature hugePages,
        IdleMode idle,
        boolean vipEcho,
        long hashSeed,
        PortRange localPorts) {
    public static final PortRange LOCAL_PORTS_DEFAULT = new PortRange(1_024, 65_535);

    public DataPlaneConfig {
        cpus = List.copyOf(cpus);
    }
}
