package io.naru.dataplane.protocol;

/**
 * Packets dropped for one reason, summed over all workers.
 *
 * @param name such as {@code no-backend}.
 * @param sentence what it means.
 */
public record DropStats(String name, String sentence, long packets) {}
