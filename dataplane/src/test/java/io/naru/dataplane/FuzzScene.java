package io.naru.dataplane;

import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.ServiceSpec;
import io.naru.dataplane.service.ForwardingTable;
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

    /** Between two networks: every mode side by side. */
    static FuzzScene routed() {
        final FuzzScene scene = new FuzzScene();
        scene.add(
                "nat", Mode.NAT, "192.0.2.10", 80, "10.2.0.1:8080", "10.2.0.2:0", "10.2.0.3:8080");
        scene.add("l2", Mode.DSR_L2, "192.0.2.11", 80, "192.0.2.21:0", "192.0.2.22:0");
        scene.targets.add(new Target(bytes("192.0.2.10"), 6, 81));
        scene.targets.add(new Target(bytes("203.0.113.1"), 6, 80));
        return scene;
    }

    private FuzzScene add(
            final String name,
            final Mode mode,
            final String vip,
            final int port,
            final String... endpoints) {
        for (final Protocol protocol : PROTOCOLS) {
            final int[] ids = new int[endpoints.length];
            for (int k = 0; k < endpoints.length; k++) {
                final int colon = endpoints[k].lastIndexOf(':');
                final IpAddress address = IpAddress.parse(endpoints[k].substring(0, colon));
                final int backendPort = Integer.parseInt(endpoints[k].substring(colon + 1));
                ids[k] = backendSpecs.size();
                backendSpecs.add(
                        new BackendSpec(
                                name + protocol,
                                "s" + k,
                                address,
                                backendPort,
                                1,
                                BackendState.UP));
                backends.add(
                        new Target(
                                bytes(address.toString()),
                                protocol.code(),
                                backendPort == 0 ? port : backendPort));
            }
            services.add(
                    new ServiceSpec(
                            name + protocol,
                            IpAddress.parse(vip),
                            protocol,
                            port,
                            port,
                            mode,
                            Algorithm.RR,
                            name + protocol,
                            ServiceSpec.Timeouts.DEFAULT));
            members.add(ids);
            targets.add(new Target(bytes(vip), protocol.code(), port));
        }
        return this;
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
        final ForwardingTable.Builder builder = ForwardingTable.builder(epoch);
        for (int id = 0; id < backendSpecs.size(); id++) {
            final BackendSpec spec = backendSpecs.get(id);
            final BackendState state =
                    switch (random.nextInt(8)) {
                        case 0 -> BackendState.DOWN;
                        case 1 -> BackendState.DRAIN;
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
        return builder.build();
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
        return mac(BACKEND_SIDE_MAC);
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
        return io.naru.dataplane.pipeline.Frame.mac(text);
    }
}
