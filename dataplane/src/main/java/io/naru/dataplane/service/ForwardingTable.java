package io.naru.dataplane.service;

import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.FlowRule;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Selection;
import io.naru.dataplane.protocol.ServiceOptions;
import io.naru.dataplane.protocol.ServiceSpec;
import io.naru.dataplane.schedule.Candidates;
import io.naru.dataplane.schedule.StableHash;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
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

    /** No way to a backend; a bit that marks the ways to those that get no packet unasked. */
    private static final int NO_WAY = Integer.MIN_VALUE;

    /** The bytes 0, 0, 0xff, 0xff in front of an IPv4 address, as loaded. */
    private static final int IPV4_MARK_NET = 0xffff_0000;

    private static final int[] NO_IDS = {};

    private final long epoch;

    /** Asked about by every packet, and so not by way of the endpoints. */
    private final VipSet vips;

    private final AddressTable vips6;
    private final ServiceEndpoints endpoints;
    private final NatBackends natBackends;
    private final LocalAddresses locals;
    private final Tunnels tunnels;
    private final PoolRules rules;
    private final OnLinkPrefix[] onLink;
    private final long[] ownHighNet;
    private final long[] ownLowNet;

    // by service id
    private final ServiceSpec[] services;
    private final ServiceOptions[] options;
    private final Mode[] modes;
    private final int[][] backendIdsByService;
    private final StableChoice[] stableChoices;

    // by backend id
    private final BackendSpec[] backends;
    private final int[] backendIpNet;
    private final long[] backendHighNet;
    private final long[] backendLowNet;
    private final int[] backendPort;
    private final int[] route;
    private final boolean[] takesNewFlows;
    private final boolean[] isRetired;

    ForwardingTable(final ForwardingTableBuilder from) {
        epoch = from.epoch;
        services = from.services;
        options = from.options;
        backends = from.backends;
        backendIdsByService = from.backendIdsByService;
        isRetired = from.isRetired;
        backendIpNet = new int[backends.length];
        backendHighNet = new long[backends.length];
        backendLowNet = new long[backends.length];
        backendPort = new int[backends.length];
        route = new int[backends.length];
        takesNewFlows = new boolean[backends.length];
        final boolean endsRetired =
                Arrays.stream(options)
                        .anyMatch(each -> each != null && each.onRemove() != FlowRule.KEEP);
        for (int id = 0; id < backends.length; id++) {
            route[id] = NO_WAY;
            if (backends[id] != null) {
                putBackend(id, backends[id], from.hopIds[id], endsRetired);
            }
        }

        modes = new Mode[services.length];
        stableChoices = new StableChoice[services.length];
        for (int id = 0; id < services.length; id++) {
            final ServiceSpec spec = services[id];
            if (spec != null) {
                modes[id] = spec.mode();
                stableChoices[id] =
                        new StableChoice(
                                backendIdsByService[id],
                                backends,
                                spec.algorithm().goesByPriority());
            }
        }

        endpoints = new ServiceEndpoints(services);
        vips = endpoints.vips();
        vips6 = endpoints.vips6();
        natBackends = new NatBackends(services, backendIdsByService, backends);
        locals = new LocalAddresses(from.localAddresses, from.isVipAsLocal, from.formerLocals);
        rules = new PoolRules(services, backendIdsByService, backends, isRetired);
        tunnels = new Tunnels(options, from.interfaceAddresses4, from.interfaceAddresses6);
        onLink = from.onLink.toArray(new OnLinkPrefix[0]);
        final List<IpAddress> own = ownAddresses(services, from.localAddresses);
        ownHighNet = own.stream().mapToLong(a -> Long.reverseBytes(a.high())).toArray();
        ownLowNet = own.stream().mapToLong(a -> Long.reverseBytes(a.low())).toArray();
    }

    private void putBackend(
            final int id, final BackendSpec spec, final int hopId, final boolean endsRetired) {
        final boolean keepsFlows = spec.state().keepsFlows() && !(isRetired[id] && endsRetired);
        backendIpNet[id] = Integer.reverseBytes(spec.address().ipv4());
        backendHighNet[id] = Long.reverseBytes(spec.address().high());
        backendLowNet[id] = Long.reverseBytes(spec.address().low());
        backendPort[id] = spec.port();
        takesNewFlows[id] = spec.state() == BackendState.UP && spec.weight() > 0 && !isRetired[id];
        route[id] = hopId | (keepsFlows ? 0 : NO_WAY);
    }

    private static List<IpAddress> ownAddresses(
            final ServiceSpec[] services, final IpAddress... localAddresses) {
        return Stream.concat(
                        Arrays.stream(services).filter(Objects::nonNull).map(ServiceSpec::vip),
                        Arrays.stream(localAddresses).filter(Objects::nonNull))
                .distinct()
                .toList();
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

    /** The id of the service at an endpoint, or {@link #NONE}. */
    public int serviceOf(final int vipNet, final int protocol, final int portNet) {
        return endpoints.serviceOf(vipNet, protocol, portNet);
    }

    /** The id of the service at an IPv6 endpoint, or {@link #NONE}. */
    public int serviceOf6(
            final long vipHighNet, final long vipLowNet, final int protocol, final int portNet) {
        return endpoints.serviceOf6(vipHighNet, vipLowNet, protocol, portNet);
    }

    /** Whether packets from this endpoint are the answers of a {@code nat} service. */
    public boolean isNatBackend(final int ipNet, final int protocol, final int portNet) {
        return natBackends.hasEndpoint(ipNet, protocol, portNet);
    }

    /** The same for IPv6; two longs as loaded. */
    public boolean isNatBackend6(
            final long highNet, final long lowNet, final int protocol, final int portNet) {
        return natBackends.hasEndpoint6(highNet, lowNet, protocol, portNet);
    }

    /** Whether a backend of a {@code nat} service has this address. */
    public boolean isNatAddress(final int ipNet) {
        return natBackends.hasAddress(ipNet);
    }

    /** The same for IPv6; two longs as loaded. */
    public boolean isNatAddress6(final long highNet, final long lowNet) {
        return natBackends.hasAddress6(highNet, lowNet);
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
            return isVip(ipNet) != 0 || locals.idOf(ipNet) != NONE;
        }

        return isVip6(highNet, lowNet) || locals.idOf6(highNet, lowNet) != NONE;
    }

    /** Whether two longs as loaded are an IPv4-mapped address. */
    public static boolean isIpv4(final long highNet, final long lowNet) {
        return highNet == 0 && (int) lowNet == IPV4_MARK_NET;
    }

    /** The IPv4 address in the last 8 bytes of a mapped one, raw. */
    public static int ipv4Net(final long lowNet) {
        return (int) (lowNet >>> Integer.SIZE);
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

    /** Our source addresses towards backends. */
    public LocalAddresses locals() {
        return locals;
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
        return port == 0 ? vipPortNet : EndpointKey.hostOrder(port);
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
    public static ForwardingTableBuilder builder(final long epoch) {
        return new ForwardingTableBuilder(epoch);
    }
}
