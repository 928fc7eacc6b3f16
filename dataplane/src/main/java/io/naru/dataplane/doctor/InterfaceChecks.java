package io.naru.dataplane.doctor;

import io.naru.linux.ethtool.Channels;
import io.naru.linux.ethtool.Feature;
import io.naru.linux.ethtool.RingSizes;
import io.naru.linux.netlink.Link;
import io.naru.linux.netlink.XdpFeatures;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Judges one interface: driver, queues, offloads, MTU, and what else sits on it. */
final class InterfaceChecks {
    /** What our XDP program's name begins with. */
    private static final String OUR_PROGRAM = "naru";

    /** XDP_PACKET_HEADROOM of include/uapi/linux/bpf.h: kept free in front of every packet. */
    private static final int HEADROOM_BYTES = 256;

    /** Ethernet header and one VLAN tag. */
    private static final int ETHERNET_BYTES = 18;

    /**
     * What fits one page of 4096 bytes beside 256 of headroom, 320 of skb_shared_info and 22 of
     * Ethernet header with two VLAN tags: drivers refuse native XDP above it, for a program that
     * doesn't understand fragments.
     */
    private static final int SINGLE_PAGE_MTU = 3_498;

    /** Outer IPv4 or IPv6 header and a GRE header (RFC 2784). */
    private static final int GRE_IPV4_BYTES = 24;

    private static final int GRE_IPV6_BYTES = 44;

    /** Sockets in the XDP program's map of queues. */
    private static final int QUEUES_MAX = 64;

    private static final int GOOD_RING = 1_024;
    private static final int LARGEST_RING = 4_096;

    private final InterfaceFacts facts;
    private final Plan plan;
    private final int cpus;
    private final Findings findings;

    InterfaceChecks(final InterfaceFacts facts, final Plan plan, final int cpus) {
        this.facts = facts;
        this.plan = plan;
        this.cpus = cpus;
        findings = new Findings(facts.name());
    }

    List<Finding> run() {
        if (facts.link().isEmpty()) {
            findings.problem("link", "there is no interface " + facts.name(), "ip link");
            return findings.list();
        }

        final Link link = facts.link().get();
        link(link);
        device(link);
        driver();
        program(link);
        queues();
        rings();
        offloads();
        peer(link);
        mtu(link);
        rpFilter();
        return findings.list();
    }

    private void link(final Link link) {
        if (link.macNet() == 0 || link.isLoopback()) {
            findings.problem("link", "not an Ethernet interface", "ip link");
        } else if (!link.isUp()) {
            findings.problem("link", "switched off", "ip link set %s up".formatted(facts.name()));
        } else if (!link.hasCarrier()) {
            findings.warning("link", "no carrier: cable, switch port, or the other end");
        } else {
            findings.ok("link", "up");
        }
    }

    private void device(final Link link) {
        switch (link.kind()) {
            case "bond", "team" ->
                    findings.problem(
                            "device",
                            "a %s has no queues for AF_XDP: name its members instead (%s)"
                                    .formatted(link.kind(), members()),
                            "./naru doctor " + memberOptions());
            case "bridge" ->
                    findings.problem(
                            "device",
                            "a bridge has no queues for AF_XDP: name a port of it instead (%s)"
                                    .formatted(members()),
                            "./naru doctor " + memberOptions());
            case "vlan" ->
                    findings.warning(
                            "device",
                            "a VLAN of %1$s: XDP runs in generic mode only, and slowly; name %1$s"
                                            .formatted(facts.lowerName())
                                    + " instead, with 'vlan: %d'".formatted(link.vlan()));
            default -> {
                if (link.memberKind().equals("bond") || link.memberKind().equals("team")) {
                    findings.ok(
                            "device",
                            "a member of a %s: the balancer must have all of its members"
                                    .formatted(link.memberKind()));
                }
            }
        }
    }

    private void driver() {
        final String driver = facts.driverName().isEmpty() ? "unknown" : facts.driverName();
        if (!facts.isNative()) {
            findings.warning(
                    "driver",
                    driver
                            + " does not run XDP itself: generic mode works, at a fraction of the"
                            + " packets");
            return;
        }

        final String copies =
                facts.xdp()
                        .map(XdpFeatures::isZeroCopy)
                        .map(zeroCopy -> zeroCopy ? "zero-copy" : "copies each packet")
                        .orElse("zero-copy is tried at start");
        findings.ok("driver", "%s, native XDP, %s".formatted(driver, copies));
    }

    private void program(final Link link) {
        if (link.xdpMode() == Link.XdpMode.NONE) {
            findings.ok("xdp-program", "none attached");
        } else if (facts.programName().startsWith(OUR_PROGRAM)) {
            findings.ok("xdp-program", "Naru's own: a data plane runs on " + facts.name());
        } else {
            final String name = facts.programName().isEmpty() ? "" : " " + facts.programName();
            findings.problem(
                    "xdp-program",
                    "another XDP program is attached: id %d%s".formatted(link.xdpProgramId(), name),
                    "bpftool prog show id " + link.xdpProgramId(),
                    "ip link set dev %s xdp off".formatted(facts.name()));
        }
    }

    private void queues() {
        final int queues = facts.rxQueues();
        final String found =
                queues == 1
                        ? "1 receive queue: one worker"
                        : queues + " receive queues: " + queues + " workers";
        if (queues > QUEUES_MAX) {
            findings.problem(
                    "queues",
                    "%d receive queues, at most %d can be served".formatted(queues, QUEUES_MAX),
                    setQueues(Math.min(QUEUES_MAX, cpus)));
        } else if (queues > cpus) {
            findings.warning("queues", "%s on %d CPUs".formatted(found, cpus), setQueues(cpus));
        } else {
            findings.ok("queues", found);
        }
    }

    private void rings() {
        if (facts.rings().isEmpty()) {
            return;
        }

        final RingSizes rings = facts.rings().get();
        final String found =
                "%d receive descriptors of at most %d".formatted(rings.rx(), rings.maxRx());
        if (rings.rx() < GOOD_RING && rings.maxRx() > rings.rx()) {
            findings.warning(
                    "rings",
                    found + ": bursts are lost while a worker is away",
                    "ethtool -G %s rx %d"
                            .formatted(facts.name(), Math.min(LARGEST_RING, rings.maxRx())));
        } else {
            findings.ok("rings", found);
        }
    }

    private void offloads() {
        // Native XDP comes before GRO, generic XDP after it; for generic XDP the kernel switches
        // LRO and GRO in hardware off by itself (generic_xdp_install() in net/core/dev.c).
        if (facts.isNative() && facts.isActive("rx-lro")) {
            findings.problem(
                    "offloads",
                    "LRO merges received packets: drivers refuse native XDP with it",
                    "ethtool -K %s lro off".formatted(facts.name()));
        } else if (!facts.isNative() && facts.isActive("rx-gro")) {
            findings.problem(
                    "offloads",
                    "GRO merges received packets before generic XDP: they don't fit a frame",
                    "ethtool -K %s gro off".formatted(facts.name()));
        } else if (facts.hasVlans() && facts.isActive("rx-vlan-hw-parse")) {
            findings.problem(
                    "offloads",
                    "VLAN tags are taken off before XDP sees them: tagged frames look untagged",
                    "ethtool -K %s rxvlan off".formatted(facts.name()));
        } else if (facts.isNative() && facts.isActive("rx-gro-hw")) {
            findings.warning(
                    "offloads",
                    "GRO in hardware merges received packets: drivers switch it off for native XDP"
                            + " or refuse that",
                    "ethtool -K %s rx-gro-hw off".formatted(facts.name()));
        } else {
            findings.ok("offloads", "none that merges or strips what is received");
        }
    }

    /** A veth hands over what the stack at its other end left for hardware to do. */
    private void peer(final Link link) {
        if (!link.kind().equals("veth")) {
            return;
        }

        if (facts.peerName().isEmpty()) {
            findings.warning(
                    "peer-offloads",
                    "the other end is in another namespace: if a TCP stack sits there, it must"
                            + " do checksums and segments itself",
                    "ethtool -K PEER tx off tso off gso off gro off   # over there");
            return;
        }

        final List<String> active = new ArrayList<>();
        if (hasTxChecksum(facts.peerFeatures())) {
            active.add("checksums");
        }

        if (InterfaceFacts.isActive(facts.peerFeatures(), "tx-tcp-segmentation")
                || InterfaceFacts.isActive(facts.peerFeatures(), "tx-generic-segmentation")) {
            active.add("segments");
        }

        if (active.isEmpty()) {
            findings.ok("peer-offloads", facts.peerName() + " sends packets that are complete");
        } else {
            findings.problem(
                    "peer-offloads",
                    "%s leaves %s of what it sends to hardware that isn't there"
                            .formatted(facts.peerName(), String.join(" and ", active)),
                    "ethtool -K %s tx off tso off gso off gro off".formatted(facts.peerName()));
        }
    }

    private void mtu(final Link link) {
        final int mtu = link.mtu();
        final int room = plan.frameSizeBytes() - HEADROOM_BYTES - ETHERNET_BYTES;
        if (mtu > room) {
            findings.problem(
                    "mtu",
                    "%d: packets of more than %d bytes don't fit frames of %d (frame-size)"
                            .formatted(mtu, room, plan.frameSizeBytes()),
                    "ip link set %s mtu 1500".formatted(facts.name()));
        } else if (facts.isNative() && mtu > SINGLE_PAGE_MTU) {
            findings.warning(
                    "mtu",
                    "%d: many drivers refuse native XDP above %d".formatted(mtu, SINGLE_PAGE_MTU),
                    "ip link set %s mtu 1500".formatted(facts.name()));
        } else {
            findings.ok(
                    "mtu",
                    "%d; in GRE, packets of up to %d fit over IPv4 (%d bytes more), %d over IPv6 (%d)"
                            .formatted(
                                    mtu,
                                    mtu - GRE_IPV4_BYTES,
                                    GRE_IPV4_BYTES,
                                    mtu - GRE_IPV6_BYTES,
                                    GRE_IPV6_BYTES));
        }
    }

    private void rpFilter() {
        // Only strict reverse path filtering (RFC 3704 2.2) drops what takes another way back.
        if (plan.routed() && facts.rpFilter() == 1) {
            findings.warning(
                    "rp-filter",
                    "strict: the kernel drops what comes in by another way than its answer would"
                            + " take, such as health checks over a second path",
                    "sysctl -w net.ipv4.conf.%s.rp_filter=2".formatted(facts.name()));
        } else if (facts.rpFilter() == 1) {
            findings.ok("rp-filter", "strict, which does not matter with one interface");
        } else {
            findings.ok("rp-filter", facts.rpFilter() == 0 ? "off" : "loose");
        }
    }

    private String members() {
        return facts.members().isEmpty() ? "it has none" : String.join(", ", facts.members());
    }

    private String memberOptions() {
        return facts.members().isEmpty()
                ? "-i MEMBER"
                : "-i " + String.join(" -i ", facts.members());
    }

    private String setQueues(final int count) {
        final boolean combined = facts.channels().map(Channels::maxCombined).orElse(1) > 0;
        return combined
                ? "ethtool -L %s combined %d".formatted(facts.name(), count)
                : "ethtool -L %s rx %d tx %d".formatted(facts.name(), count, count);
    }

    private static boolean hasTxChecksum(final Map<String, Feature> features) {
        return features.values().stream()
                .anyMatch(
                        feature ->
                                feature.active()
                                        && feature.isTxChecksum()
                                        && !feature.name().equals("tx-checksum-sctp"));
    }
}
