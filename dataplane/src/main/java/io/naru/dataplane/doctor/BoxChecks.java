package io.naru.dataplane.doctor;

import io.naru.linux.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Judges the box as a whole: kernel, rights, memory, CPUs. */
final class BoxChecks {
    // include/uapi/linux/capability.h
    static final int CAP_NET_ADMIN = 12;
    static final int CAP_NET_RAW = 13;
    static final int CAP_IPC_LOCK = 14;
    static final int CAP_SYS_ADMIN = 21;
    static final int CAP_PERFMON = 38;
    static final int CAP_BPF = 39;

    /** BPF links for XDP: an attached program that goes away with its process. */
    private static final int OLDEST_KERNEL = version(5, 9);

    /** BPF memory is accounted to the cgroup, no more against RLIMIT_MEMLOCK. */
    private static final int GOOD_KERNEL = version(5, 11);

    private static final int OLDEST_JAVA = 17;
    private static final long HUGE_PAGE_BYTES = 2L << 20;

    /** A 64-byte entry at three quarters load, and its share of a bucket. */
    private static final long BYTES_PER_FLOW = 90;

    private static final String GRANT =
            "[Service] AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW CAP_BPF CAP_PERFMON"
                    + " CAP_IPC_LOCK";

    private static final Pattern RELEASE = Pattern.compile("(\\d+)\\.(\\d+).*");

    private final BoxFacts facts;
    private final Plan plan;
    private final int workers;
    private final Findings findings = new Findings(Finding.BOX);

    /**
     * @param workers one a queue.
     */
    BoxChecks(final BoxFacts facts, final Plan plan, final int workers) {
        this.facts = facts;
        this.plan = plan;
        this.workers = workers;
    }

    List<Finding> run() {
        kernel();
        capabilities();
        afXdp();
        filter();
        jit();
        lockedMemory();
        hugePages();
        cpus();
        java();
        ipForward();
        neighbourTable();
        return findings.list();
    }

    private void kernel() {
        final String found = "Linux %s on %s".formatted(facts.kernelRelease(), architecture());
        final Matcher matcher = RELEASE.matcher(facts.kernelRelease());
        final int version =
                matcher.matches()
                        ? version(
                                Integer.parseInt(matcher.group(1)),
                                Integer.parseInt(matcher.group(2)))
                        : 0;
        if (!facts.architecture().equals("amd64") && !facts.architecture().equals("aarch64")) {
            findings.problem("kernel", found + ": Naru runs on x86_64 and aarch64");
        } else if (version < OLDEST_KERNEL) {
            findings.problem("kernel", found + ": XDP links need 5.9 or newer");
        } else if (version < GOOD_KERNEL) {
            findings.warning(
                    "kernel", found + ": before 5.11 BPF maps count against the memlock limit");
        } else {
            findings.ok("kernel", found);
        }
    }

    private void capabilities() {
        final List<String> missing = new ArrayList<>();
        require(missing, CAP_NET_ADMIN, "CAP_NET_ADMIN");
        require(missing, CAP_NET_RAW, "CAP_NET_RAW");
        if (!has(CAP_SYS_ADMIN)) {
            require(missing, CAP_BPF, "CAP_BPF");
            // Without it the verifier does not allow arithmetic on pointers as compilers make it.
            require(missing, CAP_PERFMON, "CAP_PERFMON");
        }

        if (!missing.isEmpty()) {
            findings.problem(
                    "capabilities",
                    "the process lacks " + String.join(", ", missing),
                    "sudo ./naru doctor",
                    "systemctl edit naru   # " + GRANT);
        } else if (!has(CAP_IPC_LOCK)) {
            findings.warning(
                    "capabilities",
                    "enough to run, but without CAP_IPC_LOCK the memlock limit counts",
                    "systemctl edit naru   # " + GRANT);
        } else {
            findings.ok("capabilities", "all that are needed");
        }
    }

    private void afXdp() {
        final Probe probe = facts.afXdp();
        if (probe.works()) {
            findings.ok("af-xdp", "the kernel makes AF_XDP sockets");
        } else if (probe.errno() == Errno.EPERM && !has(CAP_NET_RAW)) {
            findings.warning("af-xdp", "can't be tried without CAP_NET_RAW");
        } else if (probe.errno() == Errno.EAFNOSUPPORT) {
            findings.problem(
                    "af-xdp",
                    "the kernel was built without CONFIG_XDP_SOCKETS",
                    "apt-get install linux-image-"
                            + (facts.architecture().equals("aarch64") ? "arm64" : "amd64"));
        } else {
            findings.problem("af-xdp", "no AF_XDP socket: " + probe.text());
        }
    }

    private void filter() {
        final Probe probe = facts.filter();
        if (probe.works()) {
            findings.ok("bpf", "the kernel takes our XDP program");
        } else if (isPrivilege(probe) && !mayLoadPrograms()) {
            findings.warning("bpf", "can't be tried without CAP_BPF and CAP_PERFMON");
        } else if (probe.errno() == Errno.ENOSYS) {
            findings.problem("bpf", "the kernel was built without CONFIG_BPF_SYSCALL");
        } else {
            findings.problem("bpf", "the kernel refuses our XDP program: " + probe.text());
        }
    }

    private void jit() {
        if (facts.jit() == 0) {
            findings.warning(
                    "bpf-jit",
                    "BPF programs are interpreted: several times slower a packet",
                    "sysctl -w net.core.bpf_jit_enable=1");
        } else if (facts.jit() > 0) {
            findings.ok("bpf-jit", "BPF programs are compiled");
        }
    }

    private void lockedMemory() {
        final long needed = framesBytes();
        if (has(CAP_IPC_LOCK)) {
            findings.ok("locked-memory", "no limit with CAP_IPC_LOCK");
        } else if (facts.lockedMemoryLimitBytes() == Long.MAX_VALUE) {
            findings.ok("locked-memory", "no limit");
        } else if (facts.lockedMemoryLimitBytes() < needed) {
            findings.problem(
                    "locked-memory",
                    "the limit is %s, the frames take %s"
                            .formatted(
                                    mebibytes(facts.lockedMemoryLimitBytes()), mebibytes(needed)),
                    "ulimit -l unlimited",
                    "systemctl edit naru   # [Service] LimitMEMLOCK=infinity");
        } else {
            findings.ok(
                    "locked-memory",
                    "the limit is %s, the frames take %s"
                            .formatted(
                                    mebibytes(facts.lockedMemoryLimitBytes()), mebibytes(needed)));
        }
    }

    private void hugePages() {
        if (!plan.hugePages()) {
            findings.ok("huge-pages", "switched off in the settings");
            return;
        }

        final long neededPages =
                workers * pages((long) plan.flowCapacity() * BYTES_PER_FLOW) + pages(framesBytes());
        final String found =
                "%d of %d reserved 2 MiB pages are free, %d are needed for %s"
                        .formatted(
                                facts.hugePagesFree(),
                                facts.hugePages(),
                                neededPages,
                                plural(workers, "worker"));
        if (facts.hugePagesFree() >= neededPages) {
            findings.ok("huge-pages", found);
            return;
        }

        final boolean transparent =
                facts.transparentHugePages().equals("always")
                        || facts.transparentHugePages().equals("madvise");
        findings.warning(
                "huge-pages",
                found
                        + (transparent
                                ? "; transparent ones are used if the kernel finds any"
                                : "; 4 KiB pages cost a TLB miss a packet on large flow tables"),
                "sysctl -w vm.nr_hugepages="
                        + (facts.hugePages() + neededPages - facts.hugePagesFree()));
    }

    private void cpus() {
        // One for the conductor, the control plane and everything else that runs on the box.
        final int needed = workers + 1;
        final String isolated =
                facts.isolatedCpus().isEmpty()
                        ? "none kept free for workers (isolcpus=)"
                        : facts.isolatedCpus() + " kept free (isolcpus=)";
        final String found =
                "%s, %s; %s"
                        .formatted(
                                plural(facts.cpus(), "CPU"), plural(workers, "worker"), isolated);
        if (facts.cpus() < needed) {
            findings.warning(
                    "cpus",
                    found + ": a worker shares its CPU with other work, which costs latency");
        } else {
            findings.ok("cpus", found);
        }
    }

    private void java() {
        if (facts.javaFeature() < OLDEST_JAVA) {
            findings.problem(
                    "java",
                    facts.java() + ": 17 or newer is needed",
                    "apt-get install openjdk-17-jre-headless");
        } else {
            findings.ok("java", facts.java());
        }
    }

    private void ipForward() {
        if (facts.ipForward() == BoxFacts.UNKNOWN) {
            return;
        }

        if (plan.routed() && facts.ipForward() == 0) {
            findings.warning(
                    "ip-forward",
                    "off: what isn't for a VIP, such as the backends' own connections, does not"
                            + " get through the box",
                    "sysctl -w net.ipv4.ip_forward=1");
        } else if (plan.routed()) {
            findings.ok("ip-forward", "on: the kernel forwards what isn't for a VIP");
        } else {
            findings.ok("ip-forward", "does not matter with one interface");
        }
    }

    private void neighbourTable() {
        if (facts.neighboursMax() == BoxFacts.UNKNOWN) {
            return;
        }

        final String found =
                "%d of at most %d neighbours (gc_thresh3)"
                        .formatted(facts.neighbours(), facts.neighboursMax());
        if (facts.neighbours() * 5L >= facts.neighboursMax() * 4L) {
            findings.warning(
                    "neighbour-table",
                    found + ": when it is full, backends can't be reached",
                    "sysctl -w net.ipv4.neigh.default.gc_thresh2="
                            + Math.max(8_192, facts.neighboursMax()),
                    "sysctl -w net.ipv4.neigh.default.gc_thresh3="
                            + Math.max(16_384, 2 * facts.neighboursMax()));
        } else {
            findings.ok("neighbour-table", found);
        }
    }

    private static boolean isPrivilege(final Probe probe) {
        return probe.errno() == Errno.EPERM || probe.errno() == Errno.EACCES;
    }

    private boolean mayLoadPrograms() {
        return has(CAP_NET_ADMIN) && (has(CAP_SYS_ADMIN) || (has(CAP_BPF) && has(CAP_PERFMON)));
    }

    private void require(final List<String> missing, final int capability, final String name) {
        if (!has(capability)) {
            missing.add(name);
        }
    }

    private boolean has(final int capability) {
        return (facts.capabilities() >>> capability & 1) == 1;
    }

    private long framesBytes() {
        final int interfaces = Math.max(1, plan.interfaces().size());
        return (long) workers * interfaces * plan.frames() * plan.frameSizeBytes();
    }

    private String architecture() {
        return facts.architecture().equals("amd64") ? "x86_64" : facts.architecture();
    }

    private static long pages(final long bytes) {
        return (bytes + HUGE_PAGE_BYTES - 1) / HUGE_PAGE_BYTES;
    }

    private static String plural(final int count, final String noun) {
        return count + " " + noun + (count == 1 ? "" : "s");
    }

    private static String mebibytes(final long bytes) {
        return String.format(Locale.ROOT, "%d MiB", bytes >> 20);
    }

    private static int version(final int major, final int minor) {
        return major << 16 | minor;
    }
}
