package io.naru.dataplane;

import io.naru.dataplane.flow.FlowHash;
import io.naru.dataplane.flow.FlowTable;
import io.naru.dataplane.neighbour.HopTable;
import io.naru.dataplane.neighbour.MacTable;
import io.naru.dataplane.pipeline.FlowAccounts;
import io.naru.dataplane.pipeline.Handover;
import io.naru.dataplane.pipeline.Pipeline;
import io.naru.dataplane.pipeline.PipelineSettings;
import io.naru.dataplane.port.PacketPort;
import io.naru.dataplane.protocol.InterfaceInfo;
import io.naru.dataplane.schedule.StableHash;
import io.naru.dataplane.status.WorkerStats;
import io.naru.linux.memory.HugePages;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;

/** The workers on an edge, with all that belongs to them. Closed when no worker runs any more. */
final class WorkerSet implements AutoCloseable {
    private final List<FlowMemory> memories = new ArrayList<>();
    private final Worker[] workers;
    private final WorkerProxy[] inboxes;
    private final ConductorProxy[] outboxes;

    /**
     * @param statsOf the statistics of a worker.
     * @param flowCapacity entries of each flow table.
     */
    WorkerSet(
            final DataPlaneContext context,
            final PacketEdge edge,
            final HopTable hops,
            final IntFunction<WorkerStats> statsOf,
            final int flowCapacity,
            final HugePages hugePages) {
        final int count = edge.workers();
        final long[] macsNet =
                edge.interfaces().stream().mapToLong(InterfaceInfo::macNet).toArray();
        final Handover[] handovers =
                count == 1
                        ? new Handover[] {Handover.none()}
                        : Handover.mesh(count, handoverCapacity(context));
        edge.interfaces().forEach(each -> hops.interfaceMtu(each.index(), each.mtu()));
        final LongSupplier secrets = context.secrets();
        final FlowHash flowHash = new FlowHash(secrets.getAsLong(), secrets.getAsLong());
        final PipelineSettings.Bridge bridge =
                context.topology() == Topology.BRIDGE
                        ? new PipelineSettings.Bridge(new MacTable(), secrets.getAsLong())
                        : null;
        final PipelineSettings.Shared shared = PipelineSettings.Shared.ofProcess();
        workers = new Worker[count];
        inboxes = new WorkerProxy[count];
        outboxes = new ConductorProxy[count];
        try {
            for (int id = 0; id < count; id++) {
                final WorkerStats stats = statsOf.apply(id);
                final FlowAccounts accounts = new FlowAccounts(stats);
                final FlowMemory memory = new FlowMemory(flowCapacity, hugePages);
                memories.add(memory);
                final FlowTable flows = memory.flowTable(flowHash, id, count, accounts);
                final Pipeline pipeline =
                        new Pipeline(
                                new PipelineSettings(
                                                id,
                                                count,
                                                context.topology() == Topology.ROUTED,
                                                context.answersEcho(),
                                                PipelineSettings.DEFAULT_OVERFLOW_CAPACITY)
                                        .in(bridge)
                                        .sharing(shared),
                                macsNet,
                                flows,
                                accounts,
                                flowHash,
                                new StableHash(context.hashSeed()),
                                hops,
                                memory.localPorts(
                                        id,
                                        count,
                                        context.localPortFirst(),
                                        context.localPortLast(),
                                        secrets.getAsLong()),
                                stats);
                inboxes[id] = new WorkerProxy();
                outboxes[id] = new ConductorProxy(id);
                workers[id] =
                        new Worker(
                                new WorkerContext()
                                        .clock(context.nanoClock())
                                        .ports(edge.ports(id).toArray(new PacketPort[0]))
                                        .frames(edge.frames(id))
                                        .handover(handovers[id])
                                        .flows(flows)
                                        .pipeline(pipeline)
                                        .stats(stats)
                                        .inbox(inboxes[id])
                                        .conductor(outboxes[id])
                                        .conclude());
            }
        } catch (final RuntimeException ex) {
            close();
            throw ex;
        }
    }

    /** As many as a port can receive while the owner is away. */
    private static int handoverCapacity(final DataPlaneContext context) {
        return context.frames() / 2;
    }

    int size() {
        return workers.length;
    }

    Worker worker(final int id) {
        return workers[id];
    }

    WorkerProxy[] inboxes() {
        return inboxes.clone();
    }

    ConductorProxy[] outboxes() {
        return outboxes.clone();
    }

    @Override
    public void close() {
        memories.forEach(FlowMemory::close);
    }
}
