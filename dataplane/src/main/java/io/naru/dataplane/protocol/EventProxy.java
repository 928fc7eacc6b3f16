package io.naru.dataplane.protocol;

import static io.naru.dataplane.protocol.EventDescriptor.*;

import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.broadcast.BroadcastTransmitter;

/** Sends events to all clients; never waits for any of them. The conductor's. */
public final class EventProxy {
    private final BroadcastTransmitter transmitter;
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[MAX_LENGTH]);

    public EventProxy(final CncFile cncFile) {
        transmitter = new BroadcastTransmitter(cncFile.eventBuffer());
    }

    public void commandDone(final long correlationId, final long epoch) {
        buffer.putLong(CORRELATION_ID_OFFSET, correlationId);
        buffer.putLong(DONE_EPOCH_OFFSET, epoch);
        transmitter.transmit(COMMAND_DONE, buffer, 0, DONE_LENGTH);
    }

    public void commandFailed(final long correlationId, final String text) {
        final byte[] bytes = TextField.cut(text, Limits.MAX_TEXT_BYTES);
        buffer.putLong(CORRELATION_ID_OFFSET, correlationId);
        buffer.putInt(FAILED_LENGTH_OFFSET, bytes.length);
        buffer.putBytes(FAILED_TEXT_OFFSET, bytes);
        transmitter.transmit(COMMAND_FAILED, buffer, 0, FAILED_TEXT_OFFSET + bytes.length);
    }

    public void flow(final long correlationId, final FlowInfo flow) {
        buffer.putLong(CORRELATION_ID_OFFSET, correlationId);
        buffer.putInt(FLOW_SERVICE_ID_OFFSET, flow.serviceId());
        buffer.putInt(FLOW_BACKEND_ID_OFFSET, flow.backendId());
        buffer.putInt(FLOW_WORKER_ID_OFFSET, flow.workerId());
        buffer.putInt(FLOW_PROTOCOL_OFFSET, flow.protocol().code());
        flow.client().putTo(buffer, FLOW_CLIENT_OFFSET);
        flow.vip().putTo(buffer, FLOW_VIP_OFFSET);
        flow.backend().putTo(buffer, FLOW_BACKEND_OFFSET);
        buffer.putInt(FLOW_CLIENT_PORT_OFFSET, flow.clientPort());
        buffer.putInt(FLOW_VIP_PORT_OFFSET, flow.vipPort());
        buffer.putInt(FLOW_BACKEND_PORT_OFFSET, flow.backendPort());
        buffer.putInt(FLOW_BACKEND_PORT_OFFSET + 4, 0);
        TextField.put(buffer, FLOW_STATE_OFFSET, TextField.STATE_LENGTH, flow.state());
        buffer.putLong(FLOW_AGE_OFFSET, flow.ageMs());
        buffer.putLong(FLOW_IDLE_OFFSET, flow.idleMs());
        buffer.putLong(FLOW_EXPIRES_OFFSET, flow.expiresInMs());
        buffer.putLong(FLOW_BYTES_TO_BACKEND_OFFSET, flow.bytesToBackend());
        buffer.putLong(FLOW_BYTES_TO_CLIENT_OFFSET, flow.bytesToClient());
        transmitter.transmit(FLOW, buffer, 0, FLOW_LENGTH);
    }

    public void flowsEnd(final long correlationId, final long matched, final int shown) {
        buffer.putLong(CORRELATION_ID_OFFSET, correlationId);
        buffer.putLong(END_MATCHED_OFFSET, matched);
        buffer.putInt(END_SHOWN_OFFSET, shown);
        buffer.putInt(END_SHOWN_OFFSET + 4, 0);
        transmitter.transmit(FLOWS_END, buffer, 0, END_LENGTH);
    }

    public void triedService(final long correlationId, final ServiceTrial trial) {
        buffer.putLong(CORRELATION_ID_OFFSET, correlationId);
        TextField.put(buffer, TRIED_SERVICE_OFFSET, TextField.NAME_LENGTH, trial.service());
        buffer.putInt(TRIED_KIND_OFFSET, trial.kind().code());
        buffer.putInt(TRIED_KIND_OFFSET + 4, 0);
        buffer.putLong(TRIED_KEPT_OFFSET, trial.kept());
        buffer.putLong(TRIED_LEAVING_OFFSET, trial.leaving());
        buffer.putLong(TRIED_MOVED_OFFSET, trial.moved());
        buffer.putLong(TRIED_ENDED_OFFSET, trial.ended());
        buffer.putInt(TRIED_SLOTS_OFFSET, trial.slots());
        buffer.putInt(TRIED_CHANGED_OFFSET, trial.changedSlots());
        transmitter.transmit(TRIED_SERVICE, buffer, 0, TRIED_LENGTH);
    }

    public void triedEnd(final long correlationId) {
        buffer.putLong(CORRELATION_ID_OFFSET, correlationId);
        buffer.putLong(Long.BYTES, 0);
        transmitter.transmit(TRIED_END, buffer, 0, TRIED_END_LENGTH);
    }

    public void explained(final long correlationId, final PacketAnswer answer) {
        buffer.putLong(CORRELATION_ID_OFFSET, correlationId);
        buffer.putLong(EXPLAINED_EPOCH_OFFSET, answer.epoch());
        buffer.putLong(EXPLAINED_HOP_OFFSET, answer.hop());
        buffer.putLong(EXPLAINED_AGE_OFFSET, answer.ageMs());
        buffer.putLong(EXPLAINED_IDLE_OFFSET, answer.idleMs());
        buffer.putLong(EXPLAINED_EXPIRES_OFFSET, answer.expiresInMs());
        TextField.put(buffer, EXPLAINED_STATE_OFFSET, TextField.STATE_LENGTH, answer.flowState());
        answer.localAddress().putTo(buffer, EXPLAINED_LOCAL_OFFSET);
        buffer.putInt(EXPLAINED_WORKER_OFFSET, answer.workerId());
        buffer.putInt(EXPLAINED_SERVICE_OFFSET, answer.serviceId());
        buffer.putInt(EXPLAINED_FLOW_OFFSET, answer.flow().code());
        buffer.putInt(EXPLAINED_FLOW_BACKEND_OFFSET, answer.flowBackendId());
        buffer.putInt(EXPLAINED_FLOW_MODE_OFFSET, answer.flowMode());
        buffer.putInt(EXPLAINED_ANEW_OFFSET, answer.opensAnew() ? 1 : 0);
        buffer.putInt(EXPLAINED_BACKEND_OFFSET, answer.backendId());
        buffer.putInt(EXPLAINED_MODE_OFFSET, answer.mode());
        buffer.putInt(EXPLAINED_DROP_OFFSET, answer.dropCode());
        buffer.putInt(EXPLAINED_SLOT_OFFSET, answer.slot());
        buffer.putInt(EXPLAINED_SLOTS_OFFSET, answer.slots());
        buffer.putInt(EXPLAINED_CONFLICTS_OFFSET, answer.conflicts());
        buffer.putInt(EXPLAINED_LOCAL_PORT_OFFSET, answer.localPort());
        buffer.putInt(EXPLAINED_REMEMBERED_OFFSET, answer.rememberedId());
        buffer.putInt(EXPLAINED_FULL_OFFSET, answer.fullId());
        buffer.putInt(EXPLAINED_FORMER_OFFSET, answer.formerId());
        transmitter.transmit(EXPLAINED, buffer, 0, EXPLAINED_LENGTH);
    }

    /**
     * @param hop 0 if packets cannot be sent.
     * @param reason why they cannot, or empty.
     */
    public void hop(final IpAddress address, final long hop, final String reason) {
        final byte[] bytes = TextField.cut(reason, Limits.MAX_TEXT_BYTES);
        buffer.putLong(CORRELATION_ID_OFFSET, 0);
        address.putTo(buffer, HOP_ADDRESS_OFFSET);
        buffer.putLong(HOP_HOP_OFFSET, hop);
        buffer.putInt(HOP_LENGTH_OFFSET, bytes.length);
        buffer.putBytes(HOP_TEXT_OFFSET, bytes);
        transmitter.transmit(HOP, buffer, 0, HOP_TEXT_OFFSET + bytes.length);
    }

    public void started(final long pid) {
        buffer.putLong(CORRELATION_ID_OFFSET, 0);
        buffer.putLong(STARTED_PID_OFFSET, pid);
        transmitter.transmit(STARTED, buffer, 0, STARTED_LENGTH);
    }

    public void stopping(final long pid) {
        buffer.putLong(CORRELATION_ID_OFFSET, 0);
        buffer.putLong(STARTED_PID_OFFSET, pid);
        transmitter.transmit(STOPPING, buffer, 0, STARTED_LENGTH);
    }

    public void workerFailed(final int workerId, final String text) {
        final byte[] bytes = TextField.cut(text, Limits.MAX_TEXT_BYTES);
        buffer.putLong(CORRELATION_ID_OFFSET, 0);
        buffer.putInt(WORKER_FAILED_ID_OFFSET, workerId);
        buffer.putInt(WORKER_FAILED_LENGTH_OFFSET, bytes.length);
        buffer.putBytes(WORKER_FAILED_TEXT_OFFSET, bytes);
        transmitter.transmit(WORKER_FAILED, buffer, 0, WORKER_FAILED_TEXT_OFFSET + bytes.length);
    }
}
