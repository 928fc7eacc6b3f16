package io.naru.dataplane.protocol;

/**
 * Names of the settings that the data plane reads at start, from a properties file and from system
 * properties ({@code -Dnaru.…}, which win).
 */
public final class DataPlaneProperties {
    /** Directory of the {@code cnc} file; {@link #RUN_DIR_DEFAULT}. */
    public static final String RUN_DIR = "naru.run.dir";

    /** Where a service of the system keeps its run-time files. */
    public static final String RUN_DIR_DEFAULT = "/run/naru";

    /** {@code routed}, {@code one-arm} or {@code bridge}. */
    public static final String TOPOLOGY = "naru.topology";

    /** Names of the interfaces, separated by commas; their order gives their index. */
    public static final String INTERFACES = "naru.interfaces";

    /** CPUs of the workers in their order, separated by commas; empty: not pinned. */
    public static final String CPUS = "naru.cpus";

    /** Entries of the flow table of one worker. */
    public static final String FLOW_CAPACITY = "naru.flow.capacity";

    /** Frames per worker and interface. */
    public static final String FRAMES = "naru.frames";

    /** Size of a frame in bytes: 2048 or 4096. */
    public static final String FRAME_SIZE = "naru.frame.size";

    /** {@code auto}, {@code on} or {@code off}. */
    public static final String HUGE_PAGES = "naru.huge.pages";

    /** {@code backoff} or {@code busy}: what a worker does when there is nothing to do. */
    public static final String IDLE = "naru.idle";

    /** Whether the data plane answers a ping of a VIP. */
    public static final String VIP_ECHO = "naru.vip.echo";

    /** Seed of the hashes that balancers must share; the same on every one of a group. */
    public static final String HASH_SEED = "naru.hash.seed";

    /** First and last port that local addresses may use, such as {@code 1024-65535}. */
    public static final String LOCAL_PORTS = "naru.local.ports";

    private static final String INTERFACE_PREFIX = "naru.interface.";

    private DataPlaneProperties() {}

    /** {@code auto}, {@code native} or {@code generic}. */
    public static String interfaceMode(final String interfaceName) {
        return INTERFACE_PREFIX + interfaceName + ".mode";
    }

    /** {@code auto}, {@code on} or {@code off}. */
    public static String interfaceZeroCopy(final String interfaceName) {
        return INTERFACE_PREFIX + interfaceName + ".zero.copy";
    }

    /** The VLAN of the interface's frames, 1 to 4094; 0 if they have no tag. */
    public static String interfaceVlan(final String interfaceName) {
        return INTERFACE_PREFIX + interfaceName + ".vlan";
    }

    /** {@code auto} or a number of queues. */
    public static String interfaceQueues(final String interfaceName) {
        return INTERFACE_PREFIX + interfaceName + ".queues";
    }
}
