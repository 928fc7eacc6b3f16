package io.naru.dataplane.service;

import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.FlowRule;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Limits;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.Selection;
import io.naru.dataplane.protocol.ServiceOptions;
import io.naru.dataplane.protocol.ServiceSpec;
import io.naru.dataplane.schedule.Candidates;
import io.naru.dataplane.schedule.StableHash;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

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

    /** No way to a backend; a bit that marks the ways to those that get no packet unasked. */
    private static final int NO_WAY = Integer.MIN_VALUE;

    /** The bytes 0, 0, 0xff, 0xff in front of an IPv4 address, as loaded. */
    private static final int IPV4_MARK_NET = 0xffff_0000;

    private static final int[] NO_IDS = {};

    private final long epoch;
    private final VipSet vips;
    private final AddressTable vips6;
    private final AddressTable natBackends6;
    private final LongIntTable natAddresses;
    private final LongIntTable locals;
    private final AddressTable locals6;
    private final IpAddress[] localAddresses;
    private final int[] localIds;
    private final int[] localIds6;
    private final boolean hasHairpin;
    private final long[] ownHighNet;
    private final long[] ownLowNet;
    private final OnLinkPrefix[] onLink;
    private final Tunnels tunnels;
    private final int[] localIpNet;
    private final long[] localHighNet;
    private final long[] localLowNet;
    private final ServiceOptions[] options;
    private final LongIntTable exactServices;
    private final LongIntTable rangeIndices;
    private final PortRanges[] ranges;
    private final LongIntTable natBackends;
    private final ServiceSpec[] services;
    private final int[][] backendIdsByService;
    private final StableChoice[] stableChoices;
    private final BackendSpec[] backends;
    private final int[] backendIpNet;
    private final long[] backendHighNet;
    private final long[] backendLowNet;
    private final Mode[] modes;
    private final int[] backendPort;
    private final int[] route;
    private final boolean[] takesNewFlows;
    private final boolean[] isRetired;
    private final PoolRules rules;

    private ForwardingTable(final Builder builder) {
        epoch = builder.epoch;
        services = builder.services;
        backends = builder.backends;
        backendIdsByService = builder.backendIdsByService;
        backendIpNet = new int[backends.length];
        backendHighNet = new long[backends.length];
        backendLowNet = new long[backends.length];
        modes = new Mode[services.length];
        backendPort = new int[backends.length];
        route = new int[backends.length];
        takesNewFlows = new boolean[backends.length];
        isRetired = new boolean[backends.length];
        final boolean endsRetired =
                Arrays.stream(builder.options)
                        .anyMatch(each -> each != null && each.onRemove() != FlowRule.KEEP);
        for (int id = 0; id < backends.length; id++) {
            final BackendSpec spec = backends[id];
            route[id] = NO_WAY;
            if (spec != null) {
                backendIpNet[id] = Integer.reverseBytes(spec.address().ipv4());
                backendHighNet[id] = Long.reverseBytes(spec.address().high());
                backendLowNet[id] = Long.reverseBytes(spec.address().low());
                backendPort[id] = spec.port();
                takesNewFlows[id] = spec.state() == BackendState.UP && spec.weight() > 0;
                isRetired[id] = builder.isRetired[id];
                takesNewFlows[id] &= !isRetired[id];
                final boolean keepsFlows =
                        spec.state().keepsFlows() && !(isRetired[id] && endsRetired);
                route[id] = builder.hopIds[id] | (keepsFlows ? 0 : NO_WAY);
            }
        }

        rules = new PoolRules(services, backendIdsByService, backends, isRetired);
        final Set<Integer> vipsNet = new HashSet<>();
        final Map<IpAddress, Integer> vipIndices = new HashMap<>();
        final Map<IpAddress, Integer> backendIndices = new HashMap<>();
        final Map<Long, Integer> exact = new HashMap<>();
        final Map<Long, Integer> nat = new HashMap<>();
        final Map<Long, Integer> natIps = new HashMap<>();
        final Map<Long, List<PortRanges.Range>> rangesByKey = new HashMap<>();
        stableChoices = new StableChoice[services.length];
        for (int id = 0; id < services.length; id++) {
            final ServiceSpec spec = services[id];
            if (spec == null) {
                continue;
            }

            final int protocol = spec.protocol().code();
            if (spec.vip().isIpv4()) {
                vipsNet.add(Integer.reverseBytes(spec.vip().ipv4()));
            }
            if (spec.portFirst() == spec.portLast()) {
                exact.put(keyOf(spec.vip(), vipIndices, protocol, spec.portFirst()), id);
            } else {
                rangesByKey
                        .computeIfAbsent(
                                keyOf(spec.vip(), vipIndices, protocol | RANGE, 0),
                                k -> new ArrayList<>())
                        .add(new PortRanges.Range(id, spec.portFirst(), spec.portLast()));
            }

            modes[id] = spec.mode();
            stableChoices[id] =
                    new StableChoice(
                            backendIdsByService[id], backends, spec.algorithm().goesByPriority());
            if (spec.mode() == Mode.NAT) {
                for (final int backendId : backendIdsByService[id]) {
                    final BackendSpec backend = backends[backendId];
                    if (backend.address().isIpv4()) {
                        natIps.put(key(backendIpNet[backendId], 1, 0), backendId);
                    }
                    final int port = portOf(backend, spec);
                    nat.put(keyOf(backend.address(), backendIndices, protocol, port), id);
                }
            }
        }

        vips6 = new AddressTable(vipIndices);
        natBackends6 = new AddressTable(backendIndices);
        natAddresses = new LongIntTable(natIps);
        localAddresses = builder.localAddresses;
        localIds = idsOf(builder, true);
        localIds6 = idsOf(builder, false);
        final Map<Long, Integer> idByIpv4 = new HashMap<>();
        final Map<IpAddress, Integer> idByIpv6 = new HashMap<>();
        for (int id = 0; id < localAddresses.length; id++) {
            final IpAddress address = localAddresses[id];
            if (address != null && address.isIpv4()) {
                idByIpv4.put(key(Integer.reverseBytes(address.ipv4()), 1, 0), id);
            } else if (address != null) {
                idByIpv6.put(address, id);
            }
        }
        locals = new LongIntTable(idByIpv4);
        locals6 = new AddressTable(idByIpv6);
        hasHairpin = builder.hasVipAsLocal;
        final List<IpAddress> own = ownAddresses(services, localAddresses);
        ownHighNet = own.stream().mapToLong(a -> Long.reverseBytes(a.high())).toArray();
        ownLowNet = own.stream().mapToLong(a -> Long.reverseBytes(a.low())).toArray();
        onLink = builder.onLink.toArray(new OnLinkPrefix[0]);
        options = builder.options;
        tunnels = new Tunnels(options, builder.interfaceAddresses4, builder.interfaceAddresses6);
        final int localIdLimit = Math.max(localAddresses.length, builder.formerLocals.length);
        localIpNet = new int[localIdLimit];
        localHighNet = new long[localIdLimit];
        localLowNet = new long[localIdLimit];
        for (int id = 0; id < localIdLimit; id++) {
            final IpAddress address =
                    localAddress(id) == null ? builder.formerLocal(id) : localAddress(id);
            if (address != null) {
                localIpNet[id] = Integer.reverseBytes(address.ipv4());
                localHighNet[id] = Long.reverseBytes(address.high());
                localLowNet[id] = Long.reverseBytes(address.low());
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

    /** IPv6 addresses have a number in the keys, IPv4 addresses are their own. */
    private static long keyOf(
            final IpAddress address,
            final Map<IpAddress, Integer> indices,
            final int protocol,
            final int port) {
        return address.isIpv4()
                ? key(Integer.reverseBytes(address.ipv4()), protocol, port)
                : key6(indices.computeIfAbsent(address, a -> indices.size()), protocol, port);
    }

    /** The ids of the configured local addresses of a family. */
    private static List<IpAddress> ownAddresses(
            final ServiceSpec[] services, final IpAddress... localAddresses) {
        return Stream.concat(
                        Arrays.stream(services).filter(Objects::nonNull).map(ServiceSpec::vip),
                        Arrays.stream(localAddresses).filter(Objects::nonNull))
                .distinct()
                .toList();
    }

    private static int[] idsOf(final Builder builder, final boolean isIpv4) {
        return IntStream.range(0, builder.localAddresses.length)
                .filter(id -> builder.localAddresses[id] != null && !builder.isVipAsLocal[id])
                .filter(id -> builder.localAddresses[id].isIpv4() == isIpv4)
                .toArray();
    }

    // -- on the packet path -----------------------------------------------------------------------

    /** 1 if the address is a VIP, else 0: a number, so that no branch depends on it. */
    public int isVip(final int ipNet) {
        return vips.contains(ipNet);
    }

    /** Whether an IPv6 address is a VIP; two longs as loaded. */
    public boolean isVip6(final long highNet, final long lowNet) {
        return vips6.get(highNet, lowNet) != AddressTable.MISSING;
    }

    /** The id of the service at an IPv6 endpoint, or {@link #NONE}. */
    public int serviceOf6(
            final long vipHighNet, final long vipLowNet, final int protocol, final int portNet) {
        final int vip = vips6.get(vipHighNet, vipLowNet);
        if (vip == AddressTable.MISSING) {
            return NONE;
        }

        final int port = hostOrder(portNet);
        final int exact = exactServices.get(key6(vip, protocol, port));
        if (exact != LongIntTable.MISSING) {
            return exact;
        }

        final int index = rangeIndices.get(key6(vip, protocol | RANGE, 0));
        return index == LongIntTable.MISSING ? NONE : ranges[index].serviceOf(port);
    }

    /** Whether packets from this endpoint are the answers of a {@code nat} service. */
    public boolean isNatBackend6(
            final long highNet, final long lowNet, final int protocol, final int portNet) {
        final int backend = natBackends6.get(highNet, lowNet);
        return backend != AddressTable.MISSING
                && (natBackends.get(key6(backend, protocol, hostOrder(portNet)))
                                != LongIntTable.MISSING
                        || natBackends.get(key6(backend, protocol, ANY_PORT))
                                != LongIntTable.MISSING);
    }

    /** Whether a backend of a {@code nat} service has this address. */
    public boolean isNatAddress(final int ipNet) {
        return natAddresses.get(key(ipNet, 1, 0)) != LongIntTable.MISSING;
    }

    /** The same for IPv6; two longs as loaded. */
    public boolean isNatAddress6(final long highNet, final long lowNet) {
        return natBackends6.get(highNet, lowNet) != AddressTable.MISSING;
    }

    /** Whether there are local addresses at all. */
    public boolean hasLocals() {
        return localAddresses.length > 0;
    }

    /** Whether VIPs stand in for local addresses. */
    public boolean hasHairpin() {
        return hasHairpin;
    }

    /** How many addresses are answered for: VIPs and local addresses. */
    public int ownAddresses() {
        return ownHighNet.length;
    }

    /** The first 8 bytes of the (IPv4-mapped) address of an index, raw. */
    public long ownHighNet(final int index) {
        return ownHighNet[index];
    }

    /** The last 8 bytes of the (IPv4-mapped) address of an index, raw. */
    public long ownLowNet(final int index) {
        return ownLowNet[index];
    }

    /** Whether an (IPv4-mapped) address is a VIP or a local address; two longs as loaded. */
    public boolean isOwn(final long highNet, final long lowNet) {
        if (isIpv4(highNet, lowNet)) {
            final int ipNet = ipv4Net(lowNet);
            return isVip(ipNet) != 0 || localId(ipNet) != NONE;
        }

        return isVip6(highNet, lowNet) || localId6(highNet, lowNet) != NONE;
    }

    /** Whether two longs as loaded are an IPv4-mapped address. */
    public static boolean isIpv4(final long highNet, final long lowNet) {
        return highNet == 0 && (int) lowNet == IPV4_MARK_NET;
    }

    /** The IPv4 address in the last 8 bytes of a mapped one, raw. */
    public static int ipv4Net(final long lowNet) {
        return (int) (lowNet >>> Integer.SIZE);
    }

    /** The id of a local address, or {@link #NONE}. */
    public int localId(final int ipNet) {
        return locals.get(key(ipNet, 1, 0));
    }

    /** The id of an IPv6 local address, or {@link #NONE}. */
    public int localId6(final long highNet, final long lowNet) {
        return locals6.get(highNet, lowNet);
    }

    /** The ids of the configured local addresses of a family, not of VIPs; not to be changed. */
    public int[] localIds(final boolean isIpv6) {
        return isIpv6 ? localIds6 : localIds;
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
     * @return a hop id; with the sign bit set if nothing may be sent to the backend before {@link
     *     #ruleOf} is asked, as it is down, off or no longer configured, or as there is none with
     *     this id any more (then the other bits are zero).
     */
    public int hopId(final int backendId) {
        return backendId < route.length ? route[backendId] : NO_WAY;
    }

    /** The hop of a backend, whatever its state; {@link #NONE} if there is none with this id. */
    public int anyHopId(final int backendId) {
        final int hopId = hopId(backendId);
        return hopId == NO_WAY && backend(backendId) == null ? NONE : hopId & ~NO_WAY;
    }

    /** What becomes of a service's flows with a backend: KEEP of one that they may go to. */
    public FlowRule ruleOf(final int serviceId, final int backendId) {
        final BackendSpec spec = backend(backendId);
        if (spec == null || spec.state() == BackendState.OFF) {
            return FlowRule.RESET;
        }

        if (spec.state() == BackendState.DOWN) {
            final FlowRule onDown = options(serviceId).onDown();
            return onDown == FlowRule.KEEP && isRetired[backendId]
                    ? options(serviceId).onRemove()
                    : onDown;
        }

        return isRetired[backendId] ? options(serviceId).onRemove() : FlowRule.KEEP;
    }

    /** Limits and persistence. */
    public PoolRules rules() {
        return rules;
    }

    /** Whether the backend does not answer, as far as is known. */
    public boolean isDown(final int backendId) {
        final BackendSpec spec = backend(backendId);
        return spec == null || !spec.state().keepsFlows();
    }

    /** Whether the backend may get new flows: it is up and has a weight. */
    public boolean takesNewFlows(final int backendId) {
        return backendId < takesNewFlows.length && takesNewFlows[backendId];
    }

    /** The backend's address, raw. */
    public int backendIpNet(final int backendId) {
        return backendIpNet[backendId];
    }

    /** The IPv4 local address of an id, raw. */
    public int localIpNet(final int localId) {
        return localIpNet[localId];
    }

    /** The first 8 bytes of the IPv6 local address of an id, raw. */
    public long localHighNet(final int localId) {
        return localHighNet[localId];
    }

    /** The last 8 bytes of the IPv6 local address of an id, raw. */
    public long localLowNet(final int localId) {
        return localLowNet[localId];
    }

    /** The headers that packets of the tunnel modes get. */
    public Tunnels tunnels() {
        return tunnels;
    }

    /** Whether the backend has an IPv6 address. */
    public boolean isBackendIpv6(final int backendId) {
        return !backends[backendId].address().isIpv4();
    }

    /** The first 8 bytes of the backend's (IPv4-mapped) address, raw. */
    public long backendHighNet(final int backendId) {
        return backendHighNet[backendId];
    }

    /** The last 8 bytes of the backend's (IPv4-mapped) address, raw. */
    public long backendLowNet(final int backendId) {
        return backendLowNet[backendId];
    }

    /** The backend's port, raw, where the client called {@code vipPortNet}. */
    public int backendPortNet(final int backendId, final int vipPortNet) {
        final int port = backendPort[backendId];
        return port == 0 ? vipPortNet : hostOrder(port);
    }

    /** The options of a service; those of one that is retired too. */
    public ServiceOptions options(final int serviceId) {
        return serviceId < options.length && options[serviceId] != null
                ? options[serviceId]
                : ServiceOptions.DEFAULT;
    }

    /**
     * Whether a client is reached from an interface without a router: its answers would not come
     * back through us from a backend on the same network.
     */
    public boolean isOnLink(final int interfaceIndex, final int ipNet) {
        for (final OnLinkPrefix prefix : onLink) {
            if (prefix.contains(interfaceIndex, ipNet)) {
                return true;
            }
        }

        return false;
    }

    /** The same for IPv6. */
    public boolean isOnLink6(final int interfaceIndex, final long highNet, final long lowNet) {
        for (final OnLinkPrefix prefix : onLink) {
            if (prefix.contains(interfaceIndex, highNet, lowNet)) {
                return true;
            }
        }

        return false;
    }

    /** The mode of a service. */
    public Mode mode(final int serviceId) {
        return modes[serviceId];
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

    /** The local address of an id, or null. */
    public IpAddress localAddress(final int localId) {
        return localId < localAddresses.length ? localAddresses[localId] : null;
    }

    /** The backends that the service's scheduler chooses from. */
    public Candidates candidates(final int serviceId) {
        final Candidates.Builder candidates = Candidates.builder();
        for (final int id : backendIdsByService[serviceId]) {
            if (takesNewFlows(id)) {
                final BackendSpec spec = backends[id];
                candidates.add(
                        id,
                        spec.weight(),
                        spec.share(),
                        spec.priority(),
                        spec.maxFlows(),
                        identity(id));
            }
        }

        return candidates.build();
    }

    private long identity(final int backendId) {
        final IpAddress address = backends[backendId].address();
        return StableHash.backendIdentity(
                address.high(), address.low(), backends[backendId].port());
    }

    /** What its algorithm goes by. */
    public Selection selection(final int serviceId) {
        return services[serviceId].options().selection();
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

    private static long key6(final int addressIndex, final int protocol, final int port) {
        return (1L << 60) | key(addressIndex, protocol, port);
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
        private boolean[] isRetired = {};
        private IpAddress[] localAddresses = {};
        private boolean[] isVipAsLocal = {};
        private boolean hasVipAsLocal;
        private IpAddress[] formerLocals = {};
        private final List<OnLinkPrefix> onLink = new ArrayList<>();
        private ServiceOptions[] options = {};
        private IpAddress[] interfaceAddresses4 = {};
        private IpAddress[] interfaceAddresses6 = {};

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
                    "up, standby, drain, down or off");
            check(hopId >= 0, who, "hop", hopId, "an id of the hop table");

            if (id >= backends.length) {
                backends = Arrays.copyOf(backends, id + 1);
                hopIds = Arrays.copyOf(hopIds, id + 1);
                isRetired = Arrays.copyOf(isRetired, id + 1);
            }
            backends[id] = spec;
            hopIds[id] = hopId;
            return this;
        }

        /** Says of a backend that it is no longer configured; it only has flows. */
        public Builder retired(final int id) {
            isRetired[id] = true;
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
            check(spec.portLast() > 0, who, "port", 0, "1 to 65535, or 0 to 65535 for any");

            if (id >= services.length) {
                services = Arrays.copyOf(services, id + 1);
                backendIdsByService = Arrays.copyOf(backendIdsByService, id + 1);
            }
            services[id] = spec;
            backendIdsByService[id] = backendIds.clone();
            return options(id, spec.options());
        }

        /**
         * A service that takes no packets any more, but has flows that are rewritten by options.
         */
        public Builder options(final int id, final ServiceOptions serviceOptions) {
            if (id >= options.length) {
                options = Arrays.copyOf(options, id + 1);
            }
            options[id] = serviceOptions;
            return this;
        }

        /** An address of the box's own on an interface: the source of tunnels by default. */
        public Builder interfaceAddress(final int interfaceIndex, final IpAddress address) {
            if (interfaceIndex >= interfaceAddresses4.length) {
                interfaceAddresses4 = Arrays.copyOf(interfaceAddresses4, interfaceIndex + 1);
                interfaceAddresses6 = Arrays.copyOf(interfaceAddresses6, interfaceIndex + 1);
            }
            if (address.isIpv4()) {
                interfaceAddresses4[interfaceIndex] = address;
            } else {
                interfaceAddresses6[interfaceIndex] = address;
            }
            return this;
        }

        /** Addresses that an interface reaches without a router. */
        public Builder onLink(
                final int interfaceIndex, final IpAddress prefix, final int prefixLength) {
            onLink.add(new OnLinkPrefix(interfaceIndex, prefix, prefixLength));
            return this;
        }

        /**
         * A source address of ours.
         *
         * @param id below {@link Limits#MAX_LOCAL_ADDRESSES}, and never of another address.
         * @param isVip whether it is a VIP that stands in for one, for clients that are on the
         *     network of the backends.
         */
        public Builder localAddress(final int id, final IpAddress address, final boolean isVip) {
            final String who = "local address";
            check(id >= 0 && id < Limits.MAX_LOCAL_ADDRESSES, who, "id", id, "0 to 255");
            checkAddress(who, address);
            if (id >= localAddresses.length) {
                localAddresses = Arrays.copyOf(localAddresses, id + 1);
                isVipAsLocal = Arrays.copyOf(isVipAsLocal, id + 1);
            }
            localAddresses[id] = address;
            isVipAsLocal[id] = isVip;
            hasVipAsLocal |= isVip;
            return this;
        }

        /**
         * A local address that is none any more, nor the VIP that stands in for one: flows have its
         * id, and their packets are rewritten until they have ended.
         */
        public Builder formerLocalAddress(final int id, final IpAddress address) {
            if (id >= formerLocals.length) {
                formerLocals = Arrays.copyOf(formerLocals, id + 1);
            }
            formerLocals[id] = address;
            return this;
        }

        private IpAddress formerLocal(final int id) {
            return id < formerLocals.length ? formerLocals[id] : null;
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
                    if (isRetired[backendId]) {
                        continue; // its flows keep the mode that they were opened with
                    }

                    final Mode mode = services[id].mode();
                    final BackendSpec backend = backends[backendId];
                    check(
                            !mode.isDsr() || keepsPort(id, backendId),
                            who,
                            "port of backend " + backend.name(),
                            backend.port(),
                            "the port of the service, as " + mode.label() + " changes none");
                    check(
                            mode.isTunnel()
                                    || backend.address().isIpv4() == services[id].vip().isIpv4(),
                            who,
                            "address of backend " + backend.name(),
                            backend.address(),
                            "one of the VIP's family, as " + mode.label() + " does not translate");
                }
            }
        }

        private boolean keepsPort(final int serviceId, final int backendId) {
            final ServiceSpec service = services[serviceId];
            final int port = backends[backendId].port();
            return port == 0 || (port == service.portFirst() && port == service.portLast());
        }

        private void checkPorts() {
            final Map<IpAddress, Integer> vipIndices = new HashMap<>();
            final Map<Long, String> nameByEndpoint = new HashMap<>();
            final Map<Long, List<PortRanges.Range>> ranges = new HashMap<>();
            for (int id = 0; id < services.length; id++) {
                final ServiceSpec spec = services[id];
                if (spec == null) {
                    continue;
                }

                final Protocol protocol = spec.protocol();
                if (spec.portFirst() == spec.portLast()) {
                    final String other =
                            nameByEndpoint.putIfAbsent(
                                    keyOf(
                                            spec.vip(),
                                            vipIndices,
                                            protocol.code(),
                                            spec.portFirst()),
                                    spec.name());
                    check(
                            other == null,
                            "service " + spec.name(),
                            "port",
                            spec.portFirst(),
                            "one that service " + other + " does not have");
                } else {
                    ranges.computeIfAbsent(
                                    keyOf(spec.vip(), vipIndices, protocol.code(), 0),
                                    k -> new ArrayList<>())
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
                    address.isIpv4() ? isUnicast(address.ipv4()) : isUnicast6(address),
                    who,
                    "address",
                    address,
                    "a unicast address");
        }

        /** Not ::, ::1, IPv4 in IPv6, link-local or multicast (RFC 4291 §2.4). */
        private static boolean isUnicast6(final IpAddress address) {
            final int first = (int) (address.high() >>> 48);
            return address.high() != 0 && first >>> 6 != 0xfe80 >>> 6 && first >>> 8 != 0xff;
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
