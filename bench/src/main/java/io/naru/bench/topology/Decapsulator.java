package io.naru.bench.topology;

import java.nio.file.Path;

/**
 * Takes tunnel headers off what arrives at a host, with a program of ours at its ingress: the
 * kernels of many test machines have no tunnels.
 */
public final class Decapsulator {
    /** Behind the end of a VLAN, if there is one. */
    private static final int PREFERENCE = 2;

    private final TrafficProgram program;

    private Decapsulator(final TrafficProgram program) {
        this.program = program;
    }

    /** Compiles it. */
    public static Decapsulator build(final Path directory) {
        return new Decapsulator(
                TrafficProgram.build(directory, "decapsulate.bpf.c", "decapsulate.bpf.o"));
    }

    public void attach(final Namespace host, final String device) {
        program.attach(host, device, "ingress", PREFERENCE, "tc");
    }
}
