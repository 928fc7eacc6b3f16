package io.naru.bench.demo;

import io.naru.bench.topology.Curl;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;

/** Counts what became of the requests: by backend, and by whether a failure was to be expected. */
final class Traffic {
    private static final long MAX_LATENCY_US = 60_000_000;

    private final Map<String, Long> byBackend = new TreeMap<>();
    private final Histogram latencyUs = new Histogram(MAX_LATENCY_US, 3);
    private long succeeded;
    private long failedUnseen;
    private long failed;

    /**
     * Adds the replies of one round.
     *
     * @param asked how many requests were made; what has no reply has failed.
     * @param outageUnseen a backend was dead and the check had not yet said so.
     */
    synchronized void add(
            final List<Curl.Reply> replies, final int asked, final boolean outageUnseen) {
        int good = 0;
        for (final Curl.Reply reply : replies) {
            if (reply.ok()) {
                good++;
                byBackend.merge(reply.backend(), 1L, Long::sum);
                latencyUs.recordValue(
                        Math.min(MAX_LATENCY_US, (long) (reply.seconds() * 1_000_000)));
            }
        }

        succeeded += good;
        if (outageUnseen) {
            failedUnseen += asked - good;
        } else {
            failed += asked - good;
        }
    }

    synchronized long succeeded() {
        return succeeded;
    }

    /** Failed while nobody could know yet that the backend was dead. */
    synchronized long failedUnseen() {
        return failedUnseen;
    }

    /** Failed although they should have succeeded. */
    synchronized long failed() {
        return failed;
    }

    synchronized long total() {
        return succeeded + failedUnseen + failed;
    }

    synchronized long of(final String backend) {
        return byBackend.getOrDefault(backend, 0L);
    }

    synchronized double latencyMs(final double percentile) {
        return latencyUs.getValueAtPercentile(percentile) / 1e3;
    }
}
