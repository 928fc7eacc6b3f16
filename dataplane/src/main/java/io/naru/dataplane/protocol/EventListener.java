package io.naru.dataplane.protocol;

/** What a client does with the events of a data plane; an event that it ignores costs nothing. */
public interface EventListener {
    /**
     * A command was carried out.
     *
     * @param epoch of the forwarding table that every worker uses since; unchanged if the command
     *     changed nothing.
     */
    default void onCommandDone(final long correlationId, final long epoch) {}

    /** A command was refused and changed nothing. */
    default void onCommandFailed(final long correlationId, final String text) {}

    /** A flow of the answer to a query; {@link #onFlowsEnd} follows after the last. */
    default void onFlow(final long correlationId, final FlowInfo flow) {}

    /**
     * The end of the answer to a query.
     *
     * @param matched flows that the filter matches.
     * @param shown flows that were sent.
     */
    default void onFlowsEnd(final long correlationId, final long matched, final int shown) {}

    /**
     * What a configuration that was tried would do to a service; {@link #onTriedEnd} follows after
     * the last. Services to which it would do nothing and that have no flows are left out.
     */
    default void onTriedService(final long correlationId, final ServiceTrial trial) {}

    /** The end of the answer to a configuration that was tried. */
    default void onTriedEnd(final long correlationId) {}

    /** What would become of the packet that was asked about. */
    default void onExplained(final long correlationId, final PacketAnswer answer) {}

    /**
     * A next hop was resolved, changed or lost, or the reason why it is lost has changed.
     *
     * @param hop as in {@link BackendInfo#hop()}; 0 if it was lost.
     * @param reason why packets for the address cannot be sent, as a sentence without a full stop;
     *     empty if they can.
     */
    default void onHop(final IpAddress address, final long hop, final String reason) {}

    /** The data plane is attached to its interfaces. */
    default void onStarted(final long pid) {}

    /** The data plane has detached from its interfaces and stops. */
    default void onStopping(final long pid) {}

    /** A worker failed; the data plane stops. */
    default void onWorkerFailed(final int workerId, final String text) {}

    /**
     * The client was too slow and missed events: an answer that it waits for may have been among
     * them.
     */
    default void onEventsLost() {}
}
