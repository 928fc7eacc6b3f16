package io.naru.controlplane.health;

import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;

/** A clock that moves only when a test says so. */
public final class VirtualTimers implements Timers {
    private record Task(long atNs, long order, Runnable runnable) {}

    private final PriorityQueue<Task> tasks =
            new PriorityQueue<>(
                    (a, b) ->
                            a.atNs != b.atNs
                                    ? Long.compare(a.atNs, b.atNs)
                                    : Long.compare(a.order, b.order));
    private long nowNs;
    private long order;

    @Override
    public long nowMs() {
        return TimeUnit.NANOSECONDS.toMillis(nowNs);
    }

    @Override
    public long nowNs() {
        return nowNs;
    }

    @Override
    public Runnable after(final long delayNs, final Runnable runnable) {
        final Task task = new Task(nowNs + delayNs, order++, runnable);
        tasks.add(task);
        return () -> tasks.remove(task);
    }

    /**
     * Runs everything that is due within a time.
     *
     * @param durationMs to advance by.
     */
    public void advance(final long durationMs) {
        final long untilNs = nowNs + TimeUnit.MILLISECONDS.toNanos(durationMs);
        while (!tasks.isEmpty() && tasks.peek().atNs <= untilNs) {
            final Task task = tasks.poll();
            nowNs = task.atNs;
            task.runnable.run();
        }
        nowNs = untilNs;
    }

    /**
     * How many tasks wait.
     *
     * @return their number.
     */
    public int pending() {
        return tasks.size();
    }
}
