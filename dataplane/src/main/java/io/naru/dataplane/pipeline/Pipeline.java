package io.naru.dataplane.pipeline;

import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowExpiry;
import io.naru.dataplane.flow.FlowHash;
import io.naru.dataplane.flow.FlowTable;
import io.naru.dataplane.flow.LocalPorts;
import io.naru.dataplane.forward.Forwarder;
import io.naru.dataplane.forward.FullNatForwarder;
import io.naru.dataplane.forward.L2DsrForwarder;
import io.naru.dataplane.forward.NatForwarder;
import io.naru.dataplane.forward.NatForwarder6;
import io.naru.dataplane.forward.TunnelForwarder;
import io.naru.dataplane.neighbour.HopTable;
import io.naru.dataplane.packet.PacketParser;
import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.port.SendList;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.schedule.Scheduler;
import io.naru.dataplane.schedule.StableHash;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.status.WorkerStats;

/**
 * Takes a burst of packets from "received" to a verdict for each: rewritten and to be sent, to be
 * handed over, or dropped for a reason.
 *
 * <p>Each stage goes over the whole burst before the next begins, so that what the packets miss in
 * the cache is fetched at the same time. docs/packet-walk.md follows a packet through them. Owns no
 * frame but those of fragments that it holds: what the verdicts ask for is done by the caller. Used
 * by one worker; allocates nothing.
 */
public final class Pipeline {
    private final FlowTable flows;
    private final WorkerStats stats;
    private final FragmentStage fragments;
    private final ArpStage arp;
    private final EchoStage echo;
    private final ClassifyStage classify;
    private final ScheduleStage schedule;
    private final RouteStage route;
    private final BridgeStage bridge; // or null
    private final FlowOpening opening;
    private final PathMtuStage pathMtu;
    private final Fragmenter fragmenter;
    private final TrackStage track;
    private final ResponseTimes responseTimes;
    private final NdpStage ndp;
    private final Announcements announcements; // or null
    private final FullNatForwarder fullNat;
    private final NatForwarder6 nat6;
    private final TunnelForwarder tunnel;
    private final IcmpErrorReply errorReply;
    private final IcmpErrorStage icmpErrors;
    private final IdleResets resets;
    private final ResetWriter resetWriter;
    private final OrphanSweeper orphans;
    private final FlowLimiter limiter;
    private final ClientMemory clients;
    private final Explainer explainer;

    /** By mode and family, the lower bits of {@link #way}. */
    private final Forwarder[] forwarders = new Forwarder[FORWARDERS];

    private final int[][] selections = new int[WAYS][PacketBurst.CAPACITY];
    private final int[] counts = new int[WAYS];

    /** Modes and families. */
    private static final int FORWARDERS = 32;

    private static final int FAMILY_6_WAY = 16;

    /** In two directions; a bit each in a long. */
    private static final int WAYS = 2 * FORWARDERS;

    /**
     * @param macsNet our MAC by interface index, in the low 48 bits.
     * @param flows whose listener is {@code accounts}.
     * @param flowHash the one that {@code flows} was made with.
     */
    public Pipeline(
            final PipelineSettings settings,
            final long[] macsNet,
            final FlowTable flows,
            final FlowAccounts accounts,
            final FlowHash flowHash,
            final StableHash stableHash,
            final HopTable hops,
            final LocalPorts localPorts,
            final WorkerStats stats) {
        final int hopCost = settings.isRouter() ? 1 : 0;
        this.flows = flows;
        this.stats = stats;
        bridge =
                settings.bridge() == null
                        ? null
                        : new BridgeStage(
                                macsNet,
                                settings.bridge().stations(),
                                settings.bridge().nonce(),
                                settings.workerId() == 0);
        fragments =
                new FragmentStage(
                        settings.fragments(),
                        flowHash,
                        settings.workerId(),
                        settings.workerCount(),
                        macsNet);
        arp = new ArpStage(macsNet);
        ndp = new NdpStage(macsNet);
        announcements = settings.workerId() == 0 ? new Announcements(macsNet) : null;
        echo = new EchoStage(macsNet, settings.answersEcho());
        tunnel = new TunnelForwarder(macsNet, hopCost);
        errorReply = new IcmpErrorReply(macsNet, flows, stats);
        icmpErrors =
                new IcmpErrorStage(
                        settings, macsNet, flows, flowHash, localPorts, hops, tunnel, errorReply);
        classify =
                new ClassifyStage(
                        flowHash,
                        localPorts,
                        settings.workerId(),
                        settings.workerCount(),
                        macsNet,
                        arp,
                        ndp,
                        echo,
                        icmpErrors);
        resetWriter = new ResetWriter(macsNet);
        resets = new IdleResets(resetWriter, flows, hops);
        orphans = new OrphanSweeper(flows, accounts, resets, stats);
        accounts.attach(flows, localPorts, resets);
        icmpErrors.bridge(bridge);
        resets.bridge(bridge);
        limiter = new FlowLimiter(stats, settings.shared().rates());
        clients = new ClientMemory(flowHash, settings.shared().clients());
        opening = new FlowOpening(flows, flowHash, stableHash, localPorts, hops, bridge);
        final OverflowFlows overflow = new OverflowFlows(flows, settings.overflowCapacity());
        schedule =
                new ScheduleStage(
                        flows,
                        overflow,
                        accounts,
                        opening,
                        localPorts,
                        resets,
                        new ResetReply(resetWriter),
                        limiter,
                        clients);
        explainer =
                new Explainer(
                        settings,
                        macsNet.length,
                        flows,
                        flowHash,
                        overflow,
                        limiter,
                        clients,
                        opening,
                        hops,
                        bridge);
        route = new RouteStage(hops, macsNet, hopCost, errorReply, bridge);
        fragmenter = new Fragmenter(settings.workerId(), settings.workerCount());
        pathMtu = new PathMtuStage(hops, errorReply, fragmenter);
        responseTimes = new ResponseTimes(stats);
        track = new TrackStage(stats, responseTimes);
        fullNat = new FullNatForwarder(macsNet, hopCost, flows);
        nat6 = new NatForwarder6(macsNet, hopCost, flows);
        final Forwarder l2Dsr = new L2DsrForwarder(macsNet);
        put(Mode.NAT, new NatForwarder(macsNet, hopCost), nat6);
        put(Mode.FULL_NAT, fullNat, nat6);
        put(Mode.DSR_L2, l2Dsr, l2Dsr);
        put(Mode.DSR_GRE, tunnel, tunnel);
        put(Mode.DSR_IPIP, tunnel, tunnel);
    }

    private void put(final Mode mode, final Forwarder ofIpv4, final Forwarder ofIpv6) {
        forwarders[mode.code()] = ofIpv4;
        forwarders[mode.code() | FAMILY_6_WAY] = ofIpv6;
    }

    /** Sets {@code verdict} of each packet of the burst, and {@code hop} of those to be sent. */
    public void process(final PacketBurst burst, final long nowNs) {
        final int nowTicks = FlowEntry.ticks(nowNs);
        PacketParser.parse(burst);
        if (bridge != null) {
            bridge.take(burst, nowNs);
            opening.now(nowNs);
            resets.now(nowNs);
        }
        fragments.process(burst, nowNs);
        classify.classify(burst, nowNs);
        flows.lookup(burst, nowTicks);
        limiter.now(nowNs);
        schedule.schedule(burst, nowTicks);
        route.route(burst, nowNs);
        pathMtu.check(burst, nowNs);
        track.track(burst, nowNs);
        rewrite(burst);
        fragmenter.cut(burst);
        if (bridge != null) {
            bridge.giveBack(burst, nowNs);
        }
        for (int k = 0; k < burst.localCount; k++) {
            burst.localSlot[burst.locals[k]] = -1;
        }
    }

    /**
     * Takes fragments that were held and need no longer be, to be processed like a burst that was
     * received; after every {@link #process} until there are none.
     *
     * @return how many there are.
     */
    public int takeReadyFragments(final PacketBurst burst) {
        return fragments.takeReady(burst);
    }

    /**
     * Gives fragments up that have been held for too long, or for which there is no room any more;
     * once a duty cycle.
     *
     * @param frames get those of the fragments.
     * @return how much was done.
     */
    public int forgetFragments(final long nowNs, final FrameStack frames) {
        return fragments.forget(nowNs, frames, stats);
    }

    /** Frames of fragments that are held. */
    public int framesHeld() {
        return fragments.framesHeld();
    }

    /** Forwards by these from now on. Flows that exist keep their backends. */
    public void adopt(
            final ForwardingTable table, final Scheduler[] schedulers, final FlowExpiry expiry) {
        arp.adopt(table);
        ndp.adopt(table);
        if (announcements != null) {
            announcements.adopt(table);
        }
        echo.adopt(table);
        icmpErrors.adopt(table);
        fullNat.adopt(table);
        nat6.adopt(table);
        tunnel.adopt(table);
        classify.adopt(table);
        schedule.adopt(table, schedulers);
        explainer.adopt(table, schedulers);
        route.adopt(table);
        if (bridge != null) {
            bridge.adopt(table);
        }
        pathMtu.adopt(table);
        resets.adopt(table);
        orphans.adopt(table);
        responseTimes.adopt(table);
        limiter.adopt(table);
        clients.adopt(table);
        flows.expiry(expiry);
    }

    /** Answers a question about a packet; between two bursts. Changes nothing else. */
    public void explain(final PacketQuestion question, final long nowNs) {
        explainer.explain(question, nowNs);
    }

    /** Ends flows that have lost their backend, and sends what is due; once a duty cycle. */
    public int makeOwn(final long nowNs) {
        resets.now(nowNs);
        return orphans.sweep()
                + (bridge == null ? 0 : bridge.probe(nowNs))
                + (announcements == null ? 0 : announcements.send(nowNs));
    }

    /** Ports of a bridge that are closed as two are on one segment, a bit each. */
    public long closedPorts() {
        return bridge == null ? 0 : bridge.closedPorts();
    }

    /** ARP requests and neighbour solicitations that were answered. */
    public long arpReplies() {
        return arp.replies() + ndp.replies();
    }

    /** RSTs that were sent on and not believed. */
    public long disbelievedResets() {
        return track.disbelievedResets();
    }

    /** Clients with persistence that gave way to others, of all workers. */
    public long clientsEvicted() {
        return clients.evicted();
    }

    /** Flows that were ended as they had lost their backend. */
    public long orphansEnded() {
        return orphans.ended() + schedule.orphansEnded();
    }

    /** Packets that told neighbours of addresses that became ours. */
    public long announcements() {
        return announcements == null ? 0 : announcements.sent();
    }

    /** Pings that were answered. */
    public long echoReplies() {
        return echo.replies();
    }

    /** ICMP errors that we made: of a time to live that ran out, of a packet that was too long. */
    public long icmpErrorsMade() {
        return errorReply.sent();
    }

    /** ICMP errors of others, sent on to the host whose packet they are about. */
    public long icmpErrorsForwarded() {
        return icmpErrors.forwarded();
    }

    /** Who is told from now on what routers say of the ways to backends; at first nobody. */
    public void pathMtuListener(final PathMtuListener listener) {
        icmpErrors.pathMtuListener(listener);
    }

    /** Where packets go that are made here, from now on; at first they are not made. */
    public void sendList(final SendList list) {
        fragmenter.sendList(list);
        resetWriter.sendList(list);
        orphans.sendList(list);
        if (announcements != null) {
            announcements.sendList(list);
        }
        if (bridge != null) {
            bridge.sendList(list);
        }
    }

    /** Packets that were sent on though there was no room for their flow. */
    public long loosePackets() {
        return schedule.loosePackets();
    }

    /** Whoever is still undecided has a flow and a way: by mode, family and direction, and sent. */
    private void rewrite(final PacketBurst burst) {
        final int count = burst.count;
        long used = 0;
        for (int i = 0; i < count; i++) {
            if (burst.verdict[i] == Verdict.UNDECIDED) {
                final int way = way(burst.entry[i], burst.direction[i]);
                selections[way][counts[way]++] = i;
                used |= 1L << way;
                burst.verdict[i] = Verdict.TX;
            }
        }

        for (; used != 0; used &= used - 1) {
            final int way = Long.numberOfTrailingZeros(used);
            forwarders[way & (FORWARDERS - 1)].forward(burst, selections[way], counts[way]);
            counts[way] = 0;
        }
    }

    private static int way(final long entry, final int direction) {
        return FlowEntry.mode(entry)
                | (FlowEntry.isIpv6(entry) ? FAMILY_6_WAY : 0)
                | direction * FORWARDERS;
    }
}
