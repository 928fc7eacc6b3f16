package io.naru.bench.throughput;

import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.port.PacketPort;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.HdrHistogram.Histogram;

/** Receives probe frames on one port, checks them, and measures how long they were under way. */
final class Sink {
    private static final long MAX_LATENCY_NS = 10_000_000_000L;
    private static final long IDLE_NS = 10_000;

    private final PacketPort port;
    private final FrameStack free;
    private final int firstBackend;
    private final int backends;
    private final int backendPort;
    private final PacketBurst burst = new PacketBurst();
    private final Histogram latencyNs = new Histogram(MAX_LATENCY_NS, 3);
    private long received;
    private long wrong;

    Sink(
            final PacketPort port,
            final FrameStack free,
            final int firstBackend,
            final int backends,
            final int backendPort) {
        this.port = port;
        this.free = free;
        this.firstBackend = firstBackend;
        this.backends = backends;
        this.backendPort = backendPort;
    }

    /** Receives until told to stop. */
    void run(final BooleanSupplier stop) {
        while (!stop.getAsBoolean()) {
            final int count = port.receive(burst);
            final long nowNs = System.nanoTime();
            for (int i = 0; i < count; i++) {
                take(burst.address[i], burst.length[i], nowNs);
            }

            if (port.flush() + count == 0) {
                LockSupport.parkNanos(IDLE_NS); // the balancer may need this core
            }
        }
    }

    private void take(final long frame, final int length, final long nowNs) {
        received++;
        if (!ProbeFrame.isIntact(frame, length) || !isForBackend(frame)) {
            wrong++;
        } else if (ProbeFrame.sentNs(frame) != 0) {
            latencyNs.recordValue(
                    Math.max(0, Math.min(MAX_LATENCY_NS, nowNs - ProbeFrame.sentNs(frame))));
        }

        free.push(frame);
    }

    private boolean isForBackend(final long frame) {
        final int backend = ProbeFrame.destination(frame) - firstBackend;
        return backend >= 0
                && backend < backends
                && ProbeFrame.destinationPort(frame) == backendPort;
    }

    long received() {
        return received;
    }

    /** Frames that arrived with a wrong checksum, length, address or port. */
    long wrong() {
        return wrong;
    }

    Histogram latencyNs() {
        return latencyNs;
    }
}
