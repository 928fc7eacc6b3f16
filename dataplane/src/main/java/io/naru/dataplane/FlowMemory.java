package io.naru.dataplane;

import io.naru.dataplane.flow.FlowHash;
import io.naru.dataplane.flow.FlowListener;
import io.naru.dataplane.flow.FlowTable;
import io.naru.dataplane.flow.FlowTableDescriptor;
import io.naru.dataplane.flow.LocalPorts;
import io.naru.dataplane.packet.Bounds;
import io.naru.linux.memory.HugePages;
import io.naru.linux.memory.MappedRegion;
import java.util.ArrayList;
import java.util.List;

/**
 * The memory of one worker's flows and local ports.
 *
 * <p>Entries are there from the start, on huge pages if possible. What only some flows need (second
 * lines, local ports) is reserved and takes memory when it is first used. Closed when no worker
 * uses it any more.
 */
public final class FlowMemory implements AutoCloseable {
    private final int capacity;
    private final List<MappedRegion> regions = new ArrayList<>();
    private final MappedRegion entries;
    private final long addresses;

    /** On plain pages. */
    public FlowMemory(final int capacity) {
        this(capacity, HugePages.OFF);
    }

    /**
     * @param capacity flows at most.
     */
    public FlowMemory(final int capacity, final HugePages hugePages) {
        this.capacity = capacity;
        entries =
                add(MappedRegion.anonymous(FlowTableDescriptor.regionLength(capacity), hugePages));
        addresses =
                add(MappedRegion.reserved(FlowTableDescriptor.addressesLength(capacity))).address();
    }

    /** The flow table; once. */
    public FlowTable flowTable(
            final FlowHash flowHash,
            final int worker,
            final int workers,
            final FlowListener listener) {
        return new FlowTable(
                entries.address(),
                entries.lengthBytes(),
                addresses,
                capacity,
                flowHash,
                worker,
                workers,
                listener);
    }

    /**
     * The local ports of a range that is shared out among the workers; once.
     *
     * @param seed of the order in which ports are first used.
     */
    public LocalPorts localPorts(
            final int worker,
            final int workers,
            final int portFirst,
            final int portLast,
            final long seed) {
        final MappedRegion region =
                add(MappedRegion.reserved(LocalPorts.memoryBytes(workers, portFirst, portLast)));
        return new LocalPorts(region.address(), worker, workers, portFirst, portLast, seed);
    }

    private MappedRegion add(final MappedRegion region) {
        regions.add(region);
        Bounds.add(region.address(), region.lengthBytes());
        return region;
    }

    @Override
    public void close() {
        for (final MappedRegion region : regions) {
            Bounds.remove(region.address());
            region.close();
        }
        regions.clear();
    }
}
