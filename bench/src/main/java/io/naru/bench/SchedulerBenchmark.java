package io.naru.bench;

import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.schedule.BackendLoad;
import io.naru.dataplane.schedule.Candidates;
import io.naru.dataplane.schedule.Scheduler;
import io.naru.dataplane.schedule.Schedulers;
import io.naru.dataplane.schedule.StableHash;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What it costs to pick the backend of one new flow, by algorithm and size of the pool (on a
 * worker, for a flow table miss), and to make the schedulers of a service again after its pool has
 * changed (on the conductor). Backends have random weights; the flow it picks for counts as load.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class SchedulerBenchmark {
    @Param({
        "RR", "WRR", "LC", "WLC", "SED", "NQ", "SH", "SH_PORT", "DH", "MAGLEV", "P2C", "LRT", "LB",
        "RANDOM", "FO", "OVF"
    })
    private Algorithm algorithm;

    @Param({"10", "1000"})
    private int backends;

    private final StableHash hash = new StableHash(StableHash.DEFAULT_SEED);
    private final BackendLoad load =
            new BackendLoad() {
                @Override
                public int activeFlows(final int backendId) {
                    return flows[backendId];
                }

                @Override
                public long bytesPerSecond(final int backendId) {
                    return bytesPerSecond[backendId];
                }

                @Override
                public long responseTimeNs(final int backendId) {
                    return responseTimesNs[backendId];
                }
            };
    private Candidates candidates;
    private Scheduler scheduler;
    private int[] flows;
    private long[] bytesPerSecond;
    private long[] responseTimesNs;
    private int client;

    @Setup
    public void setup() {
        final Random random = new Random(1);
        final int[] ids = new int[backends];
        final int[] weights = new int[backends];
        final long[] identities = new long[backends];
        for (int i = 0; i < backends; i++) {
            ids[i] = i;
            weights[i] = 1 + random.nextInt(100);
            identities[i] = random.nextLong();
        }

        flows = new int[backends];
        bytesPerSecond = random.longs(backends, 0, 1_000_000_000).toArray();
        responseTimesNs = random.longs(backends, 100_000, 10_000_000).toArray();
        candidates = Candidates.of(ids, weights, identities);
        scheduler = create()[0];
    }

    @Benchmark
    @OutputTimeUnit(TimeUnit.NANOSECONDS)
    public int select() {
        final int clientIpNet = client++;
        final int backend =
                scheduler.select(
                        hash.tuple(clientIpNet, 1_024, 0x0a02_00c0, 0x5000, 6),
                        hash.source(clientIpNet));
        flows[backend]++;

        return backend;
    }

    @Benchmark
    @OutputTimeUnit(TimeUnit.MICROSECONDS)
    public Scheduler[] create() {
        return Schedulers.create(algorithm, candidates, load, 1);
    }
}
