package io.naru.dataplane.protocol;

import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.AtomicBuffer;
import org.agrona.concurrent.errors.ErrorLogReader;
import org.agrona.concurrent.status.CountersReader;

/**
 * Reads what the workers of a live or dead data plane have counted, and sums it.
 *
 * <p>Each number is exact; numbers read together may be a few packets apart. For one thread.
 */
public final class StatsReader {
    private final int workerCount;
    private final AtomicBuffer serviceStats;
    private final AtomicBuffer backendStats;
    private final AtomicBuffer dutyCycles;
    private final AtomicBuffer errorLog;
    private final CountersReader counters;
    private final int[][] counterIds;

    public StatsReader(final CncFile cncFile) {
        workerCount = cncFile.workerCount();
        serviceStats = cncFile.serviceStats();
        backendStats = cncFile.backendStats();
        dutyCycles = cncFile.dutyCycles();
        errorLog = cncFile.errorLogBuffer();
        counters = cncFile.countersReader();
        counterIds = new int[workerCount][WorkerCounter.values().length];
    }

    public int workerCount() {
        return workerCount;
    }

    /** Of one service, summed over all workers. */
    public Stats service(final int serviceId) {
        Stats sum = Stats.ZERO;
        for (int worker = 0; worker < workerCount; worker++) {
            sum = sum.plus(read(serviceStats, StatsLine.serviceOffset(worker, serviceId)));
        }

        return sum;
    }

    /** Of one backend, summed over all workers. */
    public Stats backend(final int backendId) {
        Stats sum = Stats.ZERO;
        for (int worker = 0; worker < workerCount; worker++) {
            sum = sum.plus(read(backendStats, StatsLine.backendOffset(worker, backendId)));
        }

        return sum;
    }

    /** How long a backend takes to answer, in ns; 0 if no worker knows. */
    public long responseTimeNs(final int backendId) {
        long sum = 0;
        int count = 0;
        for (int worker = 0; worker < workerCount; worker++) {
            final long ns =
                    backendStats.getLongOpaque(
                            StatsLine.backendOffset(worker, backendId)
                                    + StatsLine.RESPONSE_TIME_OFFSET);
            sum += ns;
            count += ns > 0 ? 1 : 0;
        }

        return count == 0 ? 0 : sum / count;
    }

    private static Stats read(final AtomicBuffer lines, final int offset) {
        return new Stats(
                lines.getLongOpaque(offset + StatsLine.PACKETS_TO_BACKEND_OFFSET),
                lines.getLongOpaque(offset + StatsLine.BYTES_TO_BACKEND_OFFSET),
                lines.getLongOpaque(offset + StatsLine.PACKETS_TO_CLIENT_OFFSET),
                lines.getLongOpaque(offset + StatsLine.BYTES_TO_CLIENT_OFFSET),
                lines.getLongOpaque(offset + StatsLine.FLOWS_OPENED_OFFSET),
                lines.getLongOpaque(offset + StatsLine.FLOWS_ACTIVE_OFFSET),
                lines.getLongOpaque(offset + StatsLine.FLOWS_REFUSED_OFFSET),
                lines.getLongOpaque(offset + StatsLine.OPENINGS_UNANSWERED_OFFSET),
                lines.getLongOpaque(offset + StatsLine.OPENINGS_REFUSED_OFFSET),
                lines.getLongOpaque(offset + StatsLine.FLOWS_OVER_LIMIT_OFFSET));
    }

    /** Of one worker; 0 if the data plane does not have this counter. */
    public long counter(final int workerId, final WorkerCounter counter) {
        int idPlusOne = counterIds[workerId][counter.code()];
        if (idPlusOne == 0) {
            findCounters();
            idPlusOne = counterIds[workerId][counter.code()];
        }

        return idPlusOne == 0 ? 0 : counters.getCounterValue(idPlusOne - 1);
    }

    /** Summed over all workers. */
    public long counter(final WorkerCounter counter) {
        long sum = 0;
        for (int worker = 0; worker < workerCount; worker++) {
            sum += counter(worker, counter);
        }

        return sum;
    }

    private void findCounters() {
        counters.forEach(
                (counterId, typeId, keyBuffer, label) -> {
                    final int worker = keyBuffer.getInt(CounterDescriptor.WORKER_ID_KEY_OFFSET);
                    final int code = keyBuffer.getInt(CounterDescriptor.CODE_KEY_OFFSET);
                    if (typeId == CounterDescriptor.WORKER_TYPE_ID
                            && worker >= 0
                            && worker < workerCount
                            && WorkerCounter.ofCode(code) != null) {
                        counterIds[worker][code] = counterId + 1;
                    }
                });
    }

    /** Every reason to drop a packet, also those that have not happened, in their order. */
    public List<DropStats> drops() {
        return drops(-1);
    }

    /** Every reason to drop a packet of one worker. */
    public List<DropStats> drops(final int workerId) {
        final List<DropStats> drops = new ArrayList<>();
        counters.forEach(
                (counterId, typeId, keyBuffer, label) -> {
                    final int worker = keyBuffer.getInt(CounterDescriptor.WORKER_ID_KEY_OFFSET);
                    final int code = keyBuffer.getInt(CounterDescriptor.CODE_KEY_OFFSET);
                    if (typeId == CounterDescriptor.DROP_TYPE_ID
                            && code >= 0
                            && code < CncFileDescriptor.COUNTERS_PER_WORKER
                            && (workerId < 0 || workerId == worker)) {
                        while (drops.size() <= code) {
                            drops.add(new DropStats("", "", 0));
                        }
                        drops.set(
                                code,
                                new DropStats(
                                        CounterDescriptor.name(label),
                                        CounterDescriptor.sentence(label),
                                        drops.get(code).packets()
                                                + counters.getCounterValue(counterId)));
                    }
                });
        drops.removeIf(drop -> drop.name().isEmpty());
        return drops;
    }

    public DutyCycleStats dutyCycles(final int workerId) {
        final long[] counts = new long[DutyCycleDescriptor.BUCKET_COUNT];
        for (int bucket = 0; bucket < counts.length; bucket++) {
            counts[bucket] =
                    dutyCycles.getLongOpaque(
                            DutyCycleDescriptor.offset(workerId) + bucket * Long.BYTES);
        }

        return new DutyCycleStats(counts);
    }

    /** The error log, each kind of error once. */
    public List<ErrorInfo> errors() {
        final List<ErrorInfo> errors = new ArrayList<>();
        ErrorLogReader.read(
                errorLog,
                (count, firstEpochMs, lastEpochMs, text) ->
                        errors.add(new ErrorInfo(count, firstEpochMs, lastEpochMs, text)));
        return errors;
    }
}
