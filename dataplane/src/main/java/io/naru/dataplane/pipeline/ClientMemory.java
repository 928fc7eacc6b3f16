package io.naru.dataplane.pipeline;

import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowHash;
import io.naru.dataplane.packet.Ipv6Header;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.service.PersistentClients;
import io.naru.dataplane.service.PoolRules;

/**
 * Knows which backend a client's flows go to, for services with persistence.
 *
 * <p>A client is the part of its address that its service says, and is remembered by the service or
 * by its group. {@link #backendOf} comes first; the others are about the same packet. Used by one
 * worker, over a table that all share.
 */
final class ClientMemory {
    private final FlowHash flowHash;
    private final PersistentClients clients;
    private PoolRules rules = ForwardingTable.EMPTY.rules();

    // of the packet that was asked about
    private long hash;
    private int remembered;

    /**
     * @param flowHash whose seeds nobody outside knows.
     */
    ClientMemory(final FlowHash flowHash, final PersistentClients clients) {
        this.flowHash = flowHash;
        this.clients = clients;
    }

    void adopt(final ForwardingTable table) {
        rules = table.rules();
    }

    /** Clients that gave way to others, of all workers. */
    long evicted() {
        return clients.evicted();
    }

    /** The backend of the client that sent a packet, if it can have it; else NONE. */
    int backendOf(final PacketBurst burst, final int i, final int serviceId, final int nowTicks) {
        final int timeoutUnits = rules.timeoutUnits(serviceId);
        if (timeoutUnits == 0) {
            return ForwardingTable.NONE;
        }

        hash = hash(burst, i, serviceId);
        remembered = clients.find(hash, nowTicks, timeoutUnits);
        return rules.memberOf(serviceId, remembered);
    }

    /** The backend that a client is remembered with, if {@link #backendOf} gave none; else NONE. */
    int former(final int serviceId) {
        return rules.timeoutUnits(serviceId) == 0 ? ForwardingTable.NONE : remembered;
    }

    /** The client has begun another flow with its backend, which {@link #backendOf} gave. */
    void refresh(final int serviceId, final int backendId, final int nowTicks) {
        if (rules.isSteady(backendId)) {
            clients.put(hash, remembered, remembered, nowTicks, rules.timeoutUnits(serviceId));
        }
    }

    /**
     * Remembers the backend of a client that has none; does nothing without persistence.
     *
     * @return the backend that the client has from now on: another worker may have chosen already.
     */
    int remember(final int serviceId, final int backendId, final int nowTicks) {
        final int timeoutUnits = rules.timeoutUnits(serviceId);
        if (timeoutUnits == 0) {
            return backendId;
        }

        final int chosen = clients.put(hash, remembered, backendId, nowTicks, timeoutUnits);
        final int member = rules.memberOf(serviceId, chosen);
        return member == ForwardingTable.NONE ? backendId : member;
    }

    private long hash(final PacketBurst burst, final int i, final int serviceId) {
        final long group = rules.group(serviceId);
        if (((burst.keyB[i] >>> Integer.SIZE) & FlowEntry.FAMILY_6) != 0) {
            final long l3 = burst.address[i] + burst.l3Offset[i];
            return flowHash.keyed(
                    flowHash.keyed(
                            rules.clientHighNet(serviceId, Ipv6Header.sourceHighNet(l3)),
                            rules.clientLowNet(serviceId, Ipv6Header.sourceLowNet(l3))),
                    group);
        }

        final int client = rules.clientNet(serviceId, (int) burst.keyA[i]);
        return flowHash.keyed(client & 0xffff_ffffL, group);
    }
}
