package io.naru.dataplane.protocol;

/**
 * A packet of a client that does not exist: what would become of it?
 *
 * <p>It opens a connection, if it is TCP: a SYN.
 *
 * @param interfaceIndex that it comes in by, in the order of the configuration; -1 if that is not
 *     said, then no backend is taken to be on the client's network.
 */
public record PacketQuery(
        Protocol protocol,
        IpAddress client,
        int clientPort,
        IpAddress vip,
        int vipPort,
        int interfaceIndex) {
    /** Any interface. */
    public static final int ANY_INTERFACE = -1;
}
