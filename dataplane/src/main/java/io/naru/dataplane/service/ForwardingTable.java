package io.naru.dataplane.service;

import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Limits;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.ServiceSpec;
import io.naru.dataplane.schedule.Candidates;
import io.naru.dataplane.schedule.StableHash;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What is to be done with a packet, as an immutable snapshot: services and backends by id, in flat
 * arrays.
 *
 * <p>Built by the conductor, read by every worker; a worker lets go of one and adopts the next
 * between two duty cycles. Ids mean the same in every snapshot for as long as a flow may hold them.
 */
public final class ForwardingTable {
    /** The table of a data plane that has been told nothing. */
    public static final ForwardingTable EMPTY = builder(0).build();

    /** No such service or backend. */
    public static final int NONE = -1;

    private static final int ANY_PORT = 0;
    private static final int RANGE = 0x80; // marks a key that leads to a PortRanges
    private static final int DOWN = -1;
    private static final int[] NO_IDS = {};

    private final long epoch;
    private final VipSet vips;
    private final LongIntTable exactServices;
    private final LongIntTable rangeIndices;
    private final PortRanges[] ranges;
    private final LongIntTable natBackends;
    private final ServiceSpec[] services;
    private final int[][] backendIdsByService;
    private final StableChoice[] stableChoices;
    private final BackendSpec[] backends;
    private final int[] backendIpNet;
    private final int[] backendPort;
    private final int[] route;
    private final boolean[] takesNewFlows;

    private ForwardingTable(final Builder builder) {
        epoch = builder.epoch;
        services = builder.services;
        backends = builder.backends;
        backendIdsByService = builder.backendIdsByService;
        backendIpNet = new int[backends.length];
        backendPort = new int[backends.length];
        route = new int[backends.length];
        takesNewFlows = new boolean[backends.length];
        for (int id = 0; id < backends.length; id++) {
            final BackendSpec spec = backends[id];
            route[id] = DOWN;
            if (spec != null) {
                backendIpNet[id] = Integer.reverseBytes(spec.address().ipv4());
                backendPort[id] = spec.port();
                takesNewFlows[id] = spec.state() == BackendState.UP && spec.weight() > 0;
                if (spec.state() != BackendState.DOWN) {
                    route[id] = builder.hopIds[id];
                }
            }
        }

        final Set<Integer> vipsNet = new HashSet<>();
        final Map<Long, Integer> exact = new HashMap<>();
        final Map<Long, Integer> nat = new HashMap<>();
        final Map<Long, List<PortRanges.Range>> rangesByKey = new HashMap<>();
        stableChoices = new StableChoice[services.length];
        for (int id = 0; id < services.length; id++) {
            final ServiceSpec spec = services[id];
            if (spec == null) {
                continue;
            }

            final int vipNet = Integer.reverseBytes(spec.vip().ipv4());
            final int protocol = spec.protocol().code();
            vipsNet.add(vipNet);
            if (spec.portFirst() == spec.portLast()) {
                exact.put(key(vipNet, protocol, spec.portFirst()), id);
            } else {
                rangesByKey
                        .computeIfAbsent(key(vipNet, protocol | RANGE, 0), k -> new ArrayList<>())
                        .add(new PortRanges.Range(id, spec.portFirst(), spec.portLast()));
            }

            stableChoices[id] = new StableChoice(backendIdsByService[id], backends);
            if (spec.mode() == Mode.NAT) {
                for (final int backendId : backendIdsByService[id]) {
                    final int port = portOf(backends[backendId], spec);
                    nat.put(key(backendIpNet[backendId], protocol, port), id);
                }
            }
        }

        vips = new VipSet(vipsNet);
        exactServices = new LongIntTable(exact);
        natBackends = new LongIntTable(nat);
        ranges = new PortRanges[rangesByKey.size()];
        final Map<Long, Integer> indices = new HashMap<>();
        rangesByKey.forEach(
                (key, list) -> {
                    ranges[indices.size()] = new PortRanges(list);
                    indices.put(key, indices.size());
                });
        rangeIndices = new LongIntTable(indices);
    }

    // -- on the packet path -----------------------------------------------------------------------

    /** 1 if the address is a VIP, else 0: a number, so that no branch depends on it. */
    public int isVip(final int ipNet) {
        return vips.contains(ipNet);
    }

    /** The id of the service at an endpoint, or {@link #NONE}. */
    public int serviceOf(final int vipNet, final int protocol, final int portNet) {
        final int port = hostOrder(portNet);
        final int exact = exactServices.get(key(vipNet, protocol, port));
        if (exact != LongIntTable.MISSING) {
            return exact;
        }

        final int index = rangeIndices.get(key(vipNet, protocol | RANGE, 0));
        return index == LongIntTable.MISSING ? NONE : ranges[index].serviceOf(port);
    }

    /** Whether packets from this endpoint are the answers of a {@code nat} service. */
    public boolean isNatBackend(final int ipNet, final int protocol, final int portNet) {
        return natBackends.get(key(ipNet, protocol, hostOrder(portNet))) != LongIntTable.MISSING
                || natBackends.get(key(ipNet, protocol, ANY_PORT)) != LongIntTable.MISSING;
    }

    /**
     * The hop of a backend.
     *
     * @return a hop id, or a negative number if nothing may be sent to the backend: it is down, or
     *     there is none with this id any more.
     */
    public int hopId(final int backendId) {
        return backendId < route.length ? route[backendId] : DOWN;
    }

    /** Whether the backend may get new flows: it is up and has a weight. */
    public boolean takesNewFlows(final int backendId) {
        return backendId < takesNewFlows.length && takesNewFlows[backendId];
    }

    /** The backend's address, raw. */
    public int backendIpNet(final int backendId) {
        return backendIpNet[backendId];
    }

    /** The backend's port, raw, where the client called {@code vipPortNet}. */
    public int backendPortNet(final int backendId, final int vipPortNet) {
        final int port = backendPort[backendId];
        return port == 0 ? vipPortNet : hostOrder(port);
    }

    /** The mode of a service. */
    public Mode mode(final int serviceId) {
        return services[serviceId].mode();
    }

    /**
     * A backend that depends on nothing but the hash, the pool and its weights: for a flow that no
     * table remembers.
     *
     * @param tupleHash {@code StableHash.tuple} of the flow.
     * @return a backend's id, or {@link #NONE}.
     */
    public int stableBackend(final int serviceId, final long tupleHash) {
        return stableChoices[serviceId].select(tupleHash);
    }

    /** How many backends of the service take new flows. */
    public int backendsUp(final int serviceId) {
        return stableChoices[serviceId].size();
    }

    // -- for everybody else -----------------------------------------------------------------------

    /** Version of the snapshot; a later one has a greater number. */
    public long epoch() {
        return epoch;
    }

    /** One more than the greatest service id. */
    public int serviceIdLimit() {
        return services.length;
    }

    /** One more than the greatest backend id. */
    public int backendIdLimit() {
        return backends.length;
    }

    /** The service of an id, or null. */
    public ServiceSpec service(final int serviceId) {
        return serviceId < services.length ? services[serviceId] : null;
    }

    /** The backend of an id, or null. */
    public BackendSpec backend(final int backendId) {
        return backendId < backends.length ? backends[backendId] : null;
    }

    /** The ids of a service's backends, whatever their state; not to be changed. */
    public int[] backendIds(final int serviceId) {
        return serviceId < services.length ? backendIdsByService[serviceId] : NO_IDS;
    }

    /** The backends that the service's scheduler chooses from. */
    public Candidates candidates(final int serviceId) {
        final int[] ids =
                Arrays.stream(backendIdsByService[serviceId]).filter(this::takesNewFlows).toArray();
        return Candidates.of(
                ids,
                Arrays.stream(ids).map(id -> backends[id].weight()).toArray(),
                Arrays.stream(ids).mapToLong(this::identity).toArray());
    }

    private long identity(final int backendId) {
        final IpAddress address = backends[backendId].address();
        return StableHash.backendIdentity(
                address.high(), address.low(), backends[backendId].port());
    }

    /** The algorithm of a service. */
    public Algorithm algorithm(final int serviceId) {
        return services[serviceId].algorithm();
    }

    /** A builder of the snapshot with this version. */
    public static Builder builder(final long epoch) {
        return new Builder(epoch);
    }

    private static long key(final int ipNet, final int protocol, final int port) {
        return ((ipNet & 0xffff_ffffL) << 24) | ((long) protocol << 16) | port;
    }

    /** Swaps the two octets of a port, either way. */
    private static int hostOrder(final int portNet) {
        return ((portNet & 0xff) << 8) | ((portNet >>> 8) & 0xff);
    }

    private static int portOf(final BackendSpec backend, final ServiceSpec service) {
        if (backend.port() != 0) {
            return backend.port();
        }

        return service.portFirst() == service.portLast() ? service.portFirst() : ANY_PORT;
    }

    /**
     * Collects services and backends and refuses what cannot be forwarded; used once.
     *
     * <p>Every refusal is an {@link IllegalArgumentException} that names the service or backend,
     * the value and what was expected.
     */
    public static final class Builder {
        private final long epoch;
        private ServiceSpec[] services = {};
        private int[][] backendIdsByService = {};
        private BackendSpec[] backends = {};
        private int[] hopIds = {};

        private Builder(final long epoch) {
            this.epoch = epoch;
        }

        /**
         * @param hopId where packets for the backend go, see {@code HopTable}.
         */
        public Builder backend(final int id, final BackendSpec spec, final int hopId) {
            final String who = "backend %s of pool %s".formatted(spec.name(), spec.pool());
            check(id >= 0 && id < Limits.MAX_BACKENDS, who, "id", id, "0 to 16383");
            check(id >= backends.length || backends[id] == null, who, "id", id, "one not in use");
            checkAddress(who, spec.address());
            check(isPort(spec.port()), who, "port", spec.port(), "0 to 65535");
            check(
                    spec.weight() >= 0 && spec.weight() <= Limits.MAX_WEIGHT,
                    who,
                    "weight",
                    spec.weight(),
                    "0 to 65535");
            check(
                    spec.state() != BackendState.KEEP,
                    who,
                    "state",
                    spec.state().label(),
                    "up, drain or down");
            check(hopId >= 0, who, "hop", hopId, "an id of the hop table");

            if (id >= backends.length) {
                backends = Arrays.copyOf(backends, id + 1);
                hopIds = Arrays.copyOf(hopIds, id + 1);
            }
            backends[id] = spec;
            hopIds[id] = hopId;
            return this;
        }

        /**
         * @param backendIds of the pool; each backend is added before the table is built.
         */
        public Builder service(final int id, final ServiceSpec spec, final int... backendIds) {
            final String who = "service " + spec.name();
            check(id >= 0 && id < Limits.MAX_SERVICES, who, "id", id, "0 to 4095");
            check(id >= services.length || services[id] == null, who, "id", id, "one not in use");
            checkAddress(who, spec.vip());
            check(isPort(spec.portFirst()), who, "first port", spec.portFirst(), "0 to 65535");
            check(
                    isPort(spec.portLast()) && spec.portLast() >= spec.portFirst(),
                    who,
                    "last port",
                    spec.portLast(),
                    spec.portFirst() + " to 65535");
            check(
                    spec.mode() == Mode.NAT || spec.mode() == Mode.DSR_L2,
                    who,
                    "mode",
                    spec.mode().label(),
                    "nat or dsr-l2");
            check(spec.portLast() > 0, who, "port", 0, "1 to 65535, or 0 to 65535 for any");

            if (id >= services.length) {
                services = Arrays.copyOf(services, id + 1);
                backendIdsByService = Arrays.copyOf(backendIdsByService, id + 1);
            }
            services[id] = spec;
            backendIdsByService[id] = backendIds.clone();
            return this;
        }

        /** The table. */
        public ForwardingTable build() {
            checkPools();
            checkPorts();
            return new ForwardingTable(this);
        }

        private void checkPools() {
            for (int id = 0; id < services.length; id++) {
                if (services[id] == null) {
                    continue;
                }

                final String who = "service " + services[id].name();
                for (final int backendId : backendIdsByService[id]) {
                    check(
                            backendId >= 0
                                    && backendId < backends.length
                                    && backends[backendId] != null,
                            who,
                            "backend id",
                            backendId,
                            "the id of a backend in this table");
                    check(
                            services[id].mode() != Mode.DSR_L2 || keepsPort(id, backendId),
                            who,
                            "port of backend " + backends[backendId].name(),
                            backends[backendId].port(),
                            "the port of the service, as dsr-l2 changes none");
                }
            }
        }

        private boolean keepsPort(final int serviceId, final int backendId) {
            final ServiceSpec service = services[serviceId];
            final int port = backends[backendId].port();
            return port == 0 || (port == service.portFirst() && port == service.portLast());
        }

        private void checkPorts() {
            final Map<Long, String> nameByEndpoint = new HashMap<>();
            final Map<Long, List<PortRanges.Range>> ranges = new HashMap<>();
            for (int id = 0; id < services.length; id++) {
                final ServiceSpec spec = services[id];
                if (spec == null) {
                    continue;
                }

                final int vip = spec.vip().ipv4();
                final Protocol protocol = spec.protocol();
                if (spec.portFirst() == spec.portLast()) {
                    final String other =
                            nameByEndpoint.putIfAbsent(
                                    key(vip, protocol.code(), spec.portFirst()), spec.name());
                    check(
                            other == null,
                            "service " + spec.name(),
                            "port",
                            spec.portFirst(),
                            "one that service " + other + " does not have");
                } else {
                    ranges.computeIfAbsent(key(vip, protocol.code(), 0), k -> new ArrayList<>())
                            .add(new PortRanges.Range(id, spec.portFirst(), spec.portLast()));
                }
            }

            for (final List<PortRanges.Range> list : ranges.values()) {
                final List<PortRanges.Range> crossing = PortRanges.crossing(list);
                if (crossing != null) {
                    final PortRanges.Range one = crossing.get(0);
                    final PortRanges.Range two = crossing.get(1);
                    check(
                            false,
                            "service " + services[two.serviceId()].name(),
                            "port range",
                            two.first() + "-" + two.last(),
                            "one apart from or inside the %d-%d of service %s"
                                    .formatted(
                                            one.first(),
                                            one.last(),
                                            services[one.serviceId()].name()));
                }
            }
        }

        private static boolean isPort(final int port) {
            return port >= 0 && port <= 0xffff;
        }

        private static void checkAddress(final String who, final IpAddress address) {
            check(
                    address.isIpv4() && isUnicast(address.ipv4()),
                    who,
                    "address",
                    address,
                    "an IPv4 unicast address");
        }

        private static boolean isUnicast(final int ip) {
            final int first = ip >>> 24;
            return first != 0 && first < 224;
        }

        private static void check(
                final boolean condition,
                final String who,
                final String setting,
                final Object value,
                final String expected) {
            if (!condition) {
                throw new IllegalArgumentException(
                        "%s: %s is %s, expected %s".formatted(who, setting, value, expected));
            }
        }
    }
}
