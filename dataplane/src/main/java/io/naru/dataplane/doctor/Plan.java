package io.naru.dataplane.doctor;

import io.naru.dataplane.protocol.DataPlaneProperties;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;

/**
 * What the box is to be used for, as far as it matters to what it needs.
 *
 * @param interfaces to be looked at.
 * @param routed the balancer stands between clients and backends and so forwards for both.
 * @param frames per worker and interface.
 * @param flowCapacity per worker.
 * @param hugePages they are not switched off.
 */
record Plan(
        List<String> interfaces,
        boolean routed,
        int frames,
        int frameSizeBytes,
        int flowCapacity,
        boolean hugePages) {
    private static final String FRAMES_DEFAULT = "4096";
    private static final String FRAME_SIZE_DEFAULT = "2048";
    private static final String FLOW_CAPACITY_DEFAULT = "1048576";

    Plan {
        interfaces = List.copyOf(interfaces);
    }

    /**
     * The plan of a data plane with these settings; what they leave out is as the data plane has
     * it.
     *
     * @param interfaces to look at in place of those in the settings; none: those in the settings.
     * @throws IllegalArgumentException naming the setting that isn't a number.
     */
    static Plan of(final Properties settings, final List<String> interfaces) {
        final List<String> names =
                interfaces.isEmpty()
                        ? Arrays.stream(
                                        settings.getProperty(DataPlaneProperties.INTERFACES, "")
                                                .split(","))
                                .map(String::strip)
                                .filter(name -> !name.isEmpty())
                                .toList()
                        : interfaces;
        final String topology =
                settings.getProperty(
                        DataPlaneProperties.TOPOLOGY, names.size() > 1 ? "routed" : "one-arm");
        return new Plan(
                names,
                topology.equals("routed"),
                number(settings, DataPlaneProperties.FRAMES, FRAMES_DEFAULT),
                number(settings, DataPlaneProperties.FRAME_SIZE, FRAME_SIZE_DEFAULT),
                number(settings, DataPlaneProperties.FLOW_CAPACITY, FLOW_CAPACITY_DEFAULT),
                !settings.getProperty(DataPlaneProperties.HUGE_PAGES, "auto").equals("off"));
    }

    private static int number(
            final Properties settings, final String name, final String otherwise) {
        final String value = settings.getProperty(name, otherwise).strip();
        try {
            return Integer.parseInt(value);
        } catch (final NumberFormatException e) {
            throw new IllegalArgumentException(
                    "%s is %s, which is not a number".formatted(name, value), e);
        }
    }
}
