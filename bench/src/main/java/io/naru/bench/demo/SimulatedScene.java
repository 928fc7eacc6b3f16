package io.naru.bench.demo;

import io.naru.bench.topology.Balancer;
import io.naru.bench.topology.Curl;
import io.naru.dataplane.DataPlane;
import io.naru.dataplane.DataPlaneContext;
import io.naru.dataplane.MemoryEdge;
import io.naru.dataplane.neighbour.FixedNeighbourhood;
import io.naru.dataplane.protocol.IpAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The demo without root: the data plane runs in this process on ports in memory, between a
 * simulated client and simulated servers; the control plane is a process of its own and makes real
 * checks.
 *
 * <p>Each simulated server has a real listening socket on the loopback network at its own address
 * and port, which is what the health check connects to; it lives and dies with the server.
 */
final class SimulatedScene implements Scene {
    private static final int FRAMES_PER_PORT = 1_024;
    private static final int FRAME_SIZE = 2_048;
    private static final int FLOW_CAPACITY = 1 << 16;
    private static final int CLIENT = 0xc633_6402; // 198.51.100.2
    private static final int VIP = 0xcb00_710a; // 203.0.113.10
    private static final int VIP_PORT = 80;
    private static final long CLIENT_SIDE_MAC = 0x02_00_00_00_00_01L;
    private static final long SERVER_SIDE_MAC = 0x02_00_00_00_00_02L;
    private static final long FIRST_SERVER_MAC = 0x02_00_00_00_00_11L;
    private static final int FIRST_SERVER = 0x7f00_000b; // 127.0.0.11
    private static final int SERVERS = 3;

    private final Path directory;
    private final SimulatedSegment.Server[] servers = new SimulatedSegment.Server[SERVERS];
    private final ServerSocket[] listeners = new ServerSocket[SERVERS];
    private DataPlane dataPlane;
    private SimulatedSegment segment;
    private Process controlPlane;
    private boolean closed;

    SimulatedScene() {
        try {
            directory = Files.createTempDirectory("naru-simulated-");
        } catch (final IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    @Override
    public String description() {
        return "SIMULATED hosts on in-process ports (real frames, no AF_XDP, no kernel between them)";
    }

    @Override
    public void start(final Progress progress) {
        progress.step("listening on the loopback network for the health checks");
        for (int i = 0; i < SERVERS; i++) {
            listeners[i] = listen(i, 0);
            servers[i] =
                    new SimulatedSegment.Server(
                            "s" + (i + 1),
                            FIRST_SERVER + i,
                            listeners[i].getLocalPort(),
                            FIRST_SERVER_MAC + i);
        }

        progress.step("starting the data plane in this process, the control plane as another");
        final MemoryEdge edge =
                new MemoryEdge(
                        1, FRAMES_PER_PORT, FRAME_SIZE, net(CLIENT_SIDE_MAC), net(SERVER_SIDE_MAC));
        final FixedNeighbourhood neighbourhood = new FixedNeighbourhood();
        for (final SimulatedSegment.Server server : servers) {
            neighbourhood.host(IpAddress.ipv4(server.ip), 1, net(server.mac));
        }

        dataPlane =
                DataPlane.launch(
                        new DataPlaneContext()
                                .runDirectory(runDirectory())
                                .flowCapacity(FLOW_CAPACITY)
                                .edge(edge)
                                .neighbourhood(neighbourhood));
        segment =
                new SimulatedSegment(
                        edge.wire(0, 0), edge.wire(0, 1), CLIENT, VIP, VIP_PORT, servers);
        startControlPlane();
    }

    private void startControlPlane() {
        final Path configuration = directory.resolve("naru.yaml");
        try {
            Files.writeString(configuration, yaml());
            final ProcessBuilder builder =
                    new ProcessBuilder(
                                    Balancer.launcher().toString(),
                                    "controlplane",
                                    "-c",
                                    configuration.toString(),
                                    "--run-dir",
                                    runDirectory().toString())
                            .redirectErrorStream(true)
                            .redirectOutput(log().toFile());
            builder.environment().put("NARU_JAVA_OPTS", "-Dnaru.config.loopback=true");
            controlPlane = builder.start();
        } catch (final IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    private String yaml() {
        final StringBuilder backends = new StringBuilder();
        for (final SimulatedSegment.Server server : servers) {
            backends.append(
                    "      - { name: %s, address: 127.0.0.%d, port: %d }%n"
                            .formatted(server.name, server.ip & 0xff, server.port));
        }

        return """
        interfaces: [mem0, mem1]
        services:
          - name: web
            vip: 203.0.113.10
            port: 80
            pool: web
        pools:
          - name: web
            check: { type: tcp, interval: 500ms, timeout: 300ms, rise: 2, fall: 2 }
            backends:
        %s"""
                .formatted(backends);
    }

    private ServerSocket listen(final int server, final int port) {
        try {
            return new ServerSocket(
                    port, 64, InetAddress.getByName("127.0.0." + (FIRST_SERVER + server & 0xff)));
        } catch (final IOException ex) {
            throw new UncheckedIOException("cannot listen on the loopback network", ex);
        }
    }

    @Override
    public List<String> backends() {
        return Stream.of(servers).map(server -> server.name).toList();
    }

    @Override
    public List<Curl.Reply> request(final int count) {
        final List<Curl.Reply> replies = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            final long start = System.nanoTime();
            final SimulatedSegment.Outcome outcome = segment.request();
            final double seconds =
                    (System.nanoTime() - start) / (double) TimeUnit.SECONDS.toNanos(1);
            replies.add(
                    switch (outcome) {
                        case ANSWERED -> new Curl.Reply(0, 200, seconds, segment.answeredBy());
                        case REFUSED -> new Curl.Reply(7, 0, seconds, "");
                        case TIMED_OUT -> new Curl.Reply(28, 0, seconds, "");
                    });
        }

        return replies;
    }

    @Override
    public void kill(final String backend) {
        final int index = backends().indexOf(backend);
        servers[index].alive = false;
        closeListener(index);
    }

    @Override
    public void revive(final String backend) {
        final int index = backends().indexOf(backend);
        listeners[index] = listen(index, servers[index].port);
        servers[index].alive = true;
    }

    private void closeListener(final int index) {
        try {
            if (listeners[index] != null) {
                listeners[index].close();
            }
        } catch (final IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    @Override
    public Path runDirectory() {
        return directory.resolve("run");
    }

    private Path log() {
        return directory.resolve("controlplane.log");
    }

    @Override
    public String logs() {
        try {
            return Files.exists(log())
                    ? "--- control plane\n" + Files.readString(log())
                    : "(no log)";
        } catch (final IOException ex) {
            return ex.toString();
        }
    }

    @Override
    public List<String> thingsToTry() {
        return List.of(
                String.format(
                        Locale.ROOT,
                        "(the simulated hosts end with this process: --keep needs namespaces)"));
    }

    @Override
    public void keep() {
        // Nothing here can outlive this process; thingsToTry() says so.
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }

        closed = true;
        if (controlPlane != null) {
            controlPlane.destroy();
            try {
                controlPlane.waitFor(5, TimeUnit.SECONDS);
            } catch (final InterruptedException ex) {
                Thread.currentThread().interrupt();
            }
        }

        if (dataPlane != null) {
            dataPlane.close();
        }

        for (int i = 0; i < SERVERS; i++) {
            closeListener(i);
        }

        deleteDirectory();
    }

    private void deleteDirectory() {
        try (Stream<Path> paths = Files.walk(directory)) {
            paths.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
        } catch (final IOException ignored) {
            // Nothing of ours is left, or it is not ours any more.
        }
    }

    /** A MAC as it is loaded from a frame. */
    private static long net(final long mac) {
        return Long.reverseBytes(mac) >>> 16;
    }
}
