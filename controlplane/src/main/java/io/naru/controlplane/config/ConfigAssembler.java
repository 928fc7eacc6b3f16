package io.naru.controlplane.config;

import static io.naru.controlplane.config.ConfigKeys.ADOPT_FLOWS;
import static io.naru.controlplane.config.ConfigKeys.AGENT_INTERVAL;
import static io.naru.controlplane.config.ConfigKeys.AGENT_PORT;
import static io.naru.controlplane.config.ConfigKeys.AGENT_TIMEOUT;
import static io.naru.controlplane.config.ConfigKeys.ALGORITHM;
import static io.naru.controlplane.config.ConfigKeys.AT_LIMIT;
import static io.naru.controlplane.config.ConfigKeys.BACKEND_ADDRESS;
import static io.naru.controlplane.config.ConfigKeys.BACKEND_MAX_FLOWS;
import static io.naru.controlplane.config.ConfigKeys.BACKEND_MAX_FLOW_RATE;
import static io.naru.controlplane.config.ConfigKeys.BACKEND_NAME;
import static io.naru.controlplane.config.ConfigKeys.BACKEND_PORT;
import static io.naru.controlplane.config.ConfigKeys.BACKUP;
import static io.naru.controlplane.config.ConfigKeys.CPUS;
import static io.naru.controlplane.config.ConfigKeys.DATAPLANE;
import static io.naru.controlplane.config.ConfigKeys.DETECT;
import static io.naru.controlplane.config.ConfigKeys.EJECT;
import static io.naru.controlplane.config.ConfigKeys.FAILURES;
import static io.naru.controlplane.config.ConfigKeys.FLOW_CAPACITY;
import static io.naru.controlplane.config.ConfigKeys.FRAMES;
import static io.naru.controlplane.config.ConfigKeys.FRAME_SIZE;
import static io.naru.controlplane.config.ConfigKeys.HASH;
import static io.naru.controlplane.config.ConfigKeys.HASH_SEED;
import static io.naru.controlplane.config.ConfigKeys.HASH_TABLE;
import static io.naru.controlplane.config.ConfigKeys.HUGE_PAGES;
import static io.naru.controlplane.config.ConfigKeys.HYSTERESIS;
import static io.naru.controlplane.config.ConfigKeys.IDLE;
import static io.naru.controlplane.config.ConfigKeys.INTERFACES;
import static io.naru.controlplane.config.ConfigKeys.INTERFACE_NAME;
import static io.naru.controlplane.config.ConfigKeys.LOCAL_ADDRESSES;
import static io.naru.controlplane.config.ConfigKeys.LOCAL_PORTS;
import static io.naru.controlplane.config.ConfigKeys.MAX_EJECTED;
import static io.naru.controlplane.config.ConfigKeys.MODE;
import static io.naru.controlplane.config.ConfigKeys.MSS_CLAMP;
import static io.naru.controlplane.config.ConfigKeys.ONE_SHOT;
import static io.naru.controlplane.config.ConfigKeys.ON_DOWN;
import static io.naru.controlplane.config.ConfigKeys.ON_REMOVE;
import static io.naru.controlplane.config.ConfigKeys.OUTLIER_INTERVAL;
import static io.naru.controlplane.config.ConfigKeys.OUTLIER_SHARE;
import static io.naru.controlplane.config.ConfigKeys.OVERSIZE;
import static io.naru.controlplane.config.ConfigKeys.PANIC_THRESHOLD;
import static io.naru.controlplane.config.ConfigKeys.PERSISTENCE_GROUP;
import static io.naru.controlplane.config.ConfigKeys.PERSISTENCE_PREFIX;
import static io.naru.controlplane.config.ConfigKeys.PERSISTENCE_PREFIX_6;
import static io.naru.controlplane.config.ConfigKeys.PERSISTENCE_TIMEOUT;
import static io.naru.controlplane.config.ConfigKeys.POOLS;
import static io.naru.controlplane.config.ConfigKeys.POOL_AGENT;
import static io.naru.controlplane.config.ConfigKeys.POOL_BACKENDS;
import static io.naru.controlplane.config.ConfigKeys.POOL_CHECK;
import static io.naru.controlplane.config.ConfigKeys.POOL_NAME;
import static io.naru.controlplane.config.ConfigKeys.POOL_OUTLIERS;
import static io.naru.controlplane.config.ConfigKeys.POOL_SORRY_SERVER;
import static io.naru.controlplane.config.ConfigKeys.PORT;
import static io.naru.controlplane.config.ConfigKeys.PRIORITY;
import static io.naru.controlplane.config.ConfigKeys.PROTOCOL;
import static io.naru.controlplane.config.ConfigKeys.QUEUES;
import static io.naru.controlplane.config.ConfigKeys.QUORUM;
import static io.naru.controlplane.config.ConfigKeys.RESET_IDLE;
import static io.naru.controlplane.config.ConfigKeys.SERVICES;
import static io.naru.controlplane.config.ConfigKeys.SERVICE_BACKENDS;
import static io.naru.controlplane.config.ConfigKeys.SERVICE_CHECK;
import static io.naru.controlplane.config.ConfigKeys.SERVICE_MAX_FLOWS;
import static io.naru.controlplane.config.ConfigKeys.SERVICE_MAX_FLOW_RATE;
import static io.naru.controlplane.config.ConfigKeys.SERVICE_NAME;
import static io.naru.controlplane.config.ConfigKeys.SERVICE_PERSISTENCE;
import static io.naru.controlplane.config.ConfigKeys.SERVICE_POOL;
import static io.naru.controlplane.config.ConfigKeys.SERVICE_TIMEOUTS;
import static io.naru.controlplane.config.ConfigKeys.SERVICE_TUNNEL;
import static io.naru.controlplane.config.ConfigKeys.SLOW_START;
import static io.naru.controlplane.config.ConfigKeys.STATE;
import static io.naru.controlplane.config.ConfigKeys.TCP_CLOSING;
import static io.naru.controlplane.config.ConfigKeys.TCP_ESTABLISHED;
import static io.naru.controlplane.config.ConfigKeys.TCP_OPENING;
import static io.naru.controlplane.config.ConfigKeys.TOPOLOGY;
import static io.naru.controlplane.config.ConfigKeys.TUNNEL_CHECKSUM;
import static io.naru.controlplane.config.ConfigKeys.TUNNEL_DSCP;
import static io.naru.controlplane.config.ConfigKeys.TUNNEL_KEY;
import static io.naru.controlplane.config.ConfigKeys.TUNNEL_SOURCE;
import static io.naru.controlplane.config.ConfigKeys.TUNNEL_SOURCE_6;
import static io.naru.controlplane.config.ConfigKeys.UDP;
import static io.naru.controlplane.config.ConfigKeys.VIP;
import static io.naru.controlplane.config.ConfigKeys.VIP_ECHO;
import static io.naru.controlplane.config.ConfigKeys.VLAN;
import static io.naru.controlplane.config.ConfigKeys.WEIGHT;
import static io.naru.controlplane.config.ConfigKeys.XDP_MODE;
import static io.naru.controlplane.config.ConfigKeys.ZERO_COPY;

import io.naru.controlplane.config.ServiceConfig.HashedPart;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.FlowLimits;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Limits;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.Selection;
import io.naru.dataplane.protocol.TunnelSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes records of what the binder read, and checks what no key can check alone.
 *
 * <p>A value that was already refused is stood in for, so that one mistake is reported once and the
 * rest of the file is still checked.
 */
final class ConfigAssembler {
    /** Of a service whose own value was refused; takes part in no check. */
    private static final Mode UNKNOWN_MODE = null;

    private final Section root;
    private final Topology topology;

    private final Map<String, Section> serviceSections = new LinkedHashMap<>();
    private final List<ServiceConfig> services = new ArrayList<>();

    /** The services of each pool. */
    private final Map<String, List<ServiceConfig>> users = new HashMap<>();

    /** Where each pool's backends are: the pool itself, or the service that has them inline. */
    private final Map<String, Section> poolSections = new LinkedHashMap<>();

    private final Map<String, List<Backend>> backends = new HashMap<>();
    private final List<PoolConfig> pools = new ArrayList<>();

    /** A backend and where it is in the file. */
    private record Backend(BackendConfig config, Section section) {}

    ConfigAssembler(final Section root) {
        this.root = root;
        this.topology = topology();
    }

    /** The configuration; of use only if nothing was reported, otherwise null or incomplete. */
    NaruConfig assemble() {
        final List<InterfaceConfig> interfaces = interfaces();
        readPools();
        readServices();
        checkOverlaps();
        checkBackendsAreNotVips();
        checkPools();
        checkPoolsFitServices();
        final List<IpAddress> localAddresses = localAddresses();
        final DataPlaneConfig dataPlane = dataPlane();

        return new NaruConfig(topology, interfaces, services, pools, localAddresses, dataPlane);
    }

    // -- topology and interfaces ---------------------------------------------------------------

    private Topology topology() {
        final List<Section> interfaces = root.get(INTERFACES, List.of());
        final Topology standard = interfaces.size() > 1 ? Topology.ROUTED : Topology.ONE_ARM;
        final Topology given = root.get(TOPOLOGY, standard);
        if (given == Topology.ONE_ARM && interfaces.size() > 1) {
            root.error(
                    TOPOLOGY,
                    "one-arm takes one interface, and there are " + interfaces.size(),
                    "remove the others from 'interfaces', or make it 'topology: routed'");
        }

        if (given == Topology.BRIDGE && interfaces.size() < 2) {
            root.error(
                    TOPOLOGY,
                    "a bridge is between two interfaces, and there is one",
                    "interfaces: [eth0, eth1]");
        }

        for (final Section section : root.get(INTERFACES, List.<Section>of())) {
            if (given == Topology.BRIDGE && section.get(VLAN, 0) != 0) {
                section.error(VLAN, "a bridge carries all VLANs as they are", "remove it");
            }
        }

        return given;
    }

    private List<InterfaceConfig> interfaces() {
        final Set<String> names = new HashSet<>();
        final List<InterfaceConfig> interfaces = new ArrayList<>();
        for (final Section section : root.get(INTERFACES, List.of())) {
            final String name = section.get(INTERFACE_NAME);
            if (name != null && !names.add(name)) {
                section.error(INTERFACE_NAME, "interface '" + name + "' is given twice", null);
            }
            interfaces.add(
                    new InterfaceConfig(
                            name,
                            section.get(QUEUES, 0),
                            section.get(XDP_MODE, XdpMode.AUTO),
                            section.get(ZERO_COPY, Feature.AUTO),
                            section.get(VLAN, 0)));
        }

        return interfaces;
    }

    // -- services ------------------------------------------------------------------------------

    private void readServices() {
        final Map<String, ServiceConfig> firstOfGroup = new HashMap<>();
        for (final Section section : root.get(SERVICES, List.of())) {
            final String name = section.get(SERVICE_NAME);
            if (name != null && serviceSections.putIfAbsent(name, section) != null) {
                section.error(SERVICE_NAME, "there is another service '" + name + "'", null);
                continue;
            }
            final ServiceConfig service = service(name, section);
            services.add(service);
            checkPersistenceGroup(firstOfGroup, service, section);
            if (service.pool() != null) {
                users.computeIfAbsent(service.pool(), pool -> new ArrayList<>()).add(service);
            }
        }
    }

    private ServiceConfig service(final String name, final Section section) {
        return new ServiceConfig(
                name,
                section.get(VIP),
                section.get(PROTOCOL),
                section.get(PORT),
                mode(section),
                section.get(ALGORITHM),
                poolOf(name, section),
                timeouts(section.get(SERVICE_TIMEOUTS)),
                options(section),
                tunnel(section));
    }

    private static ServiceConfig.Options options(final Section section) {
        if (section.get(ONE_SHOT, false) && section.get(PROTOCOL) == Protocol.TCP) {
            section.error(ONE_SHOT, "only a UDP flow can be over with its first reply", null);
        }
        if (section.get(RESET_IDLE, false) && section.get(PROTOCOL) == Protocol.UDP) {
            section.error(RESET_IDLE, "only TCP connections can be reset", null);
        }

        return new ServiceConfig.Options(
                section.get(ADOPT_FLOWS, false),
                section.get(ONE_SHOT, false),
                section.get(RESET_IDLE, false),
                section.get(MSS_CLAMP, MSS_CLAMP.defaultValue()),
                section.get(OVERSIZE, OVERSIZE.defaultValue()),
                new Selection(
                        section.get(HASH) == HashedPart.SOURCE,
                        section.get(HASH_TABLE, HASH_TABLE.defaultValue())),
                section.get(ON_DOWN, ON_DOWN.defaultValue()),
                section.get(ON_REMOVE, ON_REMOVE.defaultValue()),
                new FlowLimits(
                        section.get(SERVICE_MAX_FLOWS, 0),
                        section.get(SERVICE_MAX_FLOW_RATE, 0),
                        section.get(AT_LIMIT, AT_LIMIT.defaultValue())),
                persistence(section.get(SERVICE_PERSISTENCE)));
    }

    private static PersistenceConfig persistence(final Section section) {
        return section == null
                ? PersistenceConfig.NONE
                : new PersistenceConfig(
                        section.get(PERSISTENCE_TIMEOUT, Duration.ZERO),
                        section.get(PERSISTENCE_PREFIX, PERSISTENCE_PREFIX.defaultValue()),
                        section.get(PERSISTENCE_PREFIX_6, PERSISTENCE_PREFIX_6.defaultValue()),
                        section.get(PERSISTENCE_GROUP));
    }

    /** Services that remember clients together must agree on what a client is. */
    private static void checkPersistenceGroup(
            final Map<String, ServiceConfig> firstOfGroup,
            final ServiceConfig service,
            final Section section) {
        final PersistenceConfig persistence = service.options().persistence();
        if (persistence.group() == null) {
            return;
        }

        final ServiceConfig first = firstOfGroup.putIfAbsent(persistence.group(), service);
        if (first != null && !first.options().persistence().equals(persistence)) {
            section.get(SERVICE_PERSISTENCE)
                    .error(
                            PERSISTENCE_GROUP,
                            "service '%s' of this group has another timeout or prefix"
                                    .formatted(first.name()),
                            "the same timeout and prefixes for all services of a group");
        }
    }

    private static TunnelConfig tunnel(final Section service) {
        final Section section = service.get(SERVICE_TUNNEL);
        if (section == null) {
            return TunnelConfig.DEFAULT;
        }

        final Mode mode = service.get(MODE);
        if (mode == null || !mode.isTunnel()) {
            service.error(
                    SERVICE_TUNNEL,
                    "only the modes dsr-gre and dsr-ipip have a tunnel",
                    "mode: dsr-gre");
        } else if (mode != Mode.DSR_GRE) {
            for (final Key<TunnelConfig, ?> key : List.of(TUNNEL_KEY, TUNNEL_CHECKSUM)) {
                if (section.has(key)) {
                    section.error(key, "belongs to GRE, and the mode is " + mode.label(), null);
                }
            }
        }

        return new TunnelConfig(
                section.get(TUNNEL_SOURCE),
                section.get(TUNNEL_SOURCE_6),
                section.get(TUNNEL_KEY, TunnelSpec.NO_KEY),
                section.get(TUNNEL_CHECKSUM, false),
                section.get(TUNNEL_DSCP, TunnelConfig.Dscp.COPY));
    }

    private Mode mode(final Section section) {
        final Mode mode =
                section.has(MODE)
                        ? section.get(MODE)
                        : topology == Topology.ONE_ARM ? Mode.DSR_L2 : Mode.NAT;
        if (mode == Mode.NAT && topology == Topology.ONE_ARM) {
            section.error(
                    MODE,
                    "nat does not work in topology one-arm: the backends' replies would go to the"
                            + " clients past us, from an address they never called",
                    "mode: full-nat or a dsr mode, or stand between clients and backends (topology:"
                            + " routed)");
            return UNKNOWN_MODE;
        }
        if (mode == Mode.FULL_NAT && section.get(ADOPT_FLOWS, false)) {
            section.error(
                    ADOPT_FLOWS, "nobody knows which local port a full-nat connection had", null);
        }
        if (mode == Mode.FULL_NAT) {
            checkLocalAddress(section);
        }

        return mode;
    }

    private void checkLocalAddress(final Section section) {
        final IpAddress vip = section.get(VIP);
        final List<IpAddress> locals = root.get(LOCAL_ADDRESSES, List.of());
        if (vip != null && locals.stream().noneMatch(l -> l.isIpv4() == vip.isIpv4())) {
            final String family = vip.isIpv4() ? "IPv4" : "IPv6";
            section.error(
                    MODE,
                    "full-nat needs an %s address of ours in 'local-addresses'".formatted(family),
                    vip.isIpv4()
                            ? "local-addresses: [10.2.0.100]"
                            : "local-addresses: [2001:db8::100]");
        }
    }

    private List<IpAddress> localAddresses() {
        final Map<IpAddress, String> taken = new HashMap<>();
        for (final ServiceConfig service : services) {
            if (service.vip() != null) {
                taken.put(service.vip(), "the VIP of service '" + service.name() + "'");
            }
        }
        backends.forEach(
                (pool, list) ->
                        list.forEach(
                                backend ->
                                        taken.put(
                                                backend.config.address(),
                                                "a backend of pool '" + pool + "'")));
        final List<IpAddress> locals = root.get(LOCAL_ADDRESSES, List.of());
        for (final IpAddress local : locals) {
            final String other = taken.put(local, "in this list twice");
            if (other != null) {
                root.error(
                        LOCAL_ADDRESSES,
                        local + " is " + other,
                        "an address that nothing else has");
            }
        }

        return locals;
    }

    private String poolOf(final String name, final Section section) {
        final boolean inline = section.has(SERVICE_BACKENDS);
        if (section.has(SERVICE_POOL) == inline) {
            section.error(
                    SERVICE_POOL,
                    inline
                            ? "give either 'pool' or 'backends'"
                            : "needs 'pool' (the name of one) or 'backends' (a list of them)",
                    inline ? null : "backends: [10.2.0.1:8080, 10.2.0.2:8080]");
            return null;
        }
        if (!inline) {
            return existingPool(section);
        }
        if (name != null) {
            addPool(name, section, SERVICE_NAME, section.get(SERVICE_BACKENDS, List.of()));
        }

        return name;
    }

    private String existingPool(final Section section) {
        final String pool = section.get(SERVICE_POOL);
        if (section.has(SERVICE_CHECK)) {
            section.error(
                    SERVICE_CHECK,
                    "the check belongs to the pool; here it is for a service with 'backends'",
                    null);
        }
        if (pool != null && !poolSections.containsKey(pool)) {
            final String hint = Suggestion.hint(pool, poolSections.keySet());
            section.error(
                    SERVICE_POOL,
                    "there is no pool '" + pool + "'",
                    hint != null || poolSections.isEmpty()
                            ? hint
                            : "pools: " + shorten(poolSections.keySet()));
            return null;
        }

        return pool;
    }

    private static String shorten(final Set<String> names) {
        final List<String> first = names.stream().limit(10).toList();
        return String.join(", ", first) + (names.size() > first.size() ? ", …" : "");
    }

    private static TimeoutsConfig timeouts(final Section section) {
        return section == null
                ? TimeoutsConfig.DEFAULT
                : new TimeoutsConfig(
                        section.get(TCP_OPENING, Duration.ZERO),
                        section.get(TCP_ESTABLISHED, Duration.ZERO),
                        section.get(TCP_CLOSING, Duration.ZERO),
                        section.get(UDP, Duration.ZERO));
    }

    /** By VIP and protocol: each service of a group against the others of it. */
    private void checkOverlaps() {
        record Group(IpAddress vip, Protocol protocol) {}

        final Map<Group, List<ServiceConfig>> groups = new HashMap<>();
        for (final ServiceConfig service : services) {
            if (service.name() == null
                    || service.vip() == null
                    || service.protocol() == null
                    || service.ports() == null) {
                continue;
            }
            final List<ServiceConfig> group =
                    groups.computeIfAbsent(
                            new Group(service.vip(), service.protocol()), g -> new ArrayList<>());
            for (final ServiceConfig other : group) {
                if (service.ports().overlaps(other.ports())) {
                    serviceSections
                            .get(service.name())
                            .error(
                                    PORT,
                                    overlapText(service, other),
                                    "a VIP's port belongs to one service");
                    break;
                }
            }
            group.add(service);
        }
    }

    private static String overlapText(final ServiceConfig service, final ServiceConfig other) {
        return service.vip()
                + " "
                + service.protocol().label()
                + " port "
                + service.ports()
                + " overlaps with service '"
                + other.name()
                + "' (port "
                + other.ports()
                + ")";
    }

    // -- pools and backends --------------------------------------------------------------------

    private void readPools() {
        for (final Section section : root.get(POOLS, List.of())) {
            final String name = section.get(POOL_NAME);
            if (name != null) {
                addPool(name, section, POOL_NAME, section.get(POOL_BACKENDS, List.of()));
            } else {
                backends(section.get(POOL_BACKENDS, List.of()), sorryServer(section));
            }
        }
    }

    private void addPool(
            final String name,
            final Section section,
            final Key<?, String> nameKey,
            final List<Section> backendSections) {
        final List<Backend> read = backends(backendSections, sorryServer(section));
        if (poolSections.putIfAbsent(name, section) != null) {
            section.error(nameKey, "there is another pool '" + name + "'", null);
        } else {
            backends.put(name, read);
        }
    }

    /** Those of a list, and after them the sorry server, if there is one. */
    private static List<Backend> backends(final List<Section> sections, final Backend sorry) {
        final Map<String, Section> names = new HashMap<>();
        final Map<BackendEndpoint, String> endpoints = new HashMap<>();
        final List<Backend> result = new ArrayList<>(sections.size() + 1);
        if (sorry != null) {
            names.put(PoolConfig.SORRY_NAME, sorry.section);
            endpoints.put(
                    new BackendEndpoint(sorry.config.address(), sorry.config.port()),
                    PoolConfig.SORRY_NAME);
        }
        for (final Section section : sections) {
            final BackendConfig backend = backend(section);
            if (backend.name() != null && names.putIfAbsent(backend.name(), section) != null) {
                section.error(
                        BACKEND_NAME,
                        "there is another backend '" + backend.name() + "' in this pool",
                        null);
            }
            if (backend.address() != null) {
                final String other =
                        endpoints.putIfAbsent(
                                new BackendEndpoint(backend.address(), backend.port()),
                                String.valueOf(backend.name()));
                if (other != null && !other.equals(backend.name())) {
                    section.error(
                            BACKEND_ADDRESS,
                            "is the same server as backend '" + other + "' of this pool",
                            "give one of them more weight instead");
                }
            }
            result.add(new Backend(backend, section));
        }
        if (sorry != null) {
            result.add(sorry);
        }

        return result;
    }

    private record BackendEndpoint(IpAddress address, int port) {}

    private static BackendConfig backend(final Section section) {
        final IpAddress address = section.get(BACKEND_ADDRESS);
        final int port = section.get(BACKEND_PORT, 0);
        final String standard = address == null ? null : standardName(address, port);
        return new BackendConfig(
                section.has(BACKEND_NAME) ? section.get(BACKEND_NAME) : standard,
                address,
                port,
                section.get(WEIGHT, WEIGHT.defaultValue()),
                section.get(STATE, AdminState.UP),
                section.get(BACKUP, false) ? Role.BACKUP : Role.REGULAR,
                section.get(PRIORITY, BackendSpec.DEFAULT_PRIORITY),
                section.get(BACKEND_MAX_FLOWS, BackendSpec.NO_LIMIT),
                section.get(BACKEND_MAX_FLOW_RATE, BackendSpec.NO_LIMIT));
    }

    /** Null where there is none, or none that can be used. */
    private static Backend sorryServer(final Section pool) {
        final Section section = pool.get(POOL_SORRY_SERVER);
        final IpAddress address = section == null ? null : section.get(BACKEND_ADDRESS);
        return address == null
                ? null
                : new Backend(
                        new BackendConfig(
                                PoolConfig.SORRY_NAME,
                                address,
                                section.get(BACKEND_PORT, 0),
                                WEIGHT.defaultValue(),
                                AdminState.UP,
                                Role.SORRY,
                                BackendSpec.DEFAULT_PRIORITY,
                                BackendSpec.NO_LIMIT,
                                BackendSpec.NO_LIMIT),
                        section);
    }

    private static PoolRules rules(final Section section, final List<Backend> list) {
        final int quorum = section.get(QUORUM, 0);
        final int hysteresis = section.get(HYSTERESIS, 0);
        final long weight =
                list.stream()
                        .filter(b -> b.config.role() == Role.REGULAR)
                        .mapToLong(b -> b.config.weight())
                        .sum();
        if (hysteresis > 0 && hysteresis >= quorum) {
            section.error(
                    HYSTERESIS,
                    "must be less than the quorum of " + quorum + ", which could never be lost",
                    null);
        } else if ((long) quorum + hysteresis > weight && weight > 0) {
            section.error(
                    QUORUM,
                    "the backends' weights are "
                            + weight
                            + " together: a quorum of "
                            + quorum
                            + (hysteresis == 0 ? "" : " with a hysteresis of " + hysteresis)
                            + " could never be reached",
                    "a weight is 100 unless it is given");
        }
        if (section.get(PANIC_THRESHOLD, 0) > 0 && section.has(POOL_SORRY_SERVER)) {
            section.error(
                    PANIC_THRESHOLD,
                    "contradicts 'sorry-server': with few backends up either all of them serve or"
                            + " the sorry server",
                    "remove one of the two");
        }

        return new PoolRules(
                section.get(SLOW_START, Duration.ZERO),
                quorum,
                hysteresis,
                section.get(PANIC_THRESHOLD, 0),
                outliers(section.get(POOL_OUTLIERS)));
    }

    private static AgentConfig agent(final Section pool) {
        final Section section = pool.get(POOL_AGENT);
        if (section == null) {
            return null;
        }

        final Duration interval = section.get(AGENT_INTERVAL);
        Duration timeout = section.get(AGENT_TIMEOUT);
        if (interval != null && timeout != null && timeout.compareTo(interval) > 0) {
            if (section.has(AGENT_TIMEOUT)) {
                section.error(
                        AGENT_TIMEOUT,
                        Types.format(timeout)
                                + " is longer than the interval of "
                                + Types.format(interval),
                        "an agent must have answered before it is asked again");
            }
            timeout = interval;
        }

        return new AgentConfig(section.get(AGENT_PORT, 1), interval, timeout);
    }

    private static OutlierRules outliers(final Section section) {
        if (section == null || section.get(DETECT, OnOff.ON) == OnOff.OFF) {
            return null;
        }

        return new OutlierRules(
                section.get(FAILURES, OutlierRules.DEFAULT.failures()),
                section.get(OUTLIER_SHARE, OutlierRules.DEFAULT.sharePercent()),
                section.get(OUTLIER_INTERVAL, OutlierRules.DEFAULT.interval()),
                section.get(EJECT, OutlierRules.DEFAULT.eject()),
                section.get(MAX_EJECTED, OutlierRules.DEFAULT.maxEjectedPercent()));
    }

    private static String standardName(final IpAddress address, final int port) {
        if (port == 0) {
            return address.toString();
        }

        return address + (address.isIpv4() ? ":" : ".") + port; // 2001:db8::1.80, as tcpdump does
    }

    private void checkBackendsAreNotVips() {
        final Map<IpAddress, String> vips = new HashMap<>();
        for (final ServiceConfig service : services) {
            if (service.vip() != null) {
                vips.putIfAbsent(service.vip(), String.valueOf(service.name()));
            }
        }
        for (final List<Backend> pool : backends.values()) {
            for (final Backend backend : pool) {
                final String service = vips.get(backend.config.address());
                if (service != null) {
                    backend.section.error(
                            BACKEND_ADDRESS,
                            backend.config.address()
                                    + " is the VIP of service '"
                                    + service
                                    + "': its packets would come back to us",
                            "the backend's own address");
                }
            }
        }
    }

    private void checkPools() {
        int count = 0;
        for (final Map.Entry<String, Section> entry : poolSections.entrySet()) {
            final List<Backend> list = backends.get(entry.getKey());
            count += list.size();
            if (list.stream().anyMatch(ConfigAssembler::isListed)
                    && list.stream()
                            .filter(ConfigAssembler::isListed)
                            .allMatch(b -> b.config.weight() == 0)) {
                entry.getValue()
                        .error(
                                backendsKey(entry.getValue()),
                                "all weights are 0: no new flow would find a backend",
                                "a weight of 1 or more for at least one of them");
            }
            pools.add(
                    new PoolConfig(
                            entry.getKey(),
                            check(entry.getKey(), entry.getValue()),
                            list.stream().map(Backend::config).toList(),
                            rules(entry.getValue(), list),
                            agent(entry.getValue())));
        }
        if (count > Limits.MAX_BACKENDS) {
            root.error(
                    POOLS,
                    "there are "
                            + count
                            + " backends; at most "
                            + Limits.MAX_BACKENDS
                            + " are allowed",
                    null);
        }
        if (poolSections.size() > Limits.MAX_POOLS) {
            root.error(
                    POOLS,
                    "there are "
                            + poolSections.size()
                            + " pools, with those of services that have"
                            + " 'backends'; at most "
                            + Limits.MAX_POOLS
                            + " are allowed",
                    null);
        }
    }

    private static boolean isListed(final Backend backend) {
        return backend.config.role() != Role.SORRY;
    }

    private static Key<?, ?> backendsKey(final Section section) {
        return section.has(SERVICE_BACKENDS) ? SERVICE_BACKENDS : POOL_BACKENDS;
    }

    private static Key<?, Section> checkKey(final Section section) {
        return section.has(SERVICE_BACKENDS) ? SERVICE_CHECK : POOL_CHECK;
    }

    // -- checks --------------------------------------------------------------------------------

    private CheckConfig check(final String pool, final Section section) {
        final Key<?, Section> key = checkKey(section);
        if (!section.has(key)) {
            return isUdpOnly(pool) ? CheckConfig.NONE : CheckConfig.TCP;
        }
        final Section check = section.get(key);
        if (check == null) {
            return CheckConfig.NONE; // refused already
        }

        return CheckAssembler.assemble(check);
    }

    private List<ServiceConfig> servicesOf(final String pool) {
        return users.getOrDefault(pool, List.of());
    }

    private static boolean isIncomplete(final ServiceConfig service) {
        return service.ports() == null || service.protocol() == null;
    }

    private boolean isUdpOnly(final String pool) {
        final List<ServiceConfig> poolUsers = servicesOf(pool);
        return !poolUsers.isEmpty()
                && poolUsers.stream().allMatch(service -> service.protocol() == Protocol.UDP);
    }

    // -- pools and services together -----------------------------------------------------------

    private void checkPoolsFitServices() {
        final boolean brokenReference =
                services.stream().anyMatch(service -> service.pool() == null);
        for (final PoolConfig pool : pools) {
            final Section section = poolSections.get(pool.name());
            final List<ServiceConfig> poolUsers = servicesOf(pool.name());
            if (poolUsers.isEmpty() && section.has(POOL_NAME) && !brokenReference) {
                section.warning(POOL_NAME, "no service uses this pool", null);
            }
            for (final ServiceConfig service : poolUsers) {
                checkPorts(service, pool.name());
            }
            if (pool.rules().outliers() != null
                    && !poolUsers.isEmpty()
                    && poolUsers.stream().allMatch(ConfigAssembler::hidesOpenings)) {
                section.warning(
                        POOL_OUTLIERS,
                        "'outliers' finds none: only TCP services in mode nat or full-nat show whether a"
                                + " connection opens",
                        null);
            }
            if (pool.check().port() == 0
                    && pool.check().spec() != null
                    && pool.check().spec().needsPort()) {
                checkCheckPort(pool, section, poolUsers);
            }
            if (pool.check().source() != null && !brokenReference) {
                checkCheckSource(pool, section, poolUsers);
            }
            if (pool.check().path() == CheckPath.VIP && !brokenReference) {
                checkCheckPath(section, poolUsers);
            }
        }
    }

    private static void checkCheckPath(final Section section, final List<ServiceConfig> poolUsers) {
        if (poolUsers.stream().noneMatch(s -> s.mode() == UNKNOWN_MODE || s.mode().isDsr())) {
            section.get(checkKey(section))
                    .error(
                            CheckKeys.PATH,
                            "no service with these backends is in a DSR mode: in nat and full-nat a"
                                    + " backend does not have the VIP",
                            "backend, or nothing");
        }
    }

    /** A bridge's interfaces have no address that a tunnel could take. */
    private void checkTunnelSource(final ServiceConfig service, final IpAddress backend) {
        if (topology != Topology.BRIDGE || !service.mode().isTunnel() || backend == null) {
            return;
        }
        final TunnelConfig tunnel = service.tunnel();
        if ((backend.isIpv4() ? tunnel.source() : tunnel.source6()) == null) {
            serviceSections
                    .get(service.name())
                    .error(
                            SERVICE_TUNNEL,
                            "in topology bridge no interface has an address: packets to backend "
                                    + backend
                                    + " would have no source",
                            backend.isIpv4()
                                    ? "tunnel: { source: 10.9.0.1 }"
                                    : "tunnel: { source-ipv6: 2001:db8:9::1 }");
        }
    }

    private static boolean hidesOpenings(final ServiceConfig service) {
        return service.protocol() == Protocol.UDP
                || (service.mode() != UNKNOWN_MODE && service.mode().isDsr());
    }

    /** A check cannot come from an IPv4 address and go to an IPv6 one. */
    private static void checkCheckSource(
            final PoolConfig pool, final Section section, final List<ServiceConfig> poolUsers) {
        final CheckConfig check = pool.check();
        final boolean isIpv4 = check.source().isIpv4();
        final boolean byVip =
                check.path() != CheckPath.BACKEND
                        && check.address() == null
                        && poolUsers.stream().anyMatch(s -> s.mode().isDsr());
        final boolean fits =
                check.address() != null
                        ? check.address().isIpv4() == isIpv4
                        : byVip
                                ? poolUsers.stream().allMatch(s -> s.vip().isIpv4() == isIpv4)
                                : pool.backends().stream()
                                        .allMatch(b -> b.address().isIpv4() == isIpv4);
        if (!fits) {
            section.get(checkKey(section))
                    .error(
                            CheckKeys.SOURCE,
                            "%s is no %s address, and what is checked is"
                                    .formatted(check.source(), isIpv4 ? "IPv6" : "IPv4"),
                            "an address of this box of the same family");
        }
    }

    /** Where a backend's port would have to be another than the one that the client called. */
    private void checkPorts(final ServiceConfig service, final String pool) {
        final PortRange ports = service.ports();
        if (ports == null || service.mode() == UNKNOWN_MODE) {
            return;
        }
        for (final Backend backend : backends.get(pool)) {
            checkFamily(service, backend);
            checkTunnelSource(service, backend.config.address());
            final int port = backend.config.port();
            if (port == 0) {
                continue;
            }
            if (service.mode().isDsr() && !(ports.isSingle() && port == ports.first())) {
                backend.section.error(
                        BACKEND_PORT,
                        "service '"
                                + service.name()
                                + "' (mode "
                                + service.mode().label()
                                + ", port "
                                + ports
                                + ") cannot change the port to "
                                + port
                                + (service.mode().isTunnel()
                                        ? ": the packet is wrapped as it is"
                                        : ": only MAC addresses are rewritten"),
                        "leave the port out, and let the server listen on the service's");
            } else if (!ports.isSingle()) {
                backend.section.error(
                        BACKEND_PORT,
                        "service '"
                                + service.name()
                                + "' has port "
                                + ports
                                + ": sending all of them to port "
                                + port
                                + " would make flows of one client indistinguishable",
                        "leave the port out, then each keeps the port that the client called");
            }
        }
    }

    private static void checkFamily(final ServiceConfig service, final Backend backend) {
        final IpAddress address = backend.config.address();
        if (address == null
                || service.vip() == null
                || service.mode().isTunnel()
                || address.isIpv4() == service.vip().isIpv4()) {
            return;
        }

        backend.section.error(
                BACKEND_ADDRESS,
                "%s cannot serve %s, the VIP of service '%s': mode %s does not translate between IPv4 and IPv6"
                        .formatted(address, service.vip(), service.name(), service.mode().label()),
                "backends of the VIP's family, or mode dsr-gre or dsr-ipip");
    }

    private void checkCheckPort(
            final PoolConfig pool, final Section section, final List<ServiceConfig> poolUsers) {
        if (poolUsers.stream().anyMatch(ConfigAssembler::isIncomplete)) {
            return; // refused already
        }
        final Protocol protocol = NaruConfig.checkProtocol(pool.check());
        final boolean keepsPort =
                backends.get(pool.name()).stream()
                        .anyMatch(backend -> backend.config.port() == 0 && isListed(backend));
        final List<Integer> candidates =
                poolUsers.stream()
                        .filter(service -> service.protocol() == protocol)
                        .filter(service -> service.ports().isSingle())
                        .map(service -> service.ports().first())
                        .distinct()
                        .toList();
        final String why;
        if (!poolUsers.isEmpty() && poolUsers.stream().noneMatch(s -> s.protocol() == protocol)) {
            why = "only " + (protocol == Protocol.TCP ? "UDP" : "TCP") + " services use the pool";
        } else if (!keepsPort || poolUsers.isEmpty() || candidates.size() == 1) {
            return;
        } else if (candidates.isEmpty()) {
            why = "its service has no single port";
        } else {
            why = "its services have different ports";
        }
        final Key<?, Section> key = checkKey(section);
        section.error(
                section.has(key) ? key : backendsKey(section),
                "the " + pool.check().spec().kind() + " check needs a port of its own: " + why,
                "check: { port: 80 } or check: none");
    }

    // -- the data plane ------------------------------------------------------------------------

    private DataPlaneConfig dataPlane() {
        final Section section = root.get(DATAPLANE) != null ? root.get(DATAPLANE) : Section.none();
        final List<Integer> cpus = section.get(CPUS, List.of());
        if (new HashSet<>(cpus).size() < cpus.size()) {
            section.error(CPUS, "a CPU is given twice", "each worker wants a CPU of its own");
        }
        final int queues =
                root.get(INTERFACES, List.<Section>of()).stream()
                        .mapToInt(each -> each.get(QUEUES, 0))
                        .max()
                        .orElse(0);
        if (!cpus.isEmpty() && cpus.size() < queues) {
            section.error(
                    CPUS,
                    "has " + cpus.size() + " CPUs for " + queues + " workers (one a queue)",
                    null);
        }

        return new DataPlaneConfig(
                section.get(FLOW_CAPACITY, FLOW_CAPACITY.defaultValue()),
                cpus,
                section.get(FRAMES, FRAMES.defaultValue()),
                section.get(FRAME_SIZE, FRAME_SIZE.defaultValue()),
                section.get(HUGE_PAGES, Feature.AUTO),
                section.get(IDLE, IdleMode.BACKOFF),
                section.get(VIP_ECHO, true),
                section.get(HASH_SEED, 0L),
                localPorts(section));
    }

    private static PortRange localPorts(final Section section) {
        final PortRange ports = section.get(LOCAL_PORTS, LOCAL_PORTS.defaultValue());
        if (ports.last() - ports.first() + 1 < Limits.MAX_WORKERS || ports.first() == 0) {
            section.error(
                    LOCAL_PORTS,
                    "needs at least " + Limits.MAX_WORKERS + " ports, such as 20000-65535",
                    null);
        }

        return ports;
    }
}
