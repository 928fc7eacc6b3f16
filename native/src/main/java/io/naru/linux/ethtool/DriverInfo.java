package io.naru.linux.ethtool;

/**
 * Who drives a device.
 *
 * @param driver the module's name, such as {@code ice} or {@code veth}.
 * @param bus where the device sits, such as a PCI address; empty for virtual devices.
 */
public record DriverInfo(String driver, String version, String firmware, String bus) {}
