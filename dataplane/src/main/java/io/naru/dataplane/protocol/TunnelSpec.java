package io.naru.dataplane.protocol;

/**
 * How the packets of a {@code dsr-gre} or {@code dsr-ipip} service are wrapped.
 *
 * <p>A source of the backend's family is used. {@link IpAddress#NONE} stands for the address of the
 * interface that the packet leaves by. With a prefix length below 32 or 128 the host part is
 * derived from the flow, so that the receivers' RSS spreads flows over their queues.
 *
 * @param source4 outer source towards backends with an IPv4 address.
 * @param prefixLength4 0 to 32; bits of {@code source4} that are the same for all flows.
 * @param source6 outer source towards backends with an IPv6 address.
 * @param prefixLength6 0 to 128.
 * @param greKey the key of RFC 2890, 0 to 2^32 - 1; -1 for none.
 * @param greChecksum whether the GRE header has a checksum (RFC 2784).
 * @param copiesDscp whether the outer packet has the DSCP of the inner one (RFC 2983, uniform), or
 *     zero.
 */
public record TunnelSpec(
        IpAddress source4,
        int prefixLength4,
        IpAddress source6,
        int prefixLength6,
        long greKey,
        boolean greChecksum,
        boolean copiesDscp) {
    /** {@link #greKey} of packets without a key. */
    public static final long NO_KEY = -1;

    public static final TunnelSpec DEFAULT =
            new TunnelSpec(IpAddress.NONE, 32, IpAddress.NONE, 128, NO_KEY, false, true);
}
