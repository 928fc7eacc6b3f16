package io.naru.controlplane.config;

/**
 * A network interface that the data plane takes packets from.
 *
 * @param queues receive queues used, from queue 0; 0 is all of them.
 * @param vlan of its frames; 0 if they have no tag.
 */
public record InterfaceConfig(String name, int queues, XdpMode mode, Feature zeroCopy, int vlan) {}
