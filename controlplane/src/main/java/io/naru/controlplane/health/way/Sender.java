package io.naru.controlplane.health.way;

import io.naru.dataplane.protocol.IpAddress;

/**
 * The socket that a packet is from, as far as the packet tells.
 *
 * @param protocol of IP: 6, 17, 1, 58.
 * @param port its port, or the identifier of an echo request.
 */
record Sender(IpAddress source, int protocol, int port) {}
