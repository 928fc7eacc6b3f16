package io.naru.controlplane.config;

import java.time.Duration;

/**
 * How long a flow of a service may be idle, in whole seconds; zero is the data plane's default.
 *
 * @param tcpOpening before the handshake is complete.
 * @param tcpEstablished while it is open.
 * @param tcpClosing after a FIN or an RST.
 * @param udp of a UDP flow.
 */
public record TimeoutsConfig(
        Duration tcpOpening, Duration tcpEstablished, Duration tcpClosing, Duration udp) {
    public static final TimeoutsConfig DEFAULT =
            new TimeoutsConfig(Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO);
}
