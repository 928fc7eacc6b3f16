/**
 * What a network device's driver can do and is set to: driver, channels, ring sizes, features.
 *
 * <p>Read only; {@link io.naru.linux.ethtool.Ethtool} asks through {@code ioctl(SIOCETHTOOL)},
 * which every kernel and driver has, while the netlink way (5.6 and later) leaves out the driver's
 * name.
 */
package io.naru.linux.ethtool;
