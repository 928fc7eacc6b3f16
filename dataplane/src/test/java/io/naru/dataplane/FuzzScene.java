package io.naru.dataplane;

import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.neighbour.MacTable;
import io.naru.dataplane.pipeline.Frame;
import io.naru.dataplane.pipeline.PipelineSettings;
import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.AtLimit;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.FlowLimits;
import io.naru.dataplane.protocol.FlowRule;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.OversizeRule;
import io.naru.dataplane.protocol.Persistence;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.Selection;
import io.naru.dataplane.protocol.ServiceOptions;
import io.naru.dataplane.protocol.ServiceSpec;
import io.naru.dataplane.protocol.TunnelSpec;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.service.ForwardingTableBuilder;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** What the fuzzed workers are told to serve, and who the hosts around them are. */
final class FuzzScene {
    static final String CLIENT_SIDE_MAC = "02:00:00:00:00:01";
    static final String BACKEND_SIDE_MAC = "02:00:00:00:00:02";

    /** Two hops on the backends' side, one on the clients', one that nobody has resolved. */
    static final int HOPS = 4;

    private static final Protocol[] PROTOCOLS = {Protocol.TCP, Protocol.UDP};

    private final List<Target> targets = new ArrayList<>();
    private final List<Target> backends = new ArrayList<>();
    private final List<BackendSpec> backendSpecs = new ArrayList<>();
    private final List<ServiceSpec> services = new ArrayList<>();
    private final List<int[]> members = new ArrayList<>();

    /** An endpoint; its address has 4 or 16 bytes. */
    static final class Target {
        private final byte[] address;
        private final int protocol;
        private final int port;

        Target(final byte[] address, final int protocol, final int port) {
            this.address = address;
            this.protocol = protocol;
            this.port = port;
        }

        byte[] address() {
            return address;
        }

        int protocol() {
            return protocol;
        }

        int port() {
            return port;
        }
    }

    private final boolean isOneArm;
    private final PipelineSettings.Bridge bridge;
    private final int[] vlans;

    private FuzzScene(
            final boolean isOneArm, final PipelineSettings.Bridge bridge, final int... vlans) {
        this.isOneArm = isOneArm;
        this.bridge = bridge;
        this.vlans = vlans;
    }

    /** Between two networks: every mode side by side, in both families. */
    static FuzzScene routed() {
        return withEveryMode(new FuzzScene(false, null, 0, 0));
    }

    /** The same, with the backends in a VLAN. */
    static FuzzScene routedWithVlan() {
        return withEveryMode(new FuzzScene(false, null, 0, 100));
    }

    /** On one network with one interface; nat is there too, as hairpin makes it full-nat. */
    static FuzzScene oneArm() {
        return withEveryMode(new FuzzScene(true, null, 0));
    }

    /** Between two parts of one network. */
    static FuzzScene bridge() {
        return withEveryMode(
                new FuzzScene(
                        false, new PipelineSettings.Bridge(new MacTable(), 0x0123_4567L), 0, 0));
    }

    /** By interface; 0 of frames without a tag. */
    int[] vlans() {
        return vlans.clone();
    }

    /** What the workers share if they are those of a bridge, else null. */
    PipelineSettings.Bridge bridged() {
        return bridge;
    }

    private static FuzzScene withEveryMode(final FuzzScene scene) {
        final String[] nat4 = {"10.2.0.1:8080", "10.2.0.2:0", "10.2.0.3:8080"};
        final String[] nat6 = {"2001:db8:2::1:8080", "2001:db8:2::2:0", "2001:db8:2::3:8080"};
        final String[] tunnel4 = {"10.3.0.1:0", "10.3.0.2:0"};
        final String[] tunnel6 = {"2001:db8:3::1:0", "2001:db8:3::2:0"};
        final ServiceOptions plain = ServiceOptions.DEFAULT;
        final ServiceOptions busy =
                options(true, true, 536, OversizeRule.OUTER, BUSY_TUNNEL)
                        .with(
                                Selection.DEFAULT,
                                FlowRule.KEEP,
                                FlowRule.RESET,
                                new FlowLimits(40, 20, AtLimit.RESET),
                                new Persistence(5, 24, 64, 7));
        final ServiceOptions strict =
                options(false, false, ServiceOptions.MSS_OFF, OversizeRule.DROP, BUSY_TUNNEL)
                        .with(
                                Selection.DEFAULT,
                                FlowRule.MOVE,
                                FlowRule.MOVE,
                                new FlowLimits(0, 50, AtLimit.NEXT),
                                new Persistence(1, 32, 128, Persistence.ALONE));
        scene.add("nat", Mode.NAT, plain, "192.0.2.10", 80, nat4);
        scene.add("nat6", Mode.NAT, busy, "2001:db8::10", 80, nat6);
        scene.add("full", Mode.FULL_NAT, busy, "192.0.2.12", 80, nat4);
        scene.add("full6", Mode.FULL_NAT, plain, "2001:db8::12", 80, nat6);
        scene.add("l2", Mode.DSR_L2, strict, "192.0.2.11", 80, "192.0.2.21:0", "192.0.2.22:0");
        scene.add("l26", Mode.DSR_L2, plain, "2001:db8::11", 80, "2001:db8::21:0");
        scene.add("gre44", Mode.DSR_GRE, plain, "192.0.2.13", 80, tunnel4);
        scene.add("gre46", Mode.DSR_GRE, busy, "192.0.2.13", 81, tunnel6);
        scene.add("gre64", Mode.DSR_GRE, strict, "2001:db8::13", 80, tunnel4);
        scene.add("gre66", Mode.DSR_GRE, busy, "2001:db8::13", 81, tunnel6);
        scene.add("ip44", Mode.DSR_IPIP, busy, "192.0.2.14", 80, tunnel4);
        scene.add("ip46", Mode.DSR_IPIP, strict, "192.0.2.14", 81, tunnel6);
        scene.add("ip64", Mode.DSR_IPIP, plain, "2001:db8::14", 80, tunnel4);
        scene.add("ip66", Mode.DSR_IPIP, plain, "2001:db8::14", 81, tunnel6);
        for (final String nobody : new String[] {"192.0.2.10", "203.0.113.1", "2001:db8::10"}) {
            scene.targets.add(new Target(bytes(nobody), 6, 82));
        }
        return scene;
    }

    private static final TunnelSpec BUSY_TUNNEL =
            new TunnelSpec(
                    IpAddress.parse("10.9.0.0"),
                    16,
                    IpAddress.parse("2001:db8:9::"),
                    64,
                    0xfedc_ba98L,
                    true,
                    false);

    private static ServiceOptions options(
            final boolean adopts,
            final boolean resets,
            final int mssClamp,
            final OversizeRule oversize,
            final TunnelSpec tunnel) {
        return new ServiceOptions(adopts, adopts, resets, mssClamp, oversize, tunnel);
    }

    private FuzzScene add(
            final String name,
            final Mode mode,
            final ServiceOptions options,
            final String vip,
            final int port,
            final String... endpoints) {
        for (final Protocol protocol : PROTOCOLS) {
            final String pool = name + protocol;
            final int[] ids = new int[endpoints.length];
            for (int k = 0; k < endpoints.length; k++) {
                ids[k] = addBackend(pool, k, endpoints[k], protocol, port);
            }
            services.add(
                    new ServiceSpec(
                            pool,
                            IpAddress.parse(vip),
                            protocol,
                            port,
                            port,
                            mode,
                            Algorithm.RR,
                            pool,
                            ServiceSpec.Timeouts.DEFAULT,
                            options));
            members.add(ids);
            targets.add(new Target(bytes(vip), protocol.code(), port));
        }
        return this;
    }

    private int addBackend(
            final String pool,
            final int number,
            final String endpoint,
            final Protocol protocol,
            final int servicePort) {
        final int colon = endpoint.lastIndexOf(':');
        final IpAddress address = IpAddress.parse(endpoint.substring(0, colon));
        final int port = Integer.parseInt(endpoint.substring(colon + 1));
        backendSpecs.add(new BackendSpec(pool, "s" + number, address, port, 1, BackendState.UP));
        backends.add(
                new Target(
                        bytes(address.toString()),
                        protocol.code(),
                        port == 0 ? servicePort : port));
        return backendSpecs.size() - 1;
    }

    boolean isRouter() {
        return !isOneArm && bridge == null;
    }

    /** Our MACs, by interface. */
    long[] macsNet() {
        final long front = Frame.macNet(CLIENT_SIDE_MAC);
        return isOneArm ? new long[] {front} : new long[] {front, Frame.macNet(BACKEND_SIDE_MAC)};
    }

    /** Where packets to backends go; the last hop is one that nobody has resolved. */
    long hop(final int id) {
        if (id == HOPS - 1) {
            return Hop.UNRESOLVED;
        }

        final int port = isOneArm || id == 2 ? 0 : 1;
        return Hop.of(Frame.macNet("02:00:00:00:02:0" + id), bridge == null ? port : Hop.BRIDGED);
    }

    /** Endpoints that clients call. */
    List<Target> targets() {
        return targets;
    }

    /** Endpoints that answer. */
    List<Target> backends() {
        return backends;
    }

    /** The next configuration: backends come and go, algorithms change. */
    ForwardingTable table(final long epoch, final SplittableRandom random) {
        final ForwardingTableBuilder builder = ForwardingTable.builder(epoch);
        for (int id = 0; id < backendSpecs.size(); id++) {
            final BackendSpec spec = backendSpecs.get(id);
            final BackendState state =
                    switch (random.nextInt(8)) {
                        case 0 -> BackendState.DOWN;
                        case 1 -> BackendState.DRAIN;
                        case 2 -> BackendState.STANDBY;
                        default -> BackendState.UP;
                    };
            builder.backend(
                    id,
                    new BackendSpec(
                            spec.pool(), spec.name(), spec.address(), spec.port(), 1, state),
                    id % HOPS);
        }
        for (int id = 0; id < services.size(); id++) {
            final Algorithm[] algorithms = Algorithm.values();
            builder.service(
                    id,
                    services.get(id).with(algorithms[random.nextInt(algorithms.length)]),
                    members.get(id));
        }
        String[] locals = {"10.2.0.99", "10.2.0.98", "2001:db8:2::99"};
        for (int id = 0; id < locals.length; id++) {
            builder.localAddress(id, IpAddress.parse(locals[id]), false);
        }
        locals = new String[] {"192.0.2.10", "2001:db8::10", "192.0.2.12"};
        for (int id = 0; id < locals.length; id++) {
            builder.localAddress(100 + id, IpAddress.parse(locals[id]), true);
        }
        final int behind = isOneArm ? 0 : 1;
        return builder.onLink(behind, IpAddress.parse("10.2.0.0"), 24)
                .onLink(behind, IpAddress.parse("2001:db8:2::"), 64)
                .onLink(0, IpAddress.parse("192.0.2.0"), 24)
                .interfaceAddress(0, IpAddress.parse("192.0.2.254"))
                .interfaceAddress(0, IpAddress.parse("2001:db8::fe"))
                .interfaceAddress(1, IpAddress.parse("10.2.0.254"))
                .interfaceAddress(1, IpAddress.parse("2001:db8:2::fe"))
                .build();
    }

    byte[] client(final SplittableRandom random, final boolean isIpv6) {
        final byte[] address = bytes(isIpv6 ? "2001:db8:ff::1" : "198.51.100.1");
        address[address.length - 1] = (byte) (1 + random.nextInt(8));
        return address;
    }

    byte[] clientSideMac() {
        return mac(CLIENT_SIDE_MAC);
    }

    byte[] backendSideMac() {
        return mac(isOneArm ? CLIENT_SIDE_MAC : BACKEND_SIDE_MAC);
    }

    byte[] clientMac(final SplittableRandom random) {
        return mac("02:00:00:00:00:9" + random.nextInt(3));
    }

    byte[] backendMac(final SplittableRandom random) {
        return mac("02:00:00:00:02:0" + random.nextInt(3));
    }

    static byte[] bytes(final String address) {
        try {
            return InetAddress.getByName(address).getAddress();
        } catch (final UnknownHostException ex) {
            throw new IllegalArgumentException(address, ex);
        }
    }

    static byte[] mac(final String text) {
        return Frame.mac(text);
    }
}
