package io.naru.dataplane;

import io.naru.dataplane.flow.FlowTable;
import io.naru.dataplane.flow.FlowTableDescriptor;
import io.naru.dataplane.flow.FlowVisitor;

/**
 * Answers a query from a worker's flow table, a bounded number of buckets per duty cycle.
 *
 * <p>One query at a time; the conductor asks the next when all workers have answered. The worker's;
 * allocates nothing.
 */
final class FlowSearch implements FlowVisitor {
    /** Some microseconds' worth: what a search adds to the duty cycle of a busy worker. */
    private static final int BUCKETS_PER_CYCLE = 32;

    private static final int FLOWS_PER_CYCLE =
            BUCKETS_PER_CYCLE * FlowTableDescriptor.SLOTS_PER_BUCKET;

    private final FlowTable flowTable;
    private final ConductorProxy conductor;
    private FlowQuery query;
    private int nextBucket;
    private int nowTicks;
    private int shown;
    private long matched;

    FlowSearch(final FlowTable flowTable, final ConductorProxy conductor) {
        this.flowTable = flowTable;
        this.conductor = conductor;
    }

    /** Begins; a query that is still being answered is given up. */
    void start(final FlowQuery query) {
        this.query = query;
        nextBucket = query.inquiry() == null ? 0 : flowTable.bucketCount(); // nothing to search
        shown = 0;
        matched = 0;
    }

    /** Goes on with the query, if there is one; returns the amount of work done. */
    int doWork(final int nowTicks) {
        if (query == null || !conductor.hasRoomForFlows(FLOWS_PER_CYCLE)) {
            return 0;
        }

        this.nowTicks = nowTicks;
        nextBucket = flowTable.visit(nextBucket, BUCKETS_PER_CYCLE, this);
        if (nextBucket == flowTable.bucketCount()
                && conductor.flowsEnd(query.correlationId(), matched)) {
            query = null;
        }

        return 1;
    }

    @Override
    public void onFlow(final long entry) {
        final long addresses = flowTable.addresses(entry);
        if (query.matches(entry, addresses, nowTicks)) {
            matched++;
            if (query.census() != null) {
                query.census().count(conductor.workerId(), entry, addresses);
            }
            if (shown < query.limit()) {
                shown++;
                conductor.flow(query.correlationId(), entry, addresses, nowTicks);
            }
        }
    }
}
