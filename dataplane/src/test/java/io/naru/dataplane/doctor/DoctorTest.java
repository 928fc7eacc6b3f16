package io.naru.dataplane.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.linux.Errno;
import io.naru.linux.ethtool.Channels;
import io.naru.linux.ethtool.DriverInfo;
import io.naru.linux.ethtool.Feature;
import io.naru.linux.ethtool.RingSizes;
import io.naru.linux.netlink.Link;
import io.naru.linux.netlink.XdpFeatures;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.junit.jupiter.api.Test;

/** Each line of the doctor's report, provoked once. */
class DoctorTest {
    private static final long ALL_CAPABILITIES = -1L;
    private static final int UP = 0x1 | 0x10000;

    private final Box box = new Box();
    private final Nic nic = new Nic();
    private Plan plan = new Plan(List.of("eth0"), false, 4_096, 2_048, 1 << 20, true);

    @Test
    void shouldBeContentWithGoodBox() {
        final List<Finding> findings = Doctor.examine(box.facts(), List.of(nic.facts()), plan);

        assertTrue(
                findings.stream().allMatch(finding -> finding.level() == Level.OK),
                Report.table(findings, false));
        assertEquals(
                "kernel capabilities af-xdp bpf bpf-jit locked-memory huge-pages cpus java ip-forward"
                        + " neighbour-table link driver xdp-program queues rings offloads mtu"
                        + " rp-filter",
                String.join(" ", findings.stream().map(Finding::check).toList()));
        assertTrue(findings.stream().allMatch(finding -> finding.remedy().isEmpty()));
    }

    @Test
    void shouldJudgeKernel() {
        box.kernel = "5.8.0-1-amd64";
        expectProblem("kernel", "XDP links need 5.9 or newer");
        box.kernel = "5.10.0-30-amd64";
        expectWarning("kernel", "before 5.11 BPF maps count against the memlock limit");
        box.kernel = "odd";
        expectProblem("kernel", "Linux odd on x86_64");
        box.kernel = "6.1.0-18-amd64";
        box.architecture = "riscv64";
        expectProblem("kernel", "Naru runs on x86_64 and aarch64");
    }

    @Test
    void shouldNameMissingCapabilities() {
        box.capabilities =
                ~(bit(BoxChecks.CAP_NET_ADMIN)
                        | bit(BoxChecks.CAP_BPF)
                        | bit(BoxChecks.CAP_SYS_ADMIN));
        final Finding finding =
                expectProblem("capabilities", "the process lacks CAP_NET_ADMIN, CAP_BPF");
        assertEquals("sudo ./naru doctor", finding.remedy().get(0));

        box.capabilities = ~(bit(BoxChecks.CAP_BPF) | bit(BoxChecks.CAP_PERFMON));
        expect(Level.OK, "capabilities", "all that are needed", "CAP_SYS_ADMIN contains them");

        box.capabilities = ~(bit(BoxChecks.CAP_PERFMON) | bit(BoxChecks.CAP_SYS_ADMIN));
        expectProblem("capabilities", "the process lacks CAP_PERFMON");

        box.capabilities = ~bit(BoxChecks.CAP_IPC_LOCK);
        expectWarning("capabilities", "without CAP_IPC_LOCK the memlock limit counts");
    }

    @Test
    void shouldSayWhatTheKernelLacks() {
        box.afXdp = Probe.refused(Errno.EAFNOSUPPORT, "");
        expectProblem("af-xdp", "the kernel was built without CONFIG_XDP_SOCKETS");
        box.afXdp = Probe.refused(Errno.EPERM, "socket(AF_XDP): EPERM");
        expectProblem("af-xdp", "no AF_XDP socket: socket(AF_XDP): EPERM");
        box.filter = Probe.refused(Errno.ENOSYS, "");
        expectProblem("bpf", "the kernel was built without CONFIG_BPF_SYSCALL");
        box.filter = Probe.refused(Errno.EACCES, "no\nlog\nlog");
        final Finding finding = expectProblem("bpf", "the kernel refuses our XDP program: no");
        assertFalse(finding.found().contains("\n"));
        box.jit = 0;
        assertEquals(
                List.of("sysctl -w net.core.bpf_jit_enable=1"),
                expectWarning("bpf-jit", "interpreted").remedy());
    }

    @Test
    void shouldNotBlameTheKernelForMissingCapabilities() {
        box.capabilities = 0;
        box.afXdp = Probe.refused(Errno.EPERM, "socket(AF_XDP): EPERM");
        box.filter = Probe.refused(Errno.EPERM, "bpf: EPERM");

        expectProblem("capabilities", "CAP_NET_ADMIN, CAP_NET_RAW, CAP_BPF, CAP_PERFMON");
        expectWarning("af-xdp", "can't be tried without CAP_NET_RAW");
        expectWarning("bpf", "can't be tried without CAP_BPF and CAP_PERFMON");
    }

    @Test
    void shouldCompareMemlockLimitWithFrames() {
        box.capabilities = ~bit(BoxChecks.CAP_IPC_LOCK);
        box.lockedMemoryLimitBytes = 8 << 20;
        expect(Level.OK, "locked-memory", "the limit is 8 MiB, the frames take 8 MiB", "");
        plan = new Plan(List.of("eth0", "eth1"), true, 4_096, 2_048, 1 << 20, true);
        expectProblem("locked-memory", "the limit is 8 MiB, the frames take 16 MiB");
        box.lockedMemoryLimitBytes = Long.MAX_VALUE;
        expect(Level.OK, "locked-memory", "no limit", "");
    }

    @Test
    void shouldCountHugePages() {
        box.hugePages = 20;
        box.hugePagesFree = 10;
        final Finding finding =
                expectWarning(
                        "huge-pages",
                        "10 of 20 reserved 2 MiB pages are free, 49 are needed for 1 worker;"
                                + " transparent ones are used if the kernel finds any");
        assertEquals(List.of("sysctl -w vm.nr_hugepages=59"), finding.remedy());

        box.transparentHugePages = "never";
        expectWarning("huge-pages", "4 KiB pages cost a TLB miss a packet");
        plan = new Plan(List.of("eth0"), false, 4_096, 2_048, 1 << 20, false);
        expect(Level.OK, "huge-pages", "switched off in the settings", "");
    }

    @Test
    void shouldCompareCpusWithWorkers() {
        box.cpus = 1;
        expectWarning("cpus", "1 CPU, 1 worker; none kept free for workers (isolcpus=)");
        box.cpus = 4;
        box.isolatedCpus = "2-3";
        expect(Level.OK, "cpus", "4 CPUs, 1 worker; 2-3 kept free (isolcpus=)", "");
    }

    @Test
    void shouldWantJava17() {
        box.javaFeature = 11;
        expectProblem("java", "17 or newer is needed");
    }

    @Test
    void shouldWantForwardingOnlyWhenRouted() {
        box.ipForward = 0;
        expect(Level.OK, "ip-forward", "does not matter with one interface", "");
        plan = routed();
        assertEquals(
                List.of("sysctl -w net.ipv4.ip_forward=1"),
                expectWarning("ip-forward", "the backends' own connections").remedy());
    }

    @Test
    void shouldWarnBeforeNeighbourTableIsFull() {
        box.neighbours = 900;
        final Finding finding = expectWarning("neighbour-table", "900 of at most 1024 neighbours");
        assertEquals(2, finding.remedy().size());
        box.neighboursMax = BoxFacts.UNKNOWN;
        assertTrue(run().stream().noneMatch(f -> f.check().equals("neighbour-table")));
    }

    @Test
    void shouldSayWhatIsWrongWithLink() {
        nic.flags = 0;
        assertEquals(
                List.of("ip link set eth0 up"), expectProblem("link", "switched off").remedy());
        nic.flags = 1;
        expectWarning("link", "no carrier");
        nic.macNet = 0;
        expectProblem("link", "not an Ethernet interface");
        final List<Finding> findings =
                Doctor.examine(box.facts(), List.of(InterfaceFacts.missing("eth7")), plan);
        assertEquals("there is no interface eth7", findings.get(findings.size() - 1).found());
    }

    @Test
    void shouldPointFromDeviceToWhatIsUnderIt() {
        nic.kind = "bond";
        nic.members = List.of("eth1", "eth2");
        assertEquals(
                List.of("./naru doctor -i eth1 -i eth2"),
                expectProblem("device", "name its members instead (eth1, eth2)").remedy());
        nic.kind = "bridge";
        expectProblem("device", "name a port of it instead");
        nic.kind = "vlan";
        nic.lowerName = "eth5";
        nic.vlan = 100;
        expectWarning("device", "name eth5 instead, with 'vlan: 100'");
        nic.kind = "";
        nic.memberKind = "bond";
        expect(Level.OK, "device", "the balancer must have all of its members", "");
    }

    @Test
    void shouldSayHowXdpRuns() {
        nic.xdp = Optional.of(new XdpFeatures(0b1011));
        expect(Level.OK, "driver", "ice, native XDP, zero-copy", "");
        nic.xdp = Optional.of(new XdpFeatures(0b0011));
        expect(Level.OK, "driver", "ice, native XDP, copies each packet", "");
        nic.xdp = Optional.of(new XdpFeatures(0));
        expectWarning("driver", "ice does not run XDP itself");
        nic.xdp = Optional.empty();
        expect(Level.OK, "driver", "zero-copy is tried at start", "known by name before 6.3");
        nic.driver = "e1000e";
        expectWarning("driver", "e1000e does not run XDP itself");
    }

    @Test
    void shouldFindProgramOfSomebodyElse() {
        nic.xdpMode = Link.XdpMode.NATIVE;
        nic.program = "xdp_dispatcher";
        assertEquals(
                List.of("bpftool prog show id 17", "ip link set dev eth0 xdp off"),
                expectProblem(
                                "xdp-program",
                                "another XDP program is attached: id 17 xdp_dispatcher")
                        .remedy());
        nic.program = "";
        expectProblem("xdp-program", "another XDP program is attached: id 17");
        nic.program = "naru_filter";
        expect(Level.OK, "xdp-program", "Naru's own", "");
    }

    @Test
    void shouldCompareQueuesWithCpus() {
        nic.channels = Optional.of(new Channels(0, 0, 8, 0, 0, 16));
        assertEquals(
                List.of("ethtool -L eth0 combined 4"),
                expectWarning("queues", "8 receive queues: 8 workers on 4 CPUs").remedy());
        nic.channels = Optional.of(new Channels(8, 8, 0, 8, 8, 0));
        assertEquals(
                List.of("ethtool -L eth0 rx 4 tx 4"),
                expectWarning("queues", "8 workers").remedy());
        nic.channels = Optional.of(new Channels(0, 0, 128, 0, 0, 128));
        expectProblem("queues", "128 receive queues, at most 64 can be served");
        nic.channels = Optional.empty();
        nic.rxQueues = 3;
        expect(Level.OK, "queues", "3 receive queues: 3 workers", "as it was made");
    }

    @Test
    void shouldWantLongerRingsWhereTheDriverHasThem() {
        nic.rings = Optional.of(new RingSizes(512, 512, 8_160, 8_160));
        assertEquals(
                List.of("ethtool -G eth0 rx 4096"),
                expectWarning("rings", "512 receive descriptors of at most 8160").remedy());
        nic.rings = Optional.of(new RingSizes(256, 256, 256, 256));
        expect(Level.OK, "rings", "256 receive descriptors of at most 256", "no more to be had");
        nic.rings = Optional.empty();
        assertTrue(run().stream().noneMatch(finding -> finding.check().equals("rings")));
    }

    @Test
    void shouldFindOffloadsThatMergeOrStripWhatIsReceived() {
        nic.feature("rx-gro");
        expect(Level.OK, "offloads", "none that merges", "native XDP comes before GRO");
        nic.feature("rx-gro-hw");
        expectWarning("offloads", "GRO in hardware merges received packets");
        nic.feature("rx-vlan-hw-parse");
        nic.hasVlans = true;
        assertEquals(
                List.of("ethtool -K eth0 rxvlan off"),
                expectProblem("offloads", "VLAN tags are taken off").remedy());
        nic.feature("rx-lro");
        assertEquals(List.of("ethtool -K eth0 lro off"), expectProblem("offloads", "LRO").remedy());
        nic.xdp = Optional.of(new XdpFeatures(0));
        assertEquals(
                List.of("ethtool -K eth0 gro off"),
                expectProblem("offloads", "GRO merges received packets before generic XDP")
                        .remedy());
    }

    @Test
    void shouldLookAtOtherEndOfVeth() {
        nic.kind = "veth";
        expectWarning("peer-offloads", "the other end is in another namespace");
        nic.peer = "eth1";
        expect(Level.OK, "peer-offloads", "eth1 sends packets that are complete", "");
        nic.peerFeatures =
                Map.of(
                        "tx-checksum-ip-generic",
                        new Feature("tx-checksum-ip-generic", true, true),
                        "tx-tcp-segmentation",
                        new Feature("tx-tcp-segmentation", true, true));
        assertEquals(
                List.of("ethtool -K eth1 tx off tso off gso off gro off"),
                expectProblem("peer-offloads", "eth1 leaves checksums and segments").remedy());
    }

    @Test
    void shouldCompareMtuWithFramesAndTunnels() {
        expect(Level.OK, "mtu", "1500; in GRE, packets of up to 1476 fit over IPv4", "");
        expect(Level.OK, "mtu", "1456 over IPv6 (44)", "");
        nic.mtu = 1_775;
        expectProblem("mtu", "packets of more than 1774 bytes don't fit frames of 2048");
        plan = new Plan(List.of("eth0"), false, 4_096, 4_096, 1 << 20, true);
        nic.mtu = 3_500;
        expectWarning("mtu", "many drivers refuse native XDP above 3498");
    }

    @Test
    void shouldWarnOfStrictReversePathFilterWhenRouted() {
        nic.rpFilter = 1;
        expect(Level.OK, "rp-filter", "strict, which does not matter with one interface", "");
        plan = routed();
        assertEquals(
                List.of("sysctl -w net.ipv4.conf.eth0.rp_filter=2"),
                expectWarning("rp-filter", "strict").remedy());
        nic.rpFilter = 2;
        expect(Level.OK, "rp-filter", "loose", "");
    }

    @Test
    void shouldTakePlanFromSettings() {
        final Properties settings = new Properties();
        settings.setProperty("naru.interfaces", "eth2, eth3");
        settings.setProperty("naru.frames", "8192");

        assertEquals(
                new Plan(List.of("eth2", "eth3"), true, 8_192, 2_048, 1 << 20, true),
                Plan.of(settings, List.of()));
        assertEquals(List.of("eth9"), Plan.of(settings, List.of("eth9")).interfaces());
        settings.setProperty("naru.topology", "one-arm");
        assertFalse(Plan.of(settings, List.of()).routed());
        settings.setProperty("naru.frames", "many");
        assertEquals(
                "naru.frames is many, which is not a number",
                assertThrows(IllegalArgumentException.class, () -> Plan.of(settings, List.of()))
                        .getMessage());
    }

    private static Plan routed() {
        return new Plan(List.of("eth0"), true, 4_096, 2_048, 1 << 20, true);
    }

    private static long bit(final int number) {
        return 1L << number;
    }

    private List<Finding> run() {
        return Doctor.examine(box.facts(), List.of(nic.facts()), plan);
    }

    private Finding expectProblem(final String check, final String text) {
        return expect(Level.PROBLEM, check, text, "");
    }

    private Finding expectWarning(final String check, final String text) {
        return expect(Level.WARNING, check, text, "");
    }

    private Finding expect(
            final Level level, final String check, final String text, final String why) {
        final Finding finding =
                run().stream().filter(f -> f.check().equals(check)).findFirst().orElseThrow();
        assertEquals(level, finding.level(), finding.found() + " " + why);
        assertTrue(finding.found().contains(text), finding.found());
        return finding;
    }

    /** A box that has everything. */
    private static final class Box {
        String kernel = "6.1.0-18-amd64";
        String architecture = "amd64";
        Probe afXdp = Probe.working();
        Probe filter = Probe.working();
        int jit = 1;
        long capabilities = ALL_CAPABILITIES;
        long lockedMemoryLimitBytes = Long.MAX_VALUE;
        int hugePages = 512;
        int hugePagesFree = 512;
        String transparentHugePages = "madvise";
        int cpus = 4;
        String isolatedCpus = "";
        int javaFeature = 17;
        int ipForward = 1;
        int neighbours = 5;
        int neighboursMax = 1_024;

        BoxFacts facts() {
            return new BoxFacts(
                    kernel,
                    architecture,
                    afXdp,
                    filter,
                    jit,
                    capabilities,
                    lockedMemoryLimitBytes,
                    hugePages,
                    hugePagesFree,
                    transparentHugePages,
                    cpus,
                    isolatedCpus,
                    javaFeature,
                    "OpenJDK " + javaFeature,
                    ipForward,
                    neighbours,
                    neighboursMax);
        }
    }

    /** An interface that has everything. */
    private static final class Nic {
        long macNet = 0x0100_0000_0002L;
        int mtu = 1_500;
        int flags = UP;
        String kind = "";
        String memberKind = "";
        int rxQueues = 1;
        Link.XdpMode xdpMode = Link.XdpMode.NONE;
        String program = "";
        String driver = "ice";
        Optional<Channels> channels = Optional.of(new Channels(0, 0, 1, 0, 0, 16));
        Optional<RingSizes> rings = Optional.of(new RingSizes(2_048, 2_048, 8_160, 8_160));
        Optional<XdpFeatures> xdp = Optional.of(new XdpFeatures(0b1011));
        List<String> members = List.of();
        String lowerName = "";
        int vlan;
        boolean hasVlans;
        String peer = "";
        Map<String, Feature> peerFeatures = Map.of();
        int rpFilter;
        private final Map<String, Feature> features = new HashMap<>();

        void feature(final String name) {
            features.put(name, new Feature(name, true, true));
        }

        InterfaceFacts facts() {
            final Link link =
                    new Link(
                            5,
                            "eth0",
                            macNet,
                            mtu,
                            flags,
                            kind,
                            vlan,
                            0,
                            0,
                            memberKind,
                            rxQueues,
                            rxQueues,
                            xdpMode,
                            xdpMode == Link.XdpMode.NONE ? 0 : 17);
            return new InterfaceFacts(
                    "eth0",
                    Optional.of(link),
                    Optional.of(new DriverInfo(driver, "", "", "")),
                    channels,
                    rings,
                    features,
                    xdp,
                    program,
                    members,
                    lowerName,
                    hasVlans,
                    peer,
                    peerFeatures,
                    rpFilter);
        }
    }
}
