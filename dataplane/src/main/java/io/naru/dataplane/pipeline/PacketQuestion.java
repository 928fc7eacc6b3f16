package io.naru.dataplane.pipeline;

import io.naru.dataplane.protocol.PacketAnswer.Flow;
import io.naru.dataplane.protocol.PacketQuery;

/**
 * A question about a packet, and the place for one worker's answer: made by the conductor, filled
 * in by the worker, read after the worker has said so. The fields are those of {@link
 * io.naru.dataplane.protocol.PacketAnswer}, in the values that the packet path has.
 */
public final class PacketQuestion {
    /** What is asked. */
    public final PacketQuery query;

    /** Whether the packet's flow is this worker's; if not, nothing else is filled in. */
    public boolean isOwner;

    public long epoch;
    public int serviceId = -1;
    public Flow flow = Flow.NONE;
    public int flowBackendId = -1;
    public int flowServiceId = -1;
    public int flowMode = -1;
    public int flowState;
    public int ageTicks;
    public int idleTicks;
    public int leftTicks;
    public boolean opensAnew;
    public int backendId = -1;
    public int mode = -1;

    /** What becomes of it, see {@link Verdict}: sent, or dropped. */
    public int verdict = Verdict.TX;

    public int rememberedId = -1;
    public int formerId = -1;
    public int fullId = -1;
    public int slot;
    public int slots;
    public int conflicts;
    public long hop;

    /** Of a flow in {@code full-nat} that was found; -1 if there is none. */
    public int localId = -1;

    public int localPortNet;

    public PacketQuestion(final PacketQuery query) {
        this.query = query;
    }
}
