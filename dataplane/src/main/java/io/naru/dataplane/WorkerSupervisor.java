package io.naru.dataplane;

import io.naru.linux.sched.ThreadAffinity;
import java.util.concurrent.CountDownLatch;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentTerminationException;

/**
 * Runs a worker and stops it at its first exception, which it keeps for the conductor.
 *
 * <p>A worker that has thrown has broken its own promises: some frame may be nowhere, some flow
 * half made. It is not run again; the process ends, and is started again by whoever watches it.
 */
final class WorkerSupervisor implements Agent {
    /** Of a worker that may run on any CPU. */
    static final int NOT_PINNED = -1;

    private final int workerId;
    private final int cpu;
    private final Agent worker;
    private final CountDownLatch started = new CountDownLatch(1);
    private volatile Throwable failure;

    /**
     * @param cpu that the worker's thread is to run on, or {@link #NOT_PINNED}.
     */
    WorkerSupervisor(final int workerId, final int cpu, final Agent worker) {
        this.workerId = workerId;
        this.cpu = cpu;
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
            if (cpu != NOT_PINNED) {
                ThreadAffinity.pinTo(cpu);
            }
            worker.onStart();
        } catch (final Throwable ex) {
            throw failed(ex);
        } finally {
            started.countDown();
        }
    }

    /** Waits until the worker runs, or has failed to. */
    void awaitStart() throws InterruptedException {
        started.await();
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
