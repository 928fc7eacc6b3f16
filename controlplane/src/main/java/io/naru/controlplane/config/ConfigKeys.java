package io.naru.controlplane.config;

import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Limits;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The keys at the top of the configuration file, and the configuration that they make. */
final class ConfigKeys {
    static final Key<NaruConfig, Topology> TOPOLOGY =
            Key.<NaruConfig, Topology>of(
                            "topology",
                            Types.choice(Topology.class),
                            "Where the box stands. routed: between clients and backends, replies"
                                    + " come back through it. one-arm: beside the path on one"
                                    + " interface, backends answer the clients themselves, or us"
                                    + " in full-nat. bridge: between two parts of one network; all"
                                    + " that is no service's passes untouched.")
                    .component(NaruConfig::topology)
                    .defaultText("routed with two or more interfaces, one-arm with one")
                    .restartsDataPlane()
                    .example("routed");
    static final Key<NaruConfig, List<Section>> INTERFACES =
            Key.<NaruConfig, List<Section>>of(
                            "interfaces",
                            new ListType<>(
                                    "a list of interfaces",
                                    InterfaceKeys.INTERFACE,
                                    1,
                                    Limits.MAX_INTERFACES),
                            "The interfaces that packets are taken from.")
                    .component(NaruConfig::interfaces)
                    .required()
                    .restartsDataPlane()
                    .example("[eth0, eth1]");
    static final Key<NaruConfig, List<Section>> SERVICES =
            Key.<NaruConfig, List<Section>>of(
                            "services",
                            new ListType<>(
                                    "a list of services",
                                    ServiceKeys.SERVICE,
                                    0,
                                    Limits.MAX_SERVICES),
                            "What is balanced.")
                    .component(NaruConfig::services)
                    .defaultsTo(List.of())
                    .defaultText("[]");
    static final Key<NaruConfig, List<Section>> POOLS =
            Key.<NaruConfig, List<Section>>of(
                            "pools",
                            new ListType<>("a list of pools", PoolKeys.POOL, 0, Limits.MAX_POOLS),
                            "The pools that services name.")
                    .component(NaruConfig::pools)
                    .defaultsTo(List.of())
                    .defaultText("[]");
    static final Key<NaruConfig, List<IpAddress>> LOCAL_ADDRESSES =
            Key.<NaruConfig, List<IpAddress>>of(
                            "local-addresses",
                            new ListType<>(
                                    "a list of IP addresses",
                                    AddressTypes.address(),
                                    0,
                                    Limits.MAX_LOCAL_ADDRESSES),
                            "Source addresses of full-nat: ours alone, and routed to us. Each has"
                                    + " room for some 64,000 flows of each protocol.")
                    .component(NaruConfig::localAddresses)
                    .defaultsTo(List.of())
                    .defaultText("[]")
                    .example("[10.2.0.100, 10.2.0.101]");
    static final Key<NaruConfig, Section> DATAPLANE =
            Key.<NaruConfig, Section>of(
                            "dataplane",
                            DataPlaneKeys.DATA_PLANE,
                            "How the data plane process is set up.")
                    .component(NaruConfig::dataPlane)
                    .defaultText("as below")
                    .restartsDataPlane();
    static final ObjectType<NaruConfig> ROOT =
            new ObjectType<>(
                    "the configuration",
                    "The whole file.",
                    List.of(TOPOLOGY, INTERFACES, SERVICES, POOLS, LOCAL_ADDRESSES, DATAPLANE),
                    null);

    private ConfigKeys() {}

    /** The configuration; of use only if nothing was reported, otherwise null or incomplete. */
    static NaruConfig assemble(final Section root) {
        final Topology topology = topology(root);
        final List<InterfaceConfig> interfaces =
                InterfaceKeys.assemble(root.get(INTERFACES, List.of()));
        final List<IpAddress> locals = root.orDefault(LOCAL_ADDRESSES);
        final PoolDrafts pools = new PoolDrafts();
        root.orDefault(POOLS).forEach(pools::addNamed);
        final List<Placed<ServiceConfig>> services = services(root, topology, locals, pools);

        AddressUse.checkPorts(services);
        AddressUse.checkBackends(services, pools);
        final List<PoolConfig> poolConfigs = pools.assemble(root);
        checkPoolUse(topology, services, pools, poolConfigs);
        checkSize(root, services, pools);
        AddressUse.checkLocals(root, services, pools);

        return new NaruConfig(
                topology,
                interfaces,
                services.stream().map(Placed::config).toList(),
                poolConfigs,
                locals,
                DataPlaneKeys.assemble(
                        root.get(DATAPLANE, Section.none()),
                        interfaces.stream().mapToInt(InterfaceConfig::queues).max().orElse(0)));
    }

    private static Topology topology(final Section root) {
        final List<Section> interfaces = root.get(INTERFACES, List.of());
        final boolean areMany = interfaces.size() > 1;
        final Topology topology = root.get(TOPOLOGY, areMany ? Topology.ROUTED : Topology.ONE_ARM);
        if (topology == Topology.ONE_ARM && areMany) {
            root.error(
                    TOPOLOGY,
                    "one-arm takes one interface, and there are " + interfaces.size(),
                    "remove the others from 'interfaces', or make it 'topology: routed'");
        }
        if (topology == Topology.BRIDGE && !areMany) {
            root.error(
                    TOPOLOGY,
                    "a bridge is between two interfaces, and there is one",
                    "interfaces: [eth0, eth1]");
        }
        for (final Section section : interfaces) {
            if (topology == Topology.BRIDGE && section.orDefault(InterfaceKeys.VLAN) != 0) {
                section.error(
                        InterfaceKeys.VLAN, "a bridge carries all VLANs as they are", "remove it");
            }
        }

        return topology;
    }

    private static List<Placed<ServiceConfig>> services(
            final Section root,
            final Topology topology,
            final List<IpAddress> locals,
            final PoolDrafts pools) {
        final List<Placed<ServiceConfig>> services = new ArrayList<>();
        final Set<String> names = new HashSet<>();
        final Map<String, ServiceConfig> firstOfGroup = new HashMap<>();
        for (final Section section : root.orDefault(SERVICES)) {
            final String name = section.get(ServiceKeys.NAME);
            if (name != null && !names.add(name)) {
                section.error(ServiceKeys.NAME, "there is another service '" + name + "'", null);
                continue;
            }
            final Placed<ServiceConfig> service =
                    new Placed<>(ServiceKeys.assemble(section, topology, locals, pools), section);
            services.add(service);
            pools.use(service);
            checkGroup(service, firstOfGroup);
        }

        return services;
    }

    /** Services that remember clients together must agree on what a client is. */
    private static void checkGroup(
            final Placed<ServiceConfig> service, final Map<String, ServiceConfig> firstOfGroup) {
        final PersistenceConfig persistence = service.config().options().persistence();
        if (persistence.group() == null) {
            return;
        }

        final ServiceConfig first = firstOfGroup.putIfAbsent(persistence.group(), service.config());
        if (first != null && !first.options().persistence().equals(persistence)) {
            service.section()
                    .get(ServiceKeys.PERSISTENCE)
                    .error(
                            PersistenceKeys.GROUP,
                            "service '%s' of this group has another timeout or prefix"
                                    .formatted(first.name()),
                            "the same timeout and prefixes for all services of a group");
        }
    }

    /** What the memory of a data plane is meant for; it would refuse more. */
    private static void checkSize(
            final Section root,
            final List<Placed<ServiceConfig>> services,
            final PoolDrafts pools) {
        int tables = 0;
        long backends = 0;
        for (final Placed<ServiceConfig> service : services) {
            final ServiceConfig config = service.config();
            if (config.algorithm() != null) { // else it was refused
                tables += config.algorithm().hashTables(config.options().selection());
            }
            final PoolDraft pool = config.pool() == null ? null : pools.named(config.pool());
            backends += pool == null ? 0 : pool.backends().size();
        }
        if (tables > Limits.MAX_HASH_TABLES) {
            root.error(
                    SERVICES,
                    ("they need %d hash tables (sh, sh-port, dh, maglev; a large one of maglev"
                                    + " counts as 10); at most %d are possible")
                            .formatted(tables, Limits.MAX_HASH_TABLES),
                    "another algorithm for some, or 'hash-table: 65537'");
        }
        if (backends > Limits.MAX_SERVICE_BACKENDS) {
            root.error(
                    SERVICES,
                    "they have %d backends together, those of a pool counted for each of its services; at most %d are possible"
                            .formatted(backends, Limits.MAX_SERVICE_BACKENDS),
                    null);
        }
    }

    private static void checkPoolUse(
            final Topology topology,
            final List<Placed<ServiceConfig>> services,
            final PoolDrafts pools,
            final List<PoolConfig> configs) {
        final boolean isComplete = services.stream().allMatch(s -> s.config().pool() != null);
        for (final PoolConfig config : configs) {
            new PoolUse(topology, pools.named(config.name()), config, isComplete).check();
        }
    }
}
