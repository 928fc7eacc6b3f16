package io.naru.dataplane.neighbour;

import io.naru.dataplane.protocol.IpAddress;

/**
 * An address of the box's own.
 *
 * @param prefixLength bits of the addresses that are reached from there without a router, 0 to 32
 *     or 128.
 * @param interfaceIndex the interface that has it, by its number in the configuration; -1 if that
 *     is none of the balancer's.
 */
public record LocalAddress(IpAddress address, int prefixLength, int interfaceIndex) {}
