package io.naru.dataplane;

import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentTerminationException;

/**
 * Runs a worker and stops it at its first exception, which it keeps for the conductor.
 *
 * <p>A worker that has thrown has broken its own promises: some frame may be nowhere, some flow
 * half made. It is not run again; the process ends, and is started again by whoever watches it.
 */
final class WorkerSupervisor implements Agent {
    private final int workerId;
    private final Agent worker;
    private volatile Throwable failure;

    WorkerSupervisor(final int workerId, final Agent worker) {
        this.workerId = workerId;
        this.worker = worker;
    }

    int workerId() {
        return workerId;
    }

    /** What the worker failed with, or null; for any thread. */
    Throwable failure() {
        return failure;
    }

    @Override
    public void onStart() {
        try {
            worker.onStart();
        } catch (final Throwable ex) {
            throw failed(ex);
        }
    }

    @Override
    public int doWork() {
        try {
            return worker.doWork();
        } catch (final Throwable ex) {
            throw failed(ex);
        }
    }

    private AgentTerminationException failed(final Throwable ex) {
        failure = ex;
        return new AgentTerminationException(ex);
    }

    @Override
    public void onClose() {
        worker.onClose();
    }

    @Override
    public String roleName() {
        return worker.roleName();
    }
}
