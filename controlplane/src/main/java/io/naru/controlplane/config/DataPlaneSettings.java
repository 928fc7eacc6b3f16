package io.naru.controlplane.config;

import io.naru.dataplane.protocol.DataPlaneProperties;
import java.nio.file.Path;
import java.util.stream.Collectors;

/** The settings that a data plane process starts with: it reads no YAML. */
public final class DataPlaneSettings {
    private DataPlaneSettings() {}

    /**
     * What a configuration says of them, as the text of a properties file.
     *
     * @param runDirectory where its cnc file is to be.
     */
    public static String properties(final NaruConfig config, final Path runDirectory) {
        final DataPlaneConfig dataPlane = config.dataPlane();
        final StringBuilder text = new StringBuilder(512);
        append(text, DataPlaneProperties.RUN_DIR, escape(runDirectory.toString()));
        append(text, DataPlaneProperties.TOPOLOGY, ConfigKeys.TOPOLOGY.type(), config.topology());
        append(
                text,
                DataPlaneProperties.INTERFACES,
                config.interfaces().stream()
                        .map(InterfaceConfig::name)
                        .collect(Collectors.joining(",")));
        for (final InterfaceConfig each : config.interfaces()) {
            final String name = each.name();
            append(
                    text,
                    DataPlaneProperties.interfaceMode(name),
                    InterfaceKeys.MODE.type(),
                    each.mode());
            append(
                    text,
                    DataPlaneProperties.interfaceZeroCopy(name),
                    InterfaceKeys.ZERO_COPY.type(),
                    each.zeroCopy());
            append(
                    text,
                    DataPlaneProperties.interfaceQueues(name),
                    InterfaceKeys.QUEUES.type(),
                    each.queues());
            append(text, DataPlaneProperties.interfaceVlan(name), each.vlan());
        }
        append(
                text,
                DataPlaneProperties.CPUS,
                dataPlane.cpus().stream().map(String::valueOf).collect(Collectors.joining(",")));
        append(text, DataPlaneProperties.FLOW_CAPACITY, dataPlane.flowCapacity());
        append(text, DataPlaneProperties.FRAMES, dataPlane.frames());
        append(text, DataPlaneProperties.FRAME_SIZE, dataPlane.frameSizeBytes());
        append(
                text,
                DataPlaneProperties.HUGE_PAGES,
                DataPlaneKeys.HUGE_PAGES.type(),
                dataPlane.hugePages());
        append(text, DataPlaneProperties.IDLE, DataPlaneKeys.IDLE.type(), dataPlane.idle());
        append(text, DataPlaneProperties.VIP_ECHO, dataPlane.vipEcho());
        append(text, DataPlaneProperties.LOCAL_PORTS, dataPlane.localPorts());
        if (dataPlane.hashSeed() != 0) {
            append(text, DataPlaneProperties.HASH_SEED, dataPlane.hashSeed());
        }

        return text.toString();
    }

    private static void append(
            final StringBuilder text,
            final String name,
            final ValueType<?> type,
            final Object value) {
        append(text, name, type.write(value));
    }

    private static void append(final StringBuilder text, final String name, final Object value) {
        text.append(name).append('=').append(value).append('\n');
    }

    /** {@code java.util.Properties} takes a backslash for the start of an escape. */
    private static String escape(final String value) {
        return value.replace("\\", "\\\\");
    }
}
