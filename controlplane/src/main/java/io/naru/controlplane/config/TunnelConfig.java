package io.naru.controlplane.config;

import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.TunnelSpec;

/**
 * How the packets of a service in a tunnel mode are wrapped.
 *
 * @param source towards backends with an IPv4 address; null is the interface's own.
 * @param source6 towards backends with an IPv6 address; null is the interface's own.
 * @param key of GRE; -1 is none.
 */
public record TunnelConfig(
        AddressPrefix source, AddressPrefix source6, long key, boolean checksum, Dscp dscp) {
    public static final TunnelConfig DEFAULT =
            new TunnelConfig(null, null, TunnelSpec.NO_KEY, false, Dscp.COPY);

    /** What the outer header says of the class of service. */
    public enum Dscp {
        /** What the inner one says (RFC 2983, uniform model). */
        COPY,
        /** Nothing. */
        ZERO
    }

    /** The same for the data plane. */
    public TunnelSpec spec() {
        return new TunnelSpec(
                source == null ? IpAddress.NONE : source.address(),
                source == null ? 32 : source.length(),
                source6 == null ? IpAddress.NONE : source6.address(),
                source6 == null ? 128 : source6.length(),
                key,
                checksum,
                dscp == Dscp.COPY);
    }
}
