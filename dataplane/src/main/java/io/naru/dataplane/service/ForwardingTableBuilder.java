package io.naru.dataplane.service;

import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Limits;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.ServiceOptions;
import io.naru.dataplane.protocol.ServiceSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Collects what a {@link ForwardingTable} is made of and refuses what cannot be forwarded; used
 * once.
 *
 * <p>Every refusal is an {@link IllegalArgumentException} that names the service or backend, the
 * value and what was expected.
 */
public final class ForwardingTableBuilder {
    final long epoch;
    ServiceSpec[] services = {};
    int[][] backendIdsByService = {};
    BackendSpec[] backends = {};
    int[] hopIds = {};
    boolean[] isRetired = {};
    IpAddress[] localAddresses = {};
    boolean[] isVipAsLocal = {};
    IpAddress[] formerLocals = {};
    final List<OnLinkPrefix> onLink = new ArrayList<>();
    ServiceOptions[] options = {};
    IpAddress[] interfaceAddresses4 = {};
    IpAddress[] interfaceAddresses6 = {};

    ForwardingTableBuilder(final long epoch) {
        this.epoch = epoch;
    }

    /**
     * @param hopId where packets for the backend go, see {@code HopTable}.
     */
    public ForwardingTableBuilder backend(final int id, final BackendSpec spec, final int hopId) {
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
    public ForwardingTableBuilder retired(final int id) {
        isRetired[id] = true;
        return this;
    }

    /**
     * @param backendIds of the pool; each backend is added before the table is built.
     */
    public ForwardingTableBuilder service(
            final int id, final ServiceSpec spec, final int... backendIds) {
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

    /** A service that takes no packets any more, but has flows that are rewritten by options. */
    public ForwardingTableBuilder options(final int id, final ServiceOptions serviceOptions) {
        if (id >= options.length) {
            options = Arrays.copyOf(options, id + 1);
        }
        options[id] = serviceOptions;
        return this;
    }

    /** An address of the box's own on an interface: the source of tunnels by default. */
    public ForwardingTableBuilder interfaceAddress(
            final int interfaceIndex, final IpAddress address) {
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
    public ForwardingTableBuilder onLink(
            final int interfaceIndex, final IpAddress prefix, final int prefixLength) {
        onLink.add(new OnLinkPrefix(interfaceIndex, prefix, prefixLength));
        return this;
    }

    /**
     * A source address of ours.
     *
     * @param id below {@link Limits#MAX_LOCAL_ADDRESSES}, and never of another address.
     * @param isVip whether it is a VIP that stands in for one, for clients that are on the network
     *     of the backends.
     */
    public ForwardingTableBuilder localAddress(
            final int id, final IpAddress address, final boolean isVip) {
        final String who = "local address";
        check(id >= 0 && id < Limits.MAX_LOCAL_ADDRESSES, who, "id", id, "0 to 255");
        checkAddress(who, address);
        if (id >= localAddresses.length) {
            localAddresses = Arrays.copyOf(localAddresses, id + 1);
            isVipAsLocal = Arrays.copyOf(isVipAsLocal, id + 1);
        }
        localAddresses[id] = address;
        isVipAsLocal[id] = isVip;
        return this;
    }

    /**
     * A local address that is none any more, nor the VIP that stands in for one: flows have its id,
     * and their packets are rewritten until they have ended.
     */
    public ForwardingTableBuilder formerLocalAddress(final int id, final IpAddress address) {
        if (id >= formerLocals.length) {
            formerLocals = Arrays.copyOf(formerLocals, id + 1);
        }
        formerLocals[id] = address;
        return this;
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
        final Map<IpAddress, Integer> vipNumbers = new HashMap<>();
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
                                EndpointKey.of(
                                        spec.vip(), vipNumbers, protocol.code(), spec.portFirst()),
                                spec.name());
                check(
                        other == null,
                        "service " + spec.name(),
                        "port",
                        spec.portFirst(),
                        "one that service " + other + " does not have");
            } else {
                ranges.computeIfAbsent(
                                EndpointKey.of(spec.vip(), vipNumbers, protocol.code(), 0),
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
                                        one.first(), one.last(), services[one.serviceId()].name()));
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
