/**
 * Packets to and from network interfaces through AF_XDP.
 *
 * <p>{@link io.naru.dataplane.port.xdp.XdpEdge} owns everything that the process has at the kernel;
 * a worker sees its {@link io.naru.dataplane.port.xdp.XdpPort}s, the conductor the traffic filter.
 * {@code docs/af-xdp.md} tells how it works.
 */
package io.naru.dataplane.port.xdp;
