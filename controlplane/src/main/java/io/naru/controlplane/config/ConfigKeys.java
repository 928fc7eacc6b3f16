package io.naru.controlplane.config;

import io.naru.controlplane.config.ScalarType.InvalidValueException;
import io.naru.controlplane.config.ServiceConfig.HashedPart;
import io.naru.controlplane.json.JsonObject;
import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.AtLimit;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.FlowRule;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Limits;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.OversizeRule;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.Selection;
import io.naru.dataplane.protocol.ServiceOptions;
import java.time.Duration;
import java.util.List;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/** Every key of the configuration file, described once. */
final class ConfigKeys {
    private static final int MAX_CPU = 1_023;
    private static final int MAX_QUEUES = Limits.MAX_WORKERS;
    private static final int MAX_LIMIT = 1 << 30;
    private static final int MAX_QUORUM = 1_000_000_000;
    private static final Duration MAX_FLOW_TIMEOUT = Duration.ofSeconds(Limits.MAX_TIMEOUT_S);

    // -- interfaces ----------------------------------------------------------------------------

    static final Key<InterfaceConfig, String> INTERFACE_NAME =
            Key.<InterfaceConfig, String>of(
                            "name", Types.interfaceName(), "The interface as 'ip link' shows it.")
                    .component(InterfaceConfig::name)
                    .required()
                    .restartsDataPlane()
                    .example("eth0");
    static final Key<InterfaceConfig, Integer> QUEUES =
            Key.<InterfaceConfig, Integer>of(
                            "queues",
                            Types.autoOr(1, MAX_QUEUES),
                            "Receive queues that are used, from queue 0 on; auto is all that the"
                                    + " interface has.")
                    .component(InterfaceConfig::queues)
                    .defaultsTo(0)
                    .restartsDataPlane()
                    .example("4");
    static final Key<InterfaceConfig, XdpMode> XDP_MODE =
            Key.<InterfaceConfig, XdpMode>of(
                            "mode",
                            Types.choice(XdpMode.class),
                            "Where the XDP program is attached: in the driver (native) or behind"
                                    + " it (generic: every driver, slower); auto takes native"
                                    + " where the driver has it.")
                    .component(InterfaceConfig::mode)
                    .defaultsTo(XdpMode.AUTO)
                    .restartsDataPlane()
                    .example("native");
    static final Key<InterfaceConfig, Integer> VLAN =
            Key.<InterfaceConfig, Integer>of(
                            "vlan",
                            Types.wholeNumber(0, 4_094),
                            "The VLAN that the interface's frames are in: it takes only those, and"
                                    + " tags what it sends; 0 is without a tag. The box's"
                                    + " addresses, routes and neighbours are then those of its VLAN"
                                    + " device ('ip link add link eth0 name eth0.100 type vlan id"
                                    + " 100').")
                    .component(InterfaceConfig::vlan)
                    .defaultsTo(0)
                    .restartsDataPlane()
                    .example("100");
    static final Key<InterfaceConfig, Feature> ZERO_COPY =
            Key.<InterfaceConfig, Feature>of(
                            "zero-copy",
                            Types.choice(Feature.class),
                            "Whether the driver writes into our memory without a copy; 'on'"
                                    + " refuses to start where it cannot.")
                    .component(InterfaceConfig::zeroCopy)
                    .defaultsTo(Feature.AUTO)
                    .restartsDataPlane()
                    .example("on");
    static final ObjectType<InterfaceConfig> INTERFACE =
            new ObjectType<>(
                    "an interface",
                    "A network interface that the data plane takes packets from. Its name alone"
                            + " is enough.",
                    List.of(INTERFACE_NAME, QUEUES, XDP_MODE, ZERO_COPY, VLAN),
                    new KeyShorthand<>(INTERFACE_NAME));

    // -- checks --------------------------------------------------------------------------------

    static final ObjectType<CheckConfig> CHECK = CheckKeys.CHECK;

    // -- backends and pools --------------------------------------------------------------------

    static final Key<BackendConfig, String> BACKEND_NAME =
            Key.<BackendConfig, String>of(
                            "name",
                            Types.name(),
                            "Identity of the backend within its pool: a backend with another name"
                                    + " is another backend.")
                    .component(BackendConfig::name)
                    .defaultText("its address, with :port if it has one")
                    .example("s1");
    static final Key<BackendConfig, IpAddress> BACKEND_ADDRESS =
            Key.<BackendConfig, IpAddress>of(
                            "address", Types.address(), "The address of the real server.")
                    .component(BackendConfig::address)
                    .required()
                    .example("10.2.0.1");
    static final Key<BackendConfig, Integer> BACKEND_PORT =
            Key.<BackendConfig, Integer>of(
                            "port",
                            Types.wholeNumber(1, 65_535),
                            "The port of the real server. Services with a dsr mode, a range of"
                                    + " ports or any port cannot change it.")
                    .component(backend -> backend.port() == 0 ? null : backend.port())
                    .defaultText("the service's port")
                    .example("8080");
    static final Key<BackendConfig, Integer> WEIGHT =
            Key.<BackendConfig, Integer>of(
                            "weight",
                            Types.wholeNumber(0, Limits.MAX_WEIGHT),
                            "Share of new flows relative to the pool's other backends, for all"
                                    + " algorithms but rr and lc; 0 takes no new flow, whatever"
                                    + " the algorithm.")
                    .component(BackendConfig::weight)
                    .defaultsTo(100)
                    .example("200");
    static final Key<BackendConfig, AdminState> STATE =
            Key.<BackendConfig, AdminState>of(
                            "state",
                            Types.choice(AdminState.class),
                            "up: takes part while its check passes. drain: keeps its flows, takes"
                                    + " no new ones. down: gets nothing.")
                    .component(BackendConfig::state)
                    .defaultsTo(AdminState.UP)
                    .example("drain");
    static final Key<BackendConfig, Boolean> BACKUP =
            Key.<BackendConfig, Boolean>of(
                            "backup",
                            Types.flag(),
                            "Whether it takes new flows only while none of the others is up.")
                    .component(backend -> onlyIf(backend.role() == Role.BACKUP))
                    .defaultsTo(false)
                    .example("true");
    static final Key<BackendConfig, Integer> PRIORITY =
            Key.<BackendConfig, Integer>of(
                            "priority",
                            Types.wholeNumber(0, Limits.MAX_PRIORITY),
                            "For the algorithms fo and ovf, which prefer the higher; the others do"
                                    + " not look at it.")
                    .component(backend -> other(backend.priority(), BackendSpec.DEFAULT_PRIORITY))
                    .defaultsTo(BackendSpec.DEFAULT_PRIORITY)
                    .example("200");
    static final Key<BackendConfig, Integer> BACKEND_MAX_FLOWS =
            Key.<BackendConfig, Integer>of(
                            "max-flows",
                            Types.count(1, MAX_LIMIT),
                            "Flows that it may have at once, of all services together; what"
                                    + " happens beyond is the service's 'at-limit'.")
                    .component(backend -> other(backend.maxFlows(), BackendSpec.NO_LIMIT))
                    .defaultText("no limit")
                    .example("10k");
    static final Key<BackendConfig, Integer> BACKEND_MAX_FLOW_RATE =
            Key.<BackendConfig, Integer>of(
                            "max-flow-rate",
                            Types.count(1, MAX_LIMIT),
                            "New flows that it may get in a second.")
                    .component(backend -> other(backend.maxFlowRate(), BackendSpec.NO_LIMIT))
                    .defaultText("no limit")
                    .example("500");
    static final ObjectType<BackendConfig> BACKEND =
            new ObjectType<>(
                    "a backend",
                    "One real server. Its address alone, or address:port, is enough.",
                    List.of(
                            BACKEND_NAME,
                            BACKEND_ADDRESS,
                            BACKEND_PORT,
                            WEIGHT,
                            STATE,
                            BACKUP,
                            PRIORITY,
                            BACKEND_MAX_FLOWS,
                            BACKEND_MAX_FLOW_RATE),
                    new BackendShorthand());
    static final ObjectType<BackendConfig> SORRY_SERVER =
            new ObjectType<>(
                    "a server",
                    "The server that serves when nobody else does. Its address alone, or"
                            + " address:port, is enough.",
                    List.of(BACKEND_ADDRESS, BACKEND_PORT),
                    new BackendShorthand());

    // -- outliers ------------------------------------------------------------------------------

    static final Key<OutlierRules, OnOff> DETECT =
            Key.<OutlierRules, OnOff>of(
                            "detect",
                            Types.choice(OnOff.class),
                            "Whether outliers are looked for; on when any other key is given.")
                    .component(rules -> null)
                    .defaultsTo(OnOff.ON)
                    .defaultText("on, where 'outliers' is given")
                    .example("on");
    static final Key<OutlierRules, Integer> FAILURES =
            Key.<OutlierRules, Integer>of(
                            "failures",
                            Types.wholeNumber(1, 100_000),
                            "Openings that were refused or not answered in the interval before a"
                                    + " backend can be ejected.")
                    .component(OutlierRules::failures)
                    .defaultsTo(OutlierRules.DEFAULT.failures())
                    .example("5");
    static final Key<OutlierRules, Integer> OUTLIER_SHARE =
            Key.<OutlierRules, Integer>of(
                            "share",
                            Types.percent(1),
                            "The part of all its openings in the interval that these must be.")
                    .component(OutlierRules::sharePercent)
                    .defaultsTo(OutlierRules.DEFAULT.sharePercent())
                    .example("50%");
    static final Key<OutlierRules, Duration> OUTLIER_INTERVAL =
            Key.<OutlierRules, Duration>of(
                            "interval",
                            Types.duration(Duration.ofSeconds(1), Duration.ofMinutes(5)),
                            "How far back openings are counted; they are looked at every second.")
                    .component(OutlierRules::interval)
                    .defaultsTo(OutlierRules.DEFAULT.interval())
                    .example("10s");
    static final Key<OutlierRules, Duration> EJECT =
            Key.<OutlierRules, Duration>of(
                            "eject",
                            Types.duration(Duration.ofSeconds(1), Duration.ofHours(1)),
                            "How long a backend gets no new flows the first time; the second time"
                                    + " in a row it is twice as long, and so on up to ten times.")
                    .component(OutlierRules::eject)
                    .defaultsTo(OutlierRules.DEFAULT.eject())
                    .example("30s");
    static final Key<OutlierRules, Integer> MAX_EJECTED =
            Key.<OutlierRules, Integer>of(
                            "max-ejected",
                            Types.percent(1),
                            "The part of the pool's backends that may be ejected at once, but one"
                                    + " at least, and never the last that is up.")
                    .component(OutlierRules::maxEjectedPercent)
                    .defaultsTo(OutlierRules.DEFAULT.maxEjectedPercent())
                    .example("30%");
    static final ObjectType<OutlierRules> OUTLIERS =
            new ObjectType<>(
                    "outlier rules",
                    "Backends whose connections do not open, as passing packets tell (modes nat"
                            + " and full-nat), are taken out for a while. 'on' or 'off' alone is"
                            + " enough.",
                    List.of(DETECT, FAILURES, OUTLIER_SHARE, OUTLIER_INTERVAL, EJECT, MAX_EJECTED),
                    new KeyShorthand<>(DETECT));

    // -- agents --------------------------------------------------------------------------------

    static final Key<AgentConfig, Integer> AGENT_PORT =
            Key.<AgentConfig, Integer>of(
                            "port",
                            Types.wholeNumber(1, 65_535),
                            "The port that the agent listens on, at the backend's address.")
                    .component(AgentConfig::port)
                    .required()
                    .example("5555");
    static final Key<AgentConfig, Duration> AGENT_INTERVAL =
            Key.<AgentConfig, Duration>of(
                            "interval",
                            Types.duration(Duration.ofMillis(100), Duration.ofHours(1)),
                            "From one question to the next, give or take a tenth.")
                    .component(AgentConfig::interval)
                    .defaultsTo(AgentConfig.DEFAULT.interval())
                    .example("2s");
    static final Key<AgentConfig, Duration> AGENT_TIMEOUT =
            Key.<AgentConfig, Duration>of(
                            "timeout",
                            Types.duration(Duration.ofMillis(10), Duration.ofMinutes(1)),
                            "After this time the agent has not answered, and what it said last"
                                    + " stays.")
                    .component(AgentConfig::timeout)
                    .defaultsTo(AgentConfig.DEFAULT.timeout())
                    .defaultText("1s, or the interval if that is shorter")
                    .example("500ms");
    static final ObjectType<AgentConfig> AGENT =
            new ObjectType<>(
                    "an agent",
                    "Asked by TCP, it answers with the line of HAProxy's agent-check. Its port alone"
                            + " is enough.",
                    List.of(AGENT_PORT, AGENT_INTERVAL, AGENT_TIMEOUT),
                    new KeyShorthand<>(AGENT_PORT));

    static final Key<PoolConfig, String> POOL_NAME =
            Key.<PoolConfig, String>of("name", Types.name(), "Identity of the pool.")
                    .component(PoolConfig::name)
                    .required()
                    .example("web");
    static final Key<PoolConfig, Section> POOL_CHECK =
            Key.<PoolConfig, Section>of("check", CHECK, "How the pool's backends are checked.")
                    .component(PoolConfig::check)
                    .defaultText("tcp; none where only UDP services use the pool")
                    .example("{ type: tcp, interval: 1s }");
    static final Key<PoolConfig, List<Section>> POOL_BACKENDS =
            Key.<PoolConfig, List<Section>>of(
                            "backends",
                            new ListType<>("a list of backends", BACKEND, 1, Limits.MAX_BACKENDS),
                            "The pool's backends.")
                    .component(PoolConfig::listed)
                    .required()
                    .example("[10.2.0.1:8080, 10.2.0.2:8080]");
    static final Key<PoolConfig, Duration> SLOW_START =
            Key.<PoolConfig, Duration>of(
                            "slow-start",
                            Types.duration(Duration.ZERO, Duration.ofHours(1)),
                            "How long a backend that came up takes to get its whole share of new"
                                    + " flows, from a tenth on; not when the control plane starts.")
                    .component(pool -> other(pool.rules().slowStart(), Duration.ZERO))
                    .defaultsTo(Duration.ZERO)
                    .example("30s");
    static final Key<PoolConfig, Integer> QUORUM =
            Key.<PoolConfig, Integer>of(
                            "quorum",
                            Types.wholeNumber(0, MAX_QUORUM),
                            "Weight that must be up; below it the sorry server serves, if there is"
                                    + " one. 0: any backend that is up will do.")
                    .component(pool -> other(pool.rules().quorum(), 0))
                    .defaultsTo(0)
                    .example("200");
    static final Key<PoolConfig, Integer> HYSTERESIS =
            Key.<PoolConfig, Integer>of(
                            "hysteresis",
                            Types.wholeNumber(0, MAX_QUORUM),
                            "The quorum is lost when less than quorum - hysteresis is up, and"
                                    + " regained when quorum + hysteresis is.")
                    .component(pool -> other(pool.rules().hysteresis(), 0))
                    .defaultsTo(0)
                    .example("100");
    static final Key<PoolConfig, Integer> PANIC_THRESHOLD =
            Key.<PoolConfig, Integer>of(
                            "panic-threshold",
                            Types.percent(0),
                            "When a smaller part of the backends is up than this, checks are not"
                                    + " believed: all take new flows rather than few or none. 0% is"
                                    + " never.")
                    .component(pool -> other(pool.rules().panicPercent(), 0))
                    .defaultsTo(0)
                    .example("50%");
    static final Key<PoolConfig, Section> POOL_SORRY_SERVER =
            Key.<PoolConfig, Section>of(
                            "sorry-server",
                            SORRY_SERVER,
                            "Serves while nobody else does, or while the quorum is lost. It shows"
                                    + " as a backend with this name, and is not checked.")
                    .component(PoolConfig::sorryServer)
                    .defaultText("none")
                    .example("10.2.0.99:80");
    static final Key<PoolConfig, Section> POOL_OUTLIERS =
            Key.<PoolConfig, Section>of(
                            "outliers",
                            OUTLIERS,
                            "Whether backends whose connections do not open are taken out before"
                                    + " their check fails.")
                    .component(pool -> pool.rules().outliers())
                    .defaultText("off")
                    .example("{ failures: 5, share: 50%, interval: 10s }");
    static final Key<PoolConfig, Section> POOL_AGENT =
            Key.<PoolConfig, Section>of(
                            "agent",
                            AGENT,
                            "A program on each backend that says how much it wants: drain, maint,"
                                    + " 50% of its weight.")
                    .component(PoolConfig::agent)
                    .defaultText("none")
                    .example("{ port: 5555, interval: 5s }");
    static final ObjectType<PoolConfig> POOL =
            new ObjectType<>(
                    "a pool",
                    "The backends behind one or more services, with their health check.",
                    List.of(
                            POOL_NAME,
                            POOL_CHECK,
                            POOL_BACKENDS,
                            SLOW_START,
                            QUORUM,
                            HYSTERESIS,
                            PANIC_THRESHOLD,
                            POOL_SORRY_SERVER,
                            POOL_OUTLIERS,
                            POOL_AGENT),
                    null);

    // -- services ------------------------------------------------------------------------------

    static final Key<TimeoutsConfig, Duration> TCP_OPENING =
            timeout("tcp-opening", "A TCP flow whose handshake is not complete.", "4m", "30s")
                    .component(timeouts -> given(timeouts.tcpOpening()));
    static final Key<TimeoutsConfig, Duration> TCP_ESTABLISHED =
            timeout("tcp-established", "An open TCP flow.", "2h4m", "4h")
                    .component(timeouts -> given(timeouts.tcpEstablished()));
    static final Key<TimeoutsConfig, Duration> TCP_CLOSING =
            timeout("tcp-closing", "A TCP flow after the first FIN.", "4m", "1m")
                    .component(timeouts -> given(timeouts.tcpClosing()));
    static final Key<TimeoutsConfig, Duration> UDP =
            timeout("udp", "A UDP flow; one that was never answered, 2m at most.", "5m", "2m")
                    .component(timeouts -> given(timeouts.udp()));
    static final ObjectType<TimeoutsConfig> TIMEOUTS =
            new ObjectType<>(
                    "timeouts",
                    "How long the flows of a service may be idle before they are forgotten, in"
                            + " whole seconds.",
                    List.of(TCP_OPENING, TCP_ESTABLISHED, TCP_CLOSING, UDP),
                    null);

    static final Key<ServiceConfig, String> SERVICE_NAME =
            Key.<ServiceConfig, String>of("name", Types.name(), "Identity of the service.")
                    .component(ServiceConfig::name)
                    .required()
                    .example("web");
    static final Key<ServiceConfig, IpAddress> VIP =
            Key.<ServiceConfig, IpAddress>of(
                            "vip",
                            Types.address(),
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
                    .component(
                            service ->
                                    other(
                                            HashedPart.of(service.options().selection()),
                                            HashedPart.TUPLE))
                    .defaultsTo(HashedPart.TUPLE)
                    .example("source");
    static final Key<ServiceConfig, Integer> HASH_TABLE =
            Key.<ServiceConfig, Integer>of(
                            "hash-table",
                            Types.numberOf(Selection.SMALL, Selection.LARGE),
                            "Slots of maglev's table. The large one shares evenly among thousands"
                                    + " of backends, and takes ten times the time and the memory.")
                    .component(
                            service ->
                                    other(
                                            service.options().selection().maglevSize(),
                                            Selection.SMALL))
                    .defaultsTo(Selection.SMALL)
                    .example(String.valueOf(Selection.LARGE));
    static final Key<ServiceConfig, String> SERVICE_POOL =
            Key.<ServiceConfig, String>of(
                            "pool",
                            Types.name(),
                            "Name of the pool that serves it; or give 'backends'.")
                    .component(ServiceConfig::pool)
                    .example("web");
    static final Key<ServiceConfig, List<Section>> SERVICE_BACKENDS =
            Key.<ServiceConfig, List<Section>>of(
                            "backends",
                            POOL_BACKENDS.type(),
                            "Backends in place of 'pool': they become a pool with the service's"
                                    + " name.")
                    .example("[10.2.0.1:8080, 10.2.0.2:8080]");
    static final Key<ServiceConfig, Section> SERVICE_CHECK =
            Key.<ServiceConfig, Section>of(
                            "check", CHECK, "How these backends are checked; only with 'backends'.")
                    .defaultText("tcp; none where the protocol is udp")
                    .example("none");
    static final Key<ServiceConfig, Section> SERVICE_TIMEOUTS =
            Key.<ServiceConfig, Section>of(
                            "timeouts", TIMEOUTS, "Idle timeouts of the service's flows.")
                    .component(
                            service ->
                                    service.timeouts().equals(TimeoutsConfig.DEFAULT)
                                            ? null
                                            : service.timeouts())
                    .defaultText("as below")
                    .example("{ tcp-established: 4h }");
    static final Key<ServiceConfig, Boolean> ADOPT_FLOWS =
            Key.<ServiceConfig, Boolean>of(
                            "adopt-flows",
                            Types.flag(),
                            "Whether a connection that is found in its middle (after a restart, or"
                                    + " from another balancer) is taken over by a hash. Not with"
                                    + " full-nat.")
                    .component(service -> onlyIf(service.options().adoptsFlows()))
                    .defaultsTo(false)
                    .example("true");
    static final Key<ServiceConfig, Boolean> ONE_SHOT =
            Key.<ServiceConfig, Boolean>of(
                            "one-shot",
                            Types.flag(),
                            "Whether a UDP flow is over with its first reply, as with DNS.")
                    .component(service -> onlyIf(service.options().oneShot()))
                    .defaultsTo(false)
                    .example("true");
    static final Key<ServiceConfig, Boolean> RESET_IDLE =
            Key.<ServiceConfig, Boolean>of(
                            "reset-idle",
                            Types.flag(),
                            "Whether both ends of a TCP connection are told (RST) when its flow is"
                                    + " forgotten for being idle.")
                    .component(service -> onlyIf(service.options().resetsIdle()))
                    .defaultsTo(false)
                    .example("true");
    static final Key<ServiceConfig, Integer> MSS_CLAMP =
            Key.<ServiceConfig, Integer>of(
                            "mss-clamp",
                            Types.mssClamp(),
                            "The largest TCP segment that a SYN may offer; auto is what fits the"
                                    + " path with its tunnel.")
                    .component(
                            service -> other(service.options().mssClamp(), ServiceOptions.MSS_AUTO))
                    .defaultsTo(ServiceOptions.MSS_AUTO)
                    .example("1400");
    static final Key<ServiceConfig, OversizeRule> OVERSIZE =
            Key.<ServiceConfig, OversizeRule>of(
                            "oversize",
                            Types.choice(OversizeRule.class, OversizeRule::label),
                            "What becomes of an IPv4 packet that is too long for the path and may"
                                    + " be fragmented: inner fragments the packet, outer the one"
                                    + " around it, drop drops it.")
                    .component(service -> other(service.options().oversize(), OversizeRule.INNER))
                    .defaultsTo(OversizeRule.INNER)
                    .example("outer");

    static final Key<TunnelConfig, AddressPrefix> TUNNEL_SOURCE =
            Key.<TunnelConfig, AddressPrefix>of(
                            "source",
                            Types.prefix(true),
                            "Outer source towards backends with an IPv4 address; of a prefix the"
                                    + " rest is derived from the flow, so that receivers spread"
                                    + " flows over their queues.")
                    .component(TunnelConfig::source)
                    .defaultText("the address of the interface")
                    .example("10.9.0.0/16");
    static final Key<TunnelConfig, AddressPrefix> TUNNEL_SOURCE_6 =
            Key.<TunnelConfig, AddressPrefix>of(
                            "source-ipv6",
                            Types.prefix(false),
                            "The same towards backends with an IPv6 address.")
                    .component(TunnelConfig::source6)
                    .defaultText("the address of the interface")
                    .example("2001:db8:9::/64");
    static final Key<TunnelConfig, Long> TUNNEL_KEY =
            Key.<TunnelConfig, Long>of(
                            "key",
                            Types.wholeLong(0, 0xffff_ffffL),
                            "Key of the GRE header (RFC 2890).")
                    .component(tunnel -> tunnel.key() < 0 ? null : tunnel.key())
                    .defaultText("none")
                    .example("7");
    static final Key<TunnelConfig, Boolean> TUNNEL_CHECKSUM =
            Key.<TunnelConfig, Boolean>of(
                            "checksum",
                            Types.flag(),
                            "Whether the GRE header has a checksum; Linux drops such packets"
                                    + " unless its tunnel has icsum.")
                    .component(TunnelConfig::checksum)
                    .defaultsTo(false)
                    .example("true");
    static final Key<TunnelConfig, TunnelConfig.Dscp> TUNNEL_DSCP =
            Key.<TunnelConfig, TunnelConfig.Dscp>of(
                            "dscp",
                            Types.choice(TunnelConfig.Dscp.class),
                            "Whether the outer packet has the class of service of the inner one.")
                    .component(TunnelConfig::dscp)
                    .defaultsTo(TunnelConfig.Dscp.COPY)
                    .example("zero");
    static final ObjectType<TunnelConfig> TUNNEL =
            new ObjectType<>(
                    "a tunnel",
                    "How the packets of a service with mode dsr-gre or dsr-ipip are wrapped.",
                    List.of(
                            TUNNEL_SOURCE,
                            TUNNEL_SOURCE_6,
                            TUNNEL_KEY,
                            TUNNEL_CHECKSUM,
                            TUNNEL_DSCP),
                    null);
    static final Key<ServiceConfig, FlowRule> ON_DOWN =
            Key.<ServiceConfig, FlowRule>of(
                            "on-down",
                            Types.choice(FlowRule.class, FlowRule::label),
                            "What becomes of the flows of a backend that goes down. reset: both"
                                    + " ends of a TCP connection get an RST. keep: they go on to"
                                    + " it. move: as reset, but what may begin anew (UDP, a SYN)"
                                    + " gets another backend.")
                    .component(service -> other(service.options().onDown(), FlowRule.RESET))
                    .defaultsTo(FlowRule.RESET)
                    .example("keep");
    static final Key<ServiceConfig, FlowRule> ON_REMOVE =
            Key.<ServiceConfig, FlowRule>of(
                            "on-remove",
                            Types.choice(FlowRule.class, FlowRule::label),
                            "The same of a backend that is taken out of the file; keep: it is"
                                    + " drained, and gone with its last flow.")
                    .component(service -> other(service.options().onRemove(), FlowRule.KEEP))
                    .defaultsTo(FlowRule.KEEP)
                    .example("reset");
    static final Key<ServiceConfig, Integer> SERVICE_MAX_FLOWS =
            Key.<ServiceConfig, Integer>of(
                            "max-flows",
                            Types.count(1, MAX_LIMIT),
                            "Flows at a time, over all backends and workers.")
                    .component(service -> other(service.options().limits().maxFlows(), 0))
                    .defaultText("no limit")
                    .example("100k");
    static final Key<ServiceConfig, Integer> SERVICE_MAX_FLOW_RATE =
            Key.<ServiceConfig, Integer>of(
                            "max-flow-rate",
                            Types.count(1, MAX_LIMIT),
                            "New flows in a second, over all backends and workers; a second's"
                                    + " worth may come at once.")
                    .component(service -> other(service.options().limits().maxFlowRate(), 0))
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
                    .component(service -> other(service.options().limits().atLimit(), AtLimit.NEXT))
                    .defaultsTo(AtLimit.NEXT)
                    .example("reset");
    static final Key<PersistenceConfig, Duration> PERSISTENCE_TIMEOUT =
            Key.<PersistenceConfig, Duration>of(
                            "timeout",
                            Types.duration(Duration.ofSeconds(1), MAX_FLOW_TIMEOUT),
                            "A client is forgotten this long after its latest new flow, in whole"
                                    + " seconds.")
                    .component(PersistenceConfig::timeout)
                    .required()
                    .example("10m");
    static final Key<PersistenceConfig, Integer> PERSISTENCE_PREFIX =
            Key.<PersistenceConfig, Integer>of(
                            "prefix",
                            Types.wholeNumber(1, 32),
                            "Bits of an IPv4 address that make a client: 24 makes one client of a"
                                    + " network of 256 addresses.")
                    .component(PersistenceConfig::prefix)
                    .defaultsTo(PersistenceConfig.NONE.prefix())
                    .example("24");
    static final Key<PersistenceConfig, Integer> PERSISTENCE_PREFIX_6 =
            Key.<PersistenceConfig, Integer>of(
                            "prefix-ipv6",
                            Types.wholeNumber(1, 128),
                            "The same of an IPv6 address; a site has often 64, a home 56.")
                    .component(PersistenceConfig::prefix6)
                    .defaultsTo(PersistenceConfig.NONE.prefix6())
                    .example("64");
    static final Key<PersistenceConfig, String> PERSISTENCE_GROUP =
            Key.<PersistenceConfig, String>of(
                            "group",
                            Types.name(),
                            "Services with the same group remember clients together: a client has"
                                    + " the same machine on all their ports.")
                    .component(PersistenceConfig::group)
                    .defaultText("the service alone")
                    .example("shop");
    static final ObjectType<PersistenceConfig> PERSISTENCE =
            new ObjectType<>(
                    "persistence",
                    "All flows of a client go to one backend. The timeout alone (persistence: 10m)"
                            + " is enough.",
                    List.of(
                            PERSISTENCE_TIMEOUT,
                            PERSISTENCE_PREFIX,
                            PERSISTENCE_PREFIX_6,
                            PERSISTENCE_GROUP),
                    new KeyShorthand<>(PERSISTENCE_TIMEOUT));
    static final Key<ServiceConfig, Section> SERVICE_PERSISTENCE =
            Key.<ServiceConfig, Section>of(
                            "persistence",
                            PERSISTENCE,
                            "Whether a client's flows all go to one backend, and for how long.")
                    .component(
                            service ->
                                    other(service.options().persistence(), PersistenceConfig.NONE))
                    .defaultText("none")
                    .example("{ timeout: 10m, prefix: 24 }");
    static final Key<ServiceConfig, Section> SERVICE_TUNNEL =
            Key.<ServiceConfig, Section>of(
                            "tunnel", TUNNEL, "The tunnel of mode dsr-gre or dsr-ipip.")
                    .component(
                            service ->
                                    service.tunnel().equals(TunnelConfig.DEFAULT)
                                            ? null
                                            : service.tunnel())
                    .defaultText("as below")
                    .example("{ source: 10.9.0.0/16, key: 7 }");
    static final ObjectType<ServiceConfig> SERVICE =
            new ObjectType<>(
                    "a service",
                    "What clients call, and how their packets are sent on.",
                    List.of(
                            SERVICE_NAME,
                            VIP,
                            PORT,
                            PROTOCOL,
                            MODE,
                            ALGORITHM,
                            HASH,
                            HASH_TABLE,
                            SERVICE_POOL,
                            SERVICE_BACKENDS,
                            SERVICE_CHECK,
                            SERVICE_TIMEOUTS,
                            ADOPT_FLOWS,
                            ONE_SHOT,
                            RESET_IDLE,
                            MSS_CLAMP,
                            OVERSIZE,
                            ON_DOWN,
                            ON_REMOVE,
                            SERVICE_MAX_FLOWS,
                            SERVICE_MAX_FLOW_RATE,
                            AT_LIMIT,
                            SERVICE_PERSISTENCE,
                            SERVICE_TUNNEL),
                    null);

    // -- the data plane ------------------------------------------------------------------------

    static final Key<DataPlaneConfig, Integer> FLOW_CAPACITY =
            Key.<DataPlaneConfig, Integer>of(
                            "flow-capacity",
                            Types.count(1 << 10, 1 << 27),
                            "Flow table entries of one worker, 64 bytes each. A full table still"
                                    + " forwards, but a flow it has no room for may change its"
                                    + " backend when the pool changes.")
                    .component(DataPlaneConfig::flowCapacity)
                    .defaultsTo(1 << 20)
                    .restartsDataPlane()
                    .example("10M");
    static final Key<DataPlaneConfig, List<Integer>> CPUS =
            Key.<DataPlaneConfig, List<Integer>>of(
                            "cpus",
                            new ListType<>(
                                    "a list of whole numbers 0.." + MAX_CPU,
                                    Types.wholeNumber(0, MAX_CPU),
                                    0,
                                    Limits.MAX_WORKERS),
                            "CPUs that the workers are pinned to, in their order; empty is not"
                                    + " pinned.")
                    .component(DataPlaneConfig::cpus)
                    .defaultsTo(List.of())
                    .restartsDataPlane()
                    .example("[2, 3]");
    static final Key<DataPlaneConfig, Integer> FRAMES =
            Key.<DataPlaneConfig, Integer>of(
                            "frames",
                            Types.count(1 << 8, 1 << 20),
                            "Packet buffers of a worker for one interface.")
                    .component(DataPlaneConfig::frames)
                    .defaultsTo(4_096)
                    .restartsDataPlane()
                    .example("8k");
    static final Key<DataPlaneConfig, Integer> FRAME_SIZE =
            Key.<DataPlaneConfig, Integer>of(
                            "frame-size",
                            Types.numberOf(2_048, 4_096),
                            "Bytes of a packet buffer; 2048 holds an MTU of 1500.")
                    .component(DataPlaneConfig::frameSizeBytes)
                    .defaultsTo(2_048)
                    .restartsDataPlane()
                    .example("4096");
    static final Key<DataPlaneConfig, Feature> HUGE_PAGES =
            Key.<DataPlaneConfig, Feature>of(
                            "huge-pages",
                            Types.choice(Feature.class),
                            "Whether packet buffers and flow tables are on huge pages; 'on'"
                                    + " refuses to start without them.")
                    .component(DataPlaneConfig::hugePages)
                    .defaultsTo(Feature.AUTO)
                    .restartsDataPlane()
                    .example("on");
    static final Key<DataPlaneConfig, IdleMode> IDLE =
            Key.<DataPlaneConfig, IdleMode>of(
                            "idle",
                            Types.choice(IdleMode.class),
                            "What a worker without packets does: backoff spins, yields, then"
                                    + " sleeps briefly; busy polls and takes a whole core.")
                    .component(DataPlaneConfig::idle)
                    .defaultsTo(IdleMode.BACKOFF)
                    .restartsDataPlane()
                    .example("busy");
    static final Key<DataPlaneConfig, Boolean> VIP_ECHO =
            Key.<DataPlaneConfig, Boolean>of("vip-echo", Types.flag(), "Whether VIPs answer ping.")
                    .component(DataPlaneConfig::vipEcho)
                    .defaultsTo(true)
                    .restartsDataPlane()
                    .example("false");
    static final Key<DataPlaneConfig, Long> HASH_SEED =
            Key.<DataPlaneConfig, Long>of(
                            "hash-seed",
                            Types.wholeLong(1, Long.MAX_VALUE),
                            "Seed of the hashes that pick backends. Balancers that share VIPs"
                                    + " need the same.")
                    .component(dataPlane -> dataPlane.hashSeed() == 0 ? null : dataPlane.hashSeed())
                    .defaultText("the same on every Naru")
                    .restartsDataPlane()
                    .example("20261121");
    static final Key<DataPlaneConfig, PortRange> LOCAL_PORTS =
            Key.<DataPlaneConfig, PortRange>of(
                            "local-ports",
                            Types.ports(),
                            "Ports of the local addresses that full-nat flows use; one of our"
                                    + " own addresses needs them to itself.")
                    .component(DataPlaneConfig::localPorts)
                    .defaultsTo(DataPlaneConfig.LOCAL_PORTS_DEFAULT)
                    .restartsDataPlane()
                    .example("20000-65535");
    static final ObjectType<DataPlaneConfig> DATA_PLANE =
            new ObjectType<>(
                    "the data plane",
                    "How the data plane process is set up.",
                    List.of(
                            FLOW_CAPACITY,
                            CPUS,
                            FRAMES,
                            FRAME_SIZE,
                            HUGE_PAGES,
                            IDLE,
                            VIP_ECHO,
                            HASH_SEED,
                            LOCAL_PORTS),
                    null);

    // -- the file ------------------------------------------------------------------------------

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
                                    "a list of interfaces", INTERFACE, 1, Limits.MAX_INTERFACES),
                            "The interfaces that packets are taken from.")
                    .component(NaruConfig::interfaces)
                    .required()
                    .restartsDataPlane()
                    .example("[eth0, eth1]");
    static final Key<NaruConfig, List<Section>> SERVICES =
            Key.<NaruConfig, List<Section>>of(
                            "services",
                            new ListType<>("a list of services", SERVICE, 0, Limits.MAX_SERVICES),
                            "What is balanced.")
                    .component(NaruConfig::services)
                    .defaultsTo(List.of())
                    .defaultText("[]");
    static final Key<NaruConfig, List<Section>> POOLS =
            Key.<NaruConfig, List<Section>>of(
                            "pools",
                            new ListType<>("a list of pools", POOL, 0, Limits.MAX_POOLS),
                            "The pools that services name.")
                    .component(NaruConfig::pools)
                    .defaultsTo(List.of())
                    .defaultText("[]");
    static final Key<NaruConfig, List<IpAddress>> LOCAL_ADDRESSES =
            Key.<NaruConfig, List<IpAddress>>of(
                            "local-addresses",
                            new ListType<>(
                                    "a list of IP addresses",
                                    Types.address(),
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
                            "dataplane", DATA_PLANE, "How the data plane process is set up.")
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

    private static Key<TimeoutsConfig, Duration> timeout(
            final String name, final String doc, final String standard, final String example) {
        return Key.<TimeoutsConfig, Duration>of(
                        name, Types.duration(Duration.ofSeconds(1), MAX_FLOW_TIMEOUT), doc)
                .defaultText(standard)
                .example(example);
    }

    /** What few say is written only where it is said. */
    private static Boolean onlyIf(final boolean flag) {
        return flag ? Boolean.TRUE : null;
    }

    private static <T> T other(final T value, final T standard) {
        return value.equals(standard) ? null : value;
    }

    private static Duration given(final Duration timeout) {
        return timeout.isZero() ? null : timeout;
    }

    /** The value of one key: {@code eth0} for {@code name: eth0}. */
    record KeyShorthand<T>(Key<?, T> key) implements ObjectType.Shorthand {
        @Override
        public boolean read(final ScalarNode node, final Section section, final Problems problems) {
            final T value = key.type().read(node, section.path(), problems);
            section.put(key, node, value);
            return value != null;
        }

        @Override
        public String label() {
            return key.type().label();
        }

        @Override
        public JsonObject schema() {
            return key.type().schema();
        }
    }

    /** {@code 10.2.0.1}, {@code 10.2.0.1:8080}, {@code 2001:db8::1}, {@code [2001:db8::1]:80}. */
    private static final class BackendShorthand implements ObjectType.Shorthand {
        @Override
        public boolean read(final ScalarNode node, final Section section, final Problems problems) {
            final String text = node.getValue();
            final boolean isBracketed = text.matches("\\[[^\\]]*\\]:.*");
            final int colon = isBracketed ? text.indexOf("]:") + 1 : text.indexOf(':');
            final boolean hasPort =
                    isBracketed || (colon > 0 && colon == text.lastIndexOf(':')); // else IPv6
            try {
                final IpAddress address =
                        Types.address(
                                isBracketed
                                        ? text.substring(1, colon - 1)
                                        : hasPort ? text.substring(0, colon) : text);
                section.put(BACKEND_ADDRESS, node, address);
            } catch (final InvalidValueException ex) {
                problems.error(
                        node,
                        section.path(),
                        ex.getMessage(),
                        "10.2.0.1, 10.2.0.1:8080 or [2001:db8::1]:8080");
                return false;
            }
            if (hasPort) {
                final int port = PortRange.parsePort(text.substring(colon + 1));
                if (port < 0) {
                    problems.error(
                            node,
                            section.path(),
                            "the port must be 1..65535, not '"
                                    + ScalarType.shorten(text.substring(colon + 1))
                                    + "'",
                            null);
                    return false;
                }
                section.put(BACKEND_PORT, node, port);
            }

            return true;
        }

        @Override
        public String label() {
            return "an address or address:port";
        }

        @Override
        public JsonObject schema() {
            return new JsonObject()
                    .put("type", "string")
                    .put(
                            "pattern",
                            "^([0-9]+(\\.[0-9]+){3}(:[0-9]+)?|[0-9a-fA-F:.]+|\\[[0-9a-fA-F:.]+\\]:[0-9]+)$");
        }
    }
}
