package io.naru.dataplane;

import io.naru.dataplane.flow.FlowExpiry;
import io.naru.dataplane.flow.FlowTimeouts;
import io.naru.dataplane.neighbour.LocalAddress;
import io.naru.dataplane.port.FilterRules;
import io.naru.dataplane.port.FilterRules.Address;
import io.naru.dataplane.port.FilterRules.BackendRule;
import io.naru.dataplane.port.FilterRules.ServiceRule;
import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.BackendInfo;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.DesiredState;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Limits;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.ServiceInfo;
import io.naru.dataplane.protocol.ServiceSpec;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.service.ForwardingTableBuilder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToIntFunction;

/**
 * The services and backends that are served, with their ids. Immutable: each change makes another
 * inventory, so that one that is refused leaves the running one as it is.
 *
 * <p>A service is known by its name, a backend by pool, name, address and port: one that moves to
 * another address is another backend, since its flows must not follow it there. What is no longer
 * configured is <i>retired</i>: it keeps its id until the last of its flows is gone, of which the
 * rule of their service says how.
 */
public final class Inventory {
    public static final Inventory EMPTY =
            new Inventory(
                    List.of(),
                    Map.of(),
                    Map.of(),
                    Map.of(),
                    Map.of(),
                    new IdRegistry<>(Limits.MAX_SERVICES, "services"),
                    new IdRegistry<>(Limits.MAX_BACKENDS, "backends"),
                    LocalIds.EMPTY);

    // IANA protocol numbers
    private static final int GRE = 47;
    private static final int IPV4_IN_IP = 4;
    private static final int IPV6_IN_IP = 41;

    private final List<String> pools;
    private final Map<String, ServiceSpec> services;
    private final Map<BackendKey, BackendSpec> backends;
    private final Map<String, ServiceSpec> retiredServices;
    private final Map<BackendKey, BackendSpec> retiredBackends;
    private final IdRegistry<String> serviceIds;
    private final IdRegistry<BackendKey> backendIds;
    private final LocalIds localIds;

    private Inventory(
            final List<String> pools,
            final Map<String, ServiceSpec> services,
            final Map<BackendKey, BackendSpec> backends,
            final Map<String, ServiceSpec> retiredServices,
            final Map<BackendKey, BackendSpec> retiredBackends,
            final IdRegistry<String> serviceIds,
            final IdRegistry<BackendKey> backendIds,
            final LocalIds localIds) {
        this.pools = pools;
        this.services = services;
        this.backends = backends;
        this.retiredServices = retiredServices;
        this.retiredBackends = retiredBackends;
        this.serviceIds = serviceIds;
        this.backendIds = backendIds;
        this.localIds = localIds;
    }

    /** What makes a backend the one that its flows go to. */
    private record BackendKey(String pool, String name, IpAddress address, int port) {
        static BackendKey of(final BackendSpec spec) {
            return new BackendKey(spec.pool(), spec.name(), spec.address(), spec.port());
        }

        @Override
        public String toString() {
            return "backend " + pool + "/" + name;
        }
    }

    // -- changes ----------------------------------------------------------------------------------

    /**
     * The inventory that serves a desired state; this one if nothing differs.
     *
     * @throws IllegalArgumentException if there are more services or backends than ids.
     */
    public Inventory serving(final DesiredState state) {
        final Map<String, ServiceSpec> nextServices = new LinkedHashMap<>();
        for (final ServiceSpec service : state.services()) {
            nextServices.put(service.name(), service);
        }

        final Map<BackendKey, BackendSpec> nextBackends = new LinkedHashMap<>();
        for (final BackendSpec backend : state.backends()) {
            final BackendKey key = BackendKey.of(backend);
            nextBackends.put(
                    key,
                    withoutKeep(backend, backends.getOrDefault(key, retiredBackends.get(key))));
        }

        if (pools.equals(state.pools())
                && services.equals(nextServices)
                && backends.equals(nextBackends)
                && localIds.configured().equals(state.localAddresses())) {
            return this;
        }

        return new Inventory(
                state.pools(),
                nextServices,
                nextBackends,
                retired(services, retiredServices, nextServices),
                drained(retired(backends, retiredBackends, nextBackends)),
                serviceIds.with(nextServices.keySet()),
                backendIds.with(nextBackends.keySet()),
                localIds.with(state.localAddresses(), natVips(state)));
    }

    private static List<IpAddress> natVips(final DesiredState state) {
        return state.services().stream()
                .filter(service -> service.mode() == Mode.NAT)
                .map(ServiceSpec::vip)
                .distinct()
                .toList();
    }

    private static BackendSpec withoutKeep(final BackendSpec wanted, final BackendSpec current) {
        if (wanted.state() != BackendState.KEEP) {
            return wanted;
        }

        return wanted.with(
                wanted.weight(),
                wanted.share(),
                current == null ? BackendState.DOWN : current.state());
    }

    private static <K, V> Map<K, V> retired(
            final Map<K, V> current, final Map<K, V> retired, final Map<K, V> next) {
        final Map<K, V> all = new LinkedHashMap<>(retired);
        all.putAll(current);
        all.keySet().removeAll(next.keySet());
        return all;
    }

    private static Map<BackendKey, BackendSpec> drained(
            final Map<BackendKey, BackendSpec> retired) {
        retired.replaceAll(
                (key, spec) ->
                        spec.state() == BackendState.UP
                                ? spec.with(spec.weight(), spec.share(), BackendState.DRAIN)
                                : spec);
        return retired;
    }

    /**
     * The inventory with one backend changed; this one if nothing differs.
     *
     * @param weight -1 leaves it as it is.
     * @param share -1 leaves it as it is.
     * @param state KEEP leaves it as it is.
     * @throws IllegalArgumentException if there is no such backend.
     */
    Inventory withBackend(
            final String pool,
            final String name,
            final int weight,
            final int share,
            final BackendState state) {
        final BackendKey key = key(pool, name);
        final BackendSpec spec = backends.get(key);
        final BackendSpec changed =
                spec.with(
                        weight < 0 ? spec.weight() : weight,
                        share < 0 ? spec.share() : share,
                        state == BackendState.KEEP ? spec.state() : state);
        if (changed.equals(spec)) {
            return this;
        }

        final Map<BackendKey, BackendSpec> next = new LinkedHashMap<>(backends);
        next.put(key, changed);
        return with(services, next);
    }

    /**
     * The id of a configured backend.
     *
     * @throws IllegalArgumentException if there is no such backend.
     */
    int backendId(final String pool, final String name) {
        return backendIds.id(key(pool, name));
    }

    private BackendKey key(final String pool, final String name) {
        for (final BackendKey key : backends.keySet()) {
            if (key.name().equals(name) && key.pool().equals(pool)) {
                return key;
            }
        }

        throw new IllegalArgumentException("there is no backend " + pool + "/" + name);
    }

    /**
     * The inventory with another algorithm for a service; this one if nothing differs.
     *
     * @throws IllegalArgumentException if there is no such service.
     */
    Inventory withAlgorithm(final String service, final Algorithm algorithm) {
        final ServiceSpec spec = services.get(service);
        if (spec == null) {
            throw new IllegalArgumentException("there is no service " + service);
        }
        if (spec.algorithm() == algorithm) {
            return this;
        }

        final Map<String, ServiceSpec> next = new LinkedHashMap<>(services);
        next.put(service, spec.with(algorithm));
        return with(next, backends);
    }

    private Inventory with(
            final Map<String, ServiceSpec> nextServices,
            final Map<BackendKey, BackendSpec> nextBackends) {
        return new Inventory(
                pools,
                nextServices,
                nextBackends,
                retiredServices,
                retiredBackends,
                serviceIds,
                backendIds,
                localIds);
    }

    /**
     * The inventory without the retired services and backends that have no flows; this one if there
     * are none. Their ids are not given out again before {@link #freeService} and {@link
     * #freeBackend}.
     */
    Inventory withoutRetired(
            final Collection<Integer> idleServiceIds, final Collection<Integer> idleBackendIds) {
        final Map<String, ServiceSpec> nextServices = new LinkedHashMap<>(retiredServices);
        nextServices.keySet().removeIf(name -> idleServiceIds.contains(serviceIds.id(name)));
        final Map<BackendKey, BackendSpec> nextBackends = new LinkedHashMap<>(retiredBackends);
        nextBackends.keySet().removeIf(key -> idleBackendIds.contains(backendIds.id(key)));
        if (nextServices.size() == retiredServices.size()
                && nextBackends.size() == retiredBackends.size()) {
            return this;
        }

        final Set<String> goneServices = new HashSet<>(retiredServices.keySet());
        goneServices.removeAll(nextServices.keySet());
        final Set<BackendKey> goneBackends = new HashSet<>(retiredBackends.keySet());
        goneBackends.removeAll(nextBackends.keySet());
        return new Inventory(
                pools,
                services,
                backends,
                nextServices,
                nextBackends,
                serviceIds.without(goneServices),
                backendIds.without(goneBackends),
                localIds);
    }

    /** The inventory in which an id may be given out again. */
    Inventory freeService(final int id) {
        return new Inventory(
                pools,
                services,
                backends,
                retiredServices,
                retiredBackends,
                serviceIds.free(id),
                backendIds,
                localIds);
    }

    /** The inventory in which an id may be given out again. */
    Inventory freeBackend(final int id) {
        return new Inventory(
                pools,
                services,
                backends,
                retiredServices,
                retiredBackends,
                serviceIds,
                backendIds.free(id),
                localIds);
    }

    // -- what is made of it -----------------------------------------------------------------------

    /**
     * The forwarding table.
     *
     * @param hopIdOf the hop of an address.
     * @param locals the box's own addresses.
     * @throws IllegalArgumentException if it cannot be served; the text says why.
     */
    public ForwardingTable table(
            final long epoch,
            final ToIntFunction<IpAddress> hopIdOf,
            final Set<LocalAddress> locals) {
        final ForwardingTableBuilder builder = ForwardingTable.builder(epoch);
        final Map<String, List<Integer>> idsByPool = new LinkedHashMap<>();
        backends.forEach((key, spec) -> add(builder, idsByPool, key, spec, hopIdOf));
        retiredBackends.forEach(
                (key, spec) -> {
                    if (spec.state().keepsFlows()) {
                        add(builder, idsByPool, key, spec, hopIdOf);
                    } else {
                        builder.backend(
                                backendIds.id(key), spec, hopIdOf.applyAsInt(spec.address()));
                    }
                    builder.retired(backendIds.id(key));
                });
        checkSize(idsByPool);
        services.forEach(
                (name, spec) ->
                        builder.service(
                                serviceIds.id(name),
                                spec,
                                ints(idsByPool.getOrDefault(spec.pool(), List.of()))));
        retiredServices.forEach(
                (name, spec) -> builder.options(serviceIds.id(name), spec.options()));
        localIds.addTo(builder);
        for (final LocalAddress local : locals) {
            if (local.interfaceIndex() >= 0) {
                builder.onLink(local.interfaceIndex(), local.address(), local.prefixLength());
                if (!local.address().isLinkLocal()) {
                    builder.interfaceAddress(local.interfaceIndex(), local.address());
                }
            }
        }
        return builder.build();
    }

    /** What fits the memory that a data plane has, whatever is configured. */
    private void checkSize(final Map<String, List<Integer>> idsByPool) {
        long serviceBackends = 0;
        int tables = 0;
        for (final ServiceSpec service : services.values()) {
            serviceBackends += idsByPool.getOrDefault(service.pool(), List.of()).size();
            tables += service.algorithm().hashTables(service.options().selection());
        }

        if (serviceBackends > Limits.MAX_SERVICE_BACKENDS) {
            throw new IllegalArgumentException(
                    "the services have %d backends together, at most %d are possible"
                            .formatted(serviceBackends, Limits.MAX_SERVICE_BACKENDS));
        }
        if (tables > Limits.MAX_HASH_TABLES) {
            throw new IllegalArgumentException(
                    ("the services need %d hash tables (sh, sh-port, dh, maglev; a large one of"
                                    + " maglev counts as 10), at most %d are possible")
                            .formatted(tables, Limits.MAX_HASH_TABLES));
        }
    }

    private void add(
            final ForwardingTableBuilder builder,
            final Map<String, List<Integer>> idsByPool,
            final BackendKey key,
            final BackendSpec spec,
            final ToIntFunction<IpAddress> hopIdOf) {
        final int id = backendIds.id(key);
        idsByPool.computeIfAbsent(spec.pool(), pool -> new ArrayList<>()).add(id);
        builder.backend(id, spec, hopIdOf.applyAsInt(spec.address()));
    }

    private static int[] ints(final List<Integer> list) {
        return list.stream().mapToInt(Integer::intValue).toArray();
    }

    /** When flows expire, also those of retired services. */
    public FlowExpiry expiry() {
        FlowTimeouts[] timeouts = {};
        for (final ServiceInfo service : services()) {
            if (service.id() >= timeouts.length) {
                timeouts = Arrays.copyOf(timeouts, service.id() + 1);
            }
            timeouts[service.id()] = FlowTimeouts.of(service.spec().timeouts());
        }

        return new FlowExpiry(timeouts);
    }

    /** What the interfaces are to let in; {@code locals} are the box's own addresses. */
    FilterRules rules(final Set<Address> locals, final LocalPortRange ports) {
        final Set<ServiceRule> serviceRules = new HashSet<>();
        final Set<BackendRule> backendRules = new HashSet<>();
        final Map<String, List<BackendSpec>> backendsByPool = new LinkedHashMap<>();
        for (final BackendInfo backend : backends()) {
            backendsByPool
                    .computeIfAbsent(backend.spec().pool(), pool -> new ArrayList<>())
                    .add(backend.spec());
        }
        for (final ServiceSpec service : services.values()) {
            final int protocol = service.protocol().code();
            serviceRules.add(
                    new ServiceRule(
                            address(service.vip()),
                            protocol,
                            service.portFirst(),
                            service.portLast()));
            for (final BackendSpec backend :
                    backendsByPool.getOrDefault(service.pool(), List.of())) {
                if (service.mode() == Mode.NAT) {
                    backendRules.add(
                            new BackendRule(
                                    address(backend.address()), protocol, port(backend, service)));
                } else if (service.mode().isTunnel()) {
                    backendRules.add(
                            new BackendRule(
                                    address(backend.address()), tunnelProtocol(service), 0));
                }
            }
        }

        for (final IpAddress local : localIds.configured()) {
            for (final Protocol protocol : Protocol.values()) {
                serviceRules.add(
                        new ServiceRule(
                                address(local), protocol.code(), ports.first(), ports.last()));
            }
        }

        return new FilterRules(serviceRules, backendRules, locals);
    }

    private static int tunnelProtocol(final ServiceSpec service) {
        if (service.mode() == Mode.DSR_GRE) {
            return GRE;
        }

        return service.vip().isIpv4() ? IPV4_IN_IP : IPV6_IN_IP;
    }

    private static Address address(final IpAddress address) {
        return new Address(address.high(), address.low());
    }

    private static int port(final BackendSpec backend, final ServiceSpec service) {
        if (backend.port() != 0) {
            return backend.port();
        }

        return service.portFirst() == service.portLast() ? service.portFirst() : 0;
    }

    boolean hasRetired() {
        return !retiredServices.isEmpty() || !retiredBackends.isEmpty();
    }

    /** All services, the retired ones last. */
    List<ServiceInfo> services() {
        final List<ServiceInfo> all = new ArrayList<>();
        services.forEach((name, spec) -> all.add(info(spec, false)));
        retiredServices.forEach((name, spec) -> all.add(info(spec, true)));
        return all;
    }

    private ServiceInfo info(final ServiceSpec spec, final boolean retired) {
        return new ServiceInfo(serviceIds.id(spec.name()), retired, spec);
    }

    /** The addresses of all backends, also of the retired ones. */
    Set<IpAddress> addresses() {
        final Set<IpAddress> addresses = new HashSet<>();
        backends.keySet().forEach(key -> addresses.add(key.address()));
        retiredBackends.keySet().forEach(key -> addresses.add(key.address()));
        return addresses;
    }

    /** The address of a backend, or NONE if there is none with this id. */
    IpAddress backendAddress(final int backendId) {
        for (final Map<BackendKey, BackendSpec> some : List.of(backends, retiredBackends)) {
            for (final BackendKey key : some.keySet()) {
                if (backendIds.id(key) == backendId) {
                    return key.address();
                }
            }
        }

        return IpAddress.NONE;
    }

    /** All backends, the retired ones last; without their hops. */
    List<BackendInfo> backends() {
        final List<BackendInfo> all = new ArrayList<>();
        backends.forEach(
                (key, spec) -> all.add(new BackendInfo(backendIds.id(key), false, spec, 0)));
        retiredBackends.forEach(
                (key, spec) -> all.add(new BackendInfo(backendIds.id(key), true, spec, 0)));
        return all;
    }
}
