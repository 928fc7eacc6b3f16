package io.naru.dataplane.doctor;

import io.naru.linux.Errno;
import io.naru.linux.Libc;
import io.naru.linux.LinuxException;
import io.naru.linux.bpf.BpfMap;
import io.naru.linux.bpf.BpfMapDefinition;
import io.naru.linux.bpf.BpfObject;
import io.naru.linux.bpf.BpfProgram;
import io.naru.linux.ethtool.Ethtool;
import io.naru.linux.ethtool.Feature;
import io.naru.linux.netlink.AddressFamily;
import io.naru.linux.netlink.Link;
import io.naru.linux.netlink.Links;
import io.naru.linux.netlink.Neighbours;
import io.naru.linux.netlink.NetlinkSocket;
import io.naru.linux.netlink.XdpFeatures;
import io.naru.linux.xdp.XskSocket;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.agrona.CloseHelper;

/**
 * Looks at the box through {@code /proc}, {@code /sys}, netlink and ethtool, and tries what can be
 * tried without touching an interface.
 *
 * <p>What can't be seen is left out: a box where one thing is odd gets a report on the others. Sees
 * the network namespace of the calling thread.
 */
final class FactsReader implements AutoCloseable {
    // include/linux/socket.h, include/linux/net.h
    private static final int AF_XDP = 44;
    private static final int SOCK_RAW = 3;
    private static final int SOCK_CLOEXEC = 0x80000;

    private static final Path PROC = Path.of("/proc");
    private static final Path HUGE_PAGES = Path.of("/sys/kernel/mm/hugepages/hugepages-2048kB");
    private static final Path TRANSPARENT = Path.of("/sys/kernel/mm/transparent_hugepage/enabled");
    private static final Path ISOLATED = Path.of("/sys/devices/system/cpu/isolated");

    private static final int TEXT_LENGTH_MAX = 64 * 1024;

    private static final Pattern CAPABILITIES =
            Pattern.compile("^CapEff:\\s*([0-9a-f]+)$", Pattern.MULTILINE);
    private static final Pattern LOCKED_MEMORY =
            Pattern.compile("^Max locked memory\\s+(\\S+)", Pattern.MULTILINE);
    private static final Pattern CHOSEN = Pattern.compile("\\[(\\w+)\\]");

    private final NetlinkSocket netlink;
    private final Ethtool ethtool;
    private final List<Link> links;

    FactsReader() {
        netlink = NetlinkSocket.open();
        Ethtool opened = null;
        try {
            opened = Ethtool.open();
            ethtool = opened;
            links = Links.dump(netlink);
        } catch (final RuntimeException e) {
            CloseHelper.closeAll(opened, netlink);
            throw e;
        }
    }

    /** Interfaces that are up, other than the loopback. */
    List<String> interfacesUp() {
        return links.stream()
                .filter(link -> link.isUp() && !link.isLoopback() && link.macNet() != 0)
                .map(Link::name)
                .toList();
    }

    BoxFacts box() {
        final String transparent = text(TRANSPARENT);
        final Matcher chosen = CHOSEN.matcher(transparent);
        return new BoxFacts(
                text(PROC.resolve("sys/kernel/osrelease")),
                System.getProperty("os.arch"),
                afXdp(),
                filter(),
                number(PROC.resolve("sys/net/core/bpf_jit_enable")),
                capabilities(),
                lockedMemoryLimitBytes(),
                Math.max(0, number(HUGE_PAGES.resolve("nr_hugepages"))),
                Math.max(0, number(HUGE_PAGES.resolve("free_hugepages"))),
                chosen.find() ? chosen.group(1) : "",
                Runtime.getRuntime().availableProcessors(),
                text(ISOLATED),
                Runtime.version().feature(),
                "%s %s".formatted(System.getProperty("java.vm.name"), Runtime.version()),
                number(PROC.resolve("sys/net/ipv4/ip_forward")),
                orElse(() -> Neighbours.dump(netlink, AddressFamily.INET).size(), 0),
                number(PROC.resolve("sys/net/ipv4/neigh/default/gc_thresh3")));
    }

    InterfaceFacts of(final String name) {
        final Optional<Link> found =
                links.stream().filter(link -> link.name().equals(name)).findFirst();
        if (found.isEmpty()) {
            return InterfaceFacts.missing(name);
        }

        final Link link = found.get();
        final Optional<Link> peer = link.kind().equals("veth") ? peer(link) : Optional.empty();
        return new InterfaceFacts(
                name,
                found,
                orElse(() -> ethtool.driver(name), Optional.empty()),
                orElse(() -> ethtool.channels(name), Optional.empty()),
                orElse(() -> ethtool.rings(name), Optional.empty()),
                features(name),
                orElse(() -> XdpFeatures.of(link.index()), Optional.empty()),
                link.xdpProgramId() == 0 ? "" : BpfProgram.nameOf(link.xdpProgramId()),
                links.stream()
                        .filter(member -> member.masterIndex() == link.index())
                        .map(Link::name)
                        .toList(),
                link.kind().equals("vlan") ? nameOf(link.lowerIndex()) : "",
                links.stream()
                        .anyMatch(
                                upper ->
                                        upper.kind().equals("vlan")
                                                && upper.lowerIndex() == link.index()),
                peer.map(Link::name).orElse(""),
                peer.map(end -> features(end.name())).orElse(Map.of()),
                Math.max(rpFilter("all"), rpFilter(name)));
    }

    @Override
    public void close() {
        CloseHelper.closeAll(ethtool, netlink);
    }

    /** An index alone says nothing of the namespace; both ends in ours point at each other. */
    private Optional<Link> peer(final Link link) {
        return links.stream()
                .filter(
                        other ->
                                other.index() == link.lowerIndex()
                                        && other.lowerIndex() == link.index()
                                        && other.kind().equals("veth"))
                .findFirst();
    }

    private String nameOf(final int linkIndex) {
        return links.stream()
                .filter(link -> link.index() == linkIndex)
                .map(Link::name)
                .findFirst()
                .orElse("link " + linkIndex);
    }

    private Map<String, Feature> features(final String name) {
        return orElse(() -> ethtool.features(name), Map.of());
    }

    private static Probe afXdp() {
        final int fd = Libc.socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
        if (fd < 0) {
            return Probe.refused(-fd, "socket(AF_XDP): " + Errno.name(-fd));
        }

        Libc.close(fd);
        return Probe.working();
    }

    /** Loads the program as the data plane does, maps and all, and lets go of it again. */
    private static Probe filter() {
        final Map<String, BpfMap> maps = new HashMap<>();
        try {
            final BpfObject object = BpfObject.ofResource(XskSocket.class, "naru_filter.o");
            for (final Map.Entry<String, BpfMapDefinition> map : object.maps().entrySet()) {
                maps.put(map.getKey(), BpfMap.create(map.getValue()));
            }

            BpfProgram.load(object, maps).close();
            return Probe.working();
        } catch (final LinuxException e) {
            return Probe.refused(e.errno(), e.getMessage());
        } finally {
            CloseHelper.closeAll(maps.values());
        }
    }

    private static long capabilities() {
        final Matcher matcher = CAPABILITIES.matcher(text(PROC.resolve("self/status")));
        return matcher.find() ? Long.parseUnsignedLong(matcher.group(1), 16) : 0;
    }

    private static long lockedMemoryLimitBytes() {
        final Matcher matcher = LOCKED_MEMORY.matcher(text(PROC.resolve("self/limits")));
        return !matcher.find() || matcher.group(1).equals("unlimited")
                ? Long.MAX_VALUE
                : Long.parseLong(matcher.group(1));
    }

    private static int rpFilter(final String name) {
        return number(PROC.resolve("sys/net/ipv4/conf").resolve(name).resolve("rp_filter"));
    }

    private static int number(final Path file) {
        final String text = text(file);
        return text.matches("\\d{1,9}") ? Integer.parseInt(text) : BoxFacts.UNKNOWN;
    }

    private static String text(final Path file) {
        // Not readString(): it begins with one byte, and a sysctl gives nothing after the first
        // read.
        try (InputStream in = Files.newInputStream(file)) {
            return new String(in.readNBytes(TEXT_LENGTH_MAX), StandardCharsets.UTF_8).strip();
        } catch (final IOException e) {
            return "";
        }
    }

    private static <T> T orElse(final Supplier<T> question, final T otherwise) {
        try {
            return question.get();
        } catch (final LinuxException e) {
            return otherwise;
        }
    }
}
