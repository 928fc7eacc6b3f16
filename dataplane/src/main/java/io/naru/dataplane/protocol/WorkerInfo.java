package io.naru.dataplane.protocol;

/**
 * What the directory of the cnc file says about a worker.
 *
 * @param cpu that it is pinned to, or -1.
 * @param state {@code starting}, {@code running}, {@code stopped} or {@code failed}.
 * @param flowCapacity entries of its flow table.
 * @param epoch of the forwarding table that it uses.
 */
public record WorkerInfo(int id, int cpu, String state, long flowCapacity, long epoch) {}
