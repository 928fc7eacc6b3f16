package io.naru.controlplane.health.way;

import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.TunnelSpec;

/**
 * How a check's packets get to a backend. Equal ways are the same.
 *
 * @param mode of the service whose way it is; null is {@link #DIRECT}.
 * @param vip to which the packets are addressed.
 * @param backend to which they are sent.
 * @param tunnel what the headers around them say; {@link TunnelSpec#DEFAULT} in a mode without.
 */
public record Way(Mode mode, IpAddress vip, IpAddress backend, TunnelSpec tunnel) {
    /** To the backend's own address, as any program's packets. */
    public static final Way DIRECT =
            new Way(null, IpAddress.NONE, IpAddress.NONE, TunnelSpec.DEFAULT);

    public Way {
        assert mode == null || mode.isDsr() : mode;
    }

    public boolean isDirect() {
        return mode == null;
    }

    /** {@code 192.0.2.20 by dsr-gre}; empty for {@link #DIRECT}. */
    @Override
    public String toString() {
        return isDirect() ? "" : vip + " by " + mode.label();
    }
}
