package io.naru.dataplane.protocol;

/**
 * One flow in the answer to a query.
 *
 * @param state a word such as {@code established}.
 * @param idleMs since its last packet.
 * @param expiresInMs until it expires if no packet comes.
 */
public record FlowInfo(
        int serviceId,
        int backendId,
        int workerId,
        Protocol protocol,
        IpAddress client,
        int clientPort,
        IpAddress vip,
        int vipPort,
        IpAddress backend,
        int backendPort,
        String state,
        long ageMs,
        long idleMs,
        long expiresInMs,
        long bytesToBackend,
        long bytesToClient) {}
