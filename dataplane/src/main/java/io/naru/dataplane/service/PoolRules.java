package io.naru.dataplane.service;

import io.naru.dataplane.protocol.AtLimit;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Persistence;
import io.naru.dataplane.protocol.ServiceOptions;
import io.naru.dataplane.protocol.ServiceSpec;
import java.util.HashMap;
import java.util.Map;

/**
 * What services and backends say of limits and of persistence, by id in flat arrays; part of a
 * {@link ForwardingTable}.
 */
public final class PoolRules {
    private static final int SERVICE_SHIFT = 20;

    /** In a key that has an address's number where others have a backend's id. */
    private static final long BY_ADDRESS = 1L << 60;

    private final boolean hasLimits;
    private final int[] maxFlowsOfService;
    private final int[] maxFlowRateOfService;
    private final AtLimit[] atLimit;
    private final int[] maxFlowsOfBackend;
    private final int[] maxFlowRateOfBackend;
    private final int[] timeoutUnits;
    private final int[] mask4Net;
    private final long[] mask6HighNet;
    private final long[] mask6LowNet;
    private final long[] group;
    private final boolean[] keepsClients;
    private final boolean[] isSteady;
    private final boolean[] standsBy;
    private final int[] addressNumbers;
    private final LongIntTable members;

    PoolRules(
            final ServiceSpec[] services,
            final int[][] backendIdsByService,
            final BackendSpec[] backends,
            final boolean... isRetired) {
        maxFlowsOfService = new int[services.length];
        maxFlowRateOfService = new int[services.length];
        atLimit = new AtLimit[services.length];
        timeoutUnits = new int[services.length];
        mask4Net = new int[services.length];
        mask6HighNet = new long[services.length];
        mask6LowNet = new long[services.length];
        group = new long[services.length];
        maxFlowsOfBackend = new int[backends.length];
        maxFlowRateOfBackend = new int[backends.length];
        keepsClients = new boolean[backends.length];
        isSteady = new boolean[backends.length];
        standsBy = new boolean[backends.length];
        addressNumbers = new int[backends.length];
        boolean isLimited = false;
        final Map<IpAddress, Integer> numbers = new HashMap<>();
        for (int id = 0; id < backends.length; id++) {
            final BackendSpec spec = backends[id];
            addressNumbers[id] = ForwardingTable.NONE;
            if (spec != null) {
                maxFlowsOfBackend[id] = spec.maxFlows();
                maxFlowRateOfBackend[id] = spec.maxFlowRate();
                keepsClients[id] = spec.state().keepsClients() && !isRetired[id];
                isSteady[id] =
                        keepsClients[id] && spec.state() == BackendState.UP && spec.weight() > 0;
                standsBy[id] = spec.state() == BackendState.STANDBY && !isRetired[id];
                addressNumbers[id] = numbers.computeIfAbsent(spec.address(), a -> numbers.size());
                isLimited |= spec.maxFlows() != 0 || spec.maxFlowRate() != 0;
            }
        }

        final Map<Long, Integer> places = new HashMap<>();
        for (int id = 0; id < services.length; id++) {
            if (services[id] == null) {
                continue;
            }

            final ServiceOptions options = services[id].options();
            maxFlowsOfService[id] = options.limits().maxFlows();
            maxFlowRateOfService[id] = options.limits().maxFlowRate();
            atLimit[id] = options.limits().atLimit();
            isLimited |= maxFlowsOfService[id] != 0 || maxFlowRateOfService[id] != 0;
            if (options.persistence().isUsed()) {
                putPersistence(id, options.persistence());
                putMembers(places, id, backendIdsByService[id]);
            }
        }

        hasLimits = isLimited;
        members = new LongIntTable(places);
    }

    private void putPersistence(final int serviceId, final Persistence persistence) {
        timeoutUnits[serviceId] = PersistentClients.units(persistence.timeoutS());
        final int bits = persistence.prefixLength4();
        mask4Net[serviceId] = Integer.reverseBytes(-1 << (Integer.SIZE - bits));
        mask6HighNet[serviceId] = Long.reverseBytes(mask(persistence.prefixLength6()));
        mask6LowNet[serviceId] = Long.reverseBytes(mask(persistence.prefixLength6() - Long.SIZE));
        group[serviceId] =
                persistence.group() == Persistence.ALONE ? serviceId : ~persistence.group();
    }

    /** The first bits of 64 set; none for a negative number, all for 64 and more. */
    private static long mask(final int bits) {
        if (bits <= 0) {
            return 0;
        }

        return bits >= Long.SIZE ? -1 : -1L << (Long.SIZE - bits);
    }

    /** Of backends with one address, the first that keeps clients is the address's. */
    private void putMembers(
            final Map<Long, Integer> places, final int serviceId, final int... backendIds) {
        for (final int backendId : backendIds) {
            if (keepsClients[backendId]) {
                places.put(key(serviceId, backendId), backendId);
                places.putIfAbsent(
                        BY_ADDRESS | key(serviceId, addressNumbers[backendId]), backendId);
            }
        }
    }

    private static long key(final int serviceId, final int number) {
        return ((serviceId + 1L) << SERVICE_SHIFT) | number;
    }

    // -- limits -----------------------------------------------------------------------------------

    /** Whether there is any limit. */
    public boolean hasLimits() {
        return hasLimits;
    }

    /** Active flows of a service at most; 0 for any number. */
    public int maxFlowsOfService(final int serviceId) {
        return maxFlowsOfService[serviceId];
    }

    /** New flows of a service in a second at most; 0 for any number. */
    public int maxFlowRateOfService(final int serviceId) {
        return maxFlowRateOfService[serviceId];
    }

    /** What becomes of a flow that there is no room for. */
    public AtLimit atLimit(final int serviceId) {
        return atLimit[serviceId];
    }

    /** Active flows of a backend at most; 0 for any number. */
    public int maxFlowsOfBackend(final int backendId) {
        return maxFlowsOfBackend[backendId];
    }

    /** New flows of a backend in a second at most; 0 for any number. */
    public int maxFlowRateOfBackend(final int backendId) {
        return maxFlowRateOfBackend[backendId];
    }

    // -- persistence ------------------------------------------------------------------------------

    /** How long a service's clients are remembered, see {@link PersistentClients}; 0: never. */
    public int timeoutUnits(final int serviceId) {
        return timeoutUnits[serviceId];
    }

    /** The part of an IPv4 address that tells a service's clients apart, raw. */
    public int clientNet(final int serviceId, final int ipNet) {
        return ipNet & mask4Net[serviceId];
    }

    /** The same of the first 8 bytes of an IPv6 address, as loaded. */
    public long clientHighNet(final int serviceId, final long highNet) {
        return highNet & mask6HighNet[serviceId];
    }

    /** The same of the last 8 bytes. */
    public long clientLowNet(final int serviceId, final long lowNet) {
        return lowNet & mask6LowNet[serviceId];
    }

    /** A number that those services have in common that remember clients together. */
    public long group(final int serviceId) {
        return group[serviceId];
    }

    /**
     * The backend of a service for a client that is remembered with another one, perhaps of another
     * service's pool: the same, or the one with the same address.
     *
     * @return NONE if the service has none there, or it does not keep clients: it is down, off,
     *     standing by or no longer configured. One that is drained keeps them.
     */
    public int memberOf(final int serviceId, final int backendId) {
        if (backendId < 0
                || backendId >= addressNumbers.length
                || addressNumbers[backendId] == ForwardingTable.NONE) {
            return ForwardingTable.NONE;
        }

        final int same = members.get(key(serviceId, backendId));
        return same != LongIntTable.MISSING
                ? same
                : orNone(members.get(BY_ADDRESS | key(serviceId, addressNumbers[backendId])));
    }

    private static int orNone(final int found) {
        return found == LongIntTable.MISSING ? ForwardingTable.NONE : found;
    }

    /** Whether a backend is left by its clients, but not by the connections that they have. */
    public boolean standsBy(final int backendId) {
        return backendId >= 0 && backendId < standsBy.length && standsBy[backendId];
    }

    /** Whether a backend's clients are remembered anew with each flow: not while it is drained. */
    public boolean isSteady(final int backendId) {
        return isSteady[backendId];
    }
}
