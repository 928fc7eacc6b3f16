package io.naru.dataplane;

import static io.naru.dataplane.protocol.DataPlaneProperties.*;

import io.naru.dataplane.flow.FlowTableDescriptor;
import io.naru.dataplane.neighbour.Neighbourhood;
import io.naru.dataplane.port.xdp.XdpSettings;
import io.naru.dataplane.port.xdp.XdpSettings.Interface;
import io.naru.dataplane.protocol.DataPlaneProperties;
import io.naru.dataplane.protocol.Limits;
import io.naru.dataplane.schedule.StableHash;
import io.naru.linux.memory.HugePages;
import io.naru.linux.sched.ThreadAffinity;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.agrona.BitUtil;
import org.agrona.concurrent.EpochClock;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemEpochClock;
import org.agrona.concurrent.SystemNanoClock;

/**
 * What a {@link DataPlane} is started with: settings, and parts that may be put in the place of the
 * usual ones. {@link #conclude()} checks all of it.
 */
public final class DataPlaneContext {
    public static final int FLOW_CAPACITY_DEFAULT = 1 << 20;
    public static final int FRAMES_DEFAULT = 4_096;
    public static final int FRAME_SIZE_DEFAULT = 2_048;

    public static final int LOCAL_PORT_FIRST_DEFAULT = 1_024;
    public static final int LOCAL_PORT_LAST_DEFAULT = 65_535;

    /** Bursts of warm-up: enough for the last compiler to have seen every stage. */
    public static final int WARM_UP_BURSTS_DEFAULT = 20_000;

    private static final String PREFIX = "naru.";

    private Path runDirectory = Path.of(RUN_DIR_DEFAULT);
    private Topology topology;
    private List<Interface> interfaces = List.of();
    private List<Integer> cpus = List.of();
    private int flowCapacity = FLOW_CAPACITY_DEFAULT;
    private int frames = FRAMES_DEFAULT;
    private int frameSizeBytes = FRAME_SIZE_DEFAULT;
    private HugePages hugePages = HugePages.AUTO;
    private IdleMode idle = IdleMode.BACKOFF;
    private boolean answersEcho = true;
    private long hashSeed = StableHash.DEFAULT_SEED;
    private int localPortFirst = LOCAL_PORT_FIRST_DEFAULT;
    private int localPortLast = LOCAL_PORT_LAST_DEFAULT;
    private int warmUpBursts = WARM_UP_BURSTS_DEFAULT;
    private boolean isDrivenByHand;
    private PacketEdge edge;
    private Neighbourhood neighbourhood;
    private NanoClock nanoClock = SystemNanoClock.INSTANCE;
    private EpochClock epochClock = SystemEpochClock.INSTANCE;
    private LongSupplier secrets = new SecureRandom()::nextLong;

    /**
     * A context of the settings named in {@link DataPlaneProperties}.
     *
     * @param properties all that are set.
     * @param overrides win over them; what is no setting there is passed over.
     * @throws SettingsException if any of them is not understood; the message has them all.
     */
    public static DataPlaneContext of(final Properties properties, final Properties overrides) {
        final DataPlaneContext context = new DataPlaneContext();
        final SettingsReader reader = new SettingsReader(properties, overrides);
        context.runDirectory = Path.of(reader.text(RUN_DIR, RUN_DIR_DEFAULT));
        reader.choice(TOPOLOGY, Topology.class, context::topology);
        context.interfaces = interfaces(reader);
        context.cpus = cpus(reader);
        reader.number(
                FLOW_CAPACITY,
                1,
                FlowTableDescriptor.MAX_CAPACITY,
                value -> context.flowCapacity = value.intValue());
        reader.number(
                FRAMES,
                XdpSettings.FRAMES_PER_PORT_MIN,
                XdpSettings.FRAMES_PER_PORT_MAX,
                value -> context.frames = value.intValue());
        reader.number(FRAME_SIZE, 2_048, 4_096, value -> context.frameSizeBytes = value.intValue());
        reader.choice(HUGE_PAGES, HugePages.class, context::hugePages);
        reader.choice(IDLE, IdleMode.class, context::idle);
        reader.flag(VIP_ECHO, context::answersEcho);
        reader.number(HASH_SEED, Long.MIN_VALUE, Long.MAX_VALUE, context::hashSeed);
        localPorts(reader, context);
        reader.refuseUnknown(PREFIX);
        if (!reader.problems().isEmpty()) {
            throw new SettingsException(reader.problems());
        }

        return context;
    }

    private static List<Interface> interfaces(final SettingsReader reader) {
        final List<Interface> interfaces = new ArrayList<>();
        for (final String name : reader.list(INTERFACES)) {
            final XdpSettings.Mode[] mode = {XdpSettings.Mode.AUTO};
            final XdpSettings.ZeroCopy[] zeroCopy = {XdpSettings.ZeroCopy.AUTO};
            final int[] queues = {XdpSettings.AUTO};
            reader.choice(interfaceMode(name), XdpSettings.Mode.class, value -> mode[0] = value);
            reader.choice(
                    interfaceZeroCopy(name),
                    XdpSettings.ZeroCopy.class,
                    value -> zeroCopy[0] = value);
            if (!"auto".equals(reader.text(interfaceQueues(name), "auto"))) {
                reader.number(
                        interfaceQueues(name),
                        1,
                        Limits.MAX_WORKERS,
                        value -> queues[0] = value.intValue());
            }
            final int[] vlan = {XdpSettings.UNTAGGED};
            reader.number(
                    interfaceVlan(name),
                    XdpSettings.UNTAGGED,
                    XdpSettings.VLAN_MAX,
                    value -> vlan[0] = value.intValue());
            interfaces.add(new Interface(name, mode[0], zeroCopy[0], queues[0], vlan[0]));
        }

        return interfaces;
    }

    private static void localPorts(final SettingsReader reader, final DataPlaneContext context) {
        final String text = reader.text(LOCAL_PORTS, "");
        if (text.isEmpty()) {
            return;
        }

        final Matcher range = Pattern.compile("([0-9]{1,5})-([0-9]{1,5})").matcher(text);
        final int first = range.matches() ? Integer.parseInt(range.group(1)) : 0;
        final int last = range.matches() ? Integer.parseInt(range.group(2)) : 0;
        if (first < 1 || last > 0xffff || last - first + 1 < Limits.MAX_WORKERS) {
            reader.problem(LOCAL_PORTS, text, "a range of 64 or more ports such as 1024-65535");
            return;
        }

        context.localPortFirst = first;
        context.localPortLast = last;
    }

    /** First port of the range for local addresses. */
    public int localPortFirst() {
        return localPortFirst;
    }

    /** Last port of the range for local addresses. */
    public int localPortLast() {
        return localPortLast;
    }

    private static List<Integer> cpus(final SettingsReader reader) {
        final List<Integer> cpus = new ArrayList<>();
        for (final String text : reader.list(CPUS)) {
            if (text.matches("[0-9]{1,4}") && Integer.parseInt(text) < ThreadAffinity.CPUS_MAX) {
                cpus.add(Integer.valueOf(text));
            } else {
                reader.problem(
                        CPUS,
                        text,
                        "numbers of CPUs from 0 to "
                                + (ThreadAffinity.CPUS_MAX - 1)
                                + ", separated by commas");
            }
        }

        return cpus;
    }

    /**
     * Checks that the settings can go together.
     *
     * @throws SettingsException that says for each wrong setting what was expected.
     */
    public DataPlaneContext conclude() {
        final List<String> problems = new ArrayList<>();
        if (edge == null && interfaces.isEmpty()) {
            problems.add(INTERFACES + " is empty, expected the names of one or more interfaces");
        }
        if (interfaces.size() > Limits.MAX_INTERFACES) {
            problems.add(
                    "%s has %d names, expected at most %d"
                            .formatted(INTERFACES, interfaces.size(), Limits.MAX_INTERFACES));
        }
        final Set<String> names = new HashSet<>();
        for (final Interface one : interfaces) {
            if (one.name().isEmpty() || !names.add(one.name())) {
                problems.add(
                        "%s names '%s' twice or not at all, expected each interface once"
                                .formatted(INTERFACES, one.name()));
            }
            if (one.vlan() != XdpSettings.UNTAGGED && topology == Topology.BRIDGE) {
                problems.add(
                        "%s is %d, expected none: a bridge carries all VLANs"
                                .formatted(interfaceVlan(one.name()), one.vlan()));
            }
        }
        if (flowCapacity < 1 || flowCapacity > FlowTableDescriptor.MAX_CAPACITY) {
            problems.add(
                    "%s is %d, expected 1 to %d"
                            .formatted(
                                    FLOW_CAPACITY, flowCapacity, FlowTableDescriptor.MAX_CAPACITY));
        }
        if (!BitUtil.isPowerOfTwo(frames)) {
            problems.add("%s is %d, expected a power of two".formatted(FRAMES, frames));
        }
        if (frameSizeBytes != 2_048 && frameSizeBytes != 4_096) {
            problems.add("%s is %d, expected 2048 or 4096".formatted(FRAME_SIZE, frameSizeBytes));
        }
        if (Set.copyOf(cpus).size() != cpus.size()) {
            problems.add("%s is %s, expected a CPU for each worker".formatted(CPUS, cpus));
        }
        if (edge != null && neighbourhood == null) {
            problems.add("a neighbourhood has to come with an edge of one's own");
        }
        if (!problems.isEmpty()) {
            throw new SettingsException(problems);
        }
        if (topology == null) {
            topology = interfaces.size() == 1 ? Topology.ONE_ARM : Topology.ROUTED;
        }

        return this;
    }

    XdpSettings xdpSettings() {
        return new XdpSettings(
                interfaces,
                XdpSettings.AUTO,
                frames,
                frameSizeBytes,
                hugePages,
                topology == Topology.BRIDGE);
    }

    // -- settings ---------------------------------------------------------------------------------

    public DataPlaneContext runDirectory(final Path runDirectory) {
        this.runDirectory = runDirectory;
        return this;
    }

    public Path runDirectory() {
        return runDirectory;
    }

    /** Routed with several interfaces, one-arm with one, if it is not set. */
    public DataPlaneContext topology(final Topology topology) {
        this.topology = topology;
        return this;
    }

    public Topology topology() {
        return topology;
    }

    public DataPlaneContext interfaces(final List<Interface> interfaces) {
        this.interfaces = List.copyOf(interfaces);
        return this;
    }

    public List<Interface> interfaces() {
        return interfaces;
    }

    /** CPUs of the workers in their order; workers that have none are not pinned. */
    public DataPlaneContext cpus(final List<Integer> cpus) {
        this.cpus = List.copyOf(cpus);
        return this;
    }

    public List<Integer> cpus() {
        return cpus;
    }

    /** Entries of the flow table of one worker. */
    public DataPlaneContext flowCapacity(final int flowCapacity) {
        this.flowCapacity = flowCapacity;
        return this;
    }

    public int flowCapacity() {
        return flowCapacity;
    }

    /** Frames for each queue of each interface. */
    public DataPlaneContext frames(final int frames) {
        this.frames = frames;
        return this;
    }

    public int frames() {
        return frames;
    }

    public DataPlaneContext frameSizeBytes(final int frameSizeBytes) {
        this.frameSizeBytes = frameSizeBytes;
        return this;
    }

    public int frameSizeBytes() {
        return frameSizeBytes;
    }

    public DataPlaneContext hugePages(final HugePages hugePages) {
        this.hugePages = hugePages;
        return this;
    }

    public HugePages hugePages() {
        return hugePages;
    }

    public DataPlaneContext idle(final IdleMode idle) {
        this.idle = idle;
        return this;
    }

    public IdleMode idle() {
        return idle;
    }

    /** Whether a ping of a VIP is answered. */
    public DataPlaneContext answersEcho(final boolean answersEcho) {
        this.answersEcho = answersEcho;
        return this;
    }

    public boolean answersEcho() {
        return answersEcho;
    }

    /** Seed of the hashes that the balancers of a group share. */
    public DataPlaneContext hashSeed(final long hashSeed) {
        this.hashSeed = hashSeed;
        return this;
    }

    public long hashSeed() {
        return hashSeed;
    }

    // -- parts ------------------------------------------------------------------------------------

    /** Bursts that go through a pipeline of the same kind before packets are let in; 0: none. */
    public DataPlaneContext warmUpBursts(final int warmUpBursts) {
        this.warmUpBursts = warmUpBursts;
        return this;
    }

    public int warmUpBursts() {
        return warmUpBursts;
    }

    /** Starts no threads: {@link DataPlane#doWork} runs the conductor and the workers. */
    public DataPlaneContext drivenByHand(final boolean isDrivenByHand) {
        this.isDrivenByHand = isDrivenByHand;
        return this;
    }

    public boolean isDrivenByHand() {
        return isDrivenByHand;
    }

    /** Packets from there, not from the interfaces named; closed with the data plane. */
    public DataPlaneContext edge(final PacketEdge edge) {
        this.edge = edge;
        return this;
    }

    PacketEdge edge() {
        return edge;
    }

    /** Next hops from there, not from the kernel; closed with the data plane. */
    public DataPlaneContext neighbourhood(final Neighbourhood neighbourhood) {
        this.neighbourhood = neighbourhood;
        return this;
    }

    Neighbourhood neighbourhood() {
        return neighbourhood;
    }

    public DataPlaneContext nanoClock(final NanoClock nanoClock) {
        this.nanoClock = nanoClock;
        return this;
    }

    public NanoClock nanoClock() {
        return nanoClock;
    }

    public DataPlaneContext epochClock(final EpochClock epochClock) {
        this.epochClock = epochClock;
        return this;
    }

    public EpochClock epochClock() {
        return epochClock;
    }

    /** Seeds that nobody outside may guess come from there: of the flow hash and the like. */
    public DataPlaneContext secrets(final LongSupplier secrets) {
        this.secrets = secrets;
        return this;
    }

    LongSupplier secrets() {
        return secrets;
    }
}
