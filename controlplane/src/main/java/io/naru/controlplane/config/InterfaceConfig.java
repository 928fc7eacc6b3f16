package io.naru.controlplane.config;

/**
 * A network interface that the data plane takes packets from.
 *
 * @param queues receive queues used, from queue 0; 0 is all of them.
 */
public record InterfaceConfig(String name, int queues, XdpMode mode, Feature zeroCopy) {}
