package io.naru.dataplane.service;

import io.naru.dataplane.protocol.IpAddress;
import java.util.Map;

/**
 * Address, protocol and port in a long, the key of a {@link LongIntTable}: an IPv4 address is there
 * itself, an IPv6 address by its number in an {@link AddressTable}.
 *
 * <pre>
 *   60    55                          24 23        16 15                0
 *  +-+---+------------------------------+------------+------------------+
 *  |6|   | IPv4 address raw, or number  |  protocol  | port, host order |
 *  +-+---+------------------------------+------------+------------------+
 * </pre>
 */
final class EndpointKey {
    private static final long IPV6 = 1L << 60;
    private static final int PROTOCOL_SHIFT = 16;
    private static final int ADDRESS_SHIFT = 24;

    private EndpointKey() {}

    static long of(final int ipNet, final int protocol, final int port) {
        return ((ipNet & 0xffff_ffffL) << ADDRESS_SHIFT)
                | ((long) protocol << PROTOCOL_SHIFT)
                | port;
    }

    static long of6(final int addressNumber, final int protocol, final int port) {
        return IPV6 | of(addressNumber, protocol, port);
    }

    /**
     * The key of either family.
     *
     * @param numbers of IPv6 addresses; one that has none yet gets the next.
     */
    static long of(
            final IpAddress address,
            final Map<IpAddress, Integer> numbers,
            final int protocol,
            final int port) {
        return address.isIpv4()
                ? of(Integer.reverseBytes(address.ipv4()), protocol, port)
                : of6(numbers.computeIfAbsent(address, a -> numbers.size()), protocol, port);
    }

    /** The key of an IPv4 address alone; not 0, whatever the address. */
    static long ofAddress(final int ipNet) {
        return of(ipNet, 1, 0);
    }

    /** Swaps the two octets of a port, either way. */
    static int hostOrder(final int portNet) {
        return ((portNet & 0xff) << 8) | ((portNet >>> 8) & 0xff);
    }
}
