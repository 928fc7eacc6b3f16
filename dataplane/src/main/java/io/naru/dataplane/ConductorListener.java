package io.naru.dataplane;

import io.naru.dataplane.protocol.IpAddress;

/** What the conductor does with the messages of its workers; on the conductor's thread. */
interface ConductorListener {
    /** The worker uses the forwarding table of {@code epoch}, and none before it any more. */
    void onAdopted(int workerId, long epoch);

    /**
     * A flow that a query matches.
     *
     * @param entry address of a copy of its {@link io.naru.dataplane.flow.FlowEntry}; behind it is
     *     one of its {@link io.naru.dataplane.flow.FlowAddresses}.
     * @param nowTicks when it was copied.
     */
    void onFlow(int workerId, long correlationId, long entry, int nowTicks);

    /** A router said that the way to a backend takes packets of {@code mtu} bytes at most. */
    void onPathMtu(IpAddress backend, int mtu);

    /** The worker has searched its whole table. */
    void onFlowsEnd(int workerId, long correlationId, long matched);
}
