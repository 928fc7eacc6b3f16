/**
 * Where packets go next: the MAC and interface for each backend's address, kept live.
 *
 * <p>Workers read {@link io.naru.dataplane.neighbour.HopTable}; the conductor's {@link
 * io.naru.dataplane.neighbour.HopResolver} writes it from what a {@link
 * io.naru.dataplane.neighbour.Neighbourhood} knows, which is the kernel or, in tests and
 * demonstrations, a fixed list.
 */
package io.naru.dataplane.neighbour;
