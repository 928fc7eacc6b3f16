package io.naru.dataplane.protocol;

/**
 * The desired state of one service.
 *
 * @param portFirst host order; 0 with {@code portLast} 65535 is any port.
 * @param pool name of the pool whose backends serve it.
 * @param timeouts of its flows.
 */
public record ServiceSpec(
        String name,
        IpAddress vip,
        Protocol protocol,
        int portFirst,
        int portLast,
        Mode mode,
        Algorithm algorithm,
        String pool,
        Timeouts timeouts,
        ServiceOptions options) {

    /** A service with the default options. */
    public ServiceSpec(
            final String name,
            final IpAddress vip,
            final Protocol protocol,
            final int portFirst,
            final int portLast,
            final Mode mode,
            final Algorithm algorithm,
            final String pool,
            final Timeouts timeouts) {
        this(
                name,
                vip,
                protocol,
                portFirst,
                portLast,
                mode,
                algorithm,
                pool,
                timeouts,
                ServiceOptions.DEFAULT);
    }

    /** The same service with other options. */
    public ServiceSpec with(final ServiceOptions other) {
        return new ServiceSpec(
                name, vip, protocol, portFirst, portLast, mode, algorithm, pool, timeouts, other);
    }

    /** The same service with another algorithm. */
    public ServiceSpec with(final Algorithm other) {
        return new ServiceSpec(
                name, vip, protocol, portFirst, portLast, mode, other, pool, timeouts, options);
    }

    /**
     * How long a flow may be idle, in seconds; 0 is the data plane's default.
     *
     * @param tcpOpeningS before the handshake is complete.
     * @param tcpEstablishedS while it is open.
     * @param tcpClosingS after a FIN or an RST.
     * @param udpS of a UDP flow.
     */
    public record Timeouts(int tcpOpeningS, int tcpEstablishedS, int tcpClosingS, int udpS) {
        public static final Timeouts DEFAULT = new Timeouts(0, 0, 0, 0);
    }
}
