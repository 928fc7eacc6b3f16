package io.naru.controlplane.config;

/**
 * A record, and where it is in the file.
 *
 * @param section that it was made of.
 */
record Placed<T>(T config, Section section) {}
