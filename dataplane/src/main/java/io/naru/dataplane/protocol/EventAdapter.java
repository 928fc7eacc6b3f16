package io.naru.dataplane.protocol;

import static io.naru.dataplane.protocol.EventDescriptor.*;

import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.broadcast.BroadcastReceiver;

/**
 * Takes events from a data plane and hands them to an {@link EventListener}.
 *
 * <p>Begins with the events that come after it was made. Each client has its own; for one thread.
 */
public final class EventAdapter {
    private final BroadcastReceiver receiver;
    private final EventListener listener;
    private final UnsafeBuffer event = new UnsafeBuffer(new byte[MAX_LENGTH]);
    private long lappedCount;

    public EventAdapter(final CncFile cncFile, final EventListener listener) {
        receiver = new BroadcastReceiver(cncFile.eventBuffer());
        this.listener = listener;
        while (receiver.receiveNext()) {
            // what was sent before is not ours
        }
        lappedCount = receiver.lappedCount();
    }

    /**
     * Handles up to {@code limit} events.
     *
     * @return how many were handled.
     */
    public int poll(final int limit) {
        int count = 0;
        while (count < limit && receiver.receiveNext()) {
            count++;
            if (lappedCount != receiver.lappedCount()) {
                lappedCount = receiver.lappedCount();
                listener.onEventsLost();
            }

            final int typeId = receiver.typeId();
            final int length = receiver.length();
            final boolean fits = length >= 0 && length <= MAX_LENGTH;
            if (fits) {
                event.putBytes(0, receiver.buffer(), receiver.offset(), length);
            }
            if (!receiver.validate()) {
                listener.onEventsLost();
            } else if (fits) {
                handle(typeId, length);
            }
        }

        return count;
    }

    private void handle(final int typeId, final int length) {
        if (length < Long.BYTES) {
            return;
        }

        final long correlationId = event.getLong(CORRELATION_ID_OFFSET);
        switch (typeId) {
            case COMMAND_DONE -> {
                if (length == DONE_LENGTH) {
                    listener.onCommandDone(correlationId, event.getLong(DONE_EPOCH_OFFSET));
                }
            }
            case COMMAND_FAILED -> {
                if (length >= FAILED_TEXT_OFFSET) {
                    listener.onCommandFailed(
                            correlationId, text(FAILED_LENGTH_OFFSET, FAILED_TEXT_OFFSET, length));
                }
            }
            case FLOW -> {
                if (length == FLOW_LENGTH) {
                    listener.onFlow(correlationId, flow());
                }
            }
            case FLOWS_END -> {
                if (length == END_LENGTH) {
                    listener.onFlowsEnd(
                            correlationId,
                            event.getLong(END_MATCHED_OFFSET),
                            event.getInt(END_SHOWN_OFFSET));
                }
            }
            case HOP -> {
                if (length >= HOP_TEXT_OFFSET) {
                    listener.onHop(
                            IpAddress.getFrom(event, HOP_ADDRESS_OFFSET),
                            event.getLong(HOP_HOP_OFFSET),
                            text(HOP_LENGTH_OFFSET, HOP_TEXT_OFFSET, length));
                }
            }
            case STARTED -> {
                if (length == STARTED_LENGTH) {
                    listener.onStarted(event.getLong(STARTED_PID_OFFSET));
                }
            }
            case STOPPING -> {
                if (length == STARTED_LENGTH) {
                    listener.onStopping(event.getLong(STARTED_PID_OFFSET));
                }
            }
            case WORKER_FAILED -> {
                if (length >= WORKER_FAILED_TEXT_OFFSET) {
                    listener.onWorkerFailed(
                            event.getInt(WORKER_FAILED_ID_OFFSET),
                            text(WORKER_FAILED_LENGTH_OFFSET, WORKER_FAILED_TEXT_OFFSET, length));
                }
            }
            case TRIED_SERVICE -> {
                if (length == TRIED_LENGTH) {
                    listener.onTriedService(correlationId, trial());
                }
            }
            case TRIED_END -> {
                if (length == TRIED_END_LENGTH) {
                    listener.onTriedEnd(correlationId);
                }
            }
            case EXPLAINED -> {
                if (length == EXPLAINED_LENGTH) {
                    listener.onExplained(correlationId, packetAnswer());
                }
            }
            default -> {
                // of a newer data plane: not for us
            }
        }
    }

    private PacketAnswer packetAnswer() {
        return new PacketAnswer(
                event.getInt(EXPLAINED_WORKER_OFFSET),
                event.getLong(EXPLAINED_EPOCH_OFFSET),
                event.getInt(EXPLAINED_SERVICE_OFFSET),
                PacketAnswer.Flow.ofCode(event.getInt(EXPLAINED_FLOW_OFFSET)),
                event.getInt(EXPLAINED_FLOW_BACKEND_OFFSET),
                event.getInt(EXPLAINED_FLOW_MODE_OFFSET),
                TextField.get(event, EXPLAINED_STATE_OFFSET, TextField.STATE_LENGTH),
                event.getLong(EXPLAINED_AGE_OFFSET),
                event.getLong(EXPLAINED_IDLE_OFFSET),
                event.getLong(EXPLAINED_EXPIRES_OFFSET),
                event.getInt(EXPLAINED_ANEW_OFFSET) != 0,
                event.getInt(EXPLAINED_BACKEND_OFFSET),
                event.getInt(EXPLAINED_MODE_OFFSET),
                event.getInt(EXPLAINED_DROP_OFFSET),
                event.getInt(EXPLAINED_REMEMBERED_OFFSET),
                event.getInt(EXPLAINED_FORMER_OFFSET),
                event.getInt(EXPLAINED_FULL_OFFSET),
                event.getInt(EXPLAINED_SLOT_OFFSET),
                event.getInt(EXPLAINED_SLOTS_OFFSET),
                event.getInt(EXPLAINED_CONFLICTS_OFFSET),
                event.getLong(EXPLAINED_HOP_OFFSET),
                IpAddress.getFrom(event, EXPLAINED_LOCAL_OFFSET),
                event.getInt(EXPLAINED_LOCAL_PORT_OFFSET));
    }

    private ServiceTrial trial() {
        return new ServiceTrial(
                TextField.get(event, TRIED_SERVICE_OFFSET, TextField.NAME_LENGTH),
                ServiceTrial.Kind.ofCode(event.getInt(TRIED_KIND_OFFSET)),
                event.getLong(TRIED_KEPT_OFFSET),
                event.getLong(TRIED_LEAVING_OFFSET),
                event.getLong(TRIED_MOVED_OFFSET),
                event.getLong(TRIED_ENDED_OFFSET),
                event.getInt(TRIED_SLOTS_OFFSET),
                event.getInt(TRIED_CHANGED_OFFSET));
    }

    private FlowInfo flow() {
        return new FlowInfo(
                event.getInt(FLOW_SERVICE_ID_OFFSET),
                event.getInt(FLOW_BACKEND_ID_OFFSET),
                event.getInt(FLOW_WORKER_ID_OFFSET),
                Protocol.ofCode(event.getInt(FLOW_PROTOCOL_OFFSET)),
                IpAddress.getFrom(event, FLOW_CLIENT_OFFSET),
                event.getInt(FLOW_CLIENT_PORT_OFFSET),
                IpAddress.getFrom(event, FLOW_VIP_OFFSET),
                event.getInt(FLOW_VIP_PORT_OFFSET),
                IpAddress.getFrom(event, FLOW_BACKEND_OFFSET),
                event.getInt(FLOW_BACKEND_PORT_OFFSET),
                TextField.get(event, FLOW_STATE_OFFSET, TextField.STATE_LENGTH),
                event.getLong(FLOW_AGE_OFFSET),
                event.getLong(FLOW_IDLE_OFFSET),
                event.getLong(FLOW_EXPIRES_OFFSET),
                event.getLong(FLOW_BYTES_TO_BACKEND_OFFSET),
                event.getLong(FLOW_BYTES_TO_CLIENT_OFFSET));
    }

    private String text(final int lengthOffset, final int textOffset, final int eventLength) {
        final int length = event.getInt(lengthOffset);
        final int available = eventLength - textOffset;
        return event.getStringWithoutLengthUtf8(
                textOffset, Math.max(0, Math.min(length, available)));
    }
}
