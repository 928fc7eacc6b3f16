package io.naru.bench.topology;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A network of namespaces joined by veth pairs, with the processes that run in them.
 *
 * <p>Closing it kills the processes, deletes the namespaces (and with them the links) and the
 * temporary directory. What an earlier run with the same prefix left behind is removed first.
 */
public final class Network implements AutoCloseable {
    private static final long KILL_SECONDS = 5;

    private final String prefix;
    private final Path directory;
    private final List<Namespace> namespaces = new ArrayList<>();
    private final Deque<Process> processes = new ArrayDeque<>();
    private boolean closed;

    /**
     * @param prefix of every namespace's name; two networks with different prefixes do not meet.
     */
    public Network(final String prefix) {
        this.prefix = prefix;
        removeLeftovers();
        removeOldDirectories();
        try {
            directory = Files.createTempDirectory(prefix + "-");
        } catch (final IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /**
     * Why namespaces cannot be made here.
     *
     * @return the reason, or an empty string if they can.
     */
    public static String unavailable() {
        final String probe = "naru-probe-" + ProcessHandle.current().pid();
        try {
            final Command.Result result = Command.attempt(List.of("ip", "netns", "add", probe), "");
            if (result.exitCode() != 0) {
                return result.output().strip();
            }

            final Command.Result veth =
                    Command.attempt(
                            List.of("ip", "-n", probe, "link", "add", "probe0", "type", "veth"),
                            "");
            Command.attempt(List.of("ip", "netns", "delete", probe), "");
            return veth.exitCode() == 0 ? "" : veth.output().strip();
        } catch (final UncheckedIOException ex) {
            return "the ip command (package iproute2) is not installed";
        }
    }

    /** A directory of this network's own, gone when it is closed. */
    public Path directory() {
        return directory;
    }

    /**
     * Adds a host with IPv4 and IPv6. Addresses of IPv6 are usable at once, and it neither asks for
     * routers nor believes any.
     */
    public Namespace addDualStack(final String host) {
        final Namespace namespace = add(host);
        namespace.sysctl(
                "net.ipv6.conf.all.disable_ipv6=0",
                "net.ipv6.conf.default.disable_ipv6=0",
                "net.ipv6.conf.default.accept_dad=0",
                "net.ipv6.conf.default.accept_ra=0",
                "net.ipv6.conf.default.router_solicitations=0",
                "net.ipv4.conf.all.send_redirects=0",
                "net.ipv4.conf.default.send_redirects=0",
                "net.ipv4.ip_forward=0");
        return namespace;
    }

    /** Adds a host that forwards packets. */
    public Namespace addRouter(final String host) {
        final Namespace namespace = addDualStack(host);
        namespace.sysctl(
                "net.ipv4.ip_forward=1",
                "net.ipv6.conf.all.forwarding=1",
                "net.ipv6.conf.default.forwarding=1",
                // A test that provokes many of these must get each.
                "net.ipv4.icmp_ratelimit=0",
                "net.ipv6.icmp.ratelimit=0");
        return namespace;
    }

    /** Adds a host; only IPv4 is on, so that no stray neighbour discovery disturbs a count. */
    public Namespace add(final String host) {
        final Namespace namespace = new Namespace(this, prefix + "-" + host);
        Command.run(List.of("ip", "netns", "add", namespace.name()));
        namespaces.add(namespace);
        namespace.sysctl(
                "net.ipv6.conf.all.disable_ipv6=1",
                "net.ipv6.conf.default.disable_ipv6=1",
                "net.ipv4.conf.all.rp_filter=0",
                "net.ipv4.conf.default.rp_filter=0");
        namespace.ip("link set lo up\n");
        return namespace;
    }

    /** Adds a host that is a switch: {@link #plug} connects others to it. */
    public Namespace addSwitch(final String host) {
        final Namespace namespace = add(host);
        namespace.ip("link add br0 type bridge mcast_snooping 0\nlink set br0 up\n");
        return namespace;
    }

    /**
     * Joins two hosts by a wire.
     *
     * @param queues receive and transmit queues of both ends.
     */
    public void connect(
            final Namespace left,
            final String leftDevice,
            final Namespace right,
            final String rightDevice,
            final int queues) {
        final String count = "numrxqueues %d numtxqueues %d".formatted(queues, queues);
        left.ip(
                "link add %s %s type veth peer name %s %s netns %s%n"
                        .formatted(leftDevice, count, rightDevice, count, right.name()));
        for (final var end : List.of(new End(left, leftDevice), new End(right, rightDevice))) {
            // A stack on a veth hands over partial checksums and 64 KiB frames; a wire carries
            // neither.
            end.host.run(
                    "ethtool",
                    "-K",
                    end.device,
                    "tx",
                    "off",
                    "tso",
                    "off",
                    "gso",
                    "off",
                    "gro",
                    "off");
            end.host.ip("link set %s up%n".formatted(end.device));
        }
    }

    /** Joins {@code device} of a host to a switch. */
    public void plug(final Namespace host, final String device, final Namespace zwitch) {
        plug(host, device, zwitch, 1);
    }

    public void plug(
            final Namespace host, final String device, final Namespace zwitch, final int queues) {
        final String port = host.name().substring(prefix.length() + 1) + "-" + device;
        connect(host, device, zwitch, port, queues);
        zwitch.ip("link set %s master br0%n".formatted(port));
    }

    private record End(Namespace host, String device) {}

    void track(final Process process) {
        synchronized (processes) {
            processes.push(process);
        }
    }

    /** Leaves the hosts and their processes as they are; closing does nothing any more. */
    public synchronized void keep() {
        closed = true;
    }

    /** Kills everything and removes every trace; safe to call twice and from a shutdown hook. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }

        closed = true;
        synchronized (processes) {
            processes.forEach(Process::destroy);
            processes.forEach(Network::awaitOrKill);
        }

        namespaces.forEach(
                namespace -> {
                    killInside(namespace.name());
                    Command.attempt(List.of("ip", "netns", "delete", namespace.name()), "");
                });
        deleteTree(directory);
    }

    private static void awaitOrKill(final Process process) {
        try {
            if (!process.waitFor(KILL_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor(KILL_SECONDS, TimeUnit.SECONDS);
            }
        } catch (final InterruptedException ex) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    private void removeLeftovers() {
        for (final String line : Command.run(List.of("ip", "netns", "list")).split("\n")) {
            final String name = line.split(" ")[0];
            if (name.startsWith(prefix + "-")) {
                killInside(name);
                Command.attempt(List.of("ip", "netns", "delete", name), "");
            }
        }
    }

    private void removeOldDirectories() {
        final Path parent = Path.of(System.getProperty("java.io.tmpdir"));
        try (Stream<Path> entries = Files.list(parent)) {
            entries.filter(entry -> entry.getFileName().toString().startsWith(prefix + "-"))
                    .forEach(Network::deleteTree);
        } catch (final IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    private static void killInside(final String namespace) {
        for (final String pid :
                Command.attempt(List.of("ip", "netns", "pids", namespace), "")
                        .output()
                        .split("\n")) {
            if (!pid.isBlank() && pid.chars().allMatch(Character::isDigit)) {
                ProcessHandle.of(Long.parseLong(pid)).ifPresent(ProcessHandle::destroyForcibly);
            }
        }
    }

    private static void deleteTree(final Path root) {
        try (Stream<Path> paths = Files.walk(root)) {
            paths.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
        } catch (final IOException ignored) {
            // Somebody else removed it; nothing of ours is left either way.
        }
    }
}
