package io.naru.controlplane.config;

import io.naru.dataplane.protocol.Limits;
import java.util.HashSet;
import java.util.List;

/** The keys of the data plane, and the record that they make. */
final class DataPlaneKeys {
    private static final int MAX_CPU = 1_023;

    static final Key<DataPlaneConfig, Integer> FLOW_CAPACITY =
            Key.<DataPlaneConfig, Integer>of(
                            "flow-capacity",
                            Types.count(1 << 10, 1 << 27),
                            "Flow table entries of one worker, 64 bytes each. A full table still"
                                    + " forwards, but a flow it has no room for may change its"
                                    + " backend when the pool changes.")
                    .component(DataPlaneConfig::flowCapacity)
                    .defaultsTo(1 << 20)
                    .restartsDataPlane()
                    .example("10M");
    static final Key<DataPlaneConfig, List<Integer>> CPUS =
            Key.<DataPlaneConfig, List<Integer>>of(
                            "cpus",
                            new ListType<>(
                                    "a list of whole numbers 0.." + MAX_CPU,
                                    Types.wholeNumber(0, MAX_CPU),
                                    0,
                                    Limits.MAX_WORKERS),
                            "CPUs that the workers are pinned to, in their order; empty is not"
                                    + " pinned.")
                    .component(DataPlaneConfig::cpus)
                    .defaultsTo(List.of())
                    .restartsDataPlane()
                    .example("[2, 3]");
    static final Key<DataPlaneConfig, Integer> FRAMES =
            Key.<DataPlaneConfig, Integer>of(
                            "frames",
                            Types.count(1 << 8, 1 << 20),
                            "Packet buffers of a worker for one interface.")
                    .component(DataPlaneConfig::frames)
                    .defaultsTo(4_096)
                    .restartsDataPlane()
                    .example("8k");
    static final Key<DataPlaneConfig, Integer> FRAME_SIZE =
            Key.<DataPlaneConfig, Integer>of(
                            "frame-size",
                            Types.numberOf(2_048, 4_096),
                            "Bytes of a packet buffer; 2048 holds an MTU of 1500.")
                    .component(DataPlaneConfig::frameSizeBytes)
                    .defaultsTo(2_048)
                    .restartsDataPlane()
                    .example("4096");
    static final Key<DataPlaneConfig, Feature> HUGE_PAGES =
            Key.<DataPlaneConfig, Feature>of(
                            "huge-pages",
                            Types.choice(Feature.class),
                            "Whether packet buffers and flow tables are on huge pages; 'on'"
                                    + " refuses to start without them.")
                    .component(DataPlaneConfig::hugePages)
                    .defaultsTo(Feature.AUTO)
                    .restartsDataPlane()
                    .example("on");
    static final Key<DataPlaneConfig, IdleMode> IDLE =
            Key.<DataPlaneConfig, IdleMode>of(
                            "idle",
                            Types.choice(IdleMode.class),
                            "What a worker without packets does: backoff spins, yields, then"
                                    + " sleeps briefly; busy polls and takes a whole core.")
                    .component(DataPlaneConfig::idle)
                    .defaultsTo(IdleMode.BACKOFF)
                    .restartsDataPlane()
                    .example("busy");
    static final Key<DataPlaneConfig, Boolean> VIP_ECHO =
            Key.<DataPlaneConfig, Boolean>of("vip-echo", Types.flag(), "Whether VIPs answer ping.")
                    .component(DataPlaneConfig::vipEcho)
                    .defaultsTo(true)
                    .restartsDataPlane()
                    .example("false");
    static final Key<DataPlaneConfig, Long> HASH_SEED =
            Key.<DataPlaneConfig, Long>of(
                            "hash-seed",
                            Types.wholeLong(1, Long.MAX_VALUE),
                            "Seed of the hashes that pick backends. Balancers that share VIPs"
                                    + " need the same.")
                    .component(DataPlaneConfig::hashSeed)
                    .absentAs(0L)
                    .defaultText("the same on every Naru")
                    .restartsDataPlane()
                    .example("20261121");
    static final Key<DataPlaneConfig, PortRange> LOCAL_PORTS =
            Key.<DataPlaneConfig, PortRange>of(
                            "local-ports",
                            Types.ports(),
                            "Ports of the local addresses that full-nat flows use; one of our"
                                    + " own addresses needs them to itself.")
                    .component(DataPlaneConfig::localPorts)
                    .defaultsTo(DataPlaneConfig.LOCAL_PORTS_DEFAULT)
                    .restartsDataPlane()
                    .example("20000-65535");
    static final ObjectType<DataPlaneConfig> DATA_PLANE =
            new ObjectType<>(
                    "the data plane",
                    "How the data plane process is set up.",
                    List.of(
                            FLOW_CAPACITY,
                            CPUS,
                            FRAMES,
                            FRAME_SIZE,
                            HUGE_PAGES,
                            IDLE,
                            VIP_ECHO,
                            HASH_SEED,
                            LOCAL_PORTS),
                    null);

    private DataPlaneKeys() {}

    /**
     * How the data plane is set up.
     *
     * @param queues of the interface that has the most, 0 if none says how many.
     */
    static DataPlaneConfig assemble(final Section section, final int queues) {
        return new DataPlaneConfig(
                section.orDefault(FLOW_CAPACITY),
                cpus(section, queues),
                section.orDefault(FRAMES),
                section.orDefault(FRAME_SIZE),
                section.orDefault(HUGE_PAGES),
                section.orDefault(IDLE),
                section.orDefault(VIP_ECHO),
                section.orDefault(HASH_SEED),
                localPorts(section));
    }

    private static List<Integer> cpus(final Section section, final int queues) {
        final List<Integer> cpus = section.orDefault(CPUS);
        if (new HashSet<>(cpus).size() < cpus.size()) {
            section.error(CPUS, "a CPU is given twice", "each worker wants a CPU of its own");
        }
        if (!cpus.isEmpty() && cpus.size() < queues) {
            section.error(
                    CPUS,
                    "has " + cpus.size() + " CPUs for " + queues + " workers (one a queue)",
                    null);
        }

        return cpus;
    }

    private static PortRange localPorts(final Section section) {
        final PortRange ports = section.orDefault(LOCAL_PORTS);
        if (ports.last() - ports.first() + 1 < Limits.MAX_WORKERS || ports.first() == 0) {
            section.error(
                    LOCAL_PORTS,
                    "needs at least " + Limits.MAX_WORKERS + " ports, such as 20000-65535",
                    null);
        }

        return ports;
    }
}
