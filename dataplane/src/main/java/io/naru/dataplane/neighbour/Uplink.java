package io.naru.dataplane.neighbour;

/**
 * An interface that packets can leave by.
 *
 * @param vlan that they leave in; 0 if they have no tag.
 */
public record Uplink(String name, int vlan) {}
