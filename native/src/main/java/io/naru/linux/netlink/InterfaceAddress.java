package io.naru.linux.netlink;

/**
 * An address of the box.
 *
 * @param linkIndex the interface that has it.
 * @param prefixLength bits of the network around it.
 */
public record InterfaceAddress(int linkIndex, IpAddress address, int prefixLength) {}
