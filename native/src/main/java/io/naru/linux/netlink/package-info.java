/**
 * What the kernel knows of links, addresses, neighbours and routes, asked for and followed through
 * netlink (RFC 3549, {@code netlink(7)}, {@code rtnetlink(7)}).
 *
 * <p>{@link io.naru.linux.netlink.NetlinkSocket} carries messages; {@link
 * io.naru.linux.netlink.Links}, {@link io.naru.linux.netlink.Addresses}, {@link
 * io.naru.linux.netlink.Neighbours} and {@link io.naru.linux.netlink.Routes} ask for one table
 * each; {@link io.naru.linux.netlink.KernelEvents} tells of changes to all of them.
 */
package io.naru.linux.netlink;
