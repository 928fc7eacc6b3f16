package io.naru.dataplane;

import io.naru.dataplane.flow.FlowAddresses;
import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.service.ForwardingTable;

/**
 * Counts live flows by their service and by what another table has for their backend.
 *
 * <p>Made by the conductor. Each worker counts into numbers of its own, which are read after it has
 * said that it is through: the ring by which it says so orders the one before the other.
 */
final class FlowCensus {
    /** What becomes of a backend; the flow's own fate depends on its service's rules, too. */
    static final int STAYS = 0;

    static final int LEAVES = 1;
    static final int GOES_DOWN = 2;
    static final int IS_REMOVED = 3;
    static final int IS_OFF = 4;

    /** Whatever the backend: nobody takes what the client sends, or what the backend answers. */
    static final int IS_CUT = 5;

    private static final int FATES = 6;
    private static final int FULL_NAT = Mode.FULL_NAT.code();

    private final ForwardingTable next;
    private final byte[] fateOfBackend;
    private final boolean[] asksEndpoint;
    private final long[][] counts;
    private final Runnable onEnd;

    /**
     * @param next the table whose endpoints and local addresses are asked.
     * @param fateOfBackend by id.
     * @param asksEndpoint by service id: whether the endpoint of its flows may be gone.
     */
    FlowCensus(
            final ForwardingTable next,
            final byte[] fateOfBackend,
            final boolean[] asksEndpoint,
            final int workers,
            final Runnable onEnd) {
        this.next = next;
        this.fateOfBackend = fateOfBackend.clone();
        this.asksEndpoint = asksEndpoint.clone();
        this.onEnd = onEnd;
        counts = new long[workers][asksEndpoint.length * FATES];
    }

    /** By the worker, for each flow of its table. */
    void count(final int workerId, final long entry, final long addresses) {
        final int serviceId = FlowEntry.serviceId(entry);
        final int backendId = FlowEntry.backendId(entry);
        if (serviceId >= asksEndpoint.length || backendId >= fateOfBackend.length) {
            return; // opened by a table that came after
        }

        final int fate =
                (asksEndpoint[serviceId] && !isServed(entry, addresses))
                                || hasLostItsAddress(entry, addresses)
                        ? IS_CUT
                        : fateOfBackend[backendId];
        counts[workerId][serviceId * FATES + fate]++;
    }

    /** Whether its backend answers to a local address that is ours no more. */
    private boolean hasLostItsAddress(final long entry, final long addresses) {
        return FlowEntry.mode(entry) == FULL_NAT
                && next.locals().address(FlowAddresses.localId(addresses)) == null;
    }

    private boolean isServed(final long entry, final long addresses) {
        final int protocol = FlowEntry.protocol(entry) & ~FlowEntry.FAMILY_6;
        final int portNet = FlowEntry.vipPortNet(entry);
        final long vip = addresses + FlowAddresses.VIP_OFFSET;
        final int serviceId =
                FlowEntry.isIpv6(entry)
                        ? next.serviceOf6(
                                RawMemory.getLong(vip),
                                RawMemory.getLong(vip + Long.BYTES),
                                protocol,
                                portNet)
                        : next.serviceOf(FlowEntry.vipNet(entry), protocol, portNet);
        return serviceId != ForwardingTable.NONE;
    }

    /** By the conductor, when all workers are through. */
    long flows(final int serviceId, final int fate) {
        long sum = 0;
        for (final long[] ofWorker : counts) {
            sum += ofWorker[serviceId * FATES + fate];
        }

        return sum;
    }

    void onEnd() {
        onEnd.run();
    }
}
