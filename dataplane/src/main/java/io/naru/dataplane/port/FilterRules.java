package io.naru.dataplane.port;

import java.util.Set;

/**
 * What the balancer wants to see of the traffic on its interfaces.
 *
 * @param services VIPs with protocol and ports. Everything to such an address is ours, whatever its
 *     protocol and port, and so are ARP and NDP for it.
 * @param backends sources of return traffic ({@code nat}): frames from these endpoints to an
 *     address that is not the box's own, and ICMP errors about frames to them; and, with the
 *     protocol of a tunnel, backends that ICMP errors about tunnelled frames may come from.
 * @param locals the box's own addresses: frames to them stay with the kernel, except for the
 *     services' ports where such an address is a VIP as well.
 */
public record FilterRules(
        Set<ServiceRule> services, Set<BackendRule> backends, Set<Address> locals) {
    public static final FilterRules NONE = new FilterRules(Set.of(), Set.of(), Set.of());

    public FilterRules {
        services = Set.copyOf(services);
        backends = Set.copyOf(backends);
        locals = Set.copyOf(locals);
    }

    /**
     * An IPv4 or IPv6 address.
     *
     * @param high the first 8 bytes of an IPv6 address, big-endian value; 0 for IPv4.
     * @param low the last 8 bytes; for IPv4 {@code 0x0000ffff_aabbccdd}, the mapped form (RFC 4291
     *     2.5.5.2).
     */
    public record Address(long high, long low) {
        /** {@code hostOrder} is the address as a big-endian number: 192.0.2.1 is 0xc0000201. */
        public static Address ipv4(final int hostOrder) {
            return new Address(0, 0xffff_0000_0000L | (hostOrder & 0xffff_ffffL));
        }

        public boolean isIpv4() {
            return high == 0 && low >>> 32 == 0xffff;
        }

        /** The IPv4 address as a big-endian number; only if {@link #isIpv4()}. */
        public int ipv4() {
            return (int) low;
        }
    }

    /**
     * @param protocol IANA number: 6 or 17.
     * @param portFirst first port, host order; 0 with {@code portLast} 65535 is any port.
     */
    public record ServiceRule(Address vip, int protocol, int portFirst, int portLast) {}

    /**
     * @param protocol IANA number: 6 or 17, or that of a tunnel: 47, 4 or 41.
     * @param port host order; 0 is any port.
     */
    public record BackendRule(Address address, int protocol, int port) {}
}
