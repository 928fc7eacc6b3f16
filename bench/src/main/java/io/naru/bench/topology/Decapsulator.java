package io.naru.bench.topology;

import java.nio.file.Path;
import java.util.List;

/**
 * Takes tunnel headers off what arrives at a host, with a program of ours at its ingress: the
 * kernels of many test machines have no tunnels.
 */
public final class Decapsulator {
    private static final String SOURCE = "bench/src/main/c/decapsulate.bpf.c";

    private final Path object;

    private Decapsulator(final Path object) {
        this.object = object;
    }

    /** Compiles it with {@code clang}, which needs the headers of {@code libbpf-dev}. */
    public static Decapsulator build(final Path directory) {
        final Path object = directory.resolve("decapsulate.bpf.o");
        Command.run(
                List.of(
                        "clang",
                        "-O2",
                        "-g",
                        "-target",
                        "bpf",
                        "-I/usr/include/%s-linux-gnu".formatted(machine()),
                        "-c",
                        Balancer.launcher().resolveSibling(SOURCE).toString(),
                        "-o",
                        object.toString()));
        return new Decapsulator(object);
    }

    private static String machine() {
        return Command.run(List.of("uname", "-m")).strip();
    }

    public void attach(final Namespace host, final String device) {
        host.run("tc", "qdisc", "add", "dev", device, "clsact");
        host.run(
                "tc",
                "filter",
                "add",
                "dev",
                device,
                "ingress",
                "bpf",
                "direct-action",
                "obj",
                object.toString(),
                "sec",
                "tc");
    }
}
