package io.naru.dataplane.pipeline;

import io.naru.dataplane.flow.FlowAddresses;
import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowHash;
import io.naru.dataplane.flow.FlowState;
import io.naru.dataplane.flow.FlowTable;
import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.neighbour.HopTable;
import io.naru.dataplane.packet.Ipv4Header;
import io.naru.dataplane.packet.Ipv6Header;
import io.naru.dataplane.packet.PacketKind;
import io.naru.dataplane.packet.TcpHeader;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.AtLimit;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.FlowRule;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.PacketAnswer.Flow;
import io.naru.dataplane.protocol.Selection;
import io.naru.dataplane.schedule.HashTableChange;
import io.naru.dataplane.schedule.Scheduler;
import io.naru.dataplane.service.ForwardingTable;

/**
 * Says what the pipeline would do with a packet that opens a flow, and changes nothing: it makes
 * such a packet, parses it, and asks the stages' own tables in the stages' order. {@code
 * ExplainTest} holds it to what the pipeline then does.
 *
 * <p>A few look-ups a question, and what {@link Scheduler#peek} costs. Used by one worker, between
 * two bursts.
 */
final class Explainer {
    private static final int CONFLICT_ATTEMPTS = ScheduleStage.CONFLICT_ATTEMPTS;
    private static final int NAT = Mode.NAT.code();
    private static final int FULL_NAT = Mode.FULL_NAT.code();

    private final FlowTable flows;
    private final FlowHash flowHash;
    private final OverflowFlows overflow;
    private final FlowLimiter limiter;
    private final ClientMemory clients;
    private final FlowOpening opening;
    private final HopTable hops;
    private final BridgeStage bridge; // or null
    private final int workerId;
    private final int workerCount;
    private final int interfaces;
    private final QueriedPacket packet = new QueriedPacket();
    private final PacketBurst burst = packet.burst();

    private ForwardingTable table = ForwardingTable.EMPTY;
    private Scheduler[] schedulers = {};

    Explainer(
            final PipelineSettings settings,
            final int interfaces,
            final FlowTable flows,
            final FlowHash flowHash,
            final OverflowFlows overflow,
            final FlowLimiter limiter,
            final ClientMemory clients,
            final FlowOpening opening,
            final HopTable hops,
            final BridgeStage bridge) {
        this.flows = flows;
        this.flowHash = flowHash;
        this.overflow = overflow;
        this.limiter = limiter;
        this.clients = clients;
        this.opening = opening;
        this.hops = hops;
        this.bridge = bridge;
        this.interfaces = interfaces;
        workerId = settings.workerId();
        workerCount = settings.workerCount();
    }

    void adopt(final ForwardingTable table, final Scheduler[] schedulers) {
        this.table = table;
        this.schedulers = schedulers;
    }

    void explain(final PacketQuestion question, final long nowNs) {
        packet.make(question.query);
        final boolean isToVip = classify();
        question.isOwner = FlowHash.worker(burst.hash[0], workerCount) == workerId;
        if (!question.isOwner) {
            return;
        }

        opening.now(nowNs);
        limiter.now(nowNs);
        question.epoch = table.epoch();
        if (!isToVip) {
            if (bridge == null) {
                drop(question, DropReason.NOT_OURS);
            }
            return; // a bridge sends it on to its receiver
        }

        question.serviceId = opening.serviceOf(burst, 0);
        final int nowTicks = FlowEntry.ticks(nowNs);
        if (findFlow(question, nowTicks) && !isOpenedAnew(question)) {
            question.backendId = question.flowBackendId;
            question.mode = question.flowMode;
        } else {
            open(question, nowTicks);
        }
        if (question.backendId != ForwardingTable.NONE) {
            route(question, nowNs);
        }
    }

    // -- the packet -------------------------------------------------------------------------------

    /** As the classifier does; returns whether the packet is to a VIP. */
    private boolean classify() {
        final long l3 = burst.address[0] + burst.l3Offset[0];
        final boolean isToVip;
        if (isIpv6()) {
            final long vipHigh = Ipv6Header.destinationHighNet(l3);
            final long vipLow = Ipv6Header.destinationLowNet(l3);
            isToVip = table.isVip6(vipHigh, vipLow);
            final int client =
                    flowHash.digest(Ipv6Header.sourceHighNet(l3), Ipv6Header.sourceLowNet(l3));
            burst.keyA[0] =
                    (client & 0xffff_ffffL)
                            | ((long) flowHash.digest(vipHigh, vipLow) << Integer.SIZE);
        } else {
            isToVip = table.isVip(Ipv4Header.destinationNet(l3)) != 0;
        }

        burst.direction[0] = FlowEntry.TO_BACKEND;
        burst.hash[0] = flowHash.hash(burst.keyA[0], burst.keyB[0], FlowEntry.TO_BACKEND);
        return isToVip;
    }

    // -- its flow ---------------------------------------------------------------------------------

    /** Whether the packet finds a flow that lives. */
    private boolean findFlow(final PacketQuestion question, final int nowTicks) {
        long entry = flows.find(burst, 0);
        if (entry != FlowTable.NONE) {
            question.flow = flows.expiry().isExpired(entry, nowTicks) ? Flow.EXPIRED : Flow.LIVE;
        } else if (overflow.isUsed()) {
            entry = overflow.find(burst, 0, nowTicks);
            question.flow = entry == FlowTable.NONE ? Flow.NONE : Flow.LOOSE;
        }
        if (entry == FlowTable.NONE) {
            return false;
        }

        question.flowBackendId = FlowEntry.backendId(entry);
        question.flowServiceId = FlowEntry.serviceId(entry);
        question.flowMode = FlowEntry.mode(entry);
        question.flowState = FlowEntry.state(entry);
        question.ageTicks = nowTicks - FlowEntry.createdTicks(entry);
        question.idleTicks = nowTicks - FlowEntry.lastSeenTicks(entry);
        question.leftTicks = flows.expiry().timeoutTicks(entry) - question.idleTicks;
        if (question.flowMode == FULL_NAT && question.flow != Flow.LOOSE) {
            final long addresses = flows.addresses(entry);
            question.localId = FlowAddresses.localId(addresses);
            question.localPortNet = FlowAddresses.localPortNet(addresses);
        }

        return question.flow != Flow.EXPIRED;
    }

    /** As the schedule stage asks of a packet with a flow that opens one. */
    private boolean isOpenedAnew(final PacketQuestion question) {
        final int state = question.flowState;
        final boolean isOpening = burst.tcpFlags[0] == TcpHeader.SYN;
        final boolean isOld =
                hasLost(question)
                        || FlowState.isReopenedBy(state, FlowEntry.TO_BACKEND, burst.tcpFlags[0]);
        final boolean isUnwanted =
                question.flow == Flow.LIVE
                        && isOpening
                        && !FlowState.isEmbryonic(state)
                        && !table.takesNewFlows(question.flowBackendId);
        final boolean hasOther =
                question.serviceId != ForwardingTable.NONE
                        && table.backendsUp(question.serviceId) > 0;
        question.opensAnew = isOld || (isUnwanted && hasOther);
        return question.opensAnew;
    }

    /** Whether its backend is gone, and the service's rule does not keep the flow with it. */
    private boolean hasLost(final PacketQuestion question) {
        final int backendId = question.flowBackendId;
        if (table.hopId(backendId) >= 0) {
            return false;
        }

        final boolean isKept = table.ruleOf(question.flowServiceId, backendId) == FlowRule.KEEP;
        return !isKept
                || (question.flow == Flow.LIVE
                        && FlowState.isEmbryonic(question.flowState)
                        && table.isDown(backendId));
    }

    // -- another flow -----------------------------------------------------------------------------

    private void open(final PacketQuestion question, final int nowTicks) {
        final int serviceId = question.serviceId;
        if (serviceId == ForwardingTable.NONE) {
            drop(question, DropReason.NO_SERVICE);
        } else if (question.opensAnew
                && question.flow == Flow.LIVE
                && table.backendsUp(serviceId) == 0) {
            drop(question, DropReason.NO_BACKEND); // whatever the limits
        } else if (!opening.isClient(burst, 0)) {
            drop(question, opening.isLand(burst, 0) ? DropReason.LAND : DropReason.BAD_SOURCE);
        } else {
            choose(question, serviceId, nowTicks);
        }
    }

    private void choose(final PacketQuestion question, final int serviceId, final int nowTicks) {
        final int ending = endsOne(question) && question.flowServiceId == serviceId ? 1 : 0;
        if (!limiter.hasRoomTo(serviceId, ending)) {
            drop(question, DropReason.OVER_LIMIT);
            return;
        }

        long tupleHash = opening.tupleHash(burst, 0);
        long keyHash = opening.keyHash(burst, 0, serviceId);
        question.rememberedId = clients.backendOf(burst, 0, serviceId, nowTicks);
        if (question.rememberedId == ForwardingTable.NONE) {
            question.formerId = clients.former(serviceId);
        }
        for (int attempt = 0; attempt < CONFLICT_ATTEMPTS; attempt++) {
            question.conflicts = attempt;
            question.backendId = ForwardingTable.NONE;
            if (!find(question, serviceId, tupleHash, keyHash)) {
                return;
            }

            question.mode = opening.modeOf(burst, 0, serviceId, question.backendId);
            if (question.mode == FULL_NAT
                    && table.mode(serviceId) == Mode.FULL_NAT
                    && table.locals().configuredIds(isIpv6()).length == 0) {
                drop(question, DropReason.NO_LOCAL_PORT);
                return;
            }
            if (!isConflict(question, nowTicks)) {
                return;
            }
            if (isNextChoiceOpen(question, serviceId)) {
                question.conflicts = attempt + 1;
                question.backendId = ForwardingTable.NONE;
                question.mode = ForwardingTable.NONE;
                return;
            }

            tupleHash += ScheduleStage.NEXT_ATTEMPT;
            keyHash += ScheduleStage.NEXT_ATTEMPT;
        }

        question.conflicts = CONFLICT_ATTEMPTS;
        drop(question, DropReason.AMBIGUOUS_REPLY);
    }

    /**
     * The client's backend, else the scheduler's, each only below its limits; false if there is
     * none, or if nobody can say which.
     */
    private boolean find(
            final PacketQuestion question,
            final int serviceId,
            final long tupleHash,
            final long keyHash) {
        if (question.conflicts == 0 && question.rememberedId != ForwardingTable.NONE) {
            if (hasRoom(question, question.rememberedId)) {
                question.backendId = question.rememberedId;
                return true;
            }

            question.fullId = question.rememberedId;
            if (table.rules().atLimit(serviceId) != AtLimit.NEXT) {
                drop(question, DropReason.OVER_LIMIT);
                return false;
            }
        }

        final Scheduler scheduler = schedulers[serviceId];
        final int backendId = scheduler.peek(tupleHash, keyHash);
        if (backendId == Scheduler.NONE) {
            drop(
                    question,
                    question.fullId == ForwardingTable.NONE
                            ? DropReason.NO_BACKEND
                            : DropReason.OVER_LIMIT);
            return false;
        }

        setSlot(question, serviceId, tupleHash, keyHash);
        if (hasRoom(question, backendId)) {
            question.backendId = backendId;
            return true;
        }

        question.fullId = backendId;
        if (table.rules().atLimit(serviceId) != AtLimit.NEXT
                || !isAnyBelowLimit(question, serviceId)) {
            drop(question, DropReason.OVER_LIMIT);
            return false;
        }
        if (table.algorithm(serviceId).isHash()) {
            question.backendId =
                    scheduler.selectOther(tupleHash, keyHash, other -> hasRoom(question, other));
        }

        return question.backendId != ForwardingTable.NONE;
    }

    private boolean isAnyBelowLimit(final PacketQuestion question, final int serviceId) {
        for (final int backendId : table.backendIds(serviceId)) {
            if (table.takesNewFlows(backendId) && hasRoom(question, backendId)) {
                return true;
            }
        }

        return false;
    }

    private boolean hasRoom(final PacketQuestion question, final int backendId) {
        final int ending = endsOne(question) && question.flowBackendId == backendId ? 1 : 0;
        return limiter.hasRoom(backendId, ending);
    }

    /** Whether a flow of the table ends before the other one is opened. */
    private static boolean endsOne(final PacketQuestion question) {
        return question.flow == Flow.EXPIRED || question.flow == Flow.LIVE;
    }

    private void setSlot(
            final PacketQuestion question,
            final int serviceId,
            final long tupleHash,
            final long keyHash) {
        final Algorithm algorithm = table.algorithm(serviceId);
        if (algorithm.isHash()) {
            final Selection selection = table.options(serviceId).selection();
            question.slots = HashTableChange.slots(algorithm, selection);
            question.slot = HashTableChange.slot(algorithm, selection, tupleHash, keyHash);
        }
    }

    /**
     * Whether nobody can say what comes after the backend that is passed over: a scheduler that is
     * no hash moves on each time that it is asked, and so does a limited rate.
     */
    private boolean isNextChoiceOpen(final PacketQuestion question, final int serviceId) {
        final boolean isSchedulers =
                question.conflicts > 0 || question.backendId != question.rememberedId;
        return table.rules().maxFlowRateOfBackend(question.backendId) > 0
                || (isSchedulers
                        && !table.algorithm(serviceId).isHash()
                        && table.backendsUp(serviceId) > 1);
    }

    /** A flow that was found is over by then, and in nobody's way. */
    private boolean isConflict(final PacketQuestion question, final int nowTicks) {
        if (question.flow == Flow.NONE && flows.isTaken(burst, 0)) {
            return true;
        }

        final int replyIp = opening.replyIp(burst, 0, question.backendId, question.mode);
        final boolean hasPlace =
                endsOne(question)
                        && question.flowMode == NAT
                        && question.flowBackendId == question.backendId;
        return replyIp != 0
                && !hasPlace
                && flows.wouldConflict(
                        burst.hash[0],
                        burst.keyA[0],
                        burst.keyB[0],
                        replyIp,
                        opening.replyPort(burst, 0, question.backendId, question.mode),
                        nowTicks);
    }

    // -- its way ----------------------------------------------------------------------------------

    private void route(final PacketQuestion question, final long nowNs) {
        final int hopId = table.hopId(question.backendId);
        final long known = hops.hop(hopId & Integer.MAX_VALUE);
        final long hop = bridge == null ? known : bridge.resolve(known, nowNs);
        final int egress = Hop.interfaceIndex(hop);
        question.hop = Hop.isResolved(hop) ? hop : Hop.UNRESOLVED;
        if (Verdict.isDrop(question.verdict)) {
            return;
        }

        if (!Hop.isResolved(hop)) {
            drop(question, DropReason.NEXT_HOP_UNRESOLVED);
        } else if (egress >= interfaces) {
            drop(question, DropReason.NO_PORT);
        } else if (Mode.ofCode(question.mode).isTunnel()
                && !table.tunnels()
                        .hasSource(
                                isOfFlow(question) ? question.flowServiceId : question.serviceId,
                                egress,
                                table.isBackendIpv6(question.backendId))) {
            drop(question, DropReason.NO_TUNNEL_SOURCE);
        }
    }

    /** Whether it goes where its flow goes, by the service that the flow was opened by. */
    private static boolean isOfFlow(final PacketQuestion question) {
        return !question.opensAnew && (question.flow == Flow.LIVE || question.flow == Flow.LOOSE);
    }

    private boolean isIpv6() {
        return burst.kind[0] == PacketKind.TRANSPORT_6;
    }

    private static void drop(final PacketQuestion question, final DropReason reason) {
        question.verdict = Verdict.drop(reason);
    }
}
