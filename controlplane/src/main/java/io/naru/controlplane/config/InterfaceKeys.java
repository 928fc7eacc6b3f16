package io.naru.controlplane.config;

import io.naru.dataplane.protocol.Limits;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The keys of an interface, and the record that they make. */
final class InterfaceKeys {
    static final Key<InterfaceConfig, String> NAME =
            Key.<InterfaceConfig, String>of(
                            "name", Types.interfaceName(), "The interface as 'ip link' shows it.")
                    .component(InterfaceConfig::name)
                    .required()
                    .restartsDataPlane()
                    .example("eth0");
    static final Key<InterfaceConfig, Integer> QUEUES =
            Key.<InterfaceConfig, Integer>of(
                            "queues",
                            Types.autoOr(1, Limits.MAX_WORKERS),
                            "Receive queues that are used, from queue 0 on; auto is all that the"
                                    + " interface has.")
                    .component(InterfaceConfig::queues)
                    .defaultsTo(0)
                    .restartsDataPlane()
                    .example("4");
    static final Key<InterfaceConfig, XdpMode> MODE =
            Key.<InterfaceConfig, XdpMode>of(
                            "mode",
                            Types.choice(XdpMode.class),
                            "Where the XDP program is attached: in the driver (native) or behind"
                                    + " it (generic: every driver, slower); auto takes native"
                                    + " where the driver has it.")
                    .component(InterfaceConfig::mode)
                    .defaultsTo(XdpMode.AUTO)
                    .restartsDataPlane()
                    .example("native");
    static final Key<InterfaceConfig, Feature> ZERO_COPY =
            Key.<InterfaceConfig, Feature>of(
                            "zero-copy",
                            Types.choice(Feature.class),
                            "Whether the driver writes into our memory without a copy; 'on'"
                                    + " refuses to start where it cannot.")
                    .component(InterfaceConfig::zeroCopy)
                    .defaultsTo(Feature.AUTO)
                    .restartsDataPlane()
                    .example("on");
    static final Key<InterfaceConfig, Integer> VLAN =
            Key.<InterfaceConfig, Integer>of(
                            "vlan",
                            Types.wholeNumber(0, 4_094),
                            "The VLAN that the interface's frames are in: it takes only those, and"
                                    + " tags what it sends; 0 is without a tag. The box's"
                                    + " addresses, routes and neighbours are then those of its VLAN"
                                    + " device ('ip link add link eth0 name eth0.100 type vlan id"
                                    + " 100').")
                    .component(InterfaceConfig::vlan)
                    .defaultsTo(0)
                    .restartsDataPlane()
                    .example("100");
    static final ObjectType<InterfaceConfig> INTERFACE =
            new ObjectType<>(
                    "an interface",
                    "A network interface that the data plane takes packets from. Its name alone"
                            + " is enough.",
                    List.of(NAME, QUEUES, MODE, ZERO_COPY, VLAN),
                    new KeyShorthand<>(NAME));

    private InterfaceKeys() {}

    /** All interfaces; reports those that are given twice. */
    static List<InterfaceConfig> assemble(final List<Section> sections) {
        final Set<String> names = new HashSet<>();
        final List<InterfaceConfig> interfaces = new ArrayList<>();
        for (final Section section : sections) {
            final String name = section.get(NAME);
            if (name != null && !names.add(name)) {
                section.error(NAME, "interface '" + name + "' is given twice", null);
            }
            interfaces.add(
                    new InterfaceConfig(
                            name,
                            section.orDefault(QUEUES),
                            section.orDefault(MODE),
                            section.orDefault(ZERO_COPY),
                            section.orDefault(VLAN)));
        }

        return interfaces;
    }
}
