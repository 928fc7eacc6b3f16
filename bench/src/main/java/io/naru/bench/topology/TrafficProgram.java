package io.naru.bench.topology;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A BPF program at the edge of a test host, in place of what its kernel lacks: it sees every packet
 * that a device receives or sends.
 */
final class TrafficProgram {
    private static final Path SOURCES = Path.of("bench/src/main/c");

    private final Path object;

    private TrafficProgram(final Path object) {
        this.object = object;
    }

    /**
     * Compiles it with {@code clang}, which needs the headers of {@code libbpf-dev}.
     *
     * @param name of the object in {@code directory}.
     * @param options of the compiler.
     */
    static TrafficProgram build(
            final Path directory, final String source, final String name, final String... options) {
        final Path object = directory.resolve(name);
        final List<String> command =
                new ArrayList<>(
                        List.of(
                                "clang",
                                "-O2",
                                "-g",
                                "-target",
                                "bpf",
                                "-I/usr/include/%s-linux-gnu".formatted(machine())));
        command.addAll(List.of(options));
        command.addAll(
                List.of(
                        "-c",
                        Balancer.launcher().resolveSibling(SOURCES.resolve(source)).toString(),
                        "-o",
                        object.toString()));
        Command.run(command);
        return new TrafficProgram(object);
    }

    private static String machine() {
        return Command.run(List.of("uname", "-m")).strip();
    }

    /**
     * Lets a section of it see what a device receives ({@code ingress}) or sends ({@code egress}).
     *
     * @param preference its place among those of the device, the lowest first.
     */
    void attach(
            final Namespace host,
            final String device,
            final String direction,
            final int preference,
            final String section) {
        host.attempt("tc", "qdisc", "add", "dev", device, "clsact"); // or it is there already
        host.run(
                "tc",
                "filter",
                "add",
                "dev",
                device,
                direction,
                "pref",
                String.valueOf(preference),
                "bpf",
                "direct-action",
                "obj",
                object.toString(),
                "sec",
                section);
    }
}
