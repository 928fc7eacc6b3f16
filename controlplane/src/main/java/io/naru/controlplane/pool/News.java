package io.naru.controlplane.pool;

/**
 * Something that people should hear of.
 *
 * @param backend whose, or null where it is about the pool.
 */
public record News(String backend, String text) {}
