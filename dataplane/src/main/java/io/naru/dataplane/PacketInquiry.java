package io.naru.dataplane;

import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowState;
import io.naru.dataplane.pipeline.PacketQuestion;
import io.naru.dataplane.pipeline.Verdict;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.PacketAnswer;
import io.naru.dataplane.protocol.PacketQuery;
import io.naru.dataplane.service.ForwardingTable;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.IntFunction;

/**
 * A question about a packet, to all workers: the one that owns the packet's flow answers it. Made
 * and read by the conductor.
 */
final class PacketInquiry {
    private final PacketQuestion[] questions;
    private final Consumer<PacketInquiry> onEnd;

    PacketInquiry(final PacketQuery query, final int workers, final Consumer<PacketInquiry> onEnd) {
        this.onEnd = onEnd;
        questions = new PacketQuestion[workers];
        for (int worker = 0; worker < workers; worker++) {
            questions[worker] = new PacketQuestion(query);
        }
    }

    PacketQuestion ofWorker(final int workerId) {
        return questions[workerId];
    }

    void onEnd() {
        onEnd.accept(this);
    }

    /**
     * The owner's answer, when all workers are through.
     *
     * @param localAddressOf the local address of an id.
     */
    PacketAnswer answer(final IntFunction<IpAddress> localAddressOf) {
        for (int worker = 0; worker < questions.length; worker++) {
            if (questions[worker].isOwner) {
                return answer(worker, questions[worker], localAddressOf);
            }
        }

        throw new IllegalStateException("no worker owns the flow");
    }

    private static PacketAnswer answer(
            final int workerId,
            final PacketQuestion answer,
            final IntFunction<IpAddress> localAddressOf) {
        final IpAddress local =
                answer.localId == ForwardingTable.NONE
                        ? null
                        : localAddressOf.apply(answer.localId);
        return new PacketAnswer(
                workerId,
                answer.epoch,
                answer.serviceId,
                answer.flow,
                answer.flowBackendId,
                answer.flowMode,
                answer.flow == PacketAnswer.Flow.NONE ? "" : FlowState.name(answer.flowState),
                millis(answer.ageTicks),
                millis(answer.idleTicks),
                millis(Math.max(0, answer.leftTicks)),
                answer.opensAnew,
                answer.backendId,
                answer.mode,
                Verdict.isDrop(answer.verdict)
                        ? Verdict.reasonCode(answer.verdict)
                        : PacketAnswer.SENT,
                answer.rememberedId,
                answer.formerId,
                answer.fullId,
                answer.slot,
                answer.slots,
                answer.conflicts,
                answer.hop,
                local == null ? IpAddress.NONE : local,
                Short.toUnsignedInt(Short.reverseBytes((short) answer.localPortNet)));
    }

    private static long millis(final int ticks) {
        return TimeUnit.NANOSECONDS.toMillis((long) ticks << FlowEntry.TICK_SHIFT);
    }
}
