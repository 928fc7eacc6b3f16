package io.naru.dataplane;

import io.naru.dataplane.flow.FlowTable;
import io.naru.dataplane.pipeline.Handover;
import io.naru.dataplane.pipeline.Pipeline;
import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.PacketPort;
import io.naru.dataplane.status.WorkerStats;
import java.util.Objects;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemNanoClock;

/** What a worker is made of; each part belongs to this worker alone, but for the clock. */
final class WorkerContext {
    private NanoClock clock = SystemNanoClock.INSTANCE;
    private PacketPort[] ports;
    private FrameStack frames;
    private Handover handover = Handover.none();
    private FlowTable flows;
    private Pipeline pipeline;
    private WorkerStats stats;
    private WorkerProxy inbox;
    private ConductorProxy conductor;

    /** The one clock of the worker, read once a duty cycle. */
    WorkerContext clock(final NanoClock clock) {
        this.clock = clock;
        return this;
    }

    NanoClock clock() {
        return clock;
    }

    /** All its ports; there may be several on an interface. */
    WorkerContext ports(final PacketPort... ports) {
        this.ports = ports.clone();
        return this;
    }

    PacketPort[] ports() {
        return ports.clone();
    }

    /** The free frames, after the ports have taken theirs. */
    WorkerContext frames(final FrameStack frames) {
        this.frames = frames;
        return this;
    }

    FrameStack frames() {
        return frames;
    }

    /** The way to the other workers, if there are any. */
    WorkerContext handover(final Handover handover) {
        this.handover = handover;
        return this;
    }

    Handover handover() {
        return handover;
    }

    WorkerContext flows(final FlowTable flows) {
        this.flows = flows;
        return this;
    }

    FlowTable flows() {
        return flows;
    }

    WorkerContext pipeline(final Pipeline pipeline) {
        this.pipeline = pipeline;
        return this;
    }

    Pipeline pipeline() {
        return pipeline;
    }

    WorkerContext stats(final WorkerStats stats) {
        this.stats = stats;
        return this;
    }

    WorkerStats stats() {
        return stats;
    }

    /** Where the conductor's messages arrive. */
    WorkerContext inbox(final WorkerProxy inbox) {
        this.inbox = inbox;
        return this;
    }

    WorkerProxy inbox() {
        return inbox;
    }

    WorkerContext conductor(final ConductorProxy conductor) {
        this.conductor = conductor;
        return this;
    }

    ConductorProxy conductor() {
        return conductor;
    }

    /** Checks that nothing is missing. */
    WorkerContext conclude() {
        Objects.requireNonNull(ports, "ports");
        Objects.requireNonNull(frames, "frames");
        Objects.requireNonNull(flows, "flows");
        Objects.requireNonNull(pipeline, "pipeline");
        Objects.requireNonNull(stats, "stats");
        Objects.requireNonNull(inbox, "inbox");
        Objects.requireNonNull(conductor, "conductor");
        return this;
    }
}
