package io.naru.dataplane;

import io.naru.dataplane.flow.FlowAddresses;
import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowExpiry;
import io.naru.dataplane.flow.FlowState;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.protocol.BackendInfo;
import io.naru.dataplane.protocol.EventProxy;
import io.naru.dataplane.protocol.FlowFilter;
import io.naru.dataplane.protocol.FlowInfo;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.ServiceInfo;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Queue;
import java.util.StringJoiner;
import java.util.concurrent.TimeUnit;

/**
 * Asks all workers about flows, one query after the other, and passes their answers on as events.
 * The conductor's.
 */
final class FlowQueries {
    /** Queries that may wait; more are refused. */
    static final int MAX_WAITING = 16;

    private static final int ALL_STATES = (1 << FlowState.COUNT) - 1;

    private final WorkerProxy[] workers;
    private final EventProxy events;
    private final Queue<FlowQuery> waiting = new ArrayDeque<>(MAX_WAITING);
    private FlowQuery current;
    private int asked;
    private int answered;
    private int shown;
    private long matched;

    FlowQueries(final WorkerProxy[] workers, final EventProxy events) {
        this.workers = workers;
        this.events = events;
    }

    /**
     * Takes a query.
     *
     * @throws IllegalArgumentException if it names what is not there, or too many wait already.
     */
    void add(final long correlationId, final FlowFilter filter, final Inventory inventory) {
        add(query(correlationId, filter, inventory));
    }

    /**
     * Takes a count of all flows, or a question about a packet; its {@code onEnd} is run when all
     * workers have answered.
     *
     * @throws IllegalArgumentException if too many wait already.
     */
    void add(final FlowQuery query) {
        if (waiting.size() == MAX_WAITING) {
            throw new IllegalArgumentException(
                    MAX_WAITING + " queries for flows are waiting already: try again");
        }

        waiting.add(query);
    }

    /** Asks the workers; returns the amount of work done. */
    int doWork() {
        if (current == null) {
            current = waiting.poll();
            if (current == null) {
                return 0;
            }
            asked = 0;
            answered = 0;
            shown = 0;
            matched = 0;
        }

        int work = 0;
        while (asked < workers.length && workers[asked].query(current)) {
            asked++;
            work++;
        }

        return work;
    }

    void onFlow(
            final int workerId,
            final long correlationId,
            final long entry,
            final int nowTicks,
            final FlowExpiry expiry,
            final Inventory inventory) {
        if (current != null
                && current.correlationId() == correlationId
                && shown < current.limit()) {
            shown++;
            events.flow(correlationId, info(workerId, entry, nowTicks, expiry, inventory));
        }
    }

    void onFlowsEnd(final long correlationId, final long workerMatched) {
        if (current == null || current.correlationId() != correlationId) {
            return;
        }

        matched += workerMatched;
        if (++answered == workers.length) {
            final FlowQuery ended = current;
            current = null;
            if (ended.census() != null) {
                ended.census().onEnd();
            } else if (ended.inquiry() != null) {
                ended.inquiry().onEnd();
            } else {
                events.flowsEnd(correlationId, matched, shown);
            }
        }
    }

    // -- what a client wrote, in the values of a flow table ---------------------------------------

    private static FlowQuery query(
            final long correlationId, final FlowFilter filter, final Inventory inventory) {
        int clientIp = 0;
        int clientMask = 0;
        FlowQuery.Client6 client6 = null;
        if (filter.client().isIpv4()) {
            clientIp = filter.client().ipv4();
            clientMask =
                    filter.clientPrefixBits() == 0 ? 0 : -1 << (32 - filter.clientPrefixBits());
        } else if (!filter.client().isNone()) {
            client6 = client6(filter.client(), filter.clientPrefixBits());
        }

        return new FlowQuery(
                correlationId,
                serviceIds(filter, inventory),
                backendIds(filter, inventory),
                states(filter.state()),
                Integer.reverseBytes(clientIp),
                Integer.reverseBytes(clientMask),
                Short.toUnsignedInt(Short.reverseBytes((short) filter.clientPort())),
                FlowEntry.ticks(TimeUnit.SECONDS.toNanos(filter.minAgeS())),
                filter.limit(),
                client6,
                null,
                null);
    }

    private static FlowQuery.Client6 client6(final IpAddress client, final int prefixBits) {
        return new FlowQuery.Client6(
                Long.reverseBytes(client.high()),
                Long.reverseBytes(client.low()),
                Long.reverseBytes(mask(Math.min(prefixBits, Long.SIZE))),
                Long.reverseBytes(mask(Math.max(0, prefixBits - Long.SIZE))));
    }

    private static long mask(final int bits) {
        return bits == 0 ? 0 : -1L << (Long.SIZE - bits);
    }

    private static BitSet serviceIds(final FlowFilter filter, final Inventory inventory) {
        if (filter.service().isEmpty()) {
            return null;
        }

        final BitSet ids = new BitSet();
        for (final ServiceInfo service : inventory.services()) {
            if (service.spec().name().equals(filter.service())) {
                ids.set(service.id());
            }
        }
        if (ids.isEmpty()) {
            throw new IllegalArgumentException("there is no service " + filter.service());
        }

        return ids;
    }

    private static BitSet backendIds(final FlowFilter filter, final Inventory inventory) {
        if (filter.pool().isEmpty() && filter.backend().isEmpty()) {
            return null;
        }

        final BitSet ids = new BitSet();
        for (final BackendInfo backend : inventory.backends()) {
            if ((filter.pool().isEmpty() || backend.spec().pool().equals(filter.pool()))
                    && (filter.backend().isEmpty()
                            || backend.spec().name().equals(filter.backend()))) {
                ids.set(backend.id());
            }
        }
        if (ids.isEmpty()) {
            throw new IllegalArgumentException(
                    filter.backend().isEmpty()
                            ? "there is no pool " + filter.pool() + " with backends"
                            : "there is no backend "
                                    + (filter.pool().isEmpty() ? "" : filter.pool() + "/")
                                    + filter.backend());
        }

        return ids;
    }

    /** The states of a word: {@code established} is also that of UDP and of flows seen one way. */
    private static int states(final String word) {
        if (word.isEmpty()) {
            return ALL_STATES;
        }

        int states = 0;
        final StringJoiner known = new StringJoiner(", ");
        for (int state = 1; state < FlowState.COUNT; state++) {
            final String name = FlowState.name(state);
            known.add(name);
            if (name.equals(word) || name.endsWith("-" + word)) {
                states |= 1 << state;
            }
        }
        if (states == 0) {
            throw new IllegalArgumentException(
                    "there is no state " + word + " of a flow, but " + known);
        }

        return states;
    }

    // -- what a flow table holds, in the values of a client ---------------------------------------

    private static FlowInfo info(
            final int workerId,
            final long entry,
            final int nowTicks,
            final FlowExpiry expiry,
            final Inventory inventory) {
        final int backendId = FlowEntry.backendId(entry);
        final long addresses = entry + FlowEntry.LENGTH;
        final boolean isIpv6 = FlowEntry.isIpv6(entry);
        final int mode = FlowEntry.mode(entry);
        final IpAddress backendAddress = inventory.backendAddress(backendId);
        int backendPort = port(FlowEntry.vipPortNet(entry)); // DSR changes none
        if (mode == Mode.NAT.code()) {
            backendPort = port(FlowEntry.backendPortNet(entry));
        } else if (mode == Mode.FULL_NAT.code()) {
            backendPort = port(FlowAddresses.backendPortNet(addresses));
        }

        final int idleTicks = nowTicks - FlowEntry.lastSeenTicks(entry);
        return new FlowInfo(
                FlowEntry.serviceId(entry),
                backendId,
                workerId,
                Protocol.ofCode(FlowEntry.protocol(entry) & ~FlowEntry.FAMILY_6),
                isIpv6
                        ? address6(addresses + FlowAddresses.CLIENT_OFFSET)
                        : address(FlowEntry.clientIpNet(entry)),
                port(FlowEntry.clientPortNet(entry)),
                isIpv6
                        ? address6(addresses + FlowAddresses.VIP_OFFSET)
                        : address(FlowEntry.vipNet(entry)),
                port(FlowEntry.vipPortNet(entry)),
                backendAddress,
                backendPort,
                FlowState.name(FlowEntry.state(entry)),
                millis(nowTicks - FlowEntry.createdTicks(entry)),
                millis(idleTicks),
                millis(Math.max(0, expiry.timeoutTicks(entry) - idleTicks)),
                FlowEntry.bytes(entry, FlowEntry.TO_BACKEND),
                FlowEntry.bytes(entry, FlowEntry.TO_CLIENT));
    }

    private static IpAddress address(final int ipNet) {
        return IpAddress.ipv4(Integer.reverseBytes(ipNet));
    }

    private static IpAddress address6(final long address) {
        return new IpAddress(
                Long.reverseBytes(RawMemory.getLong(address)),
                Long.reverseBytes(RawMemory.getLong(address + Long.BYTES)));
    }

    private static int port(final int portNet) {
        return Short.toUnsignedInt(Short.reverseBytes((short) portNet));
    }

    private static long millis(final int ticks) {
        return TimeUnit.NANOSECONDS.toMillis((long) ticks << FlowEntry.TICK_SHIFT);
    }
}
