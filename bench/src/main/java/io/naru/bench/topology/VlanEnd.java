package io.naru.bench.topology;

import java.nio.file.Path;

/**
 * Puts the kernel's side of devices into a VLAN, with programs of ours at their edge: the kernels
 * of many test machines have no VLAN devices. What has not the VLAN's tag does not get in.
 */
final class VlanEnd {
    private static final int PREFERENCE = 1;

    private final TrafficProgram program;

    private VlanEnd(final TrafficProgram program) {
        this.program = program;
    }

    /** Compiles it. */
    static VlanEnd build(final Path directory, final int vlan) {
        return new VlanEnd(
                TrafficProgram.build(
                        directory,
                        "vlan.bpf.c",
                        "vlan-%d.bpf.o".formatted(vlan),
                        "-DVLAN_ID=" + vlan));
    }

    /** The tag stays in the frame: a program of XDP does not see one that is kept beside it. */
    void attach(final Namespace host, final String device) {
        host.run("ethtool", "-K", device, "txvlan", "off", "rxvlan", "off");
        program.attach(host, device, "ingress", PREFERENCE, "ingress");
        program.attach(host, device, "egress", PREFERENCE, "egress");
    }
}
