package io.naru.controlplane;

import io.naru.controlplane.agent.AgentCall;
import io.naru.controlplane.agent.AgentMonitor;
import io.naru.controlplane.api.ApiRoutes;
import io.naru.controlplane.api.ApiServer;
import io.naru.controlplane.api.ConfigRoutes;
import io.naru.controlplane.api.OverrideRoutes;
import io.naru.controlplane.config.ConfigException;
import io.naru.controlplane.config.ConfigReader;
import io.naru.controlplane.config.NaruConfig;
import io.naru.controlplane.config.ProblemReport;
import io.naru.controlplane.events.Event;
import io.naru.controlplane.events.EventLog;
import io.naru.controlplane.health.CheckSpec;
import io.naru.controlplane.health.CheckTarget;
import io.naru.controlplane.health.CheckTiming;
import io.naru.controlplane.health.Checks;
import io.naru.controlplane.health.HealthCheck;
import io.naru.controlplane.health.HealthMonitor;
import io.naru.controlplane.health.way.Ways;
import io.naru.controlplane.reconcile.AppliedConfig;
import io.naru.controlplane.reconcile.DataPlaneLink;
import io.naru.controlplane.reconcile.Reconciler;
import io.naru.controlplane.reconcile.StateFile;
import io.naru.controlplane.reconcile.Steering;
import io.naru.controlplane.view.Views;
import io.naru.dataplane.protocol.DataPlaneClient;
import io.naru.dataplane.protocol.IpAddress;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The control plane process: decides which backends take part and tells the data plane.
 *
 * <p>Everything runs on one thread, {@code naru-control}: health checks, the API, and a duty cycle
 * that exchanges commands and events with the data plane. Packets never wait for it; when it ends,
 * however it ends, the data plane goes on with what it was told last.
 *
 * <p>Exit codes: 0 stopped by a signal, 78 (EX_CONFIG) the configuration or the command line is
 * wrong, 1 anything else.
 */
public final class ControlPlane implements AutoCloseable {
    static final int EXIT_FAILED = 1;
    static final int EXIT_CONFIG = 78; // sysexits.h EX_CONFIG; systemd knows it by this name

    /** Pause between duty cycles when commands are out, and when there is nothing to do. */
    private static final long BUSY_PAUSE_MS = 1;

    private static final long IDLE_PAUSE_MS = 10;
    private static final long SAMPLE_INTERVAL_MS = 1_000;
    private static final long WARM_UP_NS = TimeUnit.SECONDS.toNanos(1);
    private static final String LOCK_NAME = "naru.lock";

    private static final Logger LOG = LoggerFactory.getLogger(ControlPlane.class);

    private final ControlPlaneContext context;
    private final EventLog events;
    private final Reconciler reconciler;
    private final DataPlaneLink link;
    private final MultiThreadIoEventLoopGroup group;
    private final EventLoop eventLoop;
    private final Ways ways = new Ways();
    private FileChannel lock;
    private HealthCheck check;
    private Steering steering;
    private Views views;
    private ApiServer server;
    private long nextSampleMs;
    private volatile boolean closed;

    /** A control plane that does nothing yet. */
    public ControlPlane(final ControlPlaneContext context) {
        this.context = context;
        events = new EventLog(context.clockMs());
        reconciler = new Reconciler(new Sync());
        group =
                new MultiThreadIoEventLoopGroup(
                        1,
                        new DefaultThreadFactory("naru-control", true),
                        EpollIoHandler.newFactory());
        eventLoop = group.next();
        link = new DataPlaneLink(context.runDirectory(), context.clockMs(), reconciler, new Link());
    }

    /** Ends the JVM with one of the exit codes above. */
    public static void main(final String[] args) {
        System.exit(run(List.of(args)));
    }

    static int run(final List<String> args) {
        final CountDownLatch stop = new CountDownLatch(1);
        final ControlPlaneContext context;
        try {
            context = ControlPlaneContext.of(args);
            context.conclude();
        } catch (final ControlPlaneContext.UsageException e) {
            LOG.error("{}", e.getMessage());
            return EXIT_CONFIG;
        } catch (final IOException e) {
            LOG.error("cannot create the run directory: {}", e.toString());
            return EXIT_FAILED;
        }

        try (ControlPlane controlPlane = new ControlPlane(context)) {
            Signals.handle("TERM", stop::countDown);
            Signals.handle("INT", stop::countDown);
            Signals.handle("HUP", controlPlane::reload);
            controlPlane.start();
            stop.await();
            LOG.info("stops; the data plane goes on with what it was told last");
            return 0;
        } catch (final ControlPlaneContext.UsageException e) {
            LOG.error("{}", e.getMessage());
            return EXIT_CONFIG;
        } catch (final ConfigException e) {
            LOG.error("{} is refused\n{}", context.configFile(), e.getMessage().stripTrailing());
            return EXIT_CONFIG;
        } catch (final IOException e) {
            LOG.error("{}", e.getMessage());
            return EXIT_FAILED;
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            return EXIT_FAILED;
        } catch (final RuntimeException e) {
            LOG.error("cannot start", e);
            return EXIT_FAILED;
        }
    }

    // -- start ------------------------------------------------------------------------------------

    /**
     * Starts: reads the configuration, finds the data plane, serves the API.
     *
     * @throws ConfigException if the configuration has errors.
     * @throws IOException if the file cannot be read or the run directory is in use.
     */
    public void start() throws IOException, ConfigException {
        takeLock();
        final String startText = readStartFile();
        final StateFile stateFile = new StateFile(context.runDirectory());
        final StateFile.Saved saved = readSaved(stateFile);
        final AppliedConfig first = firstConfig(startText, saved);
        check = context.check().apply(eventLoop, ways);
        warmUp(first.config());
        eventLoop.submit(() -> startOnLoop(first, stateFile, saved)).syncUninterruptibly();
        server =
                ApiServer.start(
                        eventLoop,
                        context.runDirectory().resolve("naru.sock"),
                        new ApiRoutes(
                                context.clockMs(),
                                steering,
                                events,
                                link,
                                views,
                                new ConfigRoutes(steering, events, views),
                                new OverrideRoutes(context.clockMs(), steering, reconciler)),
                        context.requestTimeoutMs());
    }

    /**
     * Makes one attempt of each kind in use at a port of our own that nobody has, so that the first
     * attempt at a backend, whose result is believed at once, does not pay for loading the classes,
     * or what TLS trusts.
     */
    private void warmUp(final NaruConfig config) {
        final Map<String, CheckSpec> specs = new HashMap<>();
        specs.put(CheckSpec.Tcp.CONNECT.kind(), CheckSpec.Tcp.CONNECT);
        config.pools().stream()
                .map(pool -> pool.check().spec())
                .filter(spec -> spec != null && spec.needsPort()) // nothing is run or pinged
                .forEach(spec -> specs.put(spec.kind(), spec));
        final CountDownLatch ended = new CountDownLatch(specs.size());
        for (final CheckSpec spec : specs.values()) {
            final CheckTarget target =
                    new CheckTarget(
                            spec,
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), 1),
                            CheckTiming.every(WARM_UP_NS, WARM_UP_NS, 1, 1));
            eventLoop.execute(() -> check.attempt(target, result -> ended.countDown()));
        }
        try {
            if (!ended.await(WARM_UP_NS, TimeUnit.NANOSECONDS)) {
                LOG.debug("the first check may be slow");
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void takeLock() throws IOException {
        final Path path = context.runDirectory().resolve(LOCK_NAME);
        lock =
                FileChannel.open(
                        path,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE);
        FileLock taken;
        try {
            taken = lock.tryLock(); // the kernel frees it however this process ends
        } catch (final OverlappingFileLockException e) {
            taken = null;
        }
        if (taken == null) {
            lock.close();
            throw new IOException(
                    "run directory "
                            + context.runDirectory()
                            + " is in use: another control plane runs there; stop it, or choose"
                            + " another one with --run-dir");
        }
    }

    private String readStartFile() throws IOException, ConfigException {
        final Path file = context.configFile();
        if (!Files.isReadable(file)) {
            throw new ControlPlaneContext.UsageException(
                    "cannot read "
                            + file
                            + (Files.exists(file) ? ": not permitted" : ": there is no such file"));
        }
        ConfigReader.read(file).orThrow(); // not UTF-8, too long, and everything else
        return Files.readString(file);
    }

    private StateFile.Saved readSaved(final StateFile stateFile) {
        try {
            return stateFile.read();
        } catch (final IOException e) {
            events.add(
                    Event.Kind.CONTROL_PLANE,
                    "state",
                    "overrides and the configuration applied last are lost: " + e.getMessage());
            return null;
        }
    }

    /**
     * The file given at start; or, as long as that file has not changed since, what an operator
     * applied after it: a restart does not undo an apply.
     */
    private AppliedConfig firstConfig(final String startText, final StateFile.Saved saved)
            throws ConfigException {
        final String name = context.configFile().toString();
        final NaruConfig startConfig = ConfigReader.read(name, startText).orThrow();
        if (saved == null) {
            return new AppliedConfig(
                    startConfig, 1, name, startText, context.clockMs().getAsLong(), null);
        }
        if (saved.fileHash().equals(AppliedConfig.hash(startText))) {
            final ConfigReader.Result result = ConfigReader.read(saved.source(), saved.text());
            if (result.config().isPresent()) {
                return new AppliedConfig(
                        result.config().get(),
                        saved.revision(),
                        saved.source(),
                        saved.text(),
                        saved.atMs(),
                        saved.by());
            }
            events.add(
                    Event.Kind.CONFIG,
                    saved.source(),
                    "applied before the restart, but refused by this version: "
                            + ProblemReport.text(result.problems()));
        }

        return new AppliedConfig(
                startConfig,
                saved.revision() + 1,
                name,
                startText,
                context.clockMs().getAsLong(),
                null);
    }

    private void startOnLoop(
            final AppliedConfig first, final StateFile stateFile, final StateFile.Saved saved) {
        steering =
                new Steering(
                        context.clockMs(),
                        events,
                        stateFile,
                        reconciler,
                        this::startFileHash,
                        listener ->
                                new HealthMonitor<>(
                                        check,
                                        new EventLoopTimers(eventLoop, context.clockMs()),
                                        context.random(),
                                        listener),
                        listener ->
                                new AgentMonitor<>(
                                        new AgentCall(eventLoop),
                                        new EventLoopTimers(eventLoop, context.clockMs()),
                                        context.random(),
                                        listener));
        views = new Views(context.runDirectory(), context.clockMs(), steering, reconciler, link);
        events.add(
                Event.Kind.CONTROL_PLANE,
                "control plane",
                "starts with "
                        + first.source()
                        + ", revision "
                        + first.revision()
                        + (saved == null || saved.overrides().isEmpty()
                                ? ""
                                : ", " + saved.overrides().size() + " overrides restored"));
        link.poll(); // a data plane that runs already tells which backends serve
        steering.start(
                first,
                saved == null ? List.of() : saved.overrides(),
                link.state() == DataPlaneLink.State.ATTACHED ? link.client().directory() : null);
        dutyCycle();
    }

    private String startFileHash() {
        try {
            return AppliedConfig.hash(Files.readString(context.configFile()));
        } catch (final IOException e) {
            return ""; // no file is like it: the next start takes what it finds there
        }
    }

    // -- duty cycle -------------------------------------------------------------------------------

    @SuppressWarnings("FutureReturnValueIgnored") // it catches what it can throw
    private void dutyCycle() {
        if (closed) {
            return;
        }

        long pauseMs = IDLE_PAUSE_MS;
        try {
            steering.poll();
            link.poll();
            sample();
            pauseMs = reconciler.isBusy() || link.isBusy() ? BUSY_PAUSE_MS : IDLE_PAUSE_MS;
        } catch (final RuntimeException e) {
            LOG.error("a duty cycle failed", e);
            pauseMs = SAMPLE_INTERVAL_MS;
        }
        eventLoop.schedule(this::dutyCycle, pauseMs, TimeUnit.MILLISECONDS);
    }

    private void sample() {
        final long nowMs = context.clockMs().getAsLong();
        if (nowMs >= nextSampleMs) {
            nextSampleMs = nowMs + SAMPLE_INTERVAL_MS;
            views.sample();
            if (link.state() == DataPlaneLink.State.ATTACHED) {
                steering.sample(views::backendStats); // no flows are not "none left" without one
            }
        }
    }

    /**
     * Reads the file given at start again and applies it, on SIGHUP; refused whole if it is bad.
     */
    void reload() {
        eventLoop.execute(this::reloadOnLoop);
    }

    private void reloadOnLoop() {
        if (steering == null) {
            return; // it is being read right now
        }

        final String name = context.configFile().toString();
        try {
            final NaruConfig config = ConfigReader.read(context.configFile()).orThrow();
            final String text = Files.readString(context.configFile());
            final boolean accepted =
                    steering.apply(steering.next(config, name, text, null), outcome -> {});
            if (!accepted) {
                events.add(
                        Event.Kind.CONFIG,
                        name,
                        "not applied on SIGHUP: another configuration is being applied");
            }
        } catch (final IOException e) {
            events.add(Event.Kind.CONFIG, name, "not applied on SIGHUP: " + e);
        } catch (final ConfigException e) {
            events.add(
                    Event.Kind.CONFIG,
                    name,
                    "not applied on SIGHUP, it has errors:\n" + e.getMessage().stripTrailing());
        }
    }

    /** The API's socket, once started. */
    public Path socket() {
        return context.runDirectory().resolve("naru.sock");
    }

    /** Stops; the data plane goes on. */
    @Override
    public void close() {
        if (closed) {
            return;
        }

        closed = true;
        try {
            if (!eventLoop.isShuttingDown()) {
                eventLoop.submit(this::closeOnLoop).syncUninterruptibly();
            }
        } finally {
            group.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
            try {
                if (lock != null) {
                    lock.close();
                }
            } catch (final IOException e) {
                LOG.debug("closing the lock: {}", e.toString());
            }
        }
    }

    private void closeOnLoop() {
        if (server != null) {
            server.close();
        }
        if (steering != null) {
            steering.stop();
        }
        if (check instanceof Checks checks) {
            checks.close();
        }
        ways.close();
        link.close();
    }

    private final class Sync implements Reconciler.Listener {
        @Override
        public void onTrouble(final String text) {
            events.add(Event.Kind.DATA_PLANE, "data plane", "not in sync: " + text);
        }

        @Override
        public void onInSync() {
            events.add(Event.Kind.DATA_PLANE, "data plane", "in sync again");
        }
    }

    private final class Link implements DataPlaneLink.Listener {
        private final HopEvents hops = new HopEvents(events);

        @Override
        public void onAttached(final DataPlaneClient client) {
            hops.start(client.directory().backends());
            if (views != null) {
                views.restart();
            }
            events.add(
                    Event.Kind.DATA_PLANE,
                    "data plane",
                    "found, pid "
                            + client.cncFile().pid()
                            + ", "
                            + client.cncFile().workerCount()
                            + (client.cncFile().workerCount() == 1 ? " worker" : " workers")
                            + ": it gets the whole configuration");
        }

        @Override
        public void onGone(final String text) {
            events.add(Event.Kind.DATA_PLANE, "data plane", text);
        }

        @Override
        public void onWaiting(final String text) {
            events.add(Event.Kind.DATA_PLANE, "data plane", "waiting for it: " + text);
        }

        @Override
        public void onNews(final String text) {
            events.add(Event.Kind.DATA_PLANE, "data plane", text);
        }

        @Override
        public void onHop(final IpAddress address, final long hop, final String reason) {
            hops.onHop(address, hop, reason);
        }
    }
}
