package io.naru.controlplane.config;

import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.DataPlaneProperties;
import io.naru.dataplane.protocol.DesiredState;
import io.naru.dataplane.protocol.ServiceSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** What a data plane process is given of a configuration: it reads no YAML. */
public final class DataPlaneExport {
    private DataPlaneExport() {}

    /**
     * The settings that it starts with, as the text of a properties file.
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
                    ConfigKeys.XDP_MODE.type(),
                    each.mode());
            append(
                    text,
                    DataPlaneProperties.interfaceZeroCopy(name),
                    ConfigKeys.ZERO_COPY.type(),
                    each.zeroCopy());
            append(
                    text,
                    DataPlaneProperties.interfaceQueues(name),
                    ConfigKeys.QUEUES.type(),
                    each.queues());
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
                ConfigKeys.HUGE_PAGES.type(),
                dataPlane.hugePages());
        append(text, DataPlaneProperties.IDLE, ConfigKeys.IDLE.type(), dataPlane.idle());
        append(text, DataPlaneProperties.VIP_ECHO, dataPlane.vipEcho());
        if (dataPlane.hashSeed() != 0) {
            append(text, DataPlaneProperties.HASH_SEED, dataPlane.hashSeed());
        }

        return text.toString();
    }

    /** The state that it serves while no check and no override says otherwise. */
    public static DesiredState desiredState(final NaruConfig config) {
        final List<BackendSpec> backends = new ArrayList<>();
        for (final PoolConfig pool : config.pools()) {
            for (final BackendConfig backend : pool.backends()) {
                backends.add(
                        new BackendSpec(
                                pool.name(),
                                backend.name(),
                                backend.address(),
                                backend.port(),
                                backend.weight(),
                                stateOf(backend)));
            }
        }

        return new DesiredState(
                0,
                config.pools().stream().map(PoolConfig::name).toList(),
                backends,
                config.services().stream().map(DataPlaneExport::service).toList());
    }

    /** A service as the data plane is told of it. */
    public static ServiceSpec service(final ServiceConfig service) {
        final TimeoutsConfig timeouts = service.timeouts();
        return new ServiceSpec(
                service.name(),
                service.vip(),
                service.protocol(),
                service.ports().first(),
                service.ports().last(),
                service.mode(),
                service.algorithm(),
                service.pool(),
                new ServiceSpec.Timeouts(
                        seconds(timeouts.tcpOpening()),
                        seconds(timeouts.tcpEstablished()),
                        seconds(timeouts.tcpClosing()),
                        seconds(timeouts.udp())));
    }

    private static BackendState stateOf(final BackendConfig backend) {
        return switch (backend.state()) {
            case UP -> BackendState.UP;
            case DRAIN -> BackendState.DRAIN;
            case DOWN -> BackendState.DOWN;
        };
    }

    private static int seconds(final Duration duration) {
        return Math.toIntExact(duration.toSeconds());
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
