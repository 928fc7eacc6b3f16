package io.naru.controlplane.config;

import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Protocol;
import java.util.List;
import java.util.stream.Stream;

/** Checks that a pool and its health check suit the services that use it. */
final class PoolUse {
    private final Topology topology;
    private final PoolDraft pool;
    private final PoolConfig config;
    private final List<ServiceConfig> users;
    private final boolean isComplete;

    /**
     * Of one pool.
     *
     * @param isComplete whether the pool of every service is known, so that it has no other users.
     */
    PoolUse(
            final Topology topology,
            final PoolDraft pool,
            final PoolConfig config,
            final boolean isComplete) {
        this.topology = topology;
        this.pool = pool;
        this.config = config;
        this.users = pool.users().stream().map(Placed::config).toList();
        this.isComplete = isComplete;
    }

    void check() {
        if (users.isEmpty() && pool.form().equals(PoolDraft.Form.NAMED) && isComplete) {
            pool.section().warning(PoolKeys.NAME, "no service uses this pool", null);
        }
        pool.users().forEach(this::checkBackends);
        if (config.rules().outliers() != null
                && !users.isEmpty()
                && users.stream().allMatch(PoolUse::hidesOpenings)) {
            pool.section()
                    .warning(
                            PoolKeys.OUTLIERS,
                            "'outliers' finds none: only TCP services in mode nat or full-nat show"
                                    + " whether a connection opens",
                            null);
        }

        final CheckConfig check = config.check();
        if (check.port() == 0 && check.spec() != null && check.spec().needsPort()) {
            checkCheckPort();
        }
        if (check.source() != null && isComplete) {
            checkCheckSource();
        }
        if (check.path() == CheckPath.VIP && isComplete) {
            checkCheckPath();
        }
    }

    private static boolean hidesOpenings(final ServiceConfig service) {
        return service.protocol() == Protocol.UDP
                || (service.mode() != ServiceKeys.UNKNOWN_MODE && service.mode().isDsr());
    }

    // -- backends ------------------------------------------------------------------------------

    private void checkBackends(final Placed<ServiceConfig> user) {
        final ServiceConfig service = user.config();
        if (service.ports() == null || service.mode() == ServiceKeys.UNKNOWN_MODE) {
            return;
        }
        for (final Placed<BackendConfig> backend : pool.backends()) {
            checkFamily(service, backend);
            checkTunnelSource(user, backend.config().address());
            checkPort(service, backend);
        }
    }

    private static void checkFamily(
            final ServiceConfig service, final Placed<BackendConfig> backend) {
        final IpAddress address = backend.config().address();
        if (address == null
                || service.vip() == null
                || service.mode().isTunnel()
                || address.isIpv4() == service.vip().isIpv4()) {
            return;
        }

        backend.section()
                .error(
                        BackendKeys.ADDRESS,
                        "%s cannot serve %s, the VIP of service '%s': mode %s does not translate between IPv4 and IPv6"
                                .formatted(
                                        address,
                                        service.vip(),
                                        service.name(),
                                        service.mode().label()),
                        "backends of the VIP's family, or mode dsr-gre or dsr-ipip");
    }

    /** A bridge's interfaces have no address that a tunnel could take. */
    private void checkTunnelSource(final Placed<ServiceConfig> user, final IpAddress backend) {
        final ServiceConfig service = user.config();
        if (topology != Topology.BRIDGE || !service.mode().isTunnel() || backend == null) {
            return;
        }

        final TunnelConfig tunnel = service.tunnel();
        if ((backend.isIpv4() ? tunnel.source() : tunnel.source6()) == null) {
            user.section()
                    .error(
                            ServiceKeys.TUNNEL,
                            "in topology bridge no interface has an address: packets to backend "
                                    + backend
                                    + " would have no source",
                            backend.isIpv4()
                                    ? "tunnel: { source: 10.9.0.1 }"
                                    : "tunnel: { source-ipv6: 2001:db8:9::1 }");
        }
    }

    /** Where a backend's port would have to be another than the one that the client called. */
    private static void checkPort(
            final ServiceConfig service, final Placed<BackendConfig> backend) {
        final PortRange ports = service.ports();
        final int port = backend.config().port();
        if (port == 0) {
            return;
        }

        if (service.mode().isDsr() && !(ports.isSingle() && port == ports.first())) {
            backend.section()
                    .error(
                            BackendKeys.PORT,
                            "service '%s' (mode %s, port %s) cannot change the port to %s: %s"
                                    .formatted(
                                            service.name(),
                                            service.mode().label(),
                                            ports,
                                            port,
                                            service.mode().isTunnel()
                                                    ? "the packet is wrapped as it is"
                                                    : "only MAC addresses are rewritten"),
                            "leave the port out, and let the server listen on the service's");
        } else if (!ports.isSingle()) {
            backend.section()
                    .error(
                            BackendKeys.PORT,
                            "service '%s' has port %s: sending all of them to port %s would make flows of one client indistinguishable"
                                    .formatted(service.name(), ports, port),
                            "leave the port out, then each keeps the port that the client called");
        }
    }

    // -- the health check ----------------------------------------------------------------------

    private void checkCheckPort() {
        if (users.stream().anyMatch(user -> user.ports() == null || user.protocol() == null)) {
            return; // refused already
        }

        final String why = whyCheckHasNoPort();
        if (why != null) {
            final Key<?, Section> key = pool.form().checkKey();
            pool.section()
                    .error(
                            pool.section().has(key) ? key : pool.form().backendsKey(),
                            "the %s check needs a port of its own: %s"
                                    .formatted(config.check().spec().kind(), why),
                            "check: { port: 80 } or check: none");
        }
    }

    /** Null where backends or services have one for it. */
    private String whyCheckHasNoPort() {
        final Protocol protocol = NaruConfig.checkProtocol(config.check());
        if (!users.isEmpty() && users.stream().noneMatch(user -> user.protocol() == protocol)) {
            return "only " + (protocol == Protocol.TCP ? "UDP" : "TCP") + " services use the pool";
        }
        if (users.isEmpty() || pool.listed().noneMatch(backend -> backend.port() == 0)) {
            return null;
        }

        final long ports =
                users.stream()
                        .filter(user -> user.protocol() == protocol && user.ports().isSingle())
                        .map(user -> user.ports().first())
                        .distinct()
                        .count();
        if (ports == 1) {
            return null;
        }

        return ports == 0 ? "its service has no single port" : "its services have different ports";
    }

    /** A check cannot come from an IPv4 address and go to an IPv6 one. */
    private void checkCheckSource() {
        final CheckConfig check = config.check();
        final boolean isIpv4 = check.source().isIpv4();
        if (checked().anyMatch(address -> address != null && address.isIpv4() != isIpv4)) {
            pool.section()
                    .get(pool.form().checkKey())
                    .error(
                            CheckKeys.SOURCE,
                            "%s is no %s address, and what is checked is"
                                    .formatted(check.source(), isIpv4 ? "IPv6" : "IPv4"),
                            "an address of this box of the same family");
        }
    }

    /** The addresses that the check calls, as far as they are known; null for a refused one. */
    private Stream<IpAddress> checked() {
        final CheckConfig check = config.check();
        if (check.address() != null) {
            return Stream.of(check.address());
        }
        if (check.path() == CheckPath.BACKEND) {
            return backendAddresses();
        }
        if (users.stream().anyMatch(user -> user.mode() == ServiceKeys.UNKNOWN_MODE)) {
            return Stream.empty();
        }

        return users.stream().anyMatch(user -> user.mode().isDsr())
                ? users.stream().map(ServiceConfig::vip)
                : backendAddresses();
    }

    private Stream<IpAddress> backendAddresses() {
        return config.backends().stream().map(BackendConfig::address);
    }

    private void checkCheckPath() {
        if (users.stream()
                .noneMatch(u -> u.mode() == ServiceKeys.UNKNOWN_MODE || u.mode().isDsr())) {
            pool.section()
                    .get(pool.form().checkKey())
                    .error(
                            CheckKeys.PATH,
                            "no service with these backends is in a DSR mode: in nat and full-nat a"
                                    + " backend does not have the VIP",
                            "backend, or nothing");
        }
    }
}
