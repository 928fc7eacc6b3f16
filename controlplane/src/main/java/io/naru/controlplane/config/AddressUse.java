package io.naru.controlplane.config;

import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Protocol;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Checks that no address, and no port of a VIP, is two things at once. */
final class AddressUse {
    private AddressUse() {}

    /** By VIP and protocol: each service of a group against the others of it. */
    static void checkPorts(final List<Placed<ServiceConfig>> services) {
        record Group(IpAddress vip, Protocol protocol) {}

        final Map<Group, List<ServiceConfig>> groups = new HashMap<>();
        for (final Placed<ServiceConfig> each : services) {
            final ServiceConfig service = each.config();
            if (service.name() == null
                    || service.vip() == null
                    || service.protocol() == null
                    || service.ports() == null) {
                continue;
            }
            final List<ServiceConfig> group =
                    groups.computeIfAbsent(
                            new Group(service.vip(), service.protocol()), g -> new ArrayList<>());
            group.stream()
                    .filter(other -> service.ports().overlaps(other.ports()))
                    .findFirst()
                    .ifPresent(
                            other ->
                                    each.section()
                                            .error(
                                                    ServiceKeys.PORT,
                                                    overlapText(service, other),
                                                    "a VIP's port belongs to one service"));
            group.add(service);
        }
    }

    private static String overlapText(final ServiceConfig service, final ServiceConfig other) {
        return "%s %s port %s overlaps with service '%s' (port %s)"
                .formatted(
                        service.vip(),
                        service.protocol().label(),
                        service.ports(),
                        other.name(),
                        other.ports());
    }

    /** A packet to a backend that is a VIP would come back to us. */
    static void checkBackends(final List<Placed<ServiceConfig>> services, final PoolDrafts pools) {
        final Map<IpAddress, String> vips = new HashMap<>();
        for (final Placed<ServiceConfig> service : services) {
            if (service.config().vip() != null) {
                vips.putIfAbsent(service.config().vip(), String.valueOf(service.config().name()));
            }
        }
        for (final PoolDraft pool : pools.all()) {
            for (final Placed<BackendConfig> backend : pool.backends()) {
                final IpAddress address = backend.config().address();
                if (vips.containsKey(address)) {
                    backend.section()
                            .error(
                                    BackendKeys.ADDRESS,
                                    "%s is the VIP of service '%s': its packets would come back to us"
                                            .formatted(address, vips.get(address)),
                                    "the backend's own address");
                }
            }
        }
    }

    /** Replies to a local address are ours, and nobody else's. */
    static void checkLocals(
            final Section root,
            final List<Placed<ServiceConfig>> services,
            final PoolDrafts pools) {
        final Map<IpAddress, String> taken = new HashMap<>();
        for (final Placed<ServiceConfig> service : services) {
            taken.put(
                    service.config().vip(), "the VIP of service '" + service.config().name() + "'");
        }
        for (final PoolDraft pool : pools.all()) {
            for (final Placed<BackendConfig> backend : pool.backends()) {
                taken.put(backend.config().address(), "a backend of pool '" + pool.name() + "'");
            }
        }
        for (final IpAddress local : root.orDefault(ConfigKeys.LOCAL_ADDRESSES)) {
            final String other = taken.put(local, "in this list twice");
            if (other != null) {
                root.error(
                        ConfigKeys.LOCAL_ADDRESSES,
                        local + " is " + other,
                        "an address that nothing else has");
            }
        }
    }
}
