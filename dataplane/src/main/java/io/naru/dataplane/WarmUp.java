package io.naru.dataplane;

import io.naru.dataplane.flow.FlowExpiry;
import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.neighbour.HopTable;
import io.naru.dataplane.port.memory.MemoryWire;
import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.ServiceSpec;
import io.naru.dataplane.protocol.WorkerCounter;
import io.naru.dataplane.schedule.Candidates;
import io.naru.dataplane.schedule.Scheduler;
import io.naru.dataplane.schedule.Schedulers;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.status.WorkerStats;
import io.naru.linux.memory.HugePages;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Sends made-up packets through a worker of its own, so that the first client meets compiled code.
 *
 * <p>They are of the kinds that real ones are of: connections that open, talk both ways and close,
 * UDP, pings, ARP, and what is dropped. The worker has memory ports and nothing in common with the
 * real ones but the classes.
 */
final class WarmUp {
    private static final int FLOWS = 1_024;
    private static final int FLOW_CAPACITY = 4 * FLOWS;
    private static final int FRAMES = 512;
    private static final int FRAME_SIZE = 2_048;
    private static final int BURST = 32;
    private static final int DISCARD = 64;

    private static final int FRONT = 0;
    private static final int BACK = 1;
    private static final int HOP_ID = 0;

    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final int SYN = 2;
    private static final int FIN_ACK = 17;
    private static final int SYN_ACK = 18;
    private static final int ACK = 16;

    // documentation addresses, RFC 5737
    private static final int CLIENT = 0xc633_6407;
    private static final int VIP = 0xc000_020a;
    private static final int BACKEND = 0xcb00_7101;
    private static final int VIP_PORT = 80;
    private static final int BACKEND_PORT = 8_080;
    private static final int FIRST_CLIENT_PORT = 10_000;

    private static final long[] MACS_NET = {0x0100_0000_0002L, 0x0200_0000_0002L};
    private static final long CLIENT_MAC_NET = 0x6300_0000_0002L;
    private static final long BACKEND_MAC_NET = 0x6400_0000_0002L;

    private final MemoryEdge edge = new MemoryEdge(1, FRAMES, FRAME_SIZE, MACS_NET);
    private final WorkerStats stats = WorkerStats.inMemory();
    private final WorkerSet workers;
    private final Worker worker;
    private final List<UnsafeBuffer> fromClients = new ArrayList<>();
    private final List<UnsafeBuffer> fromBackends = new ArrayList<>();

    private WarmUp(final DataPlaneContext context) {
        final HopTable hops = new HopTable(1);
        hops.hop(HOP_ID, Hop.of(BACKEND_MAC_NET, BACK));
        workers = new WorkerSet(context, edge, hops, id -> stats, FLOW_CAPACITY, HugePages.OFF);
        worker = workers.worker(0);
        worker.onSnapshot(snapshot());
        makePackets();
    }

    /**
     * Sends as many bursts as the context asks for.
     *
     * @return how many packets came out again.
     */
    static long run(final DataPlaneContext context) {
        return context.warmUpBursts() == 0 ? 0 : new WarmUp(context).run(context.warmUpBursts());
    }

    private long run(final int bursts) {
        try {
            int next = 0;
            for (int burst = 0; burst < bursts; burst++) {
                for (int i = 0; i < BURST; i++) {
                    send(FRONT, fromClients.get(next));
                    send(BACK, fromBackends.get(next));
                    next = next + 1 < fromClients.size() ? next + 1 : 0;
                }
                worker.doWork();
                discard(FRONT);
                discard(BACK);
            }

            return stats.get(WorkerCounter.TX_PACKETS);
        } finally {
            workers.close();
            edge.close();
        }
    }

    private void send(final int interfaceIndex, final UnsafeBuffer packet) {
        edge.wire(0, interfaceIndex).inject(packet, 0, packet.capacity());
    }

    private void discard(final int interfaceIndex) {
        final MemoryWire wire = edge.wire(0, interfaceIndex);
        while (wire.collect((packet, length) -> {}, DISCARD) == DISCARD) {
            // until the wire is empty
        }
    }

    private static WorkerSnapshot snapshot() {
        final BackendSpec backend =
                new BackendSpec(
                        "warm-up",
                        "warm-up",
                        IpAddress.ipv4(BACKEND),
                        BACKEND_PORT,
                        1,
                        BackendState.UP);
        final ForwardingTable table =
                ForwardingTable.builder(1)
                        .backend(0, backend, HOP_ID)
                        .service(0, service(Protocol.TCP, Mode.NAT), 0)
                        .service(1, service(Protocol.UDP, Mode.NAT), 0)
                        .build();
        final Candidates candidates = table.candidates(0);
        final Scheduler[] schedulers = {
            Schedulers.create(Algorithm.RR, candidates, id -> 0, 1)[0],
            Schedulers.create(Algorithm.MAGLEV, candidates, id -> 0, 1)[0]
        };
        return new WorkerSnapshot(table, schedulers, FlowExpiry.DEFAULT);
    }

    private static ServiceSpec service(final Protocol protocol, final Mode mode) {
        return new ServiceSpec(
                "warm-up-" + protocol.label(),
                IpAddress.ipv4(VIP),
                protocol,
                VIP_PORT,
                VIP_PORT,
                mode,
                Algorithm.RR,
                "warm-up",
                ServiceSpec.Timeouts.DEFAULT);
    }

    // -- packets ----------------------------------------------------------------------------------

    /** Packet i of one list and packet i of the other belong together. */
    private void makePackets() {
        final int[] clientFlags = {SYN, ACK, ACK, ACK, ACK, FIN_ACK, ACK, ACK};
        final int[] backendFlags = {SYN_ACK, ACK, ACK, ACK, ACK, FIN_ACK, ACK, ACK};
        for (int step = 0; step < clientFlags.length; step++) {
            for (int flow = 0; flow < FLOWS; flow++) {
                final int port = FIRST_CLIENT_PORT + flow;
                final int protocol = flow % 8 == 7 ? UDP : TCP;
                fromClients.add(
                        flow % 64 == 63
                                ? uncommon(step, port)
                                : toBackend(protocol, port, clientFlags[step]));
                fromBackends.add(toClient(protocol, port, backendFlags[step]));
            }
        }
    }

    private static UnsafeBuffer toBackend(final int protocol, final int port, final int flags) {
        final WarmUpPacket packet = new WarmUpPacket(MACS_NET[FRONT], CLIENT_MAC_NET);
        return packet.ip(protocol, CLIENT, VIP).transport(port, VIP_PORT, flags);
    }

    private static UnsafeBuffer toClient(final int protocol, final int port, final int flags) {
        final WarmUpPacket packet = new WarmUpPacket(MACS_NET[BACK], BACKEND_MAC_NET);
        return packet.ip(protocol, BACKEND, CLIENT).transport(BACKEND_PORT, port, flags);
    }

    /** What is answered here, or dropped. */
    private static UnsafeBuffer uncommon(final int kind, final int port) {
        final WarmUpPacket packet = new WarmUpPacket(MACS_NET[FRONT], CLIENT_MAC_NET);
        return switch (kind) {
            case 0 -> packet.arpRequest(CLIENT, VIP);
            case 1 -> packet.ip(1, CLIENT, VIP).echoRequest();
            case 2 -> packet.ip(TCP, CLIENT, VIP).transport(port, VIP_PORT + 1, SYN);
            case 3 -> packet.ip(TCP, CLIENT, VIP + 1).transport(port, VIP_PORT, SYN);
            case 4 -> packet.ip(47, CLIENT, VIP).transport(port, VIP_PORT, 0);
            default -> packet.ip(TCP, CLIENT + 1, VIP).transport(port, VIP_PORT, ACK);
        };
    }
}
