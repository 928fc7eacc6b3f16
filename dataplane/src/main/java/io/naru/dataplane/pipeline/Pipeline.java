package io.naru.dataplane.pipeline;

import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowExpiry;
import io.naru.dataplane.flow.FlowHash;
import io.naru.dataplane.flow.FlowTable;
import io.naru.dataplane.forward.Forwarder;
import io.naru.dataplane.forward.L2DsrForwarder;
import io.naru.dataplane.forward.NatForwarder;
import io.naru.dataplane.neighbour.HopTable;
import io.naru.dataplane.packet.PacketParser;
import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.PacketBurst;
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
    private final TrackStage track;
    private final Forwarder nat;
    private final Forwarder l2Dsr;
    private final int[] natSelection = new int[PacketBurst.CAPACITY];
    private final int[] l2DsrSelection = new int[PacketBurst.CAPACITY];

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
            final WorkerStats stats) {
        final int hopCost = settings.isRouter() ? 1 : 0;
        this.flows = flows;
        this.stats = stats;
        fragments =
                new FragmentStage(
                        settings.fragments(),
                        flowHash,
                        settings.workerId(),
                        settings.workerCount(),
                        macsNet);
        arp = new ArpStage(macsNet);
        echo = new EchoStage(macsNet, settings.answersEcho());
        classify =
                new ClassifyStage(
                        flowHash, settings.workerId(), settings.workerCount(), macsNet, arp, echo);
        schedule =
                new ScheduleStage(
                        flows,
                        new OverflowFlows(settings.overflowCapacity()),
                        accounts,
                        stableHash);
        route = new RouteStage(hops, macsNet, hopCost);
        track = new TrackStage(stats);
        nat = new NatForwarder(macsNet, hopCost);
        l2Dsr = new L2DsrForwarder(macsNet);
    }

    /** Sets {@code verdict} of each packet of the burst, and {@code hop} of those to be sent. */
    public void process(final PacketBurst burst, final long nowNs) {
        final int nowTicks = FlowEntry.ticks(nowNs);
        PacketParser.parse(burst);
        fragments.process(burst, nowNs);
        classify.classify(burst);
        flows.lookup(burst, nowTicks);
        schedule.schedule(burst, nowTicks);
        route.route(burst);
        track.track(burst, nowTicks);
        rewrite(burst);
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
        echo.adopt(table);
        classify.adopt(table);
        schedule.adopt(table, schedulers);
        route.adopt(table);
        flows.expiry(expiry);
    }

    /** ARP requests that were answered. */
    public long arpReplies() {
        return arp.replies();
    }

    /** Pings that were answered. */
    public long echoReplies() {
        return echo.replies();
    }

    /** Packets that were sent on though there was no room for their flow. */
    public long loosePackets() {
        return schedule.loosePackets();
    }

    /** Whoever is still undecided has a flow and a way: by mode, and sent. */
    private void rewrite(final PacketBurst burst) {
        final int count = burst.count;
        int natCount = 0;
        int l2DsrCount = 0;
        for (int i = 0; i < count; i++) {
            if (burst.verdict[i] == Verdict.UNDECIDED) {
                final int isNat = FlowEntry.backendIpNet(burst.entry[i]) == 0 ? 0 : 1;
                natSelection[natCount] = i;
                l2DsrSelection[l2DsrCount] = i;
                natCount += isNat;
                l2DsrCount += 1 - isNat;
                burst.verdict[i] = Verdict.TX;
            }
        }

        nat.forward(burst, natSelection, natCount);
        l2Dsr.forward(burst, l2DsrSelection, l2DsrCount);
    }
}
