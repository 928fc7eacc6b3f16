package io.naru.dataplane.port.xdp;

import static io.naru.linux.xdp.FilterDescriptor.ADDRESSES_MAP;
import static io.naru.linux.xdp.FilterDescriptor.ADDRESS_LENGTH;
import static io.naru.linux.xdp.FilterDescriptor.BACKENDS_MAP;
import static io.naru.linux.xdp.FilterDescriptor.ENDPOINT_ADDRESS_OFFSET;
import static io.naru.linux.xdp.FilterDescriptor.ENDPOINT_LENGTH;
import static io.naru.linux.xdp.FilterDescriptor.ENDPOINT_PORT_OFFSET;
import static io.naru.linux.xdp.FilterDescriptor.ENDPOINT_PROTOCOL_OFFSET;
import static io.naru.linux.xdp.FilterDescriptor.PROTOCOL_FRAGMENT;
import static io.naru.linux.xdp.FilterDescriptor.RANGES_MAX;
import static io.naru.linux.xdp.FilterDescriptor.RANGE_FIRST_OFFSET;
import static io.naru.linux.xdp.FilterDescriptor.RANGE_LAST_OFFSET;
import static io.naru.linux.xdp.FilterDescriptor.RANGE_LENGTH;
import static io.naru.linux.xdp.FilterDescriptor.RANGE_PROTOCOL_OFFSET;
import static io.naru.linux.xdp.FilterDescriptor.ROLE_FLAGS_OFFSET;
import static io.naru.linux.xdp.FilterDescriptor.ROLE_LENGTH;
import static io.naru.linux.xdp.FilterDescriptor.ROLE_LOCAL;
import static io.naru.linux.xdp.FilterDescriptor.ROLE_RANGES_OFFSET;
import static io.naru.linux.xdp.FilterDescriptor.ROLE_RANGE_COUNT_OFFSET;
import static io.naru.linux.xdp.FilterDescriptor.ROLE_VIP;
import static io.naru.linux.xdp.FilterDescriptor.SERVICES_MAP;

import io.naru.dataplane.port.FilterRules;
import io.naru.dataplane.port.FilterRules.Address;
import io.naru.dataplane.port.FilterRules.BackendRule;
import io.naru.dataplane.port.FilterRules.ServiceRule;
import java.nio.ByteOrder;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.agrona.concurrent.UnsafeBuffer;

/** Turns rules into the elements that the filter's maps must hold for them. */
final class FilterEntries {
    private static final UnsafeBuffer PRESENT = new UnsafeBuffer(new byte[Integer.BYTES]);

    private static final int TCP = 6;
    private static final int UDP = 17;

    private FilterEntries() {}

    /**
     * The elements by map; buffers are equal if their content is.
     *
     * @throws IllegalArgumentException if an address of the box's own is a VIP with more port
     *     ranges than the filter has room for.
     */
    static Map<String, Map<UnsafeBuffer, UnsafeBuffer>> of(final FilterRules rules) {
        final Set<Address> vips = new LinkedHashSet<>();
        rules.services().forEach(service -> vips.add(service.vip()));

        final Map<UnsafeBuffer, UnsafeBuffer> addresses = new HashMap<>();
        Stream.concat(vips.stream(), rules.locals().stream())
                .forEach(address -> addresses.put(key(address), role(address, vips, rules)));

        final Map<UnsafeBuffer, UnsafeBuffer> services = new HashMap<>();
        for (final ServiceRule service : rules.services()) {
            if (rules.locals().contains(service.vip()) && isOnePort(service)) {
                services.put(key(service.vip(), service.protocol(), service.portFirst()), PRESENT);
            }
        }

        final Map<UnsafeBuffer, UnsafeBuffer> backends = new HashMap<>();
        for (final BackendRule backend : rules.backends()) {
            backends.put(key(backend.address(), backend.protocol(), backend.port()), PRESENT);
            if (backend.protocol() == TCP || backend.protocol() == UDP) {
                backends.put(
                        key(backend.address(), backend.protocol() | PROTOCOL_FRAGMENT, 0), PRESENT);
            }
        }

        return Map.of(ADDRESSES_MAP, addresses, SERVICES_MAP, services, BACKENDS_MAP, backends);
    }

    private static UnsafeBuffer role(
            final Address address, final Set<Address> vips, final FilterRules rules) {
        final UnsafeBuffer role = new UnsafeBuffer(new byte[ROLE_LENGTH]);
        final boolean isVip = vips.contains(address);
        final boolean isLocal = rules.locals().contains(address);
        role.putInt(ROLE_FLAGS_OFFSET, (isVip ? ROLE_VIP : 0) | (isLocal ? ROLE_LOCAL : 0));
        if (isVip && isLocal) {
            putRanges(role, address, rules);
        }

        return role;
    }

    /** In one order, so that the same rules make the same bytes. */
    private static void putRanges(
            final UnsafeBuffer role, final Address address, final FilterRules rules) {
        final List<ServiceRule> ranges =
                rules.services().stream()
                        .filter(service -> service.vip().equals(address) && !isOnePort(service))
                        .sorted(
                                Comparator.comparingInt(ServiceRule::protocol)
                                        .thenComparingInt(ServiceRule::portFirst)
                                        .thenComparingInt(ServiceRule::portLast))
                        .toList();
        if (ranges.size() > RANGES_MAX) {
            throw new IllegalArgumentException(
                    "%s is the box's own address and a VIP with %d port ranges: at most %d"
                            .formatted(text(address), ranges.size(), RANGES_MAX));
        }

        role.putInt(ROLE_RANGE_COUNT_OFFSET, ranges.size());
        int offset = ROLE_RANGES_OFFSET;
        for (final ServiceRule range : ranges) {
            role.putShort(offset + RANGE_FIRST_OFFSET, (short) range.portFirst());
            role.putShort(offset + RANGE_LAST_OFFSET, (short) range.portLast());
            role.putInt(offset + RANGE_PROTOCOL_OFFSET, range.protocol());
            offset += RANGE_LENGTH;
        }
    }

    private static boolean isOnePort(final ServiceRule service) {
        return service.portFirst() == service.portLast();
    }

    private static UnsafeBuffer key(final Address address) {
        final UnsafeBuffer key = new UnsafeBuffer(new byte[ADDRESS_LENGTH]);
        putAddress(key, 0, address);
        return key;
    }

    private static UnsafeBuffer key(final Address address, final int protocol, final int port) {
        final UnsafeBuffer key = new UnsafeBuffer(new byte[ENDPOINT_LENGTH]);
        putAddress(key, ENDPOINT_ADDRESS_OFFSET, address);
        key.putShort(ENDPOINT_PORT_OFFSET, (short) port, ByteOrder.BIG_ENDIAN);
        key.putByte(ENDPOINT_PROTOCOL_OFFSET, (byte) protocol);
        return key;
    }

    private static void putAddress(
            final UnsafeBuffer key, final int offset, final Address address) {
        key.putLong(offset, address.high(), ByteOrder.BIG_ENDIAN);
        key.putLong(offset + Long.BYTES, address.low(), ByteOrder.BIG_ENDIAN);
    }

    private static String text(final Address address) {
        if (!address.isIpv4()) {
            return "%016x%016x".formatted(address.high(), address.low());
        }

        final int ip = address.ipv4();
        return "%d.%d.%d.%d".formatted(ip >>> 24, ip >>> 16 & 0xff, ip >>> 8 & 0xff, ip & 0xff);
    }
}
