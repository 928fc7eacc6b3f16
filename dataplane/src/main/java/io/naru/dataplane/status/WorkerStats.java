package io.naru.dataplane.status;

import static io.naru.dataplane.packet.RawMemory.getLong;
import static io.naru.dataplane.packet.RawMemory.putLong;

import io.naru.dataplane.packet.Bounds;
import io.naru.dataplane.protocol.CncFile;
import io.naru.dataplane.protocol.CounterDescriptor;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.DutyCycleDescriptor;
import io.naru.dataplane.protocol.Limits;
import io.naru.dataplane.protocol.StatsLine;
import io.naru.dataplane.protocol.WorkerCounter;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.concurrent.AtomicBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.CountersManager;
import org.agrona.concurrent.status.CountersReader;

/**
 * What one worker counts, written straight into the cnc file.
 *
 * <p>The worker is the only writer of its lines and counters. It uses plain stores of aligned
 * longs: readers in other threads and processes see each number whole and soon, and that is all
 * they are promised. {@link StatsLine} draws the lines.
 */
public final class WorkerStats {
    private final int workerId;
    private final int workerCount;
    private final AtomicBuffer serviceStats;
    private final AtomicBuffer backendStats;
    private final long serviceLines;
    private final long backendLines;
    private final long dutyCycles;
    private final long[] counters = new long[WorkerCounter.values().length];
    private final long[] drops = new long[DropReason.count()];

    /** Keeps memory that is not a file's alive. */
    private final Object memory;

    private WorkerStats(
            final int workerId,
            final int workerCount,
            final AtomicBuffer serviceStats,
            final AtomicBuffer backendStats,
            final AtomicBuffer dutyCycleStats,
            final CountersManager countersManager,
            final Object memory) {
        this.workerId = workerId;
        this.workerCount = workerCount;
        this.serviceStats = serviceStats;
        this.backendStats = backendStats;
        this.memory = memory;
        serviceLines = serviceStats.addressOffset() + StatsLine.serviceOffset(workerId, 0);
        backendLines = backendStats.addressOffset() + StatsLine.backendOffset(workerId, 0);
        dutyCycles = dutyCycleStats.addressOffset() + DutyCycleDescriptor.offset(workerId);
        for (final WorkerCounter counter : WorkerCounter.values()) {
            counters[counter.code()] =
                    allocate(
                            countersManager,
                            CounterDescriptor.WORKER_TYPE_ID,
                            counter.code(),
                            CounterDescriptor.label(counter.label(), counter.sentence()));
        }
        for (final DropReason reason : DropReason.values()) {
            drops[reason.code()] =
                    allocate(
                            countersManager,
                            CounterDescriptor.DROP_TYPE_ID,
                            reason.code(),
                            CounterDescriptor.label(reason.label(), reason.sentence()));
        }

        // a test that allows RawMemory nothing but what was announced must allow it this, too
        Bounds.add(serviceLines, (long) Limits.MAX_SERVICES * StatsLine.LENGTH);
        Bounds.add(backendLines, (long) Limits.MAX_BACKENDS * StatsLine.LENGTH);
        Bounds.add(dutyCycles, DutyCycleDescriptor.LENGTH);
    }

    /**
     * The statistics of a worker in the cnc file; for one thread at a time, before the worker
     * starts.
     *
     * @param countersManager of the same file; one for all workers.
     */
    public static WorkerStats of(
            final CncFile cncFile, final CountersManager countersManager, final int workerId) {
        return new WorkerStats(
                workerId,
                cncFile.workerCount(),
                cncFile.serviceStats(),
                cncFile.backendStats(),
                cncFile.dutyCycles(),
                countersManager,
                cncFile);
    }

    /** The statistics of a single worker, number 0, without a file. */
    public static WorkerStats inMemory() {
        final int count = WorkerCounter.values().length + DropReason.count();
        final AtomicBuffer services = memory(Limits.MAX_SERVICES * StatsLine.LENGTH);
        final AtomicBuffer backends = memory(Limits.MAX_BACKENDS * StatsLine.LENGTH);
        final AtomicBuffer cycles = memory(DutyCycleDescriptor.LENGTH);
        final CountersManager countersManager =
                new CountersManager(
                        memory(count * CountersReader.METADATA_LENGTH),
                        memory(count * CountersReader.COUNTER_LENGTH));
        return new WorkerStats(
                0,
                1,
                services,
                backends,
                cycles,
                countersManager,
                new Object[] {services, backends, cycles, countersManager});
    }

    private static AtomicBuffer memory(final int length) {
        return new UnsafeBuffer(
                BufferUtil.allocateDirectAligned(length, BitUtil.CACHE_LINE_LENGTH));
    }

    private long allocate(
            final CountersManager countersManager,
            final int typeId,
            final int code,
            final String label) {
        final int counterId =
                countersManager.allocate(
                        label,
                        typeId,
                        key -> {
                            key.putInt(CounterDescriptor.WORKER_ID_KEY_OFFSET, workerId);
                            key.putInt(CounterDescriptor.CODE_KEY_OFFSET, code);
                        });
        final long address =
                countersManager.valuesBuffer().addressOffset()
                        + CountersReader.counterOffset(counterId);
        Bounds.add(address, Long.BYTES);
        return address;
    }

    public int workerId() {
        return workerId;
    }

    /** Address of the {@link StatsLine} of a service. */
    public long service(final int serviceId) {
        assert serviceId >= 0 && serviceId < Limits.MAX_SERVICES;
        return serviceLines + (long) serviceId * StatsLine.LENGTH;
    }

    /** Address of the {@link StatsLine} of a backend. */
    public long backend(final int backendId) {
        assert backendId >= 0 && backendId < Limits.MAX_BACKENDS;
        return backendLines + (long) backendId * StatsLine.LENGTH;
    }

    /**
     * Counts packets of a flow.
     *
     * @param line from {@link #service} or {@link #backend}.
     * @param direction 0 to the backend, 1 to the client, as in the flow table.
     */
    public static void count(
            final long line, final int direction, final long packets, final long bytes) {
        final long address = line + ((long) direction << 4);
        putLong(
                address + StatsLine.PACKETS_TO_BACKEND_OFFSET,
                getLong(address + StatsLine.PACKETS_TO_BACKEND_OFFSET) + packets);
        putLong(
                address + StatsLine.BYTES_TO_BACKEND_OFFSET,
                getLong(address + StatsLine.BYTES_TO_BACKEND_OFFSET) + bytes);
    }

    /** Counts a flow that begins, of a service or of a backend. */
    public static void flowOpened(final long line) {
        add(line + StatsLine.FLOWS_OPENED_OFFSET, 1);
        add(line + StatsLine.FLOWS_ACTIVE_OFFSET, 1);
    }

    /** Counts a flow that has ended. */
    public static void flowClosed(final long line) {
        add(line + StatsLine.FLOWS_ACTIVE_OFFSET, -1);
    }

    /** Counts a flow that could not begin. */
    public static void flowRefused(final long line) {
        add(line + StatsLine.FLOWS_REFUSED_OFFSET, 1);
    }

    /** Counts an opening that the backend did not answer. */
    public static void openingUnanswered(final long line) {
        add(line + StatsLine.OPENINGS_UNANSWERED_OFFSET, 1);
    }

    /** Counts an opening that the backend answered with an RST. */
    public static void openingRefused(final long line) {
        add(line + StatsLine.OPENINGS_REFUSED_OFFSET, 1);
    }

    /** Notes how long an answer took, smoothed over some eight of them. */
    public static void responded(final long line, final long responseTimeNs) {
        final long known = getLong(line + StatsLine.RESPONSE_TIME_OFFSET);
        final long smoothed = known == 0 ? responseTimeNs : known + (responseTimeNs - known) / 8;
        putLong(line + StatsLine.RESPONSE_TIME_OFFSET, Math.max(1, smoothed));
    }

    /** Counts a flow that a limit had no room for. */
    public static void flowOverLimit(final long line) {
        add(line + StatsLine.FLOWS_OVER_LIMIT_OFFSET, 1);
    }

    /** Flows of a service now, on all workers: those of others as far as they are seen. */
    public long flowsActiveOfService(final int serviceId) {
        long sum = 0;
        for (int worker = 0; worker < workerCount; worker++) {
            sum +=
                    serviceStats.getLongOpaque(
                            StatsLine.serviceOffset(worker, serviceId)
                                    + StatsLine.FLOWS_ACTIVE_OFFSET);
        }

        return sum;
    }

    /** The same of a backend. */
    public long flowsActiveOfBackend(final int backendId) {
        long sum = 0;
        for (int worker = 0; worker < workerCount; worker++) {
            sum +=
                    backendStats.getLongOpaque(
                            StatsLine.backendOffset(worker, backendId)
                                    + StatsLine.FLOWS_ACTIVE_OFFSET);
        }

        return sum;
    }

    /** Flows of a service or a backend on this worker now. */
    public static long flowsActive(final long line) {
        return getLong(line + StatsLine.FLOWS_ACTIVE_OFFSET);
    }

    /**
     * Counts dropped packets.
     *
     * @param reasonCode of a {@link DropReason}.
     */
    public void drop(final int reasonCode, final long packets) {
        add(drops[reasonCode], packets);
    }

    public void add(final WorkerCounter counter, final long amount) {
        add(counters[counter.code()], amount);
    }

    public void set(final WorkerCounter counter, final long value) {
        putLong(counters[counter.code()], value);
    }

    public long get(final WorkerCounter counter) {
        return getLong(counters[counter.code()]);
    }

    /** Packets dropped for a reason. */
    public long dropped(final DropReason reason) {
        return getLong(drops[reason.code()]);
    }

    /** Counts a duty cycle in the worker's histogram. */
    void dutyCycle(final long durationNs) {
        add(dutyCycles + (long) DutyCycleDescriptor.bucket(durationNs) * Long.BYTES, 1);
    }

    private static void add(final long address, final long amount) {
        putLong(address, getLong(address) + amount);
    }

    @Override
    public String toString() {
        return "WorkerStats{workerId=" + workerId + ", memory=" + memory + "}";
    }
}
