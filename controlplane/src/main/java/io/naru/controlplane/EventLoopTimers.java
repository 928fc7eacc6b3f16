package io.naru.controlplane;

import io.naru.controlplane.health.Timers;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Runs the health checks' timers on the control plane's event loop. */
record EventLoopTimers(EventLoop eventLoop, LongSupplier clockMs) implements Timers {
    @Override
    public long nowMs() {
        return clockMs.getAsLong();
    }

    @Override
    public long nowNs() {
        return System.nanoTime();
    }

    @Override
    public Runnable after(final long delayNs, final Runnable task) {
        final ScheduledFuture<?> scheduled =
                eventLoop.schedule(task, delayNs, TimeUnit.NANOSECONDS);
        return () -> scheduled.cancel(false);
    }
}
