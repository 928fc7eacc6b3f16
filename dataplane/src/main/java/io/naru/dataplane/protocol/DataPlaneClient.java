package io.naru.dataplane.protocol;

import java.nio.file.Path;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.IdleStrategy;

/**
 * One client's connection to a data plane: its mapped cnc file with commands, events and
 * statistics.
 *
 * <p>Maps the file of a dead data plane as well; ask {@link #isAlive}. A data plane that is started
 * again has a new file: close this client and open another one. For one thread, as events are
 * handed to the listener inside {@link #poll} only.
 */
public final class DataPlaneClient implements AutoCloseable {
    private final CncFile cncFile;
    private final CommandProxy commands;
    private final EventAdapter events;
    private final StatsReader stats;

    private DataPlaneClient(final CncFile cncFile, final EventListener listener) {
        this.cncFile = cncFile;
        commands = cncFile.isReadOnly() ? null : new CommandProxy(cncFile);
        events = new EventAdapter(cncFile, listener);
        stats = new StatsReader(cncFile);
    }

    /**
     * Maps the data plane of a run directory.
     *
     * @throws CncFileException if there is none, or it cannot be understood.
     */
    public static DataPlaneClient open(final Path runDirectory, final EventListener listener) {
        return new DataPlaneClient(CncFile.map(runDirectory), listener);
    }

    public CncFile cncFile() {
        return cncFile;
    }

    public StatsReader stats() {
        return stats;
    }

    public Directory directory() {
        return cncFile.directory();
    }

    /** Whether the data plane's process lives and its conductor shows it. */
    public boolean isAlive(final long nowEpochMs) {
        return cncFile.isHeartbeatFresh(nowEpochMs) && cncFile.isProcessAlive();
    }

    /** Throws if this client may only read. */
    public CommandProxy commands() {
        if (commands == null) {
            throw new IllegalStateException(
                    "not permitted to write " + cncFile.path() + ", so commands cannot be sent");
        }

        return commands;
    }

    /** Hands up to {@code limit} events to the listener. */
    public int poll(final int limit) {
        return events.poll(limit);
    }

    /**
     * Sends a whole desired state and waits where the ring is full, at most {@code timeoutNs}.
     *
     * @return the correlation id of the answer, which comes as an event.
     * @throws IllegalStateException if the data plane takes no commands.
     */
    public long send(final DesiredState state, final long timeoutNs) {
        final CommandProxy proxy = commands();
        final long correlationId = proxy.nextCorrelationId();
        final long deadlineNs = System.nanoTime() + timeoutNs;
        final IdleStrategy idle = new BackoffIdleStrategy();

        while (!proxy.beginConfig(
                correlationId,
                state.revision(),
                state.services().size(),
                state.pools().size(),
                state.backends().size(),
                state.localAddresses().size())) {
            idle(idle, deadlineNs);
        }
        for (final String pool : state.pools()) {
            while (!proxy.putPool(correlationId, pool)) {
                idle(idle, deadlineNs);
            }
        }
        for (final BackendSpec backend : state.backends()) {
            while (!proxy.putBackend(correlationId, backend)) {
                idle(idle, deadlineNs);
            }
        }
        for (final IpAddress address : state.localAddresses()) {
            while (!proxy.putLocalAddress(correlationId, address)) {
                idle(idle, deadlineNs);
            }
        }
        for (final ServiceSpec service : state.services()) {
            while (!proxy.putService(correlationId, service)) {
                idle(idle, deadlineNs);
            }
        }
        while (!proxy.commitConfig(correlationId)) {
            idle(idle, deadlineNs);
        }

        return correlationId;
    }

    private static void idle(final IdleStrategy idle, final long deadlineNs) {
        if (System.nanoTime() - deadlineNs > 0) {
            throw new IllegalStateException("the data plane takes no commands: its ring is full");
        }

        idle.idle();
    }

    @Override
    public void close() {
        cncFile.close();
    }
}
