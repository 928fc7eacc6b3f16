package io.naru.dataplane.pipeline;

import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowState;
import io.naru.dataplane.flow.FlowTable;
import io.naru.dataplane.flow.LocalPorts;
import io.naru.dataplane.packet.Ipv4Header;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.packet.TcpHeader;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.protocol.AtLimit;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.FlowRule;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.schedule.Scheduler;
import io.naru.dataplane.service.ForwardingTable;

/**
 * Finds a backend for packets that have none: opens flows, opens those anew that are over, and
 * decides about what is part of no flow.
 *
 * <p>All packets of a burst are asked three questions, without a branch: have you a flow, do you
 * ask for a new one, may your backend get packets. The few with an answer that is not the usual one
 * are then gone through one by one in the order of their arrival, since the flow that one opens may
 * be that of the next.
 */
final class ScheduleStage {
    private static final int NOT_OURS = Verdict.drop(DropReason.NOT_OURS);
    private static final int BAD_SOURCE = Verdict.drop(DropReason.BAD_SOURCE);
    private static final int LAND = Verdict.drop(DropReason.LAND);
    private static final int NO_SERVICE = Verdict.drop(DropReason.NO_SERVICE);
    private static final int NO_FLOW = Verdict.drop(DropReason.NO_FLOW);
    private static final int NO_BACKEND = Verdict.drop(DropReason.NO_BACKEND);
    private static final int BACKEND_DOWN = Verdict.drop(DropReason.BACKEND_DOWN);
    private static final int AMBIGUOUS_REPLY = Verdict.drop(DropReason.AMBIGUOUS_REPLY);
    private static final int NO_LOCAL_PORT = Verdict.drop(DropReason.NO_LOCAL_PORT);
    private static final int FLOW_TABLE_FULL = Verdict.drop(DropReason.FLOW_TABLE_FULL);

    private static final int OVER_LIMIT = Verdict.drop(DropReason.OVER_LIMIT);

    private static final int FULL_NAT = Mode.FULL_NAT.code();

    /** No backend, as those that were tried are full. */
    private static final int ALL_FULL = -2;

    /** No entry, as all local ports are in use. */
    private static final long NO_PORT_LEFT = -2;

    private static final int OPENING_MASK =
            TcpHeader.SYN | TcpHeader.ACK | TcpHeader.RST | TcpHeader.FIN;

    /** Schedulers are asked this often for a backend that the client does not talk to already. */
    static final int CONFLICT_ATTEMPTS = 4;

    static final long NEXT_ATTEMPT = 0x9e37_79b9_7f4a_7c15L; // 2^64 / golden ratio

    private final FlowTable flows;
    private final OverflowFlows overflow;
    private final FlowAccounts accounts;
    private final FlowOpening opening;
    private final LocalPorts localPorts;
    private final IdleResets resets;
    private final ResetReply resetReply;
    private final FlowLimiter limiter;
    private final ClientMemory clients;
    private final int[] asking = new int[PacketBurst.CAPACITY];

    /** The first of the entries for packets of a burst whose flow is not in the table. */
    private final long looseEntries;

    private final long nobody;

    private ForwardingTable table = ForwardingTable.EMPTY;
    private Scheduler[] schedulers = {};
    private long loosePackets;
    private long orphansEnded;
    private boolean hasChanged;

    /** Keeps the compiler from dropping the loads that only serve to fetch a line. */
    @SuppressWarnings("UnusedVariable")
    private long touched;

    private boolean hasRemoved;

    ScheduleStage(
            final FlowTable flows,
            final OverflowFlows overflow,
            final FlowAccounts accounts,
            final FlowOpening opening,
            final LocalPorts localPorts,
            final IdleResets resets,
            final ResetReply resetReply,
            final FlowLimiter limiter,
            final ClientMemory clients) {
        this.limiter = limiter;
        this.clients = clients;
        this.resets = resets;
        this.resetReply = resetReply;
        this.flows = flows;
        this.overflow = overflow;
        this.accounts = accounts;
        this.opening = opening;
        this.localPorts = localPorts;
        looseEntries = flows.spareEntry(0);
        nobody = looseEntry(PacketBurst.CAPACITY);
    }

    void adopt(final ForwardingTable table, final Scheduler[] schedulers) {
        this.table = table;
        this.schedulers = schedulers;
        opening.adopt(table);
        overflow.adopt(table);
    }

    /** Packets that were sent on though there was no room for their flow. */
    long loosePackets() {
        return loosePackets;
    }

    /** Flows that were ended, or begun anew, by a packet that found their backend lost. */
    long orphansEnded() {
        return orphansEnded;
    }

    void schedule(final PacketBurst burst, final int nowTicks) {
        if (burst.localCount > 0) {
            touched += touchLocals(burst);
            for (int k = 0; k < burst.localCount; k++) {
                findLocal(burst, burst.locals[k], nowTicks);
            }
        }

        final int count = selectAsking(burst);
        if (count > 0) {
            scheduleAsking(burst, count, nowTicks);
        }
    }

    /** Fetches what {@link #findLocal} will read, all packets' at once. */
    private long touchLocals(final PacketBurst burst) {
        long sum = 0;
        for (int k = 0; k < burst.localCount; k++) {
            final int i = burst.locals[k];
            burst.entry[i] = ownerOfPort(burst, i);
        }
        for (int k = 0; k < burst.localCount; k++) {
            final long entry = burst.entry[burst.locals[k]];
            if (entry != FlowTable.NONE) {
                sum += RawMemory.getLong(entry) + RawMemory.getLong(flows.addresses(entry));
            }
        }

        return sum;
    }

    /** Finds the flow that a local port belongs to; the packet must come from its backend. */
    private void findLocal(final PacketBurst burst, final int i, final int nowTicks) {
        final long entry = local(burst, i);
        if (entry != FlowTable.NONE && flows.expiry().isExpired(entry, nowTicks)) {
            flows.expire(entry);
            burst.entry[i] = FlowTable.NONE;
        } else {
            burst.entry[i] = entry;
        }

        if (burst.entry[i] == FlowTable.NONE) {
            burst.verdict[i] = NO_FLOW;
        }
    }

    private long local(final PacketBurst burst, final int i) {
        final long entry = ownerOfPort(burst, i);
        return entry != FlowTable.NONE && opening.isFromBackend(burst, i, entry)
                ? entry
                : FlowTable.NONE;
    }

    private long ownerOfPort(final PacketBurst burst, final int i) {
        final int slot = burst.localSlot[i];
        return localPorts.entry(slot >>> Short.SIZE, burst.protocol[i], slot & 0xffff);
    }

    /** Collects the packets that cannot simply go where their flow goes. */
    private int selectAsking(final PacketBurst burst) {
        final ForwardingTable table = this.table;
        final int[] asking = this.asking;
        final int count = burst.count;
        int selected = 0;
        for (int i = 0; i < count; i++) {
            final long entry = burst.entry[i];
            final long isMiss = (entry - 1) >> 63; // all ones if there is no entry
            final int backendId = FlowEntry.backendId(entry | (nobody & isMiss));
            final int isDown = (table.hopId(backendId) >>> 31) & ~burst.direction[i];
            final int asks = (int) -isMiss | isDown | isOpening(burst.tcpFlags[i]);
            asking[selected] = i;
            selected += asks & isZero(burst.verdict[i]);
        }

        return selected;
    }

    private void scheduleAsking(final PacketBurst burst, final int count, final int nowTicks) {
        final long endedBefore = flows.evicted() + flows.expired();
        hasChanged = false;
        hasRemoved = false;
        for (int k = 0; k < count; k++) {
            final int i = asking[k];
            final long entry = hasChanged ? find(burst, i) : burst.entry[i];
            burst.entry[i] = entry;
            burst.verdict[i] =
                    entry == FlowTable.NONE
                            ? onMiss(burst, i, nowTicks)
                            : onHit(burst, i, entry, nowTicks);
        }

        if (hasRemoved || flows.evicted() + flows.expired() != endedBefore) {
            findAgain(burst);
        }
    }

    // -- packets with a flow ----------------------------------------------------------------------

    private int onHit(final PacketBurst burst, final int i, final long entry, final int nowTicks) {
        if (burst.direction[i] == FlowEntry.TO_CLIENT) {
            return Verdict.UNDECIDED;
        }

        final int state = FlowEntry.state(entry);
        final int flags = burst.tcpFlags[i];
        final int backendId = FlowEntry.backendId(entry);
        final boolean isDown = table.hopId(backendId) < 0 && hasLost(entry, backendId, state);
        final boolean isOver = FlowState.isReopenedBy(state, FlowEntry.TO_BACKEND, flags);
        // A SYN where the handshake was complete: the client has forgotten the connection. A
        // backend that is drained must not get the new one (kubernetes #81775).
        final boolean isUnwanted =
                isOpening(flags) != 0
                        && !FlowState.isEmbryonic(state)
                        && !table.takesNewFlows(backendId);
        if (!isDown && !isOver && !isUnwanted) {
            if (isOpening(flags) != 0) {
                accounts.onOpeningRepeated(entry, nowTicks);
            }

            return Verdict.UNDECIDED;
        }

        if (!mayOpen(burst, i)) {
            return endOrphan(burst, i, entry);
        }
        if (isDown) {
            resets.resetBackend(entry);
        }

        return openAnew(burst, i, entry, isDown || isOver, nowTicks);
    }

    /** Whether a flow is to go on without its backend, which gets no packet unasked. */
    private boolean hasLost(final long entry, final int backendId, final int state) {
        final boolean isKept = table.ruleOf(FlowEntry.serviceId(entry), backendId) == FlowRule.KEEP;
        // What the backend has not answered yet is no connection that could be kept.
        return !isKept || (FlowState.isEmbryonic(state) && table.isDown(backendId));
    }

    /**
     * The middle of a connection with a backend that is lost: another one would know nothing of it
     * and answer with an RST, so both ends get theirs here.
     */
    private int endOrphan(final PacketBurst burst, final int i, final long entry) {
        final boolean isKept =
                table.ruleOf(FlowEntry.serviceId(entry), FlowEntry.backendId(entry))
                        == FlowRule.KEEP;
        if (isKept) {
            return Verdict.UNDECIDED; // the rest of a handshake
        }

        resets.resetBackend(entry);
        resetReply.answer(burst, i);
        keepForEarlierPackets(burst, i, entry);
        accounts.onFlowClosed(entry);
        flows.remove(entry);
        hasChanged = true;
        hasRemoved = true;
        orphansEnded++;
        burst.entry[i] = FlowTable.NONE;
        return BACKEND_DOWN;
    }

    private int openAnew(
            final PacketBurst burst,
            final int i,
            final long entry,
            final boolean isOld,
            final int nowTicks) {
        final int serviceId = serviceOf(burst, i);
        if (serviceId == ForwardingTable.NONE || table.backendsUp(serviceId) == 0) {
            if (!isOld) {
                return Verdict.UNDECIDED;
            }

            return serviceId == ForwardingTable.NONE ? NO_SERVICE : refuse(serviceId);
        }

        keepForEarlierPackets(burst, i, entry);
        accounts.onFlowClosed(entry);
        flows.remove(entry);
        hasChanged = true;
        hasRemoved = true;
        burst.entry[i] = FlowTable.NONE;
        return open(burst, i, serviceId, nowTicks);
    }

    /** Packets of the old flow that came before go where it went, by a copy of its entry. */
    private void keepForEarlierPackets(final PacketBurst burst, final int i, final long entry) {
        for (int earlier = 0; earlier < i; earlier++) {
            if (burst.entry[earlier] == entry && burst.verdict[earlier] == Verdict.UNDECIDED) {
                burst.entry[earlier] = looseEntry(earlier);
                flows.copy(entry, burst.entry[earlier]);
            }
        }
    }

    // -- packets without a flow -------------------------------------------------------------------

    private int onMiss(final PacketBurst burst, final int i, final int nowTicks) {
        if (overflow.isUsed()) {
            final long remembered = findInOverflow(burst, i, nowTicks);
            if (remembered != FlowTable.NONE) {
                return goOnLoose(burst, i, remembered, nowTicks);
            }
        }

        if (burst.direction[i] == FlowEntry.TO_CLIENT) {
            return opening.isFromNatBackend(burst, i) ? NO_FLOW : NOT_OURS;
        }

        final int serviceId = serviceOf(burst, i);
        if (serviceId == ForwardingTable.NONE) {
            return NO_SERVICE;
        }

        if (!opening.isClient(burst, i)) {
            return opening.isLand(burst, i) ? LAND : BAD_SOURCE;
        }

        if (mayOpen(burst, i)) {
            return open(burst, i, serviceId, nowTicks);
        }

        if (opening.mayAdopt(burst, i, serviceId)) {
            return adopt(burst, i, serviceId, nowTicks);
        }

        // The middle of a connection. It may be one that there was no room for: then the hash
        // leads to the same backend again.
        if (flows.size() < flows.capacity()) {
            return NO_FLOW;
        }

        final int state =
                opening.stateInTheMiddle(burst, i, serviceId, table.mode(serviceId).code());
        return forwardLoose(burst, i, serviceId, state, nowTicks);
    }

    private int open(
            final PacketBurst burst, final int i, final int serviceId, final int nowTicks) {
        if (!limiter.admitsTo(serviceId)) {
            return refuseOverLimit(burst, i, serviceId);
        }

        long tupleHash = opening.tupleHash(burst, i);
        long keyHash = opening.keyHash(burst, i, serviceId);
        for (int attempt = 0; attempt < CONFLICT_ATTEMPTS; attempt++) {
            final int backendId =
                    attempt == 0
                            ? choose(burst, i, serviceId, tupleHash, keyHash, nowTicks)
                            : schedule(serviceId, tupleHash, keyHash);
            if (backendId < 0) {
                return backendId == ALL_FULL
                        ? refuseOverLimit(burst, i, serviceId)
                        : refuse(serviceId);
            }

            final int mode = opening.modeOf(burst, i, serviceId, backendId);
            final int state = opening.initialState(burst, i, serviceId, mode);
            final long entry = insert(burst, i, serviceId, backendId, mode, state, nowTicks);
            if (entry == FlowTable.NONE) {
                return mode == FULL_NAT
                        ? FLOW_TABLE_FULL
                        : forwardLoose(burst, i, serviceId, state, nowTicks);
            }

            if (entry == NO_PORT_LEFT) {
                return NO_LOCAL_PORT;
            }

            if (entry != FlowTable.CONFLICT) {
                return Verdict.UNDECIDED;
            }

            tupleHash += NEXT_ATTEMPT;
            keyHash += NEXT_ATTEMPT;
        }

        return AMBIGUOUS_REPLY;
    }

    /** The backend that the client has already, if it has one with room; else the scheduler's. */
    private int choose(
            final PacketBurst burst,
            final int i,
            final int serviceId,
            final long tupleHash,
            final long keyHash,
            final int nowTicks) {
        final int known = clients.backendOf(burst, i, serviceId, nowTicks);
        if (known == ForwardingTable.NONE) {
            final int backendId = schedule(serviceId, tupleHash, keyHash);
            return backendId < 0 ? backendId : clients.remember(serviceId, backendId, nowTicks);
        }
        if (limiter.admits(known)) {
            clients.refresh(serviceId, known, nowTicks);
            return known;
        }

        // It stays the client's: this flow alone goes elsewhere.
        limiter.countOverLimitOf(known);
        return table.rules().atLimit(serviceId) == AtLimit.NEXT
                ? orFull(schedule(serviceId, tupleHash, keyHash))
                : ALL_FULL;
    }

    /** What the scheduler selects; if that is full and the service says so, another one. */
    private int schedule(final int serviceId, final long tupleHash, final long keyHash) {
        final Scheduler scheduler = schedulers[serviceId];
        final int backendId = scheduler.select(tupleHash, keyHash);
        if (backendId == Scheduler.NONE || limiter.admits(backendId)) {
            return backendId;
        }

        limiter.countOverLimitOf(backendId);
        return table.rules().atLimit(serviceId) == AtLimit.NEXT
                ? orFull(scheduler.selectOther(tupleHash, keyHash, limiter))
                : ALL_FULL;
    }

    private static int orFull(final int backendId) {
        return backendId == Scheduler.NONE ? ALL_FULL : backendId;
    }

    private int refuseOverLimit(final PacketBurst burst, final int i, final int serviceId) {
        limiter.countOverLimit(serviceId);
        if (table.rules().atLimit(serviceId) == AtLimit.RESET) {
            resetReply.answer(burst, i);
        }

        return OVER_LIMIT;
    }

    /**
     * Opens a flow.
     *
     * @return as {@link FlowTable#insert}, or {@link #NO_PORT_LEFT}.
     */
    private long insert(
            final PacketBurst burst,
            final int i,
            final int serviceId,
            final int backendId,
            final int mode,
            final int state,
            final int nowTicks) {
        if (flows.isTaken(burst, i)) {
            return FlowTable.CONFLICT; // by a flow whose IPv6 addresses have the same digests
        }

        if (mode == FULL_NAT && !opening.takePort(burst, i, serviceId)) {
            return NO_PORT_LEFT;
        }

        final long entry =
                flows.insert(
                        burst.hash[i],
                        burst.keyA[i],
                        burst.keyB[i],
                        opening.replyIp(burst, i, backendId, mode),
                        opening.replyPort(burst, i, backendId, mode),
                        state,
                        nowTicks);
        if (entry == FlowTable.NONE || entry == FlowTable.CONFLICT) {
            opening.givePortBack(mode);
            return entry;
        }

        opening.assign(burst, i, entry, serviceId, backendId, mode);
        accounts.onFlowOpened(entry);
        hasChanged = true;
        burst.entry[i] = entry;
        return entry;
    }

    /** The middle of a connection that began elsewhere, or before we did: on by the hash. */
    private int adopt(
            final PacketBurst burst, final int i, final int serviceId, final int nowTicks) {
        final int backendId = stableBackend(burst, i, serviceId, nowTicks);
        if (backendId == ForwardingTable.NONE) {
            return refuse(serviceId);
        }

        final int mode = table.mode(serviceId).code();
        final int state = opening.stateInTheMiddle(burst, i, serviceId, mode);
        final long entry = insert(burst, i, serviceId, backendId, mode, state, nowTicks);
        if (entry == FlowTable.CONFLICT) {
            return AMBIGUOUS_REPLY;
        }

        return entry == FlowTable.NONE
                ? forwardLoose(burst, i, serviceId, state, nowTicks)
                : Verdict.UNDECIDED;
    }

    private int refuse(final int serviceId) {
        accounts.onFlowRefused(serviceId);
        return NO_BACKEND;
    }

    // -- flows that there is no room for ----------------------------------------------------------

    /** Forwards by a hash that gives the same backend for the next packet, and remembers it. */
    private int forwardLoose(
            final PacketBurst burst,
            final int i,
            final int serviceId,
            final int state,
            final int nowTicks) {
        final int backendId = stableBackend(burst, i, serviceId, nowTicks);
        if (backendId == ForwardingTable.NONE) {
            return refuse(serviceId);
        }

        final int mode = table.mode(serviceId).code();
        if (mode == FULL_NAT) {
            return FLOW_TABLE_FULL;
        }

        final long entry = looseEntry(i);
        FlowEntry.init(
                entry,
                burst.keyA[i],
                burst.keyB[i],
                opening.replyIp(burst, i, backendId, mode),
                opening.replyPort(burst, i, backendId, mode),
                state,
                nowTicks);
        opening.assign(burst, i, entry, serviceId, backendId, mode);
        overflow.put(burst.hash[i], entry);
        burst.entry[i] = entry;
        loosePackets++;
        return Verdict.UNDECIDED;
    }

    /** The entry of a flow for which there was no room; NONE if it must be opened anew. */
    private long findInOverflow(final PacketBurst burst, final int i, final int nowTicks) {
        final long entry = overflow.find(burst, i, nowTicks);
        if (entry == FlowTable.NONE
                || burst.direction[i] == FlowEntry.TO_CLIENT
                || !mayOpen(burst, i)) {
            return entry;
        }

        final boolean isOver =
                FlowState.isReopenedBy(
                        FlowEntry.state(entry), FlowEntry.TO_BACKEND, burst.tcpFlags[i]);
        return isOver || isLost(entry) ? FlowTable.NONE : entry;
    }

    private boolean isLost(final long entry) {
        final int backendId = FlowEntry.backendId(entry);
        return table.hopId(backendId) < 0
                && table.ruleOf(FlowEntry.serviceId(entry), backendId) != FlowRule.KEEP;
    }

    private int goOnLoose(
            final PacketBurst burst, final int i, final long remembered, final int nowTicks) {
        final int direction = burst.direction[i];
        if (direction == FlowEntry.TO_BACKEND && isLost(remembered)) {
            resetReply.answer(burst, i);
            return BACKEND_DOWN;
        }

        if (direction == FlowEntry.TO_CLIENT && isOpenedAnew(burst, i, remembered)) {
            overflow.forget(remembered);
            return NO_FLOW;
        }

        if (flows.size() < flows.capacity()) {
            final long entry = moveToTable(burst, i, remembered, nowTicks);
            if (entry != FlowTable.NONE) {
                burst.entry[i] = entry;
                return Verdict.UNDECIDED;
            }
        }

        // What the packet changes is kept in the overflow; it is rewritten by a copy, as another
        // packet of this burst may take the place.
        FlowEntry.state(
                remembered,
                FlowState.next(FlowEntry.state(remembered), direction, burst.tcpFlags[i]));
        FlowEntry.count(remembered, direction, burst.length[i], nowTicks);
        TrackStage.keepWayBack(remembered, direction, burst.address[i], burst.ingress[i]);
        burst.entry[i] = looseEntry(i);
        overflow.copyTo(burst.entry[i], remembered);
        loosePackets++;
        return Verdict.UNDECIDED;
    }

    /** Whether the client's flow is in the table by now, with another backend than the reply's. */
    private boolean isOpenedAnew(final PacketBurst burst, final int i, final long remembered) {
        return flows.find(
                        burst.hash[i],
                        FlowEntry.forwardKeyA(remembered),
                        FlowEntry.forwardKeyB(remembered),
                        FlowEntry.TO_BACKEND)
                != FlowTable.NONE;
    }

    /** There is room by now: the flow becomes one like any other. */
    private long moveToTable(
            final PacketBurst burst, final int i, final long remembered, final int nowTicks) {
        if (flows.isTaken(burst, i)) {
            return FlowTable.NONE;
        }

        final long entry =
                flows.insert(
                        burst.hash[i],
                        FlowEntry.forwardKeyA(remembered),
                        FlowEntry.forwardKeyB(remembered),
                        FlowEntry.backendIpNet(remembered),
                        FlowEntry.backendPortNet(remembered),
                        FlowEntry.state(remembered),
                        nowTicks);
        if (entry == FlowTable.NONE || entry == FlowTable.CONFLICT) {
            return FlowTable.NONE;
        }

        overflow.moveTo(entry, remembered);
        accounts.onFlowOpened(entry);
        hasChanged = true;
        return entry;
    }

    private int stableBackend(
            final PacketBurst burst, final int i, final int serviceId, final int nowTicks) {
        final int known = clients.backendOf(burst, i, serviceId, nowTicks);
        if (known != ForwardingTable.NONE) {
            return known;
        }

        final int former = clients.former(serviceId);
        if (!mayOpen(burst, i) && isStandby(serviceId, former)) {
            return former; // the connection began there
        }

        final long tupleHash = opening.tupleHash(burst, i);
        return table.algorithm(serviceId).isHash()
                ? schedulers[serviceId].select(tupleHash, opening.keyHash(burst, i, serviceId))
                : table.stableBackend(serviceId, tupleHash);
    }

    /** Whether a backend of a service stands by: its connections go on. */
    private boolean isStandby(final int serviceId, final int backendId) {
        return table.rules().standsBy(backendId)
                && table.backend(backendId).pool().equals(table.service(serviceId).pool());
    }

    // -- parts ------------------------------------------------------------------------------------

    /** Entries may have gone, and their places been taken, since the burst was looked up. */
    private void findAgain(final PacketBurst burst) {
        final int count = burst.count;
        for (int i = 0; i < count; i++) {
            if (burst.verdict[i] == Verdict.UNDECIDED && !isLoose(burst.entry[i])) {
                burst.entry[i] = find(burst, i);
                if (burst.entry[i] == FlowTable.NONE) {
                    burst.verdict[i] = NO_FLOW;
                }
            }
        }
    }

    private long find(final PacketBurst burst, final int i) {
        return burst.localSlot[i] < 0 ? flows.find(burst, i) : local(burst, i);
    }

    private int serviceOf(final PacketBurst burst, final int i) {
        return opening.serviceOf(burst, i);
    }

    /**
     * Whether a packet may open a flow: a SYN that is nothing else, or any UDP; of a packet in
     * fragments the first one, as its others have no service to ask for.
     */
    private static boolean mayOpen(final PacketBurst burst, final int i) {
        return burst.l4Offset[i] != 0
                && (burst.protocol[i] == Ipv4Header.PROTOCOL_UDP
                        || isOpening(burst.tcpFlags[i]) != 0);
    }

    /** 1 for a SYN without ACK, RST or FIN, else 0. */
    private static int isOpening(final int tcpFlags) {
        return isZero((tcpFlags & OPENING_MASK) ^ TcpHeader.SYN);
    }

    /** 1 for zero, 0 for a positive number. */
    private static int isZero(final int value) {
        return (value - 1) >>> 31;
    }

    private long looseEntry(final int i) {
        return looseEntries + (long) i * FlowEntry.LENGTH;
    }

    private boolean isLoose(final long entry) {
        return entry >= looseEntries && entry < nobody;
    }
}
