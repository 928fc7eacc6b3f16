package io.naru.dataplane;

import io.naru.dataplane.neighbour.HopTable;
import io.naru.dataplane.neighbour.KernelNeighbourhood;
import io.naru.dataplane.neighbour.Neighbourhood;
import io.naru.dataplane.neighbour.Uplink;
import io.naru.dataplane.protocol.CncFile;
import io.naru.dataplane.protocol.CncFileException;
import io.naru.dataplane.protocol.InterfaceInfo;
import io.naru.dataplane.protocol.Limits;
import io.naru.dataplane.protocol.WorkerInfo;
import io.naru.dataplane.status.WorkerStats;
import io.naru.linux.LinuxException;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.agrona.CloseHelper;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.BusySpinIdleStrategy;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.errors.DistinctErrorLog;
import org.agrona.concurrent.status.CountersManager;

/**
 * A running data plane: one conductor, and a worker for each queue.
 *
 * <p>Packets are let in as the last step of {@link #launch} and kept out as the first one of {@link
 * #close}. In a process of its own it begins at {@link #main}; in another process, such as a
 * test's, with an edge that is given in the context.
 */
public final class DataPlane implements AutoCloseable {
    /** Exit code of a process whose settings are wrong: sysexits.h, EX_CONFIG. */
    static final int EXIT_SETTINGS = 78;

    static final int EXIT_FAILURE = 1;

    private static final long CONDUCTOR_SLEEP_NS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long WORKER_SLEEP_NS = TimeUnit.MICROSECONDS.toNanos(50);
    private static final int IDLE_SPINS = 100;
    private static final int IDLE_YIELDS = 10;

    private final DataPlaneContext context;
    private final Deque<AutoCloseable> resources = new ArrayDeque<>(); // the last opened first
    private final CountDownLatch failed = new CountDownLatch(1);
    private PacketEdge edge;
    private CncFile cncFile;
    private WorkerSet workers;
    private WorkerSupervisor[] supervisors;
    private Conductor conductor;
    private boolean isClosed;

    private DataPlane(final DataPlaneContext context) {
        this.context = context;
    }

    /**
     * Starts a data plane; when it returns packets are let in.
     *
     * @throws SettingsException if the settings are wrong.
     * @throws CncFileException if the run directory is in use, or cannot be used.
     * @throws LinuxException if the kernel refuses something.
     */
    public static DataPlane launch(final DataPlaneContext context) {
        final DataPlane dataPlane = new DataPlane(context.conclude());
        try {
            dataPlane.open();
            dataPlane.start();
            return dataPlane;
        } catch (final RuntimeException | Error ex) {
            dataPlane.close();
            throw ex;
        }
    }

    // -- steps of starting ------------------------------------------------------------------------

    private void open() {
        CncFile.requireFree(context.runDirectory()); // before sockets are opened that it has
        edge = context.edge() == null ? new XdpPacketEdge(context.xdpSettings()) : context.edge();
        resources.push(edge);
        if (edge.workers() > Limits.MAX_WORKERS) {
            throw new IllegalArgumentException(
                    "there are %d queues, at most %d workers are possible: set the queues"
                            .formatted(edge.workers(), Limits.MAX_WORKERS));
        }

        final Neighbourhood neighbourhood = neighbourhood();
        resources.push(neighbourhood);
        cncFile = CncFile.create(context.runDirectory(), edge.workers(), context.epochClock());
        resources.push(cncFile);

        final HopTable hops = new HopTable(2 * Limits.MAX_BACKENDS);
        final CountersManager counters = cncFile.countersManager();
        workers =
                new WorkerSet(
                        context,
                        edge,
                        hops,
                        id -> WorkerStats.of(cncFile, counters, id),
                        context.flowCapacity(),
                        context.hugePages());
        resources.push(workers);
        edge.interfaces().forEach(cncFile.directory()::put);
        conductor = conductor(hops, neighbourhood);
    }

    private Neighbourhood neighbourhood() {
        return context.neighbourhood() == null
                ? new KernelNeighbourhood(
                        context.interfaces().stream()
                                .map(one -> new Uplink(one.name(), one.vlan()))
                                .toList(),
                        context.topology() == Topology.BRIDGE)
                : context.neighbourhood();
    }

    private Conductor conductor(final HopTable hops, final Neighbourhood neighbourhood) {
        supervisors = new WorkerSupervisor[workers.size()];
        final WorkerInfo[] infos = new WorkerInfo[workers.size()];
        for (int id = 0; id < workers.size(); id++) {
            final int cpu =
                    id < context.cpus().size() && !context.isDrivenByHand()
                            ? context.cpus().get(id)
                            : WorkerSupervisor.NOT_PINNED;
            supervisors[id] = new WorkerSupervisor(id, cpu, workers.worker(id));
            infos[id] = new WorkerInfo(id, cpu, "starting", context.flowCapacity(), 0);
        }

        return new Conductor(
                cncFile,
                new DistinctErrorLog(cncFile.errorLogBuffer(), context.epochClock()),
                context.nanoClock(),
                context.epochClock(),
                edge.filter(),
                hops,
                neighbourhood,
                workers.inboxes(),
                workers.outboxes(),
                supervisors,
                infos,
                new LocalPortRange(context.localPortFirst(), context.localPortLast()),
                failed::countDown);
    }

    private void start() {
        WarmUp.run(context);
        if (context.isDrivenByHand()) {
            conductor.onStart();
            resources.push(conductor::onClose);
            for (final WorkerSupervisor supervisor : supervisors) {
                supervisor.onStart();
                resources.push(supervisor::onClose);
            }
        } else {
            startThreads();
        }

        edge.attach();
        edge.interfaces().forEach(cncFile.directory()::put);
        conductor.attached();
    }

    private void startThreads() {
        start(
                conductor,
                new BackoffIdleStrategy(1, 1, 1_000, CONDUCTOR_SLEEP_NS),
                conductor::onError);
        for (final WorkerSupervisor supervisor : supervisors) {
            start(supervisor, workerIdle(), ex -> {}); // the conductor asks the supervisor
        }

        try {
            for (final WorkerSupervisor supervisor : supervisors) {
                supervisor.awaitStart();
                if (supervisor.failure() != null) {
                    throw new IllegalStateException(
                            "worker %d does not start: %s"
                                    .formatted(
                                            supervisor.workerId(),
                                            supervisor.failure().getMessage()),
                            supervisor.failure());
                }
            }
        } catch (final InterruptedException ex) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while starting", ex);
        }
    }

    private void start(
            final Agent agent, final IdleStrategy idle, final ErrorHandler errorHandler) {
        final AgentRunner runner = new AgentRunner(idle, errorHandler, null, agent);
        AgentRunner.startOnThread(runner);
        resources.push(runner);
    }

    private IdleStrategy workerIdle() {
        return switch (context.idle()) {
            case BUSY -> BusySpinIdleStrategy.INSTANCE;
            case BACKOFF ->
                    new BackoffIdleStrategy(IDLE_SPINS, IDLE_YIELDS, 1_000, WORKER_SLEEP_NS);
        };
    }

    // -- while it runs ----------------------------------------------------------------------------

    /**
     * Lets the conductor and each worker do one duty cycle, if the context says that it is driven
     * by hand.
     *
     * @return the amount of work done.
     */
    public int doWork() {
        int work = conductor.doWork();
        for (final WorkerSupervisor supervisor : supervisors) {
            if (supervisor.failure() == null) {
                work += supervisor.doWork();
            }
        }

        return work;
    }

    public boolean isDrivenByHand() {
        return context.isDrivenByHand();
    }

    public CncFile cncFile() {
        return cncFile;
    }

    /** What its interfaces turned out to be. */
    public List<InterfaceInfo> interfaces() {
        return edge.interfaces();
    }

    public int workerCount() {
        return workers.size();
    }

    /** Waits until a worker fails; returns at once if one has failed. */
    public void awaitFailure() throws InterruptedException {
        failed.await();
    }

    public boolean hasFailed() {
        return failed.getCount() == 0;
    }

    /** Lets no more packets in, stops the threads and gives everything back, in this order. */
    @Override
    public synchronized void close() {
        if (isClosed) {
            return;
        }

        isClosed = true;
        if (edge != null) {
            edge.detach();
        }
        if (cncFile != null) {
            resources.remove(cncFile);
        }
        while (!resources.isEmpty()) {
            CloseHelper.quietClose(resources.pop());
        }
        if (cncFile != null) {
            cncFile.stopped(context.epochClock().time());
            cncFile.close();
        }
    }

    // -- a process of its own ---------------------------------------------------------------------

    /**
     * Runs a data plane until it is told to stop (SIGTERM, SIGINT: exit code 0) or fails (1).
     *
     * @param args at most one: a properties file; system properties win over it. Wrong settings end
     *     the process with exit code 78.
     */
    public static void main(final String[] args) {
        final DataPlane dataPlane;
        try {
            dataPlane = launch(DataPlaneContext.of(properties(args), System.getProperties()));
        } catch (final SettingsException ex) {
            System.exit(refuse(ex.getMessage(), EXIT_SETTINGS));
            return;
        } catch (final CncFileException
                | LinuxException
                | IllegalArgumentException
                | IllegalStateException ex) {
            System.exit(refuse(ex.getMessage(), EXIT_FAILURE));
            return;
        }

        System.err.println(greeting(dataPlane));
        run(dataPlane);
    }

    private static void run(final DataPlane dataPlane) {
        final AtomicInteger exitCode = new AtomicInteger();
        Runtime.getRuntime()
                .addShutdownHook(
                        new Thread(
                                () -> {
                                    dataPlane.close();
                                    // a JVM that ends by a signal would say 143, not ours
                                    Runtime.getRuntime().halt(exitCode.get());
                                },
                                "naru-stop"));
        try {
            dataPlane.awaitFailure();
            System.err.println("naru: " + dataPlane.cncFile().lastError());
            exitCode.set(EXIT_FAILURE);
        } catch (final InterruptedException ex) {
            Thread.currentThread().interrupt();
        }
        System.exit(exitCode.get());
    }

    private static int refuse(final String text, final int exitCode) {
        text.lines().forEach(line -> System.err.println("naru: " + line));
        return exitCode;
    }

    private static String greeting(final DataPlane dataPlane) {
        final List<String> parts = new ArrayList<>();
        for (final InterfaceInfo one : dataPlane.interfaces()) {
            parts.add(
                    "%s (%s XDP, %s, %d queue%s%s)"
                            .formatted(
                                    one.name(),
                                    one.mode(),
                                    one.zeroCopy() ? "zero-copy" : "copy",
                                    one.queues(),
                                    one.queues() == 1 ? "" : "s",
                                    one.note().isEmpty() ? "" : "; " + one.note()));
        }

        return "naru: data plane runs: pid %d, %d worker%s, %s, %s"
                .formatted(
                        dataPlane.cncFile().pid(),
                        dataPlane.workerCount(),
                        dataPlane.workerCount() == 1 ? "" : "s",
                        String.join(", ", parts),
                        dataPlane.cncFile().path());
    }

    /** The settings of the file that is named, or none. */
    private static Properties properties(final String... args) {
        final Properties properties = new Properties();
        if (args.length > 1) {
            throw new SettingsException(
                    List.of("expected at most one argument, the name of a properties file"));
        }
        if (args.length == 1) {
            try (Reader reader =
                    Files.newBufferedReader(Path.of(args[0]), StandardCharsets.UTF_8)) {
                properties.load(reader);
            } catch (final IOException | IllegalArgumentException ex) {
                throw new SettingsException(
                        List.of("cannot read the settings in " + args[0] + ": " + ex));
            }
        }

        return properties;
    }
}
