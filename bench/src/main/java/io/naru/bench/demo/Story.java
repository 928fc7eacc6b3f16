package io.naru.bench.demo;

import io.naru.bench.topology.Curl;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Three servers work, one dies, nobody notices, it comes back. */
final class Story {
    private static final int REQUESTS_PER_ROUND = 10;
    private static final long ROUND_NS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long DRAW_NS = TimeUnit.MILLISECONDS.toNanos(200);
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(60);
    private static final long ENDLESS_PHASE_REQUESTS = 1_000;

    private final Scene scene;
    private final LiveTable table;
    private final long requests;
    private final boolean keep;
    private final Traffic traffic = new Traffic();
    private Meter meter;
    private String title = "";

    /**
     * @param requests to make in all; 0 is without end.
     */
    Story(final Scene scene, final LiveTable table, final long requests, final boolean keep) {
        this.scene = scene;
        this.table = table;
        this.requests = requests;
        this.keep = keep;
    }

    /** Plays it; the exit code is 1 if a request failed that should have succeeded. */
    int play() {
        table.line("Naru demo: " + scene.description());
        scene.start(sentence -> table.line("  · " + sentence));
        meter = new Meter(scene.runDirectory(), scene.backends());
        await("the data plane serves and every backend has passed its check", this::allUp);

        int code;
        do {
            code = oneRound();
        } while (requests == 0 && code == 0);
        table.last(meter.rows(traffic), footer());
        summary();
        if (keep) {
            scene.keep();
            table.line("\nIt is still running. Things to try:");
            scene.thingsToTry().forEach(command -> table.line("    " + command));
        }

        return code;
    }

    private int oneRound() {
        final long budget = requests == 0 ? 3 * ENDLESS_PHASE_REQUESTS : requests;
        final String victim = scene.backends().get(1);

        title = "all backends are up";
        table.line("  · all backends are up");
        run(traffic.total() + budget * 35 / 100);

        table.line("  · killing the web server on " + victim);
        title = victim + " is dead, the check has not seen it yet";
        final long killed = System.nanoTime();
        scene.kill(victim);
        while (!meter.state(victim).equals("down")) {
            round(true);
            check(System.nanoTime() - killed < PATIENCE_NS, victim + " was never taken out");
        }

        table.line(
                String.format(
                        Locale.ROOT,
                        "  · the check took %s out after %d ms; from here on nothing may fail",
                        victim,
                        TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - killed)));
        title = victim + " is down, the others carry on";
        final long before = traffic.of(victim);
        run(traffic.total() + budget * 40 / 100);
        check(traffic.of(victim) == before, victim + " answered requests although it is down");

        table.line("  · starting the web server on " + victim + " again");
        title = victim + " is coming back";
        scene.revive(victim);
        final long revived = System.nanoTime();
        while (!meter.state(victim).equals("up")) {
            round(false);
            check(System.nanoTime() - revived < PATIENCE_NS, victim + " was never let back in");
        }

        table.line(
                String.format(
                        Locale.ROOT,
                        "  · the check let %s back in after %d ms",
                        victim,
                        TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - revived)));
        title = "all backends are up again";
        final long after = traffic.of(victim);
        run(Math.max(traffic.total() + 3 * REQUESTS_PER_ROUND, requests));
        check(traffic.of(victim) > after, victim + " got nothing after it came back");
        return traffic.failed() == 0 ? 0 : 1;
    }

    private void run(final long upTo) {
        while (traffic.total() < upTo) {
            round(false);
        }
    }

    private void round(final boolean outageUnseen) {
        final long started = System.nanoTime();
        final List<Curl.Reply> replies = scene.request(REQUESTS_PER_ROUND);
        traffic.add(replies, REQUESTS_PER_ROUND, outageUnseen);
        if (meter.isDue(DRAW_NS)) {
            meter.sample();
            table.draw("  " + title, meter.rows(traffic), footer());
        }

        LockSupport.parkNanos(ROUND_NS - (System.nanoTime() - started));
    }

    private boolean allUp() {
        final List<String> waiting = new ArrayList<>();
        for (final String backend : scene.backends()) {
            if (!meter.state(backend).equals("up")) {
                waiting.add(backend);
            }
        }

        return waiting.isEmpty();
    }

    private static void await(final String what, final BooleanSupplier condition) {
        final long deadline = System.nanoTime() + PATIENCE_NS;
        while (!condition.getAsBoolean()) {
            check(System.nanoTime() < deadline, "waited 60 s until " + what);
            LockSupport.parkNanos(ROUND_NS);
        }
    }

    private static void check(final boolean condition, final String failure) {
        if (!condition) {
            throw new IllegalStateException(failure);
        }
    }

    private String footer() {
        return String.format(
                Locale.ROOT,
                "  %d requests answered, %d failed before the check saw the outage, %d failed otherwise; "
                        + "p50 %.2f ms, p99 %.2f ms",
                traffic.succeeded(),
                traffic.failedUnseen(),
                traffic.failed(),
                traffic.latencyMs(50),
                traffic.latencyMs(99));
    }

    private void summary() {
        if (traffic.failed() == 0) {
            table.line("OK: every request that should have succeeded did.");
        } else {
            table.line(
                    "FAILED: %d requests failed that should have succeeded."
                            .formatted(traffic.failed()));
            table.line(scene.logs());
        }
    }
}
