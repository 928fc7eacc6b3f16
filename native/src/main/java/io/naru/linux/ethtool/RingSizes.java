package io.naru.linux.ethtool;

/** Descriptors in each of a device's rings, as set and at most. */
public record RingSizes(int rx, int tx, int maxRx, int maxTx) {}
