package io.naru.controlplane.config;

import io.naru.controlplane.config.ServiceConfig.HashedPart;
import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.AtLimit;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.FlowLimits;
import io.naru.dataplane.protocol.FlowRule;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.OversizeRule;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.Selection;
import io.naru.dataplane.protocol.ServiceOptions;
import java.util.List;
import java.util.function.Function;

/** The keys of a service, and the record that they make. */
final class ServiceKeys {
    /** Of a service whose own value was refused; takes part in no check. */
    static final Mode UNKNOWN_MODE = null;

    static final Key<ServiceConfig, String> NAME =
            Key.<ServiceConfig, String>of("name", Types.name(), "Identity of the service.")
                    .component(ServiceConfig::name)
                    .required()
                    .example("web");
    static final Key<ServiceConfig, IpAddress> VIP =
            Key.<ServiceConfig, IpAddress>of(
                            "vip",
                            AddressTypes.address(),
                            "The address that clients call. The data plane answers ARP (IPv6:"
                                    + " neighbour discovery) for it.")
                    .component(ServiceConfig::vip)
                    .required()
                    .example("192.0.2.10");
    static final Key<ServiceConfig, PortRange> PORT =
            Key.<ServiceConfig, PortRange>of(
                            "port",
                            Types.ports(),
                            "The port that clients call, a range of ports, or any. Services of"
                                    + " one VIP and protocol must not share a port.")
                    .component(ServiceConfig::ports)
                    .required()
                    .example("80");
    static final Key<ServiceConfig, Protocol> PROTOCOL =
            Key.<ServiceConfig, Protocol>of(
                            "protocol",
                            Types.choice(Protocol.class, Protocol::label),
                            "The transport that is balanced.")
                    .component(ServiceConfig::protocol)
                    .defaultsTo(Protocol.TCP)
                    .example("udp");
    static final Key<ServiceConfig, Mode> MODE =
            Key.<ServiceConfig, Mode>of(
                            "mode",
                            Types.choice(Mode.class, Mode::label),
                            "nat: address and port are rewritten, replies come back through us."
                                    + " dsr-l2: only the MAC address is; every backend must have"
                                    + " the VIP on its loopback and be on the same layer 2"
                                    + " network, and answers the client itself. full-nat: source"
                                    + " and destination are rewritten, so replies come back from"
                                    + " anywhere, and backends do not see the client. dsr-gre and"
                                    + " dsr-ipip: the packet is sent on inside another one, to"
                                    + " backends anywhere, which answer the client themselves.")
                    .component(ServiceConfig::mode)
                    .defaultText("dsr-l2 where the topology is one-arm, else nat")
                    .example("nat");
    static final Key<ServiceConfig, Algorithm> ALGORITHM =
            Key.<ServiceConfig, Algorithm>of(
                            "algorithm",
                            Types.choice(Algorithm.class, Algorithm::label),
                            "How the backend of a new flow is picked. rr: in turn, wrr: in turn by"
                                    + " weight; lc: the fewest flows, wlc: for its weight, sed:"
                                    + " with this one, nq: an idle one first; sh: by client"
                                    + " address, sh-port: and port, dh: by VIP; maglev: by a hash"
                                    + " that is the same on every balancer; p2c: the less loaded"
                                    + " of two random ones; lrt: least response time, lb: least"
                                    + " bandwidth; random; fo: the highest priority, ovf: until"
                                    + " its max-flows. A change touches no existing flow.")
                    .component(ServiceConfig::algorithm)
                    .defaultsTo(Algorithm.RR)
                    .example("maglev");
    static final Key<ServiceConfig, HashedPart> HASH =
            Key.<ServiceConfig, HashedPart>of(
                            "hash",
                            Types.choice(HashedPart.class),
                            "What maglev hashes: tuple is all that makes a flow, source the"
                                    + " client's address alone, so that its flows all go to one"
                                    + " backend.")
                    .component(service -> HashedPart.of(service.options().selection()))
                    .defaultsQuietlyTo(HashedPart.TUPLE)
                    .example("source");
    static final Key<ServiceConfig, Integer> HASH_TABLE =
            Key.<ServiceConfig, Integer>of(
                            "hash-table",
                            Types.numberOf(Selection.SMALL, Selection.LARGE),
                            "Slots of maglev's table. The large one shares evenly among thousands"
                                    + " of backends, and takes ten times the time and the memory.")
                    .component(service -> service.options().selection().maglevSize())
                    .defaultsQuietlyTo(Selection.SMALL)
                    .example(String.valueOf(Selection.LARGE));
    static final Key<ServiceConfig, String> POOL =
            Key.<ServiceConfig, String>of(
                            "pool",
                            Types.name(),
                            "Name of the pool that serves it; or give 'backends'.")
                    .component(ServiceConfig::pool)
                    .example("web");
    static final Key<ServiceConfig, List<Section>> BACKENDS =
            Key.<ServiceConfig, List<Section>>of(
                            "backends",
                            PoolKeys.BACKENDS.type(),
                            "Backends in place of 'pool': they become a pool with the service's"
                                    + " name.")
                    .example("[10.2.0.1:8080, 10.2.0.2:8080]");
    static final Key<ServiceConfig, Section> CHECK =
            Key.<ServiceConfig, Section>of(
                            "check",
                            CheckKeys.CHECK,
                            "How these backends are checked; only with 'backends'.")
                    .defaultText("tcp; none where the protocol is udp")
                    .example("none");
    static final Key<ServiceConfig, Section> TIMEOUTS =
            Key.<ServiceConfig, Section>of(
                            "timeouts",
                            TimeoutKeys.TIMEOUTS,
                            "Idle timeouts of the service's flows.")
                    .component(unless(TimeoutsConfig.DEFAULT, ServiceConfig::timeouts))
                    .defaultText("as below")
                    .example("{ tcp-established: 4h }");
    static final Key<ServiceConfig, Boolean> ADOPT_FLOWS =
            Key.<ServiceConfig, Boolean>of(
                            "adopt-flows",
                            Types.flag(),
                            "Whether a connection that is found in its middle (after a restart, or"
                                    + " from another balancer) is taken over by a hash. Not with"
                                    + " full-nat.")
                    .component(service -> service.options().adoptsFlows())
                    .defaultsQuietlyTo(false)
                    .example("true");
    static final Key<ServiceConfig, Boolean> ONE_SHOT =
            Key.<ServiceConfig, Boolean>of(
                            "one-shot",
                            Types.flag(),
                            "Whether a UDP flow is over with its first reply, as with DNS.")
                    .component(service -> service.options().oneShot())
                    .defaultsQuietlyTo(false)
                    .example("true");
    static final Key<ServiceConfig, Boolean> RESET_IDLE =
            Key.<ServiceConfig, Boolean>of(
                            "reset-idle",
                            Types.flag(),
                            "Whether both ends of a TCP connection are told (RST) when its flow is"
                                    + " forgotten for being idle.")
                    .component(service -> service.options().resetsIdle())
                    .defaultsQuietlyTo(false)
                    .example("true");
    static final Key<ServiceConfig, Integer> MSS_CLAMP =
            Key.<ServiceConfig, Integer>of(
                            "mss-clamp",
                            Types.mssClamp(),
                            "The largest TCP segment that a SYN may offer; auto is what fits the"
                                    + " path with its tunnel.")
                    .component(service -> service.options().mssClamp())
                    .defaultsQuietlyTo(ServiceOptions.MSS_AUTO)
                    .example("1400");
    static final Key<ServiceConfig, OversizeRule> OVERSIZE =
            Key.<ServiceConfig, OversizeRule>of(
                            "oversize",
                            Types.choice(OversizeRule.class, OversizeRule::label),
                            "What becomes of an IPv4 packet that is too long for the path and may"
                                    + " be fragmented: inner fragments the packet, outer the one"
                                    + " around it, drop drops it.")
                    .component(service -> service.options().oversize())
                    .defaultsQuietlyTo(OversizeRule.INNER)
                    .example("outer");
    static final Key<ServiceConfig, FlowRule> ON_DOWN =
            Key.<ServiceConfig, FlowRule>of(
                            "on-down",
                            Types.choice(FlowRule.class, FlowRule::label),
                            "What becomes of the flows of a backend that goes down. reset: both"
                                    + " ends of a TCP connection get an RST. keep: they go on to"
                                    + " it. move: as reset, but what may begin anew (UDP, a SYN)"
                                    + " gets another backend.")
                    .component(service -> service.options().onDown())
                    .defaultsQuietlyTo(FlowRule.RESET)
                    .example("keep");
    static final Key<ServiceConfig, FlowRule> ON_REMOVE =
            Key.<ServiceConfig, FlowRule>of(
                            "on-remove",
                            Types.choice(FlowRule.class, FlowRule::label),
                            "The same of a backend that is taken out of the file; keep: it is"
                                    + " drained, and gone with its last flow.")
                    .component(service -> service.options().onRemove())
                    .defaultsQuietlyTo(FlowRule.KEEP)
                    .example("reset");
    static final Key<ServiceConfig, Integer> MAX_FLOWS =
            Key.<ServiceConfig, Integer>of(
                            "max-flows",
                            Types.flowLimit(),
                            "Flows at a time, over all backends and workers.")
                    .component(service -> service.options().limits().maxFlows())
                    .absentAs(BackendSpec.NO_LIMIT)
                    .defaultText("no limit")
                    .example("100k");
    static final Key<ServiceConfig, Integer> MAX_FLOW_RATE =
            Key.<ServiceConfig, Integer>of(
                            "max-flow-rate",
                            Types.flowLimit(),
                            "New flows in a second, over all backends and workers; a second's"
                                    + " worth may come at once.")
                    .component(service -> service.options().limits().maxFlowRate())
                    .absentAs(BackendSpec.NO_LIMIT)
                    .defaultText("no limit")
                    .example("10k");
    static final Key<ServiceConfig, AtLimit> AT_LIMIT =
            Key.<ServiceConfig, AtLimit>of(
                            "at-limit",
                            Types.choice(AtLimit.class, AtLimit::label),
                            "What becomes of a new flow beyond a limit of the service or of the"
                                    + " backend it is to go to. next: another backend that has"
                                    + " room; dropped if there is none, or if the limit is the"
                                    + " service's. drop: it is dropped. reset: the client gets an"
                                    + " RST (UDP is dropped).")
                    .component(service -> service.options().limits().atLimit())
                    .defaultsQuietlyTo(AtLimit.NEXT)
                    .example("reset");
    static final Key<ServiceConfig, Section> PERSISTENCE =
            Key.<ServiceConfig, Section>of(
                            "persistence",
                            PersistenceKeys.PERSISTENCE,
                            "Whether a client's flows all go to one backend, and for how long.")
                    .component(
                            unless(
                                    PersistenceConfig.NONE,
                                    service -> service.options().persistence()))
                    .defaultText("none")
                    .example("{ timeout: 10m, prefix: 24 }");
    static final Key<ServiceConfig, Section> TUNNEL =
            Key.<ServiceConfig, Section>of(
                            "tunnel", TunnelKeys.TUNNEL, "The tunnel of mode dsr-gre or dsr-ipip.")
                    .component(unless(TunnelConfig.DEFAULT, ServiceConfig::tunnel))
                    .defaultText("as below")
                    .example("{ source: 10.9.0.0/16, key: 7 }");
    static final ObjectType<ServiceConfig> SERVICE =
            new ObjectType<>(
                    "a service",
                    "What clients call, and how their packets are sent on.",
                    List.of(
                            NAME,
                            VIP,
                            PORT,
                            PROTOCOL,
                            MODE,
                            ALGORITHM,
                            HASH,
                            HASH_TABLE,
                            POOL,
                            BACKENDS,
                            CHECK,
                            TIMEOUTS,
                            ADOPT_FLOWS,
                            ONE_SHOT,
                            RESET_IDLE,
                            MSS_CLAMP,
                            OVERSIZE,
                            ON_DOWN,
                            ON_REMOVE,
                            MAX_FLOWS,
                            MAX_FLOW_RATE,
                            AT_LIMIT,
                            PERSISTENCE,
                            TUNNEL),
                    null);

    private ServiceKeys() {}

    /** What a record has of a mapping, unless the file need not say it. */
    private static <T> Function<ServiceConfig, T> unless(
            final T standard, final Function<ServiceConfig, T> component) {
        return service -> {
            final T value = component.apply(service);
            return value.equals(standard) ? null : value;
        };
    }

    /**
     * A service, whose backends become a pool where it has them inline.
     *
     * @param locals addresses of ours.
     */
    static ServiceConfig assemble(
            final Section section,
            final Topology topology,
            final List<IpAddress> locals,
            final PoolDrafts pools) {
        return new ServiceConfig(
                section.get(NAME),
                section.get(VIP),
                section.get(PROTOCOL),
                section.get(PORT),
                mode(section, topology, locals),
                section.get(ALGORITHM),
                pools.poolOf(section),
                TimeoutKeys.assemble(section.get(TIMEOUTS)),
                options(section),
                tunnel(section));
    }

    private static Mode mode(
            final Section section, final Topology topology, final List<IpAddress> locals) {
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
        if (mode == Mode.FULL_NAT) {
            checkFullNat(section, locals);
        }

        return mode;
    }

    private static void checkFullNat(final Section section, final List<IpAddress> locals) {
        if (section.orDefault(ADOPT_FLOWS)) {
            section.error(
                    ADOPT_FLOWS, "nobody knows which local port a full-nat connection had", null);
        }
        final IpAddress vip = section.get(VIP);
        if (vip != null && locals.stream().noneMatch(l -> l.isIpv4() == vip.isIpv4())) {
            section.error(
                    MODE,
                    "full-nat needs an %s address of ours in 'local-addresses'"
                            .formatted(vip.isIpv4() ? "IPv4" : "IPv6"),
                    vip.isIpv4()
                            ? "local-addresses: [10.2.0.100]"
                            : "local-addresses: [2001:db8::100]");
        }
    }

    private static ServiceConfig.Options options(final Section section) {
        final boolean isOneShot = section.orDefault(ONE_SHOT);
        if (isOneShot && section.get(PROTOCOL) == Protocol.TCP) {
            section.error(ONE_SHOT, "only a UDP flow can be over with its first reply", null);
        }
        final boolean resetsIdle = section.orDefault(RESET_IDLE);
        if (resetsIdle && section.get(PROTOCOL) == Protocol.UDP) {
            section.error(RESET_IDLE, "only TCP connections can be reset", null);
        }

        return new ServiceConfig.Options(
                section.orDefault(ADOPT_FLOWS),
                isOneShot,
                resetsIdle,
                section.orDefault(MSS_CLAMP),
                section.orDefault(OVERSIZE),
                new Selection(
                        section.orDefault(HASH) == HashedPart.SOURCE,
                        section.orDefault(HASH_TABLE)),
                section.orDefault(ON_DOWN),
                section.orDefault(ON_REMOVE),
                new FlowLimits(
                        section.orDefault(MAX_FLOWS),
                        section.orDefault(MAX_FLOW_RATE),
                        section.orDefault(AT_LIMIT)),
                PersistenceKeys.assemble(section.get(PERSISTENCE)));
    }

    private static TunnelConfig tunnel(final Section section) {
        final Mode mode = section.get(MODE);
        if (section.get(TUNNEL) != null && (mode == null || !mode.isTunnel())) {
            section.error(
                    TUNNEL, "only the modes dsr-gre and dsr-ipip have a tunnel", "mode: dsr-gre");
        }

        return TunnelKeys.assemble(section.get(TUNNEL), mode);
    }
}
